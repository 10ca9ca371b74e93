import { sql } from 'kysely';
import type { GrantId } from '../core/ids.ts';
import { toGrant, type GrantRecord } from './grants.ts';
import type { Db, Trx } from './schema.ts';

/** Live grants of which a restored database tells and that nobody has looked at since, by id. Not those whose time is over: their end looks. */
export async function activeToLookAt(db: Db, after: GrantId | null, limit: number): Promise<readonly GrantRecord[]> {
  const rows = await db
    .selectFrom('grant')
    .selectAll()
    // As its index says it.
    .where(sql<boolean>`look_first and state = 'active'`)
    .where('id', '>', after ?? ('' as GrantId))
    .where(sql<boolean>`ends_at > (select app_now())`)
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(toGrant);
}

/** The cloud was looked at. */
export async function saveLooked(trx: Trx, id: GrantId): Promise<void> {
  await trx.updateTable('grant').set({ look_first: false }).where('id', '=', id).execute();
}
