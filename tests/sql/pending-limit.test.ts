import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import { requestAccess } from '../../src/operations/request-access.ts';
import type { World } from '../../src/operations/world.ts';
import type { Database } from '../../src/store/database.ts';
import { acmeOperations } from './acme-operations.ts';
import { testPostgres } from './harness.ts';

const ASK = { items: [{ role: 'invoice-reader', target: 'aws/prod' }], reason: 'Check the invoice export' };

/** The embedded database has a single connection and cannot show a race. */
describe('the limit of pending requests, on two connections of PostgreSQL', () => {
  let database: Database;
  beforeAll(async () => {
    database = await testPostgres();
  }, 120_000);
  afterAll(async () => {
    await database.close();
  });

  /** Whether a connection of this database waits for a lock that another one holds. */
  const waiting = async (): Promise<boolean> => {
    const { rows } = await sql`select from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock'`.execute(database.db);
    return rows.length > 0;
  };

  test('of two requests at the same instant, the second counts the first', async () => {
    const acme = await acmeOperations(database);
    const ana = await acme.as('ana');
    for (let n = 1; n < acme.world.maxPending; n += 1)
      expect((await requestAccess(acme.world, ana, ASK)).ok).toBe(true);
    let goOn = () => {};
    const held = new Promise<void>((resolve) => (goOn = resolve));
    let written = () => {};
    const isWritten = new Promise<void>((resolve) => (written = resolve));
    const slow: World = {
      ...acme.world,
      append: async (trx, ...entries) => {
        written();
        await held;
        await acme.world.append(trx, ...entries);
      },
    };
    const first = requestAccess(slow, ana, ASK);
    await isWritten;
    let settled = false;
    const second = requestAccess(acme.world, ana, ASK).finally(() => (settled = true));
    while (!settled && !(await waiting()));
    goOn();
    expect((await first).ok).toBe(true);
    expect(await second).toMatchObject({ ok: false, refusal: { code: 'too-many-pending' } });
  });
});
