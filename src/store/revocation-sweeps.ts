import { sql, type RawBuilder } from 'kysely';
import type { GrantId, PersonId, RequestId, RevocationId } from '../core/ids.ts';
import { at, isAnyOf } from './columns.ts';
import { toGrant, type GrantRecord } from './grants.ts';
import { within, type RevocationRecord, type Scope } from './revocations.ts';
import type { Db, Trx } from './schema.ts';

/** Whether anybody holds anything on a target: it may have left the inventory since. */
export async function hasLiveGrantOn(db: Db, target: string): Promise<boolean> {
  const row = await db
    .selectFrom('grant')
    .select('id')
    .where('target', '=', target)
    .where(sql<boolean>`state not in ('ended', 'failed')`)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** How much access in a scope is not proven gone, how much of it is ending already, and how many persons hold it. Locks nothing. */
export async function countNotGone(
  db: Db,
  scope: Scope,
): Promise<{ readonly grants: number; readonly ending: number; readonly people: number }> {
  const { rows } = await sql<{ grants: string; ending: string; people: string }>`
    select count(*) as grants, count(*) filter (where state = 'ending') as ending, count(distinct person_id) as people
    from "grant" where state not in ('ended', 'failed') and ${within(scope)}`.execute(db);
  const [found] = rows;
  return { grants: Number(found?.grants), ending: Number(found?.ending), people: Number(found?.people) };
}

/** Grants in a scope that have not been told to end, in the order of their ids, beginning behind `after`. Locks nothing. */
export async function toldNothing(
  db: Db,
  scope: Scope,
  after: GrantId | null,
  limit: number,
): Promise<readonly GrantRecord[]> {
  return grantsWithin(db, scope, TOLD_NOTHING, after, limit);
}

/** The same of those that are being ended because they were not usable in time, and would be tried once more. */
export async function toBeTriedAgain(
  db: Db,
  scope: Scope,
  after: GrantId | null,
  limit: number,
): Promise<readonly GrantRecord[]> {
  return grantsWithin(db, scope, TO_BE_TRIED_AGAIN, after, limit);
}

const TOLD_NOTHING = sql<boolean>`state in ('scheduled', 'activating', 'active')`;
const TO_BE_TRIED_AGAIN = sql<boolean>`(tries_again and state = 'ending')`;

async function grantsWithin(
  db: Db,
  scope: Scope,
  condition: RawBuilder<boolean>,
  after: GrantId | null,
  limit: number,
): Promise<readonly GrantRecord[]> {
  const rows = await db
    .selectFrom('grant')
    .selectAll()
    .where(condition)
    .where(within(scope))
    .where('id', '>', (after ?? '') as GrantId)
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(toGrant);
}

/** Locks those of some grants that still have not been told to end, always in one order, so that two orders never wait in a circle. */
export function lockToldNothing(trx: Trx, ids: readonly GrantId[]): Promise<readonly GrantRecord[]> {
  return lockThose(trx, ids, TOLD_NOTHING);
}

/** The same of those that would still be tried once more. */
export function lockToBeTriedAgain(trx: Trx, ids: readonly GrantId[]): Promise<readonly GrantRecord[]> {
  return lockThose(trx, ids, TO_BE_TRIED_AGAIN);
}

async function lockThose(trx: Trx, ids: readonly GrantId[], condition: RawBuilder<boolean>) {
  const rows = await trx
    .selectFrom('grant')
    .selectAll()
    .where(isAnyOf('id', ids))
    .where(condition)
    .orderBy('id')
    .forUpdate()
    .execute();
  return rows.map(toGrant);
}

/** Pending requests in a scope, in the order of their ids, beginning behind `after`. */
export async function pendingWithin(
  db: Db,
  scope: Scope,
  after: RequestId | null,
  limit: number,
): Promise<readonly RequestId[]> {
  const rows = await db
    .selectFrom('request')
    .select('id')
    // As its index says it.
    .where(sql<boolean>`state = 'pending'`)
    .where(asksWithin(scope))
    .where('id', '>', (after ?? '') as RequestId)
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map((row) => row.id);
}

/** What a request asks for, as a condition on its table. */
function asksWithin(scope: Scope): RawBuilder<boolean> {
  if (scope.kind !== 'target') return within(scope);
  return sql<boolean>`exists (select from request_item where request_id = request.id and target = ${scope.target})`;
}

/** Whether somebody has access in a scope that is not proven gone, or a request for some that waits. */
export async function holdsOrWantsWithin(db: Db | Trx, scope: Scope, person: PersonId): Promise<boolean> {
  const { rows } = await sql<{ found: boolean }>`
    select exists (select from "grant" where person_id = ${person} and state not in ('ended', 'failed') and ${within(scope)})
      or exists (select from request where person_id = ${person} and state = 'pending' and ${asksWithin(scope)}) as found`.execute(
    db,
  );
  return rows[0]?.found === true;
}

/** Remembers that an order ended these grants. */
export async function noteEnded(trx: Trx, id: RevocationId, grants: readonly GrantId[]): Promise<void> {
  await trx
    .insertInto('revocation_grant')
    .values(grants.map((grant) => ({ revocation_id: id, grant_id: grant })))
    .onConflict((conflict) => conflict.constraint('revocation_grant_pk').doNothing())
    .execute();
}

/** Counts those among what has to be gone that were ending already, or that somebody else ended since the order began to act. */
export async function noteFoundEnding(
  db: Db,
  { id, scope, startedAt }: Pick<RevocationRecord, 'id' | 'scope' | 'startedAt'>,
): Promise<void> {
  if (startedAt === null) return;
  // Two selects, each with an index of its own, before the scope is asked for: everything that somebody ever held is no way to either. The
  // moment is a value, so that the database knows how little has ended since.
  await sql`
    with found as materialized (
      select id, person_id, target from "grant" where state = 'ending'
      union all
      select id, person_id, target from "grant" where ended_at >= ${at(startedAt)})
    insert into revocation_grant (revocation_id, grant_id)
    select ${id}, id from found where ${within(scope)}
    on conflict on constraint revocation_grant_pk do nothing`.execute(db);
}

export async function noteWithdrawn(trx: Trx, id: RevocationId): Promise<void> {
  await trx
    .updateTable('revocation')
    .set({ withdrawn: sql<number>`withdrawn + 1` })
    .where('id', '=', id)
    .execute();
}
