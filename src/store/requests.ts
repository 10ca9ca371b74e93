import { sql, type QueryCreator, type Selectable } from 'kysely';
import { jsonArrayFrom } from 'kysely/helpers/postgres';
import type { GrantId, PersonId, RequestId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { LapseCause, RequestState } from '../core/request.ts';
import { invariant } from '../core/result.ts';
import { toIso, type Instant } from '../core/time.ts';
import { at, comesAfter, isAnyOf, type Place } from './columns.ts';
import type { Db, Schema, Trx } from './schema.ts';

/** A request as it is stored. `question` and `decision` are what the policy was asked and what it answered, verbatim. */
export interface RequestRecord {
  readonly id: RequestId;
  readonly person: PersonId;
  readonly state: RequestState;
  readonly items: readonly { readonly role: string; readonly target: string }[];
  readonly reason: string;
  readonly ticket: string | null;
  readonly durationMs: number;
  readonly startsAt: Instant | null;
  readonly question: JsonObject;
  readonly decision: JsonObject;
  readonly policyVersion: string;
  readonly createdAt: Instant;
  readonly lapsesAt: Instant;
  /** The grant whose end it asks to move, and until when; `null`: it asks for access. */
  readonly extends: ExtensionAsked | null;
}

export interface ExtensionAsked {
  readonly grant: GrantId;
  readonly until: Instant;
  /** What became of it after it was approved; `null`: it is under way, or the grant ended first. */
  readonly outcome: 'extended' | 'refused' | null;
}

/** Writes a new request with its items; one that is decided already was pending at the same instant. */
export async function insertRequest(trx: Trx, request: RequestRecord): Promise<void> {
  await trx
    .with('written', (query) =>
      query.insertInto('request').values({
        id: request.id,
        person_id: request.person,
        reason: request.reason,
        ticket: request.ticket,
        duration_ms: request.durationMs,
        starts_at: request.startsAt === null ? null : toIso(request.startsAt),
        question: JSON.stringify(request.question),
        decision: JSON.stringify(request.decision),
        policy_version: request.policyVersion,
        created_at: toIso(request.createdAt),
        lapses_at: toIso(request.lapsesAt),
        extends_grant: request.extends?.grant ?? null,
        extends_until: request.extends === null ? null : toIso(request.extends.until),
        prior_state: request.state.kind === 'pending' ? 'new' : 'pending',
        ...columnsOf(request.state),
      }),
    )
    .insertInto('request_item')
    .values(
      request.items.map((item, ordinal) => ({ request_id: request.id, ordinal, role: item.role, target: item.target })),
    )
    .execute();
}

/** Reads a request; `lock` keeps everybody else from deciding it until the transaction ends. */
export async function findRequest(db: Db | Trx, id: RequestId, lock = false): Promise<RequestRecord | null> {
  const query = withItems(db).where('id', '=', id);
  const row = await (lock ? query.forUpdate() : query).executeTakeFirst();
  return row === undefined ? null : toRequest(row);
}

/**
 * Locks a request until the transaction ends, and tells the time as it is behind the lock (`materialized`), whatever that had to wait for.
 */
export async function lockRequest(
  trx: Trx,
  id: RequestId,
): Promise<{ readonly request: RequestRecord; readonly now: Instant } | null> {
  const row = await trx
    .with(
      (name) => name('locked').materialized(),
      (query) => withItems(query).where('id', '=', id).forUpdate(),
    )
    .selectFrom('locked')
    .selectAll()
    .select(sql<Instant>`app_now()`.as('now'))
    .executeTakeFirst();
  return row === undefined ? null : { request: toRequest(row), now: row.now };
}

/** Reads some requests, in the order of their ids. */
export async function findRequests(
  db: Db | Trx,
  ids: readonly RequestId[],
): Promise<ReadonlyMap<RequestId, RequestRecord>> {
  if (ids.length === 0) return new Map();
  const rows = await withItems(db)
    .where(isAnyOf('id', [...new Set(ids)]))
    .orderBy('id')
    .execute();
  return new Map(rows.map((row) => [row.id, toRequest(row)]));
}

/** Requests, newest first by `createdAt`; `before` is the last one already seen. */
export async function listRequests(
  db: Db,
  filter: {
    person?: PersonId;
    pendingOnly?: boolean;
    /** Only those of the same person before it that ask for one of the same roles on the same target. */
    alike?: Pick<RequestRecord, 'id' | 'person' | 'createdAt'>;
    before?: Place<RequestId>;
    limit: number;
  },
): Promise<readonly RequestRecord[]> {
  let query = withItems(db).orderBy('created_at', 'desc').orderBy('id', 'desc').limit(filter.limit);
  if (filter.person !== undefined) query = query.where('person_id', '=', filter.person);
  // As its index says it.
  if (filter.pendingOnly === true) query = query.where(sql<boolean>`state = 'pending'`);
  if (filter.before !== undefined) query = query.where(comesAfter(filter.before, 'created_at'));
  if (filter.alike !== undefined) {
    const { id, person, createdAt } = filter.alike;
    query = query
      .where('person_id', '=', person)
      .where(comesAfter({ at: createdAt, id }, 'created_at'))
      .where(
        sql<boolean>`exists (select from request_item own join request_item other using (role, target)
          where own.request_id = ${id} and other.request_id = request.id)`,
      );
  }
  return (await query.execute()).map(toRequest);
}

/**
 * What has to be known before a request is written: the time, how many of the same person wait, whether its rules are kept. `waits`:
 * the new one will wait too. The person is locked then, so that of two requests at the same instant the second counts the first.
 */
export async function beforeRequest(
  trx: Trx,
  person: PersonId,
  policyVersion: string,
  waits: boolean,
): Promise<{ readonly now: Instant; readonly pending: number; readonly policyKept: boolean }> {
  // A statement of its own: what another transaction committed while this one waited is seen only by the next statement. The lock leaves
  // room for the key checks of other tables that name the person.
  if (waits) await sql`select from person where id = ${person} for no key update`.execute(trx);
  const { rows } = await sql<{ now: Instant; pending: number; policyKept: boolean }>`
    select app_now() as now,
      (select count(*)::int from request where person_id = ${person} and state = 'pending') as pending,
      exists (select from policy_version where version = ${policyVersion}) as "policyKept"`.execute(trx);
  const [row] = rows;
  invariant(row !== undefined, 'a select without a table has one row');
  return row;
}

/** Whether somebody is being asked already to let a grant live longer. Read under the lock of the grant. */
export async function extensionIsPending(db: Db | Trx, grant: GrantId): Promise<boolean> {
  const row = await db
    .selectFrom('request')
    .select('id')
    .where('extends_grant', '=', grant)
    .where('state', '=', 'pending')
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * What belongs to one story: a request for access, the grants that came out of it, and the requests to extend them. By each of the ids of
 * requests and grants that are given, all requests of its story.
 */
export async function storiesOf(
  db: Db | Trx,
  requests: readonly RequestId[],
  grants: readonly GrantId[],
): Promise<ReadonlyMap<RequestId | GrantId, readonly RequestRecord[]>> {
  const { rows: begun } = await sql<{ id: RequestId | GrantId; root: RequestId }>`
    select id, coalesce((select request_id from "grant" where id = extends_grant), id) as root
    from request where ${isAnyOf('id', requests)}
    union all select id, request_id as root from "grant" where ${isAnyOf('id', grants)}`.execute(db);
  const roots = [...new Set(begun.map(({ root }) => root))];
  // The two indexes of grants by request, as `grantsOfRequests` says.
  const { rows: members } = await sql<{ id: RequestId; root: RequestId }>`
    select id, id as root from request where ${isAnyOf('id', roots)}
    union all select request.id, made.request_id as root from "grant" as made
      join request on request.extends_grant = made.id and request.extends_grant is not null
      where (${isAnyOf('made.request_id', roots)} and made.retry_of is null)
        or (${isAnyOf('made.request_id', roots)} and made.retry_of is not null)`.execute(db);
  const found = await findRequests(
    db,
    members.map(({ id }) => id),
  );
  const stories = new Map<RequestId, RequestRecord[]>(roots.map((root) => [root, []]));
  for (const { id, root } of members) {
    const request = found.get(id);
    if (request !== undefined) stories.get(root)?.push(request);
  }
  return new Map(begun.map(({ id, root }) => [id, stories.get(root) ?? []]));
}

/** The request that a grant came out of, and those that asked to extend it. */
export async function requestsOfGrant(
  db: Db | Trx,
  grant: { readonly id: GrantId; readonly request: RequestId },
): Promise<readonly RequestRecord[]> {
  const rows = await withItems(db)
    .where((where) => where.or([where('id', '=', grant.request), where('extends_grant', '=', grant.id)]))
    .execute();
  return rows.map(toRequest);
}

/** The approved request that moved the end of a grant to where it is: of those that did, the one that was asked last. */
export async function lastExtension(db: Db, grant: GrantId): Promise<RequestRecord | null> {
  const row = await withItems(db)
    .where('extends_grant', '=', grant)
    .where('state', '=', 'approved')
    .where('extension_outcome', '=', 'extended')
    .orderBy('created_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : toRequest(row);
}

/** A request that asks to extend a grant and waits. */
interface PendingExtension {
  readonly id: RequestId;
  readonly person: PersonId;
  readonly grant: GrantId;
  readonly state: RequestState;
}

/**
 * What waits to extend some grants, locked. Who has such a request locked without its grant is closing it, and is not waited for: that
 * must not hold up the end of the grant.
 */
export async function lockPendingExtensions(
  trx: Trx,
  grants: readonly GrantId[],
): Promise<readonly PendingExtension[]> {
  const { rows } = await sql<{ id: RequestId; person: PersonId; grant: GrantId; lapsesAt: Instant }>`
    select id, person_id as person, extends_grant as "grant", lapses_at as "lapsesAt" from request
    where state = 'pending' and extends_grant = any(${grants}) order by id for update skip locked`.execute(trx);
  return rows.map(({ lapsesAt, ...row }) => ({ ...row, state: { kind: 'pending', lapsesAt } }));
}

/**
 * Locks the grant that a request asks to extend, if it asks for that. Before the request itself is locked: who ends a grant locks both in
 * this order, and neither waits for the other in a circle.
 */
export async function lockExtended(trx: Trx, id: RequestId): Promise<void> {
  await sql`select from "grant" where id = (select extends_grant from request where id = ${id}) for update`.execute(
    trx,
  );
}

/** Writes what became of an approved extension. */
export async function saveExtensionOutcome(
  trx: Trx,
  id: RequestId,
  outcome: NonNullable<ExtensionAsked['outcome']>,
): Promise<void> {
  await trx.updateTable('request').set({ extension_outcome: outcome }).where('id', '=', id).execute();
}

/** Pending requests whose time to be answered is over, locked so that no other node takes them. */
export async function claimLapsed(trx: Trx, now: Instant, limit: number): Promise<readonly RequestRecord[]> {
  const rows = await withItems(trx)
    .where('due_at', '<=', at(now))
    .orderBy('due_at')
    .orderBy('id')
    .limit(limit)
    .forUpdate()
    .skipLocked()
    .execute();
  return rows.map(toRequest);
}

/** Writes the state that `transitionRequest` computed. The foreign key to `request_transition` judges it again. */
export async function saveRequestState(trx: Trx, id: RequestId, state: RequestState): Promise<void> {
  await trx.updateTable('request').set(columnsOf(state)).where('id', '=', id).execute();
}

function columnsOf(state: RequestState) {
  return {
    state: state.kind,
    decided_at: state.kind === 'pending' ? null : toIso(state.decidedAt),
    denied_by: state.kind === 'denied' ? state.by : null,
    lapse_cause: state.kind === 'lapsed' ? state.cause : null,
    due_at: state.kind === 'pending' ? toIso(state.lapsesAt) : null,
  };
}

/** Requests with their items, in one query. */
function withItems(db: QueryCreator<Schema>) {
  return db
    .selectFrom('request')
    .selectAll()
    .select((request) => [
      jsonArrayFrom(
        request
          .selectFrom('request_item')
          .select(['role', 'target'])
          .whereRef('request_id', '=', 'request.id')
          .orderBy('ordinal'),
      ).as('items'),
    ]);
}

function toRequest(row: Selectable<Schema['request']> & { readonly items: RequestRecord['items'] }): RequestRecord {
  return {
    id: row.id,
    person: row.person_id,
    state: stateOf(row),
    items: row.items,
    reason: row.reason,
    ticket: row.ticket,
    durationMs: row.duration_ms,
    startsAt: row.starts_at,
    question: row.question,
    decision: row.decision,
    policyVersion: row.policy_version,
    createdAt: row.created_at,
    lapsesAt: row.lapses_at,
    extends:
      row.extends_grant === null || row.extends_until === null
        ? null
        : { grant: row.extends_grant, until: row.extends_until, outcome: row.extension_outcome },
  };
}

function stateOf(row: Selectable<Schema['request']>): RequestState {
  if (row.state === 'pending') return { kind: 'pending', lapsesAt: row.lapses_at };
  invariant(row.decided_at !== null, `request ${row.id} is ${row.state} without a time`);
  if (row.state === 'lapsed')
    return { kind: 'lapsed', decidedAt: row.decided_at, cause: row.lapse_cause ?? likelyCause(row, row.decided_at) };
  if (row.state !== 'denied') return { kind: row.state, decidedAt: row.decided_at };
  return { kind: 'denied', decidedAt: row.decided_at, by: row.denied_by ?? 'policy' };
}

/** Of what lapsed before causes were written down: only what asked to extend a grant, and a new epoch, ended a wait before its time. */
function likelyCause(row: Pick<Selectable<Schema['request']>, 'lapses_at' | 'extends_grant'>, at: Instant): LapseCause {
  if (at >= row.lapses_at) return 'nobody-decided';
  return row.extends_grant === null ? 'new-epoch' : 'grant-ended';
}
