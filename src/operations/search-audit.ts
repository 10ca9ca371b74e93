import type { GrantId, PersonId, RequestId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import type { Instant } from '../core/time.ts';
import { EVENTS } from '../ledger/entry.ts';
import { approvalsOf } from '../store/approvals.ts';
import { findGrant } from '../store/grants.ts';
import { latestCheckpoint } from '../store/ledger-entries.ts';
import { findPersonId, personKeys } from '../store/people.ts';
import { findRequest, listRequests } from '../store/requests.ts';
import { searchEntries, type EntryFilter } from '../store/search-entries.ts';
import { judge, mayAlways } from './authorisation.ts';
import { entryWords, type EntryBody } from './entry-words.ts';
import { noteReading } from './note-reading.ts';
import type { OperationRefusal } from './refusal.ts';
import { meantBy, soughtIn } from './sought-words.ts';
import { standingToRequest } from './standing.ts';
import { waitingFor } from './still-needed.ts';
import { personView, type PersonView } from './person-view.ts';
import type { Actor, World } from './world.ts';

/** What is looked for; everything that is given must hold. */
export interface AuditQuery {
  /** Words of roles, targets, findings and kinds, names of people, ids, and numbers of entries: {@link soughtIn}. */
  readonly q?: string;
  /** A kind of event, or what stands before its point: `grant.ended`, `grant`. */
  readonly kind?: string;
  /** Directory key of whoever did it, or whom it is about. */
  readonly person?: string;
  readonly request?: RequestId;
  readonly grant?: GrantId;
  readonly from?: Instant;
  /** Not included. */
  readonly to?: Instant;
  /** The number of the entry before which to go on. */
  readonly cursor: number | null;
  readonly limit: number;
}

/** An entry of the log in words. Times are RFC 3339. */
export interface AuditItem {
  readonly seq: number;
  readonly kind: string;
  readonly at: string;
  /** Who did it; a part of Curfew has no key. */
  readonly actor: { readonly key: string | null; readonly name: string };
  readonly subjects: {
    readonly person: PersonView | null;
    readonly request: string | null;
    readonly grant: string | null;
  };
  readonly sentence: string;
  /** Recorded after it happened, because the database took no writes. */
  readonly late: boolean;
  /** Whether the newest checkpoint covers it. */
  readonly covered: boolean;
}

export interface AuditPage {
  readonly items: readonly AuditItem[];
  readonly nextCursor: string | null;
  /** The last entry that the newest checkpoint covers, by the word of the database: whoever relies on it has to verify it. `null`: none. */
  readonly signedTo: number | null;
}

/** Requests that wait for somebody and are looked through for what they may see. */
const MOST_WAITING = 200;

/**
 * Searches the log, newest first. Auditors and admins find everything; others what they did, what is about them, and what is about requests
 * that they decided or that wait for them; or all about one request that concerns them, if they name it. Reading the log is found
 * only by its kind: each search is such an entry itself.
 */
export async function searchAudit(
  world: World,
  actor: Actor,
  query: AuditQuery,
): Promise<Result<AuditPage, OperationRefusal>> {
  const no = judge('searchAudit', actor);
  if (no !== null) return refused(no);
  const kinds = query.kind === undefined ? null : kindsOf(query.kind);
  if (kinds?.length === 0)
    return refused({ code: 'invalid-input', detail: 'There is no such kind of entry.', hint: 'docs/ledger.md' });
  const typed = soughtIn(query.q ?? '');
  const person = theOnly(
    query.person === undefined ? typed.people : [...typed.people, await findPersonId(world.db, query.person)],
  );
  const request = theOnly(query.request === undefined ? typed.requests : [...typed.requests, query.request]);
  const grant = theOnly(query.grant === undefined ? typed.grants : [...typed.grants, query.grant]);
  const seq = theOnly(typed.seqs);
  const found =
    person === null || request === null || grant === null || seq === null
      ? []
      : await searchEntries(world.db, {
          words: await meantBy(world, typed.words),
          kinds,
          // Whoever gives its number means that very entry.
          without: seq === undefined ? ['ledger.read'] : [],
          ...(seq === undefined ? {} : { seq }),
          ...(person === undefined ? {} : { person }),
          ...(request === undefined ? {} : { request }),
          ...(grant === undefined ? {} : { grant }),
          ...given(query),
          ...(await scopeOf(world, actor, request, grant)),
          limit: query.limit + 1,
        });
  const shown = found.slice(0, query.limit);
  const size = (await latestCheckpoint(world.db))?.size ?? 0;
  const seqs = shown.map(({ seq }) => seq);
  await noteReading(world, actor, 'search', seqs[0] ?? 0, seqs.length, seqs);
  const last = found.length > query.limit ? shown.at(-1) : undefined;
  return ok({
    items: await itemsOf(world, shown, size),
    nextCursor: last === undefined ? null : String(last.seq),
    signedTo: size === 0 ? null : size - 1,
  });
}

/** What one id has to be; `undefined`: anything; `null`: it would have to be nobody's, or two at once. */
function theOnly<Value>(values: readonly (Value | null)[]): Value | null | undefined {
  const [first] = values;
  return values.every((value) => value === first) ? first : null;
}

/** The parts of a query that are a filter as they stand. */
function given({ from, to, cursor }: AuditQuery): Partial<EntryFilter> {
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(cursor === null ? {} : { before: cursor }),
  };
}

/** To what the search is narrowed for this actor, who named these. */
async function scopeOf(
  world: World,
  actor: Actor,
  request: RequestId | undefined,
  grant: GrantId | undefined,
): Promise<Pick<EntryFilter, 'concerning'>> {
  if (mayAlways('searchAudit', actor)) return {};
  const named = request ?? (grant === undefined ? undefined : (await findGrant(world.db, grant))?.request);
  const about = named === undefined ? null : await findRequest(world.db, named);
  if (about !== null) {
    const standing = await standingToRequest(world, world.db, actor, about);
    if (judge('searchAudit', actor, standing) === null) return {};
  }
  return { concerning: { person: actor.person, requests: await inboxOf(world, actor) } };
}

/** What the inbox of somebody has, in the latest requests that wait for anybody. */
async function inboxOf(world: World, actor: Actor): Promise<readonly RequestId[]> {
  const pending = await listRequests(world.db, { pendingOnly: true, limit: MOST_WAITING });
  const said = await approvalsOf(
    world.db,
    pending.map(({ id }) => id),
  );
  return (await waitingFor(world, world.db, actor, pending, said)).map(({ id }) => id);
}

function kindsOf(kind: string): readonly string[] {
  return Object.keys(EVENTS).filter((known) => known === kind || known.startsWith(`${kind}.`));
}

async function itemsOf(
  world: World,
  rows: readonly { readonly seq: number; readonly body: string }[],
  size: number,
): Promise<readonly AuditItem[]> {
  const bodies = rows.map(({ seq, body }) => ({ seq, body: JSON.parse(body) as EntryBody }));
  const people = bodies.flatMap(({ body: { actor, subjects } }) => [
    ...(actor.kind === 'person' ? [actor.id] : []),
    ...(subjects['person'] === undefined ? [] : [subjects['person'] as PersonId]),
  ]);
  const keys = await personKeys(world.db, people);
  return bodies.map(({ seq, body }) => {
    const { actor, subjects } = body;
    const shown = (id: PersonId) => personView(world, keys.get(id) ?? id);
    const by = actor.kind === 'person' ? shown(actor.id) : { key: null, name: `Curfew (${actor.id})` };
    const about = subjects['person'] === undefined ? null : shown(subjects['person'] as PersonId);
    return {
      seq,
      kind: body.kind,
      at: body.at,
      actor: by,
      subjects: { person: about, request: subjects['request'] ?? null, grant: subjects['grant'] ?? null },
      sentence: `${by.name} ${entryWords(body)}${itemWords(body)}${about === null || about.key === by.key ? '' : ` (${about.name})`}`,
      late: body.late === true,
      covered: seq < size,
    };
  });
}

/** What was asked for, which the words of an entry leave out where it stands in the story of its request. */
function itemWords({ facts }: EntryBody): string {
  const items: unknown = facts['items'];
  return Array.isArray(items) ? `: ${items.filter((item) => typeof item === 'string').join(', ')}` : '';
}
