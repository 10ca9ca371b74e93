import { toIso, type Instant } from '../core/time.ts';
import type { Db, Trx } from './schema.ts';

/** Keeps the documents of a version once; a request refers to the version that decided it. Returns whether it was new. */
export async function keepPolicyVersion(
  trx: Trx,
  version: string,
  sources: readonly { readonly path: string; readonly text: string }[],
  now: Instant,
): Promise<boolean> {
  const result = await trx
    .insertInto('policy_version')
    .values({ version, loaded_at: toIso(now), sources: JSON.stringify(sources) })
    .onConflict((conflict) => conflict.constraint('policy_version_pk').doNothing())
    .executeTakeFirst();
  return Number(result.numInsertedOrUpdatedRows ?? 0n) === 1;
}

/** The documents of a version, so that an old decision can be recomputed; `null` if it never decided here. */
export async function policySources(
  db: Db,
  version: string,
): Promise<readonly { readonly path: string; readonly text: string }[] | null> {
  const row = await db.selectFrom('policy_version').select('sources').where('version', '=', version).executeTakeFirst();
  return row?.sources ?? null;
}
