import { parseId, type GrantId, type PersonId, type RequestId } from '../core/ids.ts';
import { APPROVED_HELD_MS, warningMs, type NotificationKind } from '../core/notification.ts';
import { invariant } from '../core/result.ts';
import { after, fromIso, type Instant } from '../core/time.ts';
import type { EventKind } from '../ledger/entry.ts';
import { newId } from '../platform/random.ts';
import { appNow } from '../store/database.ts';
import {
  beginCursor,
  bodiesFrom,
  countToldOf,
  insertNotifications,
  isCursorBehind,
  lockCursor,
  moveCursor,
  type NewNotification,
} from '../store/notifications.ts';
import { personIdsFor } from '../store/people.ts';
import { findRequests } from '../store/requests.ts';
import type { Trx } from '../store/schema.ts';
import { OLD_NEWS_MS, ownNewsOf } from './plan-own-news.ts';
import { summonsOf } from './plan-summons.ts';
import type { World } from './world.ts';

const BATCH = 200;
/** Requests of one person in an hour of which those who can decide are told: enough for work, too few to flood them. */
export const MOST_TOLD_AN_HOUR = 30;
const HOUR_MS = 3_600_000;

/** What an entry says that somebody may have to be told of; written by `ledger/append.ts` alone. */
interface Body {
  readonly kind: EventKind;
  readonly at: string;
  readonly actor: { readonly kind: string; readonly id: string };
  readonly subjects: { readonly request?: RequestId; readonly grant?: GrantId; readonly person?: PersonId };
  readonly facts: Readonly<Record<string, unknown>>;
}

/** An entry about a request, of somebody. */
interface News extends Omit<Body, 'at'> {
  readonly at: Instant;
  readonly request: RequestId;
  readonly requester: PersonId;
}

/** From now on people are told. Called at the start; who was told before is not told again. */
export async function beginTelling(world: Pick<World, 'db'>): Promise<void> {
  await beginCursor(world.db);
}

/**
 * Reads what has come into the log since the last time, and keeps what people are to be told of it: with the place up to which the log was
 * read, in one transaction, so that nothing is lost and nothing is said twice. What was not committed is in no log, so nobody hears of it.
 */
export async function planNotifications(world: Pick<World, 'db' | 'random' | 'rules'>): Promise<void> {
  while (await isCursorBehind(world.db)) {
    const taken = await world.db.transaction().execute(async (trx) => {
      const from = await lockCursor(trx);
      if (from === null) return false;
      const entries = await bodiesFrom(trx, from, BATCH);
      const last = entries.at(-1);
      if (last === undefined) return false;
      const now = await appNow(trx);
      const read = entries.map(({ seq, body }) => ({ ...(JSON.parse(body) as Body), seq }));
      const news = read.flatMap((body) => newsIn(body, now));
      const own = await ownNewsOf(world, trx, read, now);
      await insertNotifications(trx, [...(await messagesOf(world, trx, news, now)), ...own]);
      await moveCursor(trx, last.seq + 1);
      return true;
    });
    if (!taken) return;
  }
}

function newsIn(body: Body, now: Instant): readonly News[] {
  const { request, person } = body.subjects;
  const at = fromIso(body.at);
  if (request === undefined || person === undefined || at === null || at < now - OLD_NEWS_MS) return [];
  return [{ ...body, at, request, requester: person }];
}

async function messagesOf(
  world: Pick<World, 'random' | 'rules'>,
  trx: Trx,
  news: readonly News[],
  now: Instant,
): Promise<readonly NewNotification[]> {
  const submitted = news.filter(({ kind }) => kind === 'request.submitted');
  const requests = await findRequests(
    trx,
    submitted.map(({ request }) => request),
  );
  const toldOf = await countToldOf(trx, [...new Set(submitted.map(({ requester }) => requester))], HOUR_MS);
  const addressed = submitted.flatMap((one) => {
    const request = requests.get(one.request);
    const messages = request === undefined ? [] : summonsOf(world.rules.current(), request, one.at);
    if (!messages.some(({ kind }) => kind === 'waits')) return messages;
    const before = toldOf.get(one.requester) ?? 0;
    if (before < MOST_TOLD_AN_HOUR) {
      toldOf.set(one.requester, before + 1);
      return messages;
    }
    // It stands in the list of those who decide, and whoever it escalates to hears of it if it still waits by then.
    return messages.filter(({ kind }) => kind !== 'waits');
  });
  const keys = [...new Set(addressed.map(({ key }) => key))];
  const ids = await personIdsFor(trx, keys, () => newId(world.random, 'per'), now);
  const toOthers = addressed.map(({ key, ...message }) => {
    const person = ids.get(key);
    invariant(person !== undefined, 'an addressed person has an id');
    return { ...message, person };
  });
  return [...toOthers, ...news.flatMap(toGiver), ...news.flatMap(toRequester)];
}

/** Whoever said yes to what has changed since hears that it does not count, and can decide again. */
function toGiver({ kind, facts, at, request }: News): readonly NewNotification[] {
  const giver = parseId('per', String(facts['approver']));
  if (kind !== 'approval.set-aside' || giver === null) return [];
  const occasion = `decide-again:${request}:${at}`;
  return [{ kind: 'decide-again', occasion, person: giver, request, grant: null, happenedAt: at, dueAt: at }];
}

/** What whoever asked is told of one entry. What they did themselves a moment ago they are not told. */
function toRequester(news: News): readonly NewNotification[] {
  const { facts, subjects, at, request, requester } = news;
  const grant = subjects.grant ?? null;
  const tell = (kind: NotificationKind, about: string, dueAt = at): NewNotification => ({
    kind,
    occasion: `${kind}:${about}`,
    person: requester,
    request,
    grant,
    happenedAt: dueAt,
    dueAt,
  });
  switch (news.kind) {
    case 'request.approved':
      // By rule it happened while they asked; an extension is told of when the cloud has it.
      return facts['automatic'] === true || facts['until'] !== undefined
        ? []
        : [tell('approved', request, after(at, APPROVED_HELD_MS))];
    case 'request.denied':
      return hasEndedFirst(facts) ? [] : [tell('denied', request)];
    case 'request.lapsed':
      return facts['cause'] === 'grant-ended' ? [] : [tell('lapsed', request)];
    case 'request.withdrawn':
      return facts['revocation'] === undefined ? [] : [tell('withdrawn', request)];
    case 'grant.not-extended':
      return [tell('not-extended', request)];
    case 'grant.active':
    case 'grant.extended': {
      if (grant === null) return [];
      const said = news.kind === 'grant.active' ? tell('active', grant) : tell('extended', request);
      return [said, ...warningOf(news, grant, tell)];
    }
    case 'grant.ended':
      return grant === null ? [] : [tell('ended', grant)];
    case 'grant.failed':
      return grant === null ? [] : [tell('failed', grant)];
    case 'finding.raised':
      return facts['finding'] === 'access-not-provably-gone' && grant !== null ? [tell('not-gone', grant)] : [];
    default:
      return [];
  }
}

/** An extension that nobody had to decide any more: its grant was over, which is told by itself. */
function hasEndedFirst({ refusals }: News['facts']): boolean {
  return Array.isArray(refusals) && refusals.some((one: { readonly code?: unknown }) => one.code === 'grant-ended');
}

/** The warning before an end belongs to this end: after an extension it is another one. */
function warningOf(
  { facts, at }: News,
  grant: GrantId,
  tell: (kind: NotificationKind, about: string, dueAt: Instant) => NewNotification,
): readonly NewNotification[] {
  const moment = (name: string): Instant | null => {
    const text = facts[name];
    return typeof text === 'string' ? fromIso(text) : null;
  };
  const endsAt = moment('endsAt');
  if (endsAt === null) return [];
  const leadMs = warningMs(endsAt - (moment('activatedAt') ?? at));
  return leadMs === null ? [] : [tell('ending-soon', warningOccasion(grant, endsAt), after(endsAt, -leadMs))];
}

/** What a warning is about, after its kind. */
export function warningOccasion(grant: GrantId, endsAt: Instant): string {
  return `${grant}:${endsAt}`;
}
