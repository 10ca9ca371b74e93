import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { GrantId } from '../../src/core/ids.ts';
import { slotKey } from '../../src/core/slot.ts';
import type { Database } from '../../src/store/database.ts';
import { findGrant, type GrantRecord } from '../../src/store/grants.ts';
import { bench, type Bench } from './engine-bench.ts';
import { emptyAll, testEmbedded } from './harness.ts';
import { scheduledGrant, toldToEnd } from './rows.ts';
import { MAY_LAND_MS, SharedCloud, virtualTime, type VirtualTime } from './shared-cloud.ts';

const PLACE = ['444455556666', 'ana'];
const SLOT = slotKey('aws', 'assume-role', PLACE);
const MINUTE = 60_000;

describe('the end in the cloud beside what stands in a shared place', () => {
  let database: Database;
  let time: VirtualTime;
  let cloud: SharedCloud;
  let on: Bench;
  let grants: GrantId[];

  beforeAll(async () => {
    database = await testEmbedded();
    time = await virtualTime(database);
  });
  beforeEach(async () => {
    await emptyAll(database);
    await sql`insert into virtual_time values (to_timestamp(${time.now() / 1000}::float8))`.execute(database.db);
    cloud = new SharedCloud(time.now);
    on = bench(database, cloud.provider(), { clock: time.clock });
    grants = [];
  });
  afterAll(() => database.close());

  /** Everything that is due after this time, and what that makes due. */
  const pass = async (ms: number) => {
    await time.advance(ms);
    for (let round = 0; round < 3; round += 1) {
      await on.engine.pass('starts');
      await on.engine.pass('ends');
    }
  };
  const ask = async (durationMs: number) => {
    grants.push(await scheduledGrant(database, { durationMs, place: PLACE }));
    await pass(0);
  };
  const all = async (): Promise<readonly GrantRecord[]> =>
    (await Promise.all(grants.map((id) => findGrant(database.db, id)))).flatMap((one) => one ?? []);
  const states = async () => (await all()).map((one) => one.state.kind);

  test('what somebody gives by hand beside the end that a grant has left is not ours: that grant is known to be over', async () => {
    await ask(10 * MINUTE);
    await pass(11 * MINUTE);
    await pass(MAY_LAND_MS + 5_000);
    expect(await states()).toEqual(['ended']);
    expect(cloud.ends.get(SLOT)).toBe(grants[0]);
    cloud.places.set(SLOT, null);
    await ask(10 * MINUTE);
    await pass(11 * MINUTE);
    expect(await states()).toEqual(['ended', 'ended']);
    expect(cloud.places.get(SLOT)).toBeNull();
  });

  test('a start that wrote something before it was refused is not taken for one that never was: its end is looked for, and proven', async () => {
    cloud.mishaps.push({ kind: 'half-done' });
    await ask(10 * MINUTE);
    expect(await states()).toEqual(['ending']);
    await pass(MAY_LAND_MS + 5_000);
    expect((await all())[0]?.state).toMatchObject({ kind: 'failed', proof: { kind: 'observed' } });
  });

  test('an end in the cloud that somebody has edited is told when the access is taken away', async () => {
    await ask(10 * MINUTE);
    cloud.edited = true;
    await toldToEnd(database, grants[0] as GrantId, 'return');
    await pass(0);
    expect(cloud.places.has(SLOT)).toBe(false);
    expect(on.entries.filter((entry) => entry === 'finding.raised')).toHaveLength(1);
  });
});
