import { toIso } from '../core/time.ts';
import { appNow } from './database.ts';
import type { Db } from './schema.ts';

/** Whether a database is the demo's; one that nobody has marked yet is not. */
export async function markedAsDemo(db: Db): Promise<boolean> {
  const row = await db.selectFrom('installation').select('demo').executeTakeFirst();
  return row?.demo === true;
}

/** Marks a new database as the demo's or as real, once and for ever. Returns whether it is the demo's. */
export async function markInstallation(db: Db, demo: boolean): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    await trx
      .insertInto('installation')
      .values({ demo, created_at: toIso(await appNow(trx)) })
      .onConflict((conflict) => conflict.constraint('installation_pk').doNothing())
      .execute();
    const row = await trx.selectFrom('installation').select('demo').executeTakeFirstOrThrow();
    return row.demo;
  });
}
