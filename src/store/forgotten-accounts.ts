import { sql } from 'kysely';
import type { AccountId } from '../core/ids.ts';
import { toIso, type Instant } from '../core/time.ts';
import { isAnyOf } from './columns.ts';
import { toLinked, withHuman, type LinkedAccount } from './linked-accounts.ts';
import type { Db, Trx } from './schema.ts';

/**
 * The accounts of an issuer that the directory introduced and that are somebody's now, locked until the transaction ends. Sign-ins by them
 * that are under way are waited for (`historyOf`): not by their own lock, because the database has room for only so many of those.
 */
export async function lockIntroduced(trx: Trx, issuer: string): Promise<readonly LinkedAccount[]> {
  await sql`
    select from linked_account where issuer = ${issuer} and proof = 'directory' and ended_at is null
    order by id for update`.execute(trx);
  return introducedAt(trx, issuer);
}

/** The same, for whoever only looks. */
export async function introducedAt(db: Db | Trx, issuer: string): Promise<readonly LinkedAccount[]> {
  const rows = await withHuman(db)
    .where('issuer', '=', issuer)
    .where('proof', '=', 'directory')
    .where('ended_at', 'is', null)
    .orderBy('linked_account.id')
    .execute();
  return rows.map(toLinked);
}

/** The issuers at which the directory introduced accounts that are somebody's now. */
export async function introducingIssuers(db: Db): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('linked_account')
    .select('issuer')
    .distinct()
    .where('proof', '=', 'directory')
    .where('ended_at', 'is', null)
    .orderBy('issuer')
    .execute();
  return rows.map(({ issuer }) => issuer);
}

/**
 * The directory may introduce others in the place of these. They pass on to nobody by that, and what somebody else claims of them stays for
 * administrators; what the directory gave their own people instead is none any more.
 */
export async function forgetIntroduced(trx: Trx, ids: readonly AccountId[], now: Instant): Promise<void> {
  await trx
    .updateTable('linked_account')
    .set({ ended_at: toIso(now), ended_by: 'operator', forgotten_at: toIso(now) })
    .where(isAnyOf('id', ids))
    .execute();
  await trx
    .updateTable('linked_account')
    .set({ conflict_at: null, conflict_with: null, conflict_proof: null })
    .where(isAnyOf('id', ids))
    .whereRef('conflict_with', '=', 'person_id')
    .execute();
}

/** That accounts of an issuer were forgotten. */
export interface Forgetting {
  readonly issuer: string;
  readonly at: Instant;
  readonly accounts: number;
}

/** What operators had forgotten, latest first; at most 20. */
export async function forgettings(db: Db): Promise<readonly Forgetting[]> {
  const { rows } = await sql<Forgetting>`
    select issuer, forgotten_at as at, count(*)::int as accounts from linked_account
    where forgotten_at is not null group by issuer, forgotten_at order by forgotten_at desc, issuer limit 20`.execute(
    db,
  );
  return rows;
}
