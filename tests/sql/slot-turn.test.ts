import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { GrantId } from '../../src/core/ids.ts';
import { slotKey } from '../../src/core/slot.ts';
import { after } from '../../src/core/time.ts';
import { turnKey } from '../../src/engine/slot-turn.ts';
import { findBinding, noteAbsence, noteEndWritten, noteStanding, unnoteCall } from '../../src/store/bindings.ts';
import type { Database } from '../../src/store/database.ts';
import { ENDING_THERE } from '../../src/store/slot-grants.ts';
import { lockOwner, releaseCloudLock, takeCloudLockFor } from '../../src/store/leases.ts';
import { bench } from './engine-bench.ts';
import { emptyAll, testEmbedded } from './harness.ts';
import { scheduledGrant } from './rows.ts';
import { SharedCloud, virtualTime, type VirtualTime } from './shared-cloud.ts';

const PLACE = ['444455556666', 'ana'];
const SLOT = slotKey('aws', 'assume-role', PLACE);

describe('claims and turns', () => {
  let database: Database;
  let time: VirtualTime;

  beforeAll(async () => {
    database = await testEmbedded();
    time = await virtualTime(database);
  });
  beforeEach(async () => {
    await emptyAll(database);
    await sql`insert into virtual_time values (to_timestamp(${time.now() / 1000}::float8))`.execute(database.db);
  });
  afterAll(() => database.close());

  /** A grant of ten minutes on the shared place, begun. */
  const active = async (role = 'invoice-reader'): Promise<GrantId> => {
    const id = await scheduledGrant(database, { durationMs: 600_000, place: PLACE, role });
    await bench(database, new SharedCloud(time.now).provider(), { clock: time.clock }).engine.pass('starts');
    return id;
  };

  test('the turn of a node that died passes over with the claim of its grant, and with nothing else', async () => {
    const [one, two] = [await active(), await active('invoice-auditor')];
    const { db } = database;
    const claim = (owner: string, id: GrantId, forMs: number) =>
      sql`update "grant" set lease_owner = ${owner}, lease_until = app_now() + ${forMs} * interval '1 millisecond' where id = ${id}`.execute(
        db,
      );
    const turn = turnKey(SLOT);
    const take = (owner: string, id: GrantId) => takeCloudLockFor(db, turn, id, owner, 10_500);
    await claim('dead/1', one, 4_000);
    expect(await take('dead/1', one)).toBe(true);
    await time.advance(1);
    await claim('alive/2', two, 9_500);
    expect(await take('alive/2', two)).toBe(false);
    await time.advance(4_000);
    // The claim has run out and the turn has not: only whoever claims the same grant gets it.
    expect(await take('alive/2', two)).toBe(false);
    expect(await take('alive/1', one)).toBe(false);
    await claim('alive/1', one, 9_500);
    expect(await take('alive/1', one)).toBe(true);
    // It was dead for a while only: it gets nothing back, and takes nothing away.
    expect(await take('dead/1', one)).toBe(false);
    await releaseCloudLock(db, turn, lockOwner('dead/1', one));
    expect(await take('alive/2', two)).toBe(false);
    await releaseCloudLock(db, turn, lockOwner('alive/1', one));
    expect(await take('alive/2', two)).toBe(true);
  });

  test('what a forgotten grant has left on a place is looked for, and removed, when nothing comes of the next start there', async () => {
    const cloud = new SharedCloud(time.now);
    cloud.places.set(SLOT, after(time.now(), 3_600_000));
    cloud.ends.set(SLOT, 'grt_aaaaaaaaaaaaaaaaaaaa' as GrantId);
    cloud.mishaps.push({ kind: 'invalid' });
    const id = await scheduledGrant(database, { durationMs: 600_000, place: PLACE });
    const { engine, state } = bench(database, cloud.provider(), { clock: time.clock });
    await engine.pass('starts');
    expect(await state(id)).toBe('ending');
    await engine.pass('ends');
    expect(cloud.places.has(SLOT)).toBe(false);
  });

  test('who would begin where another is being ended says so, and looks again soon without that being its start', async () => {
    const cloud = new SharedCloud(time.now);
    const { engine, state } = bench(database, cloud.provider(), { clock: time.clock });
    const one = await scheduledGrant(database, { durationMs: 600_000, place: PLACE });
    await engine.pass('starts');
    expect(await state(one)).toBe('active');
    await sql`update "grant" set state = 'ending', ending_since = app_now(), end_cause = 'returned',
      due_at = app_now() + interval '1 hour' where id = ${one}`.execute(database.db);
    await sql`update binding set unsettled_until = null, outside_turn_until = null`.execute(database.db);
    const two = await scheduledGrant(database, { durationMs: 600_000, place: PLACE, role: 'invoice-auditor' });
    await engine.pass('starts');
    const { rows } = await sql<{ why: string; ms: number }>`select last_fault as why,
      extract(epoch from due_at - app_now())::float8 * 1000 as ms from "grant" where id = ${two}`.execute(database.db);
    expect(rows).toEqual([{ why: `waiting: ${ENDING_THERE}`, ms: 500 }]);
  });

  test('who has lost the claim remembers nothing about the place', async () => {
    const id = await active();
    const lost = { grant: { id, slot: SLOT }, owner: 'node-9/1' };
    expect(await noteStanding(database.db, lost, true)).toBe(false);
    expect(await noteAbsence(database.db, lost, true)).toBeNull();
    const before = await findBinding(database.db, SLOT);
    await noteEndWritten(database.db, lost, { until: time.now(), unsettledBefore: null }, {});
    await unnoteCall(database.db, lost);
    expect(await findBinding(database.db, SLOT)).toEqual(before);
  });
});
