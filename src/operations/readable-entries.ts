import { parseId, type GrantId, type RequestId } from '../core/ids.ts';
import type { EventKind } from '../ledger/entry.ts';
import { approvalsOf } from '../store/approvals.ts';
import { storiesOf } from '../store/requests.ts';
import { judge, mayAlways, type Relation } from './authorisation.ts';
import type { EntryBody } from './entry-words.ts';
import { standingToRequest } from './standing.ts';
import type { Actor, World } from './world.ts';

/**
 * What the log says to everybody in the company: which rules are in force, that a database was put back, that a clock was wrong, and
 * the keys by which signed approvals are verified.
 */
const PUBLIC: ReadonlySet<EventKind> = new Set([
  'policy.loaded',
  'policy.refused',
  'epoch.began',
  'epoch.kept',
  'engine.clock-refused',
  'passkey.registered',
  'passkey.removed',
]);

/**
 * Those of some entries whose body an actor may read. Their own are those that they did; addressed to them are those about them, and those
 * of a request that is theirs or addresses them, with all that came out of it: whoever reads a part of a story could not verify it. An order
 * of the kill switch is not shown to whom it is about (ADR 21).
 */
export async function readableEntries<Entry extends { readonly body: string }>(
  world: World,
  actor: Actor,
  entries: readonly Entry[],
): Promise<ReadonlySet<Entry>> {
  if (mayAlways('readEntry', actor)) return new Set(entries);
  const bodies = entries.map((entry) => ({ entry, body: JSON.parse(entry.body) as EntryBody }));
  const concerns = await concerned(
    world,
    actor,
    bodies.flatMap(({ body }) => parseId('req', body.subjects['request'] ?? '') ?? []),
    bodies.flatMap(({ body }) => parseId('grt', body.subjects['grant'] ?? '') ?? []),
  );
  const relationTo = ({ kind, actor: by, subjects }: EntryBody): Relation => {
    if (by.id === actor.person) return 'own';
    const isAbout = subjects['person'] === actor.person && !kind.startsWith('revocation.');
    const isOfStory = [subjects['request'], subjects['grant']].some((id) => id !== undefined && concerns.has(id));
    return isAbout || isOfStory || PUBLIC.has(kind) ? 'addressed' : 'other';
  };
  const may = (body: EntryBody) => judge('readEntry', actor, { relation: relationTo(body), named: false }) === null;
  return new Set(bodies.filter(({ body }) => may(body)).map(({ entry }) => entry));
}

/** Those of some rows that an actor is shown to hold against the log: of the same stories. */
export async function readableRows<Row extends { readonly kind: 'request' | 'grant'; readonly id: string }>(
  world: World,
  actor: Actor,
  rows: readonly Row[],
): Promise<readonly Row[]> {
  if (mayAlways('readEntry', actor)) return rows;
  const idsOf = <Prefix extends 'req' | 'grt'>(prefix: Prefix) => rows.flatMap(({ id }) => parseId(prefix, id) ?? []);
  const concerns = await concerned(world, actor, idsOf('req'), idsOf('grt'));
  return rows.filter(({ id }) => concerns.has(id));
}

/** Those of some requests and grants whose story concerns an actor. */
async function concerned(
  world: World,
  actor: Actor,
  requests: readonly RequestId[],
  grants: readonly GrantId[],
): Promise<ReadonlySet<string>> {
  const stories = await storiesOf(world.db, [...new Set(requests)], [...new Set(grants)]);
  const all = new Map([...stories.values()].flat().map((request) => [request.id, request]));
  const said = await approvalsOf(world.db, [...all.keys()]);
  const concerning = new Set<RequestId>();
  for (const request of all.values()) {
    const standing = await standingToRequest(world, world.db, actor, request, said.get(request.id) ?? []);
    if (standing.relation !== 'other') concerning.add(request.id);
  }
  const ids = [...stories].filter(([, story]) => story.some(({ id }) => concerning.has(id)));
  return new Set<string>(ids.map(([id]) => id));
}
