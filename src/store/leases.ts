import { sql, type QueryCreator, type RawBuilder } from 'kysely';
import type { GrantId } from '../core/ids.ts';
import { toIso, type Instant } from '../core/time.ts';
import { columnsOfCall, type CallNote } from './bindings.ts';
import { at, fromNow, isAnyOf } from './columns.ts';
import { behindLock, NO_EXTENSION, toGrant, type GrantRecord } from './grants.ts';
import type { Db, Schema, Trx } from './schema.ts';

/** Which due work to take: ends have a lane of their own, so that a burst of starts can never delay them. */
export type Lane = 'ends' | 'starts';

/**
 * The time, once for a whole statement. `app_now()` is volatile, so a bare comparison with it is asked anew for each row and can use
 * no index: an idle claim would walk the deadlines of all live grants.
 */
const NOW = sql<Instant>`(select app_now())`;
/** One place in so many is kept for what was tried before. */
const KEPT_FOR_TRIED = 8;
const NOT_CLAIMED = sql<boolean>`(lease_until is null or lease_until <= ${NOW})`;

/** A grant whose start or extension is under way: at its end it passes to the lane of the ends. */
const UNDER_WAY = sql<boolean>`(state = 'activating' or extension_until is not null)`;

/** What the index of each lane says comes first, as it says it. */
function belongsTo(lane: Lane) {
  return lane === 'ends'
    ? sql<boolean>`(state in ('activating', 'active', 'ending') and (not ${UNDER_WAY} or ends_at <= ${NOW}))`
    : sql<boolean>`((state in ('scheduled', 'activating') or extension_until is not null) and (not ${UNDER_WAY} or ends_at > ${NOW}))`;
}

/**
 * What has been tried in a lane and did not work. Attempts to start, or to extend, say nothing of the end; and what is not `ending` yet has
 * not been tried in the lane of the ends. An end that was held back has not failed, but it was tried, and says why.
 */
function isTriedAgain(lane: Lane) {
  return lane === 'ends'
    ? sql<boolean>`(state = 'ending' and (attempts > 0 or last_fault is not null))`
    : sql<boolean>`(attempts > 0)`;
}

/** The same of a grant that was read. */
export function triedBefore(lane: Lane, { state, attempts, lastFault }: GrantRecord): boolean {
  return lane === 'starts' ? attempts > 0 : state.kind === 'ending' && (attempts > 0 || lastFault !== null);
}

/** Until when a claim holds. One on an active grant, to extend it, never outlives its end: whoever ends it waits for nobody. */
function leaseUntil(leaseMs: number) {
  return sql<string>`case when state = 'active' then least(${fromNow(leaseMs)}, ends_at) else ${fromNow(leaseMs)} end`;
}

/** Where grants call the same services of a cloud: by one method on one target, of which this is the key. */
export interface MethodOnTarget {
  readonly method: string;
  readonly target: string;
}

/** A grant with the time at which it was claimed, which is later than what it was due at. */
export interface ClaimedGrant extends GrantRecord {
  readonly claimedAt: Instant;
}

/**
 * Takes `limit` due grants of one lane for `leaseMs`: first what was never tried, so that nothing waits for what does not work, then the
 * rest, of which no more than `again`. A few places are kept for the rest: what was tried and would work by now waits for no crowd either. A node that dies loses its claims by time alone; another node takes them up.
 * Of what was never tried nothing that is `passedOver`. `SKIP LOCKED` keeps two nodes from waiting for each other; the lease keeps them apart after the transaction. What this very owner has
 * claimed already, without having heard of it, is its own.
 */
export async function claimDue(
  db: Db | Trx,
  lane: Lane,
  owner: string,
  leaseMs: number,
  limit: number,
  again = limit,
  passedOver: readonly MethodOnTarget[] = [],
): Promise<readonly ClaimedGrant[]> {
  const due = (of: RawBuilder<boolean>, most: RawBuilder<unknown>) => sql`
    select id from "grant"
    where due_at <= ${NOW} and ${belongsTo(lane)} and (${NOT_CLAIMED} or lease_owner = ${owner}) and ${of}
    order by due_at limit ${most} for update skip locked`;
  const tried = isTriedAgain(lane);
  const kept = sql`${Math.min(again, Math.floor(limit / KEPT_FOR_TRIED))}::bigint`;
  const taken = sql`(select count(*) from kept)`;
  const room = sql`least(${again}::bigint - ${taken}, ${limit}::bigint - ${taken} - (select count(*) from first))`;
  const notKept = sql<boolean>`${tried} and id <> all(array(select id from kept))`;
  const elsewhere = passedOver.length === 0 ? sql`true` : sql`not ${isOneOf(passedOver)}`;
  // As an array: however many rows the planner expects, each is then found by its key.
  const ids = sql<GrantId>`array(
    with kept as materialized (${due(tried, kept)}),
      first as materialized (${due(sql<boolean>`not ${tried} and ${elsewhere}`, sql`${limit}::bigint - ${taken}`)}),
      tried as materialized (${due(notKept, room)})
    select id from kept union all select id from first union all select id from tried)`;
  const rows = await db
    .updateTable('grant')
    .set({ lease_owner: owner, lease_until: lane === 'starts' ? leaseUntil(leaseMs) : fromNow(leaseMs) })
    .where(sql<boolean>`id = any(${ids})`)
    .returningAll()
    .returning(sql<Instant>`app_now()`.as('claimed_at'))
    .execute();
  const claimed = rows.map((row) => ({ ...toGrant(row), claimedAt: row.claimed_at }));
  // By id where the deadline is the same: which one goes first is not left to the plan that the database happens to have.
  return claimed.sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0) || (a.id < b.id ? -1 : 1));
}

function isOneOf(places: readonly MethodOnTarget[]): RawBuilder<boolean> {
  const [methods, targets] = [places.map(({ method }) => method), places.map(({ target }) => target)];
  return sql<boolean>`((method, target) in (select * from unnest(${methods}::text[], ${targets}::text[])))`;
}

/** Moves claimed grants whose time is over to `ending`, due at once; what is written is what `transitionGrant` says of `expire`. */
export async function saveExpired(trx: Trx, ids: readonly GrantId[], since: Instant): Promise<void> {
  await trx
    .updateTable('grant')
    .set({
      state: 'ending',
      ending_since: toIso(since),
      end_cause: 'expired',
      due_at: toIso(since),
      attempts: 0,
      last_fault: null,
      ...NO_EXTENSION,
    })
    .where(isAnyOf('id', ids))
    .execute();
}

/** Grants whose end is due, oldest first, without claiming them: all that can be done while the database takes no writes. */
export async function peekDueEnds(db: Db, limit: number): Promise<readonly GrantRecord[]> {
  const rows = await db
    .selectFrom('grant')
    .selectAll()
    // As the indexes say it, so that not all that is live is walked.
    .where(sql<boolean>`((state in ('activating', 'active', 'ending') and ends_at <= ${NOW}) or state = 'ending')`)
    .orderBy('due_at')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(toGrant);
}

/** More than what is claimed at any moment. With a limit and an order, what is due is walked in its index and not all that is live. */
const CLAIMS_LOOKED_AT = 1_000;

/**
 * Milliseconds until something of a lane can be taken up, or a request lapses; negative when it could have been, `null` when nothing
 * is waiting. What somebody works on counts from the end of the claim: whoever waits takes it up as soon as that node is too late.
 */
export async function nextDueInMs(db: Db, of: Lane | 'lapses'): Promise<number | null> {
  const next =
    of === 'lapses'
      ? sql`select due_at from request where due_at is not null order by due_at limit 1`
      : sql`
          (select due_at from "grant" where due_at is not null and ${belongsTo(of)} and ${NOT_CLAIMED} order by due_at limit 1)
          union all
          (select min(lease_until) from (
            select lease_until from "grant" where due_at <= ${NOW} and ${belongsTo(of)} and lease_until > ${NOW}
            order by due_at limit ${CLAIMS_LOOKED_AT}) as claimed)`;
  const { rows } = await sql<{ ms: number | null }>`
    select (extract(epoch from min(due_at) - app_now()) * 1000)::float8 as ms from (${next}) as next`.execute(db);
  return rows[0]?.ms ?? null;
}

/**
 * Keeps a claim while work goes on, and returns when. `null`: the claim was lost or the grant has moved on, and whatever was about
 * to be done must not be done. The state counts as well, because one node may hold a grant for two lanes, one after the other.
 */
export async function renewLease(
  db: Db | Trx,
  grant: GrantRecord,
  owner: string,
  leaseMs: number,
): Promise<Instant | null> {
  const row = await renewal(db, grant, owner, leaseMs).executeTakeFirst();
  return row?.now ?? null;
}

function renewal(db: QueryCreator<Schema>, grant: GrantRecord, owner: string, leaseMs: number) {
  return db
    .updateTable('grant')
    .set({ lease_until: leaseUntil(leaseMs) })
    .where('id', '=', grant.id)
    .where('state', '=', grant.state.kind)
    .where(sql<boolean>`(state <> 'active' or ends_at > app_now())`)
    .where('lease_owner', '=', owner)
    .where('lease_until', '>', sql<Instant>`app_now()`)
    .returning(sql<Instant>`app_now()`.as('now'));
}

/**
 * The same, last before a call that writes leaves: remembers in one statement with it that the call is about to leave.
 * What was seen before says nothing any more. With `null` nothing was noted. The grant is locked before its binding, as everywhere.
 */
export async function renewLeaseForCall(
  db: Db,
  grant: GrantRecord,
  owner: string,
  leaseMs: number,
  note: Extract<CallNote, { kind: 'leaving' }>,
): Promise<Instant | null> {
  const row = await db
    .with('renewed', (query) => renewal(query, grant, owner, leaseMs))
    .with('noted', (query) =>
      query
        .updateTable('binding')
        .set(columnsOfCall(note))
        .where('slot', '=', grant.slot)
        .where(sql<boolean>`exists (select from renewed)`),
    )
    .selectFrom('renewed')
    .select('now')
    .executeTakeFirst();
  return row?.now ?? null;
}

/**
 * Locks a grant for the transaction that is about to record what this node did. `null`: the claim was lost. The lock comes first,
 * so that the claim is judged after whatever it had to wait for.
 */
export async function lockClaimed(
  trx: Trx,
  id: GrantId,
  owner: string,
): Promise<{ readonly grant: GrantRecord; readonly now: Instant } | null> {
  const row = await behindLock(trx, id)
    .where('lease_owner', '=', owner)
    .where('lease_until', '>', sql<Instant>`app_now()`)
    .executeTakeFirst();
  return row === undefined ? null : { grant: toGrant(row), now: row.now };
}

/** When to look again: at a moment, or so long after now. */
export type LookAgain = { readonly at: Instant } | { readonly inMs: number };
/** Never after `notAfter`; and never past `notPast`, unless that is over. */
type Bounded = LookAgain & { readonly notAfter?: Instant; readonly notPast?: Instant };

/** Gives a claim back and says when to look again, unless somebody has changed the grant's state meanwhile. */
export async function releaseLease(
  db: Db | Trx,
  grant: GrantRecord,
  owner: string,
  next: { due: Bounded; attempts: number; lastFault: string | null; cellAt?: Instant },
): Promise<void> {
  const { attempts, lastFault, cellAt } = next;
  const unlessMoved = (column: string, value: unknown) =>
    sql<never>`case when state = ${grant.state.kind} then ${value} else ${sql.ref(column)} end`;
  await db
    .updateTable('grant')
    .set({
      due_at: unlessMoved('due_at', momentOf(next.due)),
      attempts: unlessMoved('attempts', sql`${attempts}::integer`),
      last_fault: unlessMoved('last_fault', sql`${lastFault}::text`),
      ...(cellAt === undefined ? {} : { cell_at: unlessMoved('cell_at', at(cellAt)) }),
      lease_owner: null,
      lease_until: null,
    })
    .where('id', '=', grant.id)
    .where('lease_owner', '=', owner)
    .execute();
}

function momentOf(due: Bounded): RawBuilder<unknown> {
  const moment = 'at' in due ? at(due.at) : fromNow(due.inMs);
  if (due.notAfter !== undefined) return sql`least(${moment}, ${at(due.notAfter)})`;
  if (due.notPast === undefined) return moment;
  return sql`least(${moment}, case when ${at(due.notPast)} > app_now() then ${at(due.notPast)} end)`;
}

/**
 * Gives a claim back after a step that broke, wherever it broke, and has the grant looked at again after `delayMs`. One that became
 * active meanwhile is looked at when its time is over, as ever.
 */
export async function putOffClaimed(
  db: Db,
  grant: GrantRecord,
  owner: string,
  delayMs: number,
  lastFault: string,
): Promise<void> {
  await db
    .updateTable('grant')
    .set({
      // Never past the end of what is active.
      due_at: sql<string>`case when state = 'active' then least(${fromNow(delayMs)}, ends_at) else ${fromNow(delayMs)} end`,
      last_fault: lastFault,
    })
    .where('id', '=', grant.id)
    .where('lease_owner', '=', owner)
    .where('state', 'in', ['scheduled', 'activating', 'ending', grant.state.kind])
    .where('due_at', 'is not', null)
    .execute();
  await dropLease(db, grant.id, owner);
}

/** Gives a claim back and leaves everything else as it is. */
export async function dropLease(db: Db | Trx, id: GrantId, owner: string): Promise<void> {
  await db
    .updateTable('grant')
    .set({ lease_owner: null, lease_until: null })
    .where('id', '=', id)
    .where('lease_owner', '=', owner)
    .execute();
}

/** Takes the right to be the only writer of something in a cloud for `leaseMs`. False: somebody else has it. */
export async function takeCloudLock(db: Db, key: string, owner: string, leaseMs: number): Promise<boolean> {
  return takeLock(db, key, owner, leaseMs, sql<boolean>`false`);
}

/**
 * The same for whoever holds the claim of a grant: what another node has taken for this grant passes over with the claim, because that
 * node calls nothing for it any more, and may be dead. `owner` is the owner of the claim.
 */
export async function takeCloudLockFor(
  db: Db,
  key: string,
  grant: GrantId,
  owner: string,
  leaseMs: number,
): Promise<boolean> {
  const suffix = `/${grant}`;
  const passesOver = sql<boolean>`right(cloud_lock.owner, ${suffix.length}) = ${suffix} and exists (
    select from "grant" where id = ${grant} and lease_owner = ${owner} and lease_until > app_now())`;
  return takeLock(db, key, lockOwner(owner, grant), leaseMs, passesOver);
}

/** Who holds a lock for a grant. */
export function lockOwner(owner: string, grant: GrantId): string {
  return `${owner}/${grant}`;
}

async function takeLock(db: Db, key: string, owner: string, leaseMs: number, passesOver: RawBuilder<boolean>) {
  const { rows } = await sql<{ owner: string }>`
    insert into cloud_lock (key, owner, until) values (${key}, ${owner}, ${fromNow(leaseMs)})
    on conflict on constraint cloud_lock_pk do update set owner = excluded.owner, until = excluded.until
      where cloud_lock.until <= app_now() or cloud_lock.owner = excluded.owner or (${passesOver})
    returning owner`.execute(db);
  return rows.length === 1;
}

export async function releaseCloudLock(db: Db, key: string, owner: string): Promise<void> {
  await db.deleteFrom('cloud_lock').where('key', '=', key).where('owner', '=', owner).execute();
}
