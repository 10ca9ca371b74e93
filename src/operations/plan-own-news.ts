import { WAITS_HELD_MS, type OwnNews } from '../core/notification.ts';
import { parseId, type PersonId } from '../core/ids.ts';
import { after, fromIso, type Instant } from '../core/time.ts';
import type { EventKind } from '../ledger/entry.ts';
import { newId } from '../platform/random.ts';
import { sensitiveApprovers } from '../policy/sensitive-approvers.ts';
import { hadAccountBefore } from '../store/linked-accounts.ts';
import { countToldBecauseOf, type NewNotification } from '../store/notifications.ts';
import { allOfHuman, humanOf, personIdsFor } from '../store/people.ts';
import { roleHolders } from '../store/role-assignments.ts';
import type { Trx } from '../store/schema.ts';
import { STILL_HERE } from './departures.ts';
import { answerers } from './standing.ts';
import type { World } from './world.ts';

/** What happened longer ago is no news: mail was off meanwhile. */
export const OLD_NEWS_MS = 86_400_000;

/** Orders of the kill switch of one human in an hour of which those who can confirm are told, and recoveries: enough for a bad day, too few to flood them. */
export const MOST_TOLD_AN_HOUR = 10;
const HOUR_MS = 3_600_000;

/** An entry of the log, as far as people are told of themselves by it; written by `ledger/append.ts` alone. */
interface Entry {
  readonly seq: number;
  readonly kind: EventKind;
  readonly at: string;
  readonly actor: { readonly kind: string; readonly id: string };
  readonly subjects: { readonly person?: PersonId };
  readonly facts: Readonly<Record<string, unknown>>;
}

type Planning = Pick<World, 'random' | 'rules'>;

/**
 * What people are told of their own keys, accounts and roles, and of what waits for them as admins, as those who confirm recoveries, or as those who confirm orders. What is
 * said, and whether it is still to be, follows from the entry when it is sent (`own-notice.ts`).
 */
export async function ownNewsOf(
  world: Planning,
  trx: Trx,
  entries: readonly Entry[],
  now: Instant,
): Promise<readonly NewNotification[]> {
  const messages: NewNotification[] = [];
  const bound = createBound(trx, now);
  for (const entry of entries) {
    const at = fromIso(entry.at);
    if (at === null || at < now - OLD_NEWS_MS) continue;
    for (const [kind, person] of await toldOf(world, trx, entry, at, now, bound)) {
      const dueAt = HELD.has(kind) ? after(at, WAITS_HELD_MS) : at;
      const occasion = `${kind}:${entry.seq}`;
      messages.push({ kind, occasion, person, request: null, grant: null, happenedAt: at, dueAt });
    }
  }
  return messages;
}

/** What waits for somebody is held back: it may be done, or taken back, a moment later. */
const HELD: ReadonlySet<OwnNews> = new Set(['recovery-waits', 'proposal-waits', 'order-waits']);

type Told = readonly (readonly [kind: OwnNews, person: PersonId])[];

async function toldOf(world: Planning, trx: Trx, entry: Entry, at: Instant, now: Instant, bound: Bound): Promise<Told> {
  const { person } = entry.subjects;
  const { facts } = entry;
  // One over a target or over everybody is about no person.
  if (entry.kind === 'revocation.ordered') {
    const news = facts['asksUntil'] === undefined ? null : await bound.newsOf(entry, 'order-waits', 'more-orders');
    return news === null ? [] : told(news, await idsOf(world, trx, answerers(world), now));
  }
  if (entry.kind === 'accounts.forgotten') return told('accounts-forgotten', await adminsIn(trx));
  // The first code comes before anybody could be told.
  // The code of an empty database, which its console prints, says nothing of admins who have left.
  if (entry.kind === 'administration.code-issued')
    return entry.actor.id === 'operator' ? told('admin-code-issued', await watchersIn(trx)) : [];
  if (person === undefined) return [];
  switch (entry.kind) {
    case 'passkey.registered':
      return [['passkey-registered', person]];
    case 'passkey.removed':
      // A recovery says by itself that the old ones are gone.
      return facts['recovery'] === undefined ? [['passkey-removed', person]] : [];
    case 'passkey.recovery-asked': {
      const news = await bound.newsOf(entry, 'recovery-asked', 'more-recoveries');
      if (news === null) return [];
      const waits = news === 'recovery-asked' ? 'recovery-waits' : news;
      const others = (await confirmersOf(world, trx, now)).filter((one) => one !== person || waits !== news);
      return [[news, person], ...told(waits, others)];
    }
    case 'passkey.recovery-confirmed':
      return [['recovery-confirmed', person]];
    case 'passkey.recovery-opened':
      return [['recovery-opened', person]];
    case 'administration.proposed':
      return [...(facts['role'] === undefined ? [] : [['role-proposed', person] as const]), ...(await asked(trx))];
    case 'administration.confirmed': {
      // Who is merged hears of that, and not that a sign-in alone did it: those who watch do.
      if (facts['role'] === undefined)
        return facts['signed'] === false ? told('change-unsigned', await watchersIn(trx)) : [];
      const mine = facts['action'] === 'appoint' ? 'role-appointed' : 'role-dismissed';
      // Where there is no other admin whom it is about confirms it: who watches must hear of that from somebody else than them.
      const others = (await watchersIn(trx)).filter((one) => one !== person);
      return [[mine, person], ...told('role-changed', others)];
    }
    case 'administration.claimed':
      return told(
        'role-changed',
        (await watchersIn(trx)).filter((one) => one !== person),
      );
    case 'finding.raised':
      return facts['finding'] === STILL_HERE ? told(STILL_HERE, await watchersIn(trx)) : [];
    case 'administration.ended':
      return told('role-ended', await watchersIn(trx));
    case 'account.linked':
      // The first account is the first sign-in.
      return (await hadAccountBefore(trx, person, String(facts['account']), at)) ? [['account-linked', person]] : [];
    case 'account.unlinked':
      return [['account-unlinked', person]];
    case 'person.merged': {
      const other = parseId('per', String(facts['with']));
      return [person, ...(other === null ? [] : [other])].map((one) => ['persons-merged', one] as const);
    }
    default:
      return [];
  }
}

interface Bound {
  /**
   * What people are told of an order or a recovery: each of the first of a human in an hour by itself (`each`), and of the first beyond those that there
   * are more (`more`), once in an hour. `null`: nothing. It stands on their pages all the same, and does what it does at once.
   */
  newsOf<Each extends OwnNews, More extends OwnNews>(entry: Entry, each: Each, more: More): Promise<Each | More | null>;
}

/** Counts what is told of each human's orders and recoveries: from what was kept before, and from what is being planned. */
function createBound(trx: Trx, now: Instant): Bound {
  const counts = new Map<string, number>();
  /** Whether one more may be told by some news, of so many; it is counted then. */
  const takes = async ({ kind }: Entry, by: PersonId, news: OwnNews, most: number): Promise<boolean> => {
    const key = `${news} ${await humanOf(trx, by)}`;
    const before =
      counts.get(key) ?? (await countToldBecauseOf(trx, await allOfHuman(trx, by), kind, news, after(now, -HOUR_MS)));
    if (before >= most) return false;
    counts.set(key, before + 1);
    return true;
  };
  return {
    async newsOf(entry, each, more) {
      const by = entry.actor.kind === 'person' ? parseId('per', entry.actor.id) : null;
      if (by === null || (await takes(entry, by, each, MOST_TOLD_AN_HOUR))) return each;
      return (await takes(entry, by, more, 1)) ? more : null;
    },
  };
}

/** Whom the rules name for confirming recoveries. */
async function confirmersOf(world: Planning, trx: Trx, now: Instant): Promise<readonly PersonId[]> {
  const { policy, directory } = world.rules.current();
  return idsOf(world, trx, sensitiveApprovers(policy, directory, now), now);
}

const told = (kind: OwnNews, people: readonly PersonId[]): Told => people.map((id) => [kind, id] as const);

/** The ids of people by their keys; who was never seen gets one. */
async function idsOf(
  { random }: Planning,
  trx: Trx,
  keys: readonly string[],
  now: Instant,
): Promise<readonly PersonId[]> {
  return [...(await personIdsFor(trx, keys, () => newId(random, 'per'), now)).values()];
}

/** Admins, whom a proposal waits for. */
async function asked(trx: Trx): Promise<Told> {
  return told('proposal-waits', await adminsIn(trx));
}

/** Whoever has a role of Curfew itself, each once: admins and auditors. */
async function watchersIn(trx: Trx): Promise<readonly PersonId[]> {
  return [...new Set((await roleHolders(trx)).map(({ person }) => person))];
}

async function adminsIn(trx: Trx): Promise<readonly PersonId[]> {
  return (await roleHolders(trx)).filter(({ role }) => role === 'admin').map(({ person }) => person);
}
