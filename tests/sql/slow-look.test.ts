import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openEmbedded, type Database } from '../../src/store/database.ts';
import { findGrant } from '../../src/store/grants.ts';
import { bench } from './engine-bench.ts';
import { fakeProvider } from './fake-provider.ts';
import { scheduledGrant } from './rows.ts';
import { virtualTime } from './shared-cloud.ts';

const MAY_LAND_MS = 30_000;
const LOOK_MS = 3_000;

let database: Database;
beforeAll(async () => {
  database = await openEmbedded();
});
afterAll(() => database.close());

test('a look proves nothing that began before the last call could no longer land, however late it is answered', async () => {
  const time = await virtualTime(database);
  const cloud = fakeProvider({ byConstruction: false, abandonedCallMs: MAY_LAND_MS });
  const { engine } = bench(database, cloud, { clock: time.clock });
  const id = await scheduledGrant(database, { durationMs: 60_000 });
  const { slot } = (await findGrant(database.db, id)) ?? expect.fail('the grant is there');
  const ends = async () => {
    await engine.pass('ends');
    return (await findGrant(database.db, id))?.state.kind;
  };
  await engine.pass('starts');
  await time.advance(60_000);
  expect(await ends()).toBe('ending');
  expect(cloud.held.has(slot)).toBe(false);
  await time.advance(MAY_LAND_MS - 1);
  await sql`update "grant" set due_at = app_now()`.execute(database.db);
  const { observe } = cloud;
  cloud.observe = async (...of) => {
    const seen = await observe(...of);
    // Right behind the look something lands that was given up earlier, in its time; the answer takes longer.
    cloud.held.add(slot);
    await time.advance(LOOK_MS);
    return seen;
  };
  expect(await ends()).toBe('ending');
  cloud.observe = observe;
  expect(await ends()).toBe('ending');
  expect(cloud.held.has(slot)).toBe(false);
  await time.advance(MAY_LAND_MS);
  expect(await ends()).toBe('ended');
});
