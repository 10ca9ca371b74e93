import { toIso, type Instant } from '../core/time.ts';
import type { Db, Trx } from './schema.ts';

/** Keeps the documents of a version once, and when it was last put in force; a request refers to the version that decided it. */
export async function keepPolicyVersion(
  trx: Trx,
  version: string,
  sources: readonly { readonly path: string; readonly text: string }[],
  now: Instant,
): Promise<void> {
  await trx
    .insertInto('policy_version')
    .values({ version, loaded_at: toIso(now), sources: JSON.stringify(sources) })
    .onConflict((conflict) => conflict.constraint('policy_version_pk').doUpdateSet({ loaded_at: toIso(now) }))
    .execute();
}

/** The documents that were put in force last; `null` if none ever were. */
export async function lastPolicySources(
  db: Db,
): Promise<readonly { readonly path: string; readonly text: string }[] | null> {
  const row = await db
    .selectFrom('policy_version')
    .select('sources')
    .orderBy('loaded_at', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.sources ?? null;
}
