import { sql, type Selectable } from 'kysely';
import type { GrantState } from '../core/grant.ts';
import type { GrantId, PersonId, RequestId } from '../core/ids.ts';
import type { Residual } from '../core/residual.ts';
import { assertNever, invariant } from '../core/result.ts';
import type { Role } from '../core/role.ts';
import type { SlotKey } from '../core/slot.ts';
import type { ProviderName, Target } from '../core/target.ts';
import { after, toIso, type Instant } from '../core/time.ts';
import type { JsonObject } from '../core/json.ts';
import { columnsOfCall, LONGEST_CALL_MS, type CallNote } from './bindings.ts';
import { besides } from './besides.ts';
import { comesAfter, fromNow, isAnyOf, type Place } from './columns.ts';
import { isOfHuman } from './people.ts';
import type { Db, Schema, Trx } from './schema.ts';

/** A grant as it is stored. `definition` is the role and the target as they were when the request was approved. */
export interface GrantRecord {
  readonly id: GrantId;
  readonly request: RequestId;
  readonly ordinal: number;
  readonly person: PersonId;
  readonly slot: SlotKey;
  readonly provider: ProviderName;
  readonly method: string;
  readonly principal: string;
  readonly durationMs: number;
  readonly definition: { readonly role: Role; readonly target: Target };
  readonly state: GrantState;
  readonly startsAt: Instant;
  /** Kept after the end as well, unlike in `state`. */
  readonly activatedAt: Instant | null;
  readonly endsAt: Instant | null;
  /** The latest end that was ever on its way into the cloud. */
  readonly boundUntil: Instant | null;
  /** How often its end was moved to later. */
  readonly extended: number;
  /** The grant that this one is the retry of. */
  readonly retryOf: GrantId | null;
  /** Once it is proven absent it is tried once more. */
  readonly triesAgain: boolean;
  /** What can survive its end, where that showed when its access was made. */
  readonly residual: Residual | null;
  readonly usableAt: Instant | null;
  /** Credentials that were issued before this are dead although the grant lives. */
  readonly reissueAfter: Instant | null;
  readonly dueAt: Instant | null;
  readonly attempts: number;
  readonly lastFault: string | null;
  /** When a start that waits for a quota may call. */
  readonly cellAt: Instant | null;
  /** What is said here is from before the epoch: the cloud is looked at first. */
  readonly lookFirst: boolean;
}

export type GrantRow = Selectable<Schema['grant']>;

/** A grant that is about to be scheduled. */
export type NewGrant = Pick<
  GrantRecord,
  | 'id'
  | 'request'
  | 'ordinal'
  | 'person'
  | 'slot'
  | 'provider'
  | 'method'
  | 'principal'
  | 'durationMs'
  | 'definition'
  | 'startsAt'
> & { readonly retryOf?: GrantId };

/** Writes a scheduled grant and the slot that its binding will stand in. */
export async function insertGrant(trx: Trx, grant: NewGrant): Promise<GrantRecord> {
  const row = await trx
    .with('written', (query) =>
      query
        .insertInto('binding')
        .values({ slot: grant.slot, provider: grant.provider, method: grant.method })
        .onConflict((conflict) => conflict.constraint('binding_pk').doNothing()),
    )
    .insertInto('grant')
    .values({
      id: grant.id,
      request_id: grant.request,
      ordinal: grant.ordinal,
      person_id: grant.person,
      slot: grant.slot,
      role: grant.definition.role.name,
      target: grant.definition.target.key,
      provider: grant.provider,
      method: grant.method,
      principal: grant.principal,
      duration_ms: grant.durationMs,
      definition: JSON.stringify(grant.definition),
      starts_at: toIso(grant.startsAt),
      retry_of: grant.retryOf ?? null,
      due_at: toIso(grant.startsAt),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toGrant(row);
}

/** Reads a grant; `lock` keeps everybody else from changing it until the transaction ends. */
export async function findGrant(db: Db | Trx, id: GrantId, lock = false): Promise<GrantRecord | null> {
  const query = db.selectFrom('grant').selectAll().where('id', '=', id);
  const row = await (lock ? query.forUpdate() : query).executeTakeFirst();
  return row === undefined ? null : toGrant(row);
}

/** A grant behind its lock (`materialized`): whatever is asked of it, and what time it is, is judged after what the lock had to wait for. */
export function behindLock(trx: Trx, id: GrantId) {
  return trx
    .with(
      (name) => name('locked').materialized(),
      (query) => query.selectFrom('grant').selectAll().where('id', '=', id).forUpdate(),
    )
    .selectFrom('locked')
    .selectAll()
    .select(sql<Instant>`app_now()`.as('now'));
}

/** Locks a grant until the transaction ends, and tells the time as it is then. */
export async function lockGrant(
  trx: Trx,
  id: GrantId,
): Promise<{ readonly grant: GrantRecord; readonly now: Instant } | null> {
  const row = await behindLock(trx, id).executeTakeFirst();
  return row === undefined ? null : { grant: toGrant(row), now: row.now };
}

/** Reads some grants, in no order. */
export async function findGrants(db: Db | Trx, ids: readonly GrantId[]): Promise<readonly GrantRecord[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('grant')
    .selectAll()
    .where(isAnyOf('id', [...new Set(ids)]))
    .execute();
  return rows.map(toGrant);
}

/** The states of some grants; those that are not there are left out. */
export async function statesOf(db: Db, ids: readonly GrantId[]): Promise<ReadonlyMap<GrantId, GrantState['kind']>> {
  const rows = await db.selectFrom('grant').select(['id', 'state']).where(isAnyOf('id', ids)).execute();
  return new Map(rows.map(({ id, state }) => [id, state]));
}

export async function grantsOfRequests(db: Db | Trx, requests: readonly RequestId[]): Promise<readonly GrantRecord[]> {
  if (requests.length === 0) return [];
  const rows = await db
    .selectFrom('grant')
    .selectAll()
    // As the two indexes say it that begin with the request: without that each of them is about other rows, and all grants are read.
    .where((where) =>
      where.or([
        where.and([isAnyOf('request_id', requests), sql<boolean>`retry_of is null`]),
        where.and([isAnyOf('request_id', requests), sql<boolean>`retry_of is not null`]),
      ]),
    )
    .orderBy('ordinal')
    // A retry comes behind what it is the retry of.
    .orderBy(sql`retry_of is not null`)
    .execute();
  return rows.map(toGrant);
}

/** Says of a grant that is being ended whether it is tried once more when it is proven absent. */
export async function saveTriesAgain(trx: Trx, id: GrantId, triesAgain: boolean): Promise<void> {
  await trx.updateTable('grant').set({ tries_again: triesAgain }).where('id', '=', id).execute();
}

/** Remembers that somebody is told of a grant's end in the cloud that was edited. False: they were already. */
export async function noteEditTold(trx: Trx, id: GrantId): Promise<boolean> {
  const untold = trx.updateTable('grant').set({ edit_told: true }).where('id', '=', id).where('edit_told', '=', false);
  return (await untold.executeTakeFirst()).numUpdatedRows > 0n;
}

/** Remembers what can survive the end of a grant, which showed when its access was made. */
export async function saveResidual(trx: Trx, id: GrantId, residual: Residual): Promise<void> {
  await trx
    .updateTable('grant')
    .set({ residual: JSON.stringify(residual) })
    .where('id', '=', id)
    .execute();
}

export const IS_LIVE = sql<boolean>`state not in ('ended', 'failed')`;

/** Grants of one person, or of everybody, newest first; `liveOnly` leaves out what is over. */
export async function listGrants(
  db: Db,
  filter: {
    person?: PersonId;
    /** The same of whoever this person is, under all of their ids. */
    human?: PersonId;
    liveOnly?: boolean;
    role?: string;
    target?: string;
    limit: number;
    before?: Place<GrantId>;
  },
): Promise<readonly GrantRecord[]> {
  let query = db.selectFrom('grant').selectAll().orderBy('starts_at', 'desc').orderBy('id', 'desc').limit(filter.limit);
  if (filter.person !== undefined) query = query.where('person_id', '=', filter.person);
  if (filter.human !== undefined) query = query.where(isOfHuman(filter.human));
  // As its indexes say it.
  if (filter.liveOnly === true) query = query.where(IS_LIVE);
  if (filter.role !== undefined) query = query.where('role', '=', filter.role);
  if (filter.target !== undefined) query = query.where('target', '=', filter.target);
  if (filter.before !== undefined) query = query.where(comesAfter(filter.before, 'starts_at'));
  return (await query.execute()).map(toGrant);
}

/** How many grants are in each state, of those that are not over: what is over only grows, and would have to be counted as a whole. */
export async function countLiveGrants(db: Db): Promise<ReadonlyMap<string, number>> {
  const rows = await db
    .selectFrom('grant')
    .select(['state', (expression) => expression.fn.countAll<number>().as('n')])
    .where(IS_LIVE)
    .groupBy('state')
    .execute();
  return new Map(rows.map((row) => [row.state, Number(row.n)]));
}

/**
 * Writes the state that `transitionGrant` computed and when the engine must look again (`dueAt`; ignored once it is over).
 * Attempts begin anew with each state; a state in which nothing is under way has no claim. The foreign key to
 * `grant_transition` judges the step again. `call` is noted on the grant's binding. Returns the grant as it then stands.
 */
export async function saveGrantState(
  trx: Trx,
  id: GrantId,
  state: GrantState,
  dueAt: Instant,
  call: { readonly slot: SlotKey; readonly note: CallNote } | null = null,
): Promise<GrantRecord> {
  const start =
    call === null
      ? trx
      : besides(trx, (query) =>
          query.updateTable('binding').set(columnsOfCall(call.note)).where('slot', '=', call.slot),
        );
  const row = await start
    .updateTable('grant')
    .set({
      state: state.kind,
      ...columnsOf(state),
      due_at: 'proof' in state ? null : toIso(dueAt),
      attempts: 0,
      last_fault: null,
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirst();
  invariant(row !== undefined, `there is no grant ${id}`);
  return toGrant(row);
}

function columnsOf(state: GrantState) {
  switch (state.kind) {
    case 'scheduled':
      return { starts_at: toIso(state.startsAt) };
    case 'activating':
      return {
        activated_at: toIso(state.activatedAt),
        ends_at: toIso(state.endsAt),
        bound_until: toIso(state.boundUntil),
      };
    case 'active':
      return {
        usable_at: toIso(state.usableAt),
        ends_at: toIso(state.endsAt),
        bound_until: toIso(state.boundUntil),
        extended: state.extended,
        extension_request: state.extension?.request ?? null,
        extension_until: state.extension === null ? null : toIso(state.extension.until),
        // With an extension under way somebody may be at work on it.
        ...(state.extension === null ? NO_LEASE : {}),
      };
    case 'ending':
      return {
        ending_since: toIso(state.since),
        end_cause: state.cause,
        ...NO_EXTENSION,
        ...(state.cause === 'returned' || state.cause === 'revoked' ? { lease_until: UNTIL_CALL_IS_OVER } : {}),
      };
    case 'ended':
      return {
        ended_at: toIso(state.endedAt),
        end_cause: state.cause,
        proof: JSON.stringify(state.proof),
        ...NO_LEASE,
      };
    case 'failed':
      return {
        ended_at: toIso(state.endedAt),
        end_cause: 'failed' as const,
        proof: JSON.stringify(state.proof),
        ...NO_LEASE,
      };
    default:
      return assertNever(state);
  }
}

/** What a grant that ends takes with it. */
export const NO_EXTENSION = { extension_request: null, extension_until: null };
const NO_LEASE = { lease_owner: null, lease_until: null };
/**
 * People end what a node may be at work on. No call of it leaves any more (`renewLease` looks at the state), so whoever ends the grant waits
 * for the one that may be under way, and not for the rest of a claim whose node may be dead.
 */
const UNTIL_CALL_IS_OVER = sql<string>`case when lease_until is not null then least(lease_until, ${fromNow(LONGEST_CALL_MS)}) end`;

/** By how much the clocks of a cloud and the database may differ, generously: a grant that is marked for nothing only gets new credentials. */
const CLOCKS_DIFFER_MS = 60_000;

/**
 * Remembers that all sessions of a native AWS role from before `at` were cut: its live grants that may hold one need new credentials. The
 * same cut may be told again and again. Returns the grants to which it is news.
 */
export async function markReissue(db: Db, account: string, role: string, at: Instant): Promise<readonly GrantId[]> {
  const { rows } = await sql<{ id: GrantId }>`
    update "grant" set reissue_after = ${toIso(at)}
    where state in ('activating', 'active') and provider = 'aws'
      and (reissue_after is null or reissue_after < ${toIso(at)})
      and activated_at < ${toIso(after(at, CLOCKS_DIFFER_MS))}
      and definition -> 'target' ->> 'native' = ${account} and definition -> 'role' -> 'aws' ->> 'role' = ${role}
    returning id`.execute(db);
  return rows.map((row) => row.id);
}

/** Turns a row into the grant it stands for; every state gets only its own fields. */
export function toGrant(row: GrantRow): GrantRecord {
  return {
    id: row.id,
    request: row.request_id,
    ordinal: row.ordinal,
    person: row.person_id,
    slot: row.slot,
    provider: row.provider,
    method: row.method,
    principal: row.principal,
    durationMs: row.duration_ms,
    definition: definitionOf(row.definition),
    state: stateOf(row),
    startsAt: row.starts_at,
    activatedAt: row.activated_at,
    endsAt: row.ends_at,
    boundUntil: row.bound_until,
    extended: row.extended,
    retryOf: row.retry_of,
    triesAgain: row.tries_again,
    residual: row.residual,
    usableAt: row.usable_at,
    reissueAfter: row.reissue_after,
    dueAt: row.due_at,
    attempts: row.attempts,
    lastFault: row.last_fault,
    cellAt: row.cell_at,
    lookFirst: row.look_first,
  };
}

/** The column is written by `insertGrant` alone, from these two types. */
function definitionOf(column: JsonObject): GrantRecord['definition'] {
  return column as unknown as GrantRecord['definition'];
}

function stateOf(row: GrantRow): GrantState {
  if (row.state === 'scheduled') return { kind: 'scheduled', startsAt: row.starts_at };
  if (row.state === 'ended' || row.state === 'failed') {
    invariant(row.ended_at !== null && row.proof !== null, `grant ${row.id} is over without proof`);
    if (row.state === 'failed') return { kind: 'failed', endedAt: row.ended_at, proof: row.proof };
    invariant(row.end_cause !== null && row.end_cause !== 'failed', `grant ${row.id} ended without a cause`);
    return { kind: 'ended', cause: row.end_cause, endedAt: row.ended_at, proof: row.proof };
  }
  invariant(
    row.activated_at !== null && row.ends_at !== null && row.bound_until !== null,
    `grant ${row.id} runs without an end`,
  );
  const running = { activatedAt: row.activated_at, endsAt: row.ends_at, boundUntil: row.bound_until };
  if (row.state === 'activating') return { kind: 'activating', ...running };
  if (row.state === 'active') {
    invariant(row.usable_at !== null, `grant ${row.id} is active but was never usable`);
    const { extension_request: request, extension_until: until } = row;
    const extension = request === null || until === null ? null : { request, until };
    return { kind: 'active', usableAt: row.usable_at, extended: row.extended, extension, ...running };
  }
  invariant(row.ending_since !== null && row.end_cause !== null, `grant ${row.id} is ending without a cause`);
  return { kind: 'ending', cause: row.end_cause, since: row.ending_since, ...running };
}
