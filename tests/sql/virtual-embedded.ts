import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { emptyAll, testEmbedded } from './harness.ts';
import { virtualTime, type VirtualTime } from './shared-cloud.ts';

/** An embedded database for the tests of a group that calls this, empty before each, whose time passes only as a test says. */
export function virtualEmbedded(): { readonly database: () => Database; readonly time: () => VirtualTime } {
  let database: Database;
  let time: VirtualTime;
  beforeAll(async () => {
    database = await testEmbedded();
    time = await virtualTime(database);
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    await emptyAll(database);
    await sql`insert into virtual_time values (to_timestamp(${time.now() / 1000}::float8))`.execute(database.db);
  });
  return { database: () => database, time: () => time };
}
