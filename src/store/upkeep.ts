import { toIso, type Instant } from '../core/time.ts';
import type { Db } from './schema.ts';

/** Work that is done now and then, by one process at a time. */
export type Upkeep = 'tidy';

/** Until when everything has been gone through; `null`: it was never done. */
export async function doneUntil(db: Db, task: Upkeep): Promise<Instant | null> {
  const row = await db.selectFrom('upkeep').select('done_until').where('task', '=', task).executeTakeFirst();
  return row?.done_until ?? null;
}

/** Remembers that everything from before `until` has been gone through. */
export async function saveDone(db: Db, task: Upkeep, until: Instant): Promise<void> {
  const done = { done_until: toIso(until) };
  await db
    .insertInto('upkeep')
    .values({ task, ...done })
    .onConflict((conflict) => conflict.constraint('upkeep_pk').doUpdateSet(done))
    .execute();
}
