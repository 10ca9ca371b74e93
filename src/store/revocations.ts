import { sql, type RawBuilder, type Selectable } from 'kysely';
import type { PersonId, RevocationId } from '../core/ids.ts';
import { assertNever, invariant } from '../core/result.ts';
import { coversUntil, type RevocationReach, type RevocationScope } from '../core/revocation.ts';
import { toIso, type Instant } from '../core/time.ts';
import { at, comesAfter, isAnyOf, type Place } from './columns.ts';
import { toGrant, type GrantRecord } from './grants.ts';
import { isOfHuman } from './people.ts';
import type { Db, Schema, Trx } from './schema.ts';

/** An order of the kill switch as it is stored. */
export interface RevocationRecord {
  readonly id: RevocationId;
  readonly scope: RevocationScope;
  readonly reason: string;
  readonly orderedBy: PersonId;
  readonly orderedAt: Instant;
  readonly reach: RevocationReach;
  readonly asksUntil: Instant | null;
  readonly confirmedBy: PersonId | null;
  readonly confirmedAt: Instant | null;
  readonly holds: boolean;
  /** Since when it acts with the reach that it has. */
  readonly startedAt: Instant | null;
  readonly sweptAt: Instant | null;
  readonly finishedAt: Instant | null;
  /** Requests that it withdrew. */
  readonly withdrawn: number;
  readonly liftedBy: PersonId | null;
  readonly liftedAt: Instant | null;
}

/** An order that is about to be written. */
export type NewRevocation = Pick<
  RevocationRecord,
  'id' | 'scope' | 'reason' | 'orderedBy' | 'orderedAt' | 'reach' | 'asksUntil' | 'holds' | 'startedAt'
>;

export async function insertRevocation(trx: Trx, order: NewRevocation): Promise<RevocationRecord> {
  const { scope } = order;
  const row = await trx
    .insertInto('revocation')
    .values({
      id: order.id,
      scope: scope.kind,
      person_id: scope.kind === 'person' ? scope.person : null,
      target: scope.kind === 'target' ? scope.target : null,
      reason: order.reason,
      ordered_by: order.orderedBy,
      ordered_at: toIso(order.orderedAt),
      reach: order.reach,
      asks_until: order.asksUntil === null ? null : toIso(order.asksUntil),
      holds: order.holds,
      started_at: order.startedAt === null ? null : toIso(order.startedAt),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toRevocation(row);
}

/** Reads an order; `lock` keeps everybody else from changing it until the transaction ends. */
export async function findRevocation(db: Db | Trx, id: RevocationId, lock = false): Promise<RevocationRecord | null> {
  const query = db.selectFrom('revocation').selectAll().where('id', '=', id);
  const row = await (lock ? query.forUpdate() : query).executeTakeFirst();
  return row === undefined ? null : toRevocation(row);
}

/** The order over everybody that waits for a second person and was given by a human, under whichever of these ids; `null`: there is none. */
export async function waitingOverAll(trx: Trx, givenBy: readonly PersonId[]): Promise<RevocationRecord | null> {
  const row = await trx
    .selectFrom('revocation')
    .selectAll()
    .where('scope', '=', 'all')
    .where('reach', '=', 'none')
    .where('lifted_at', 'is', null)
    .where(sql<boolean>`asks_until > app_now()`)
    .where(isAnyOf('ordered_by', givenBy))
    .orderBy('ordered_at')
    .executeTakeFirst();
  return row === undefined ? null : toRevocation(row);
}

/** Widens an order to everything in its scope; its time to zero begins anew. */
export async function confirmRevocation(trx: Trx, id: RevocationId, by: PersonId, now: Instant): Promise<void> {
  await trx
    .updateTable('revocation')
    .set({
      reach: 'all',
      confirmed_by: by,
      confirmed_at: toIso(now),
      started_at: toIso(now),
      swept_at: null,
      finished_at: null,
    })
    .where('id', '=', id)
    .execute();
}

/** Those that act over a human, under whichever of their ids: what `widenToHuman` would widen, oldest first. */
export async function revocationsOver(db: Db | Trx, person: PersonId): Promise<readonly RevocationRecord[]> {
  const query = db.selectFrom('revocation').selectAll().where(actsOver(person));
  return (await query.orderBy('ordered_at').orderBy('id').execute()).map(toRevocation);
}

function actsOver(person: PersonId): RawBuilder<boolean> {
  return sql<boolean>`(lifted_at is null and (holds or finished_at is null) and started_at is not null
    and scope = 'person' and ${isOfHuman(person)})`;
}

/**
 * Lets the orders that stand over a human be carried out anew: somebody was merged with them. Their time to zero begins anew. Returns them,
 * oldest first.
 */
export async function widenToHuman(trx: Trx, person: PersonId, now: Instant): Promise<readonly RevocationId[]> {
  const { rows } = await sql<{ id: RevocationId }>`
    with widened as (
      update revocation
      -- Never the moment at which it began before: whoever sweeps it tells by that whether it was widened meanwhile.
      set started_at = greatest(${toIso(now)}::timestamptz, started_at + interval '1 millisecond'), swept_at = null, finished_at = null
      where ${actsOver(person)}
      returning id, ordered_at)
    select id from widened order by ordered_at, id`.execute(trx);
  return rows.map(({ id }) => id);
}

export async function liftRevocation(trx: Trx, id: RevocationId, by: PersonId, now: Instant): Promise<void> {
  await trx
    .updateTable('revocation')
    .set({ lifted_by: by, lifted_at: toIso(now) })
    .where('id', '=', id)
    .execute();
}

/** Orders that have begun to act and have not seen everything gone, oldest first. */
export async function openRevocations(db: Db): Promise<readonly RevocationRecord[]> {
  const rows = await db
    .selectFrom('revocation')
    .selectAll()
    .where(sql<boolean>`started_at is not null and finished_at is null`)
    .orderBy('ordered_at')
    .orderBy('id')
    .limit(100)
    .execute();
  return rows.map(toRevocation);
}

/**
 * Orders, newest first. `standingOnly`: those that stop access, have not seen everything gone, or can still be confirmed. `before`: the
 * last one already seen, by `orderedAt`.
 */
export async function listRevocations(
  db: Db,
  filter: {
    readonly standingOnly: boolean;
    readonly limit: number;
    readonly before?: Place<RevocationId>;
  },
): Promise<readonly RevocationRecord[]> {
  let query = db
    .selectFrom('revocation')
    .selectAll()
    .orderBy('ordered_at', 'desc')
    .orderBy('id', 'desc')
    .limit(filter.limit);
  // As the index of standing orders says it first; one without reach stops nothing once nobody can confirm it any more.
  if (filter.standingOnly)
    query = query.where(
      sql<boolean>`lifted_at is null and (holds or finished_at is null) and (reach <> 'none' or asks_until > (select app_now()))`,
    );
  if (filter.before !== undefined) query = query.where(comesAfter(filter.before, 'ordered_at'));
  return (await query.execute()).map(toRevocation);
}

/** Orders that stand over a person, under whichever of their ids, or over any of some targets (`any`: over whichever target), and act. */
export async function standingRevocations(
  db: Db | Trx,
  person: PersonId,
  targets: readonly string[] | 'any',
): Promise<readonly RevocationRecord[]> {
  const onTargets = targets === 'any' ? sql<boolean>`scope = 'target'` : isAnyOf('target', targets);
  const rows = await db
    .selectFrom('revocation')
    .selectAll()
    .where(sql<boolean>`lifted_at is null and (holds or finished_at is null)`)
    .where('reach', '<>', 'none')
    .where((where) => where.or([where('scope', '=', 'all'), isOfHuman(person), onTargets]))
    .orderBy('ordered_at')
    .orderBy('id')
    .execute();
  return rows.map(toRevocation);
}

/** Says that all which an order covered since its `startedAt` has been told to end; not if it was widened meanwhile. */
export async function noteSwept(db: Db, order: RevocationRecord): Promise<void> {
  if (order.startedAt === null) return;
  await db
    .updateTable('revocation')
    .set({ swept_at: sql<string>`app_now()` })
    .where('id', '=', order.id)
    .where('reach', '=', order.reach)
    .where(sql<boolean>`started_at = ${toIso(order.startedAt)}`)
    .where('swept_at', 'is', null)
    .execute();
}

/**
 * Finishes an order whose grants are all proven gone: `finishedAt` is when the last of them was, whenever this is called. `null`: some
 * are left, or it is finished already.
 */
export async function finishRevocation(
  trx: Trx,
  id: RevocationId,
): Promise<{ readonly startedAt: Instant; readonly finishedAt: Instant; readonly withdrawn: number } | null> {
  const { rows } = await sql<{ startedAt: Instant; finishedAt: Instant; withdrawn: number }>`
    update revocation as r
    set finished_at = greatest(r.started_at, (
      select max(g.ended_at) from revocation_grant as s join "grant" as g on g.id = s.grant_id where s.revocation_id = r.id))
    where r.id = ${id} and r.swept_at is not null and r.finished_at is null and not exists (
      select from revocation_grant as s join "grant" as g on g.id = s.grant_id
      where s.revocation_id = r.id and g.state not in ('ended', 'failed'))
    returning r.started_at as "startedAt", r.finished_at as "finishedAt", r.withdrawn`.execute(trx);
  return rows[0] ?? null;
}

/** What is looked at: what an order is about, or one `identity` as the directory knows it, without those that were merged with it. */
export type Scope = RevocationScope | { readonly kind: 'identity'; readonly person: PersonId };

/** The same as a condition on a table that has these columns. A person is the human, under all ids. */
export function within(scope: Scope): RawBuilder<boolean> {
  switch (scope.kind) {
    case 'person':
      return isOfHuman(scope.person);
    case 'identity':
      return sql<boolean>`person_id = ${scope.person}`;
    case 'target':
      return sql<boolean>`target = ${scope.target}`;
    case 'all':
      return sql<boolean>`true`;
    default:
      return assertNever(scope);
  }
}

/** What an order is about, as a condition on grants: not what began after it was over, which is none of its doing. */
function covered(order: RevocationRecord): RawBuilder<boolean> {
  const until = coversUntil(order);
  if (until === null) return within(order.scope);
  // A grant is made when its request is decided. A value for each that goes on, not a join, which would read all requests there ever were.
  return sql<boolean>`(${within(order.scope)}
    and (select r.decided_at from request as r where r.id = "grant".request_id) <= ${at(until)})`;
}

/** How far an order is. */
export interface RevocationCounts {
  /** Grants that it covers and that have not been told to end. */
  readonly live: number;
  readonly ending: number;
  /** Proven gone. */
  readonly gone: number;
}

export async function countRevocation(db: Db | Trx, order: RevocationRecord): Promise<RevocationCounts> {
  const { rows } = await sql<RevocationCounts>`
    select
      (select count(*)::int from "grant" where state in ('scheduled', 'activating', 'active') and ${covered(order)}) as live,
      (select count(*)::int from revocation_grant as s join "grant" as g on g.id = s.grant_id
        where s.revocation_id = ${order.id} and g.state = 'ending') as ending,
      (select count(*)::int from revocation_grant as s join "grant" as g on g.id = s.grant_id
        where s.revocation_id = ${order.id} and g.state in ('ended', 'failed')) as gone`.execute(db);
  const [counts] = rows;
  invariant(counts !== undefined, 'a select without a table has one row');
  return counts;
}

/** What goes on although all that an order ended is proven gone. */
export interface RevocationSurvivors {
  /** Grants whose sessions from before could not be cut, and until when the last of them can be alive at most; null: there are none. */
  readonly sessions: number;
  readonly until: Instant | null;
  /** Grants on access that somebody had before Curfew, which stays. */
  readonly standing: number;
}

export async function survivorsOf(db: Db | Trx, order: RevocationRecord): Promise<RevocationSurvivors> {
  const { rows } = await sql<RevocationSurvivors>`
    select
      (count(*) filter (where lasts_ms > 0))::int as sessions,
      max(ended_at + lasts_ms * interval '1 millisecond') filter (where lasts_ms > 0) as until,
      (count(*) filter (where stays))::int as standing
    from (
      select g.ended_at,
        (g.proof -> 'evidence' ->> 'sessionsIssuedBeforeMayLastMs')::float8 as lasts_ms,
        coalesce((g.proof -> 'evidence' ->> 'standingAccessRemains')::boolean, false) as stays
      from revocation_grant as s join "grant" as g on g.id = s.grant_id
      where s.revocation_id = ${order.id} and g.state in ('ended', 'failed')
    ) as over`.execute(db);
  const [survivors] = rows;
  invariant(survivors !== undefined, 'an aggregate has one row');
  return survivors;
}

/** What an order has not seen gone yet, those that are ending first, and those whose cloud has failed most often first among them. */
export async function leftOf(db: Db, order: RevocationRecord, limit: number): Promise<readonly GrantRecord[]> {
  const { rows } = await sql<Selectable<Schema['grant']>>`
    select * from "grant"
    where state not in ('ended', 'failed') and ${covered(order)}
    order by (state = 'ending') desc, attempts desc, id limit ${limit}`.execute(db);
  return rows.map(toGrant);
}

function toRevocation(row: Selectable<Schema['revocation']>): RevocationRecord {
  return {
    id: row.id,
    scope: scopeOf(row),
    reason: row.reason,
    orderedBy: row.ordered_by,
    orderedAt: row.ordered_at,
    reach: row.reach,
    asksUntil: row.asks_until,
    confirmedBy: row.confirmed_by,
    confirmedAt: row.confirmed_at,
    holds: row.holds,
    startedAt: row.started_at,
    sweptAt: row.swept_at,
    finishedAt: row.finished_at,
    withdrawn: row.withdrawn,
    liftedBy: row.lifted_by,
    liftedAt: row.lifted_at,
  };
}

function scopeOf(row: Selectable<Schema['revocation']>): RevocationScope {
  if (row.scope === 'all') return { kind: 'all' };
  if (row.scope === 'person') {
    invariant(row.person_id !== null, `revocation ${row.id} names no person`);
    return { kind: 'person', person: row.person_id };
  }
  invariant(row.target !== null, `revocation ${row.id} names no target`);
  return { kind: 'target', target: row.target };
}
