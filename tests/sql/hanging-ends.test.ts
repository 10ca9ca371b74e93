import { expect, test } from 'vitest';
import { sql } from 'kysely';
import type { GrantId } from '../../src/core/ids.ts';
import { slotKey } from '../../src/core/slot.ts';
import { PACE } from '../../src/engine/ports.ts';
import { systemClock, type Clock } from '../../src/platform/clock.ts';
import { ProviderFault } from '../../src/providers/contract.ts';
import { claimDue, type MethodOnTarget } from '../../src/store/leases.ts';
import type { Database } from '../../src/store/database.ts';
import { bench } from './engine-bench.ts';
import { fakeProvider } from './fake-provider.ts';
import { eachDatabase } from './harness.ts';
import { ROLE, scheduledGrant, TARGET, toldToEnd } from './rows.ts';

const HANGING = '999999999999';

/** A cloud in which one account hangs: calls come back when the test says so, and say nothing. */
function halfHanging() {
  const provider = fakeProvider({ byConstruction: false });
  const waiting = new Set<() => void>();
  let hangs = false;
  const hang = async () => {
    await new Promise<void>((resolve) => waiting.add(resolve));
    throw new ProviderFault('unreachable', 'no answer');
  };
  const { observe, revoke } = provider;
  Object.assign(provider, {
    observe: (...asked: Parameters<typeof observe>) =>
      hangs && asked[0].target.native === HANGING ? hang() : observe(...asked),
    revoke: (...asked: Parameters<typeof revoke>) =>
      hangs && asked[0].target.native === HANGING ? hang() : revoke(...asked),
  });
  return {
    provider,
    waiting,
    begin: () => (hangs = true),
    release: () => {
      hangs = false;
      for (const go of waiting) go();
    },
  };
}

async function active(database: Database, native: string): Promise<GrantId> {
  const slot = slotKey('aws', 'assume-role', [native, String(Math.random())]);
  const definition = {
    role: ROLE,
    target: { ...TARGET, native, key: native === HANGING ? 'aws/hanging' : TARGET.key },
  };
  return scheduledGrant(database, { over: { slot, method: 'assume-role', principal: 'ana', definition } });
}

/** As if an end had been tried for a minute. */
const triedForAMinute = (database: Database) =>
  sql`update "grant" set attempts = 9, due_at = app_now() - interval '1 minute', lease_owner = null, lease_until = null where state = 'ending'`.execute(
    database.db,
  );
eachDatabase('ends in a cloud of which a part hangs', (current) => {
  test('an end that was never tried finds a place, however many hang that were', async () => {
    const { provider, waiting, begin, release } = halfHanging();
    const { engine, state } = bench(current(), provider);
    const hanging: GrantId[] = [];
    for (let n = 0; n < PACE.batch + 6; n += 1) hanging.push(await active(current(), HANGING));
    const works = await active(current(), TARGET.native);
    while ((await engine.pass('starts')) > 0);
    for (const id of hanging) await toldToEnd(current(), id, 'return');
    await triedForAMinute(current());
    begin();
    const stop = new AbortController();
    const running = engine.run(stop.signal);
    try {
      await expect.poll(() => waiting.size, { timeout: 20_000 }).toBeGreaterThanOrEqual(PACE.again);
      await toldToEnd(current(), works, 'return');
      // Nobody rings: the lane looks by itself.
      await expect.poll(() => state(works), { timeout: 20_000 }).toBe('ended');
      expect(waiting.size).toBe(PACE.again);
    } finally {
      release();
      stop.abort();
      await running;
    }
  }, 60_000);

  test('an end elsewhere finds a place, however many hang on one target that were never tried either', async () => {
    const { provider, waiting, begin, release } = halfHanging();
    let looks = 0;
    const sleep: Clock['sleep'] = (ms, signal) => {
      looks += 1;
      return systemClock.sleep(ms, signal);
    };
    const { engine, state } = bench(current(), provider, { clock: { ...systemClock, sleep } });
    const hanging: GrantId[] = [];
    for (let n = 0; n < 2 * PACE.batch + 6; n += 1) hanging.push(await active(current(), HANGING));
    const works = await active(current(), TARGET.native);
    while ((await engine.pass('starts')) > 0);
    for (const id of hanging) await toldToEnd(current(), id, 'return');
    await sql`update "grant" set due_at = app_now() - interval '1 minute', lease_owner = null, lease_until = null where state = 'ending'`.execute(
      current().db,
    );
    begin();
    const stop = new AbortController();
    const running = engine.run(stop.signal);
    try {
      await expect.poll(() => waiting.size, { timeout: 20_000 }).toBe(PACE.batch);
      await toldToEnd(current(), works, 'return');
      await expect.poll(() => state(works), { timeout: 20_000 }).toBe('ended');
      expect(waiting.size).toBe(PACE.batch);
      // And asks the database no more often for it than it must.
      looks = 0;
      await systemClock.sleep(1_000);
      expect(looks).toBeLessThan(20);
    } finally {
      release();
      stop.abort();
      await running;
    }
  }, 60_000);

  test('what was never tried is claimed before what was, the oldest first in each', async () => {
    const { db } = current();
    const { engine } = bench(current(), fakeProvider({ byConstruction: false }));
    const ids: GrantId[] = [];
    for (let n = 0; n < 6; n += 1) ids.push(await scheduledGrant(current()));
    await engine.pass('starts');
    for (const [n, id] of ids.entries()) {
      await toldToEnd(current(), id, 'return');
      // Those that were tried are the older ones.
      await sql`update "grant" set lease_owner = null, lease_until = null, attempts = ${n < 3 ? 2 : 0},
        due_at = app_now() - make_interval(secs => ${60 - n}) where id = ${id}`.execute(db);
    }
    const claim = async (limit: number, again?: number) => {
      const claimed = await claimDue(db, 'ends', 'one', 10_000, limit, again);
      await sql`update "grant" set lease_until = null, lease_owner = null`.execute(db);
      return claimed.map(({ id }) => ids.indexOf(id));
    };
    expect(await claim(2)).toEqual([3, 4]);
    expect(await claim(4)).toEqual([0, 3, 4, 5]);
    expect(await claim(9)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(await claim(9, 1)).toEqual([0, 3, 4, 5]);
    expect(await claim(9, 0)).toEqual([3, 4, 5]);
  });

  test('what is passed over on a target is what calls the same services: other methods there are claimed', async () => {
    const { db } = current();
    const { engine } = bench(current(), fakeProvider({ byConstruction: false }));
    const [one, other] = [await active(current(), TARGET.native), await active(current(), HANGING)];
    while ((await engine.pass('starts')) > 0);
    for (const id of [one, other]) await toldToEnd(current(), id, 'return');
    await sql`update "grant" set due_at = app_now(), lease_owner = null, lease_until = null`.execute(db);
    const claim = async (passedOver: readonly MethodOnTarget[]) => {
      const claimed = await claimDue(db, 'ends', 'one', 10_000, 9, 9, passedOver);
      await sql`update "grant" set lease_until = null, lease_owner = null`.execute(db);
      return claimed.map(({ id }) => id).sort();
    };
    const [on, elsewhere] = [TARGET.key, 'aws/hanging'];
    const all = [one, other].sort();
    expect(await claim([{ method: 'assume-role', target: on }])).toEqual([other]);
    expect(await claim([{ method: 'identity-center', target: on }])).toEqual(all);
    const crossed = [
      { method: 'assume-role', target: 'aws/x' },
      { method: 'identity-center', target: elsewhere },
    ];
    expect(await claim(crossed)).toEqual(all);
    expect(await claim([...crossed, { method: 'assume-role', target: elsewhere }])).toEqual([one]);
  });

  test('an extension that could not be written says nothing of the end: that was never tried', async () => {
    const { db } = current();
    const { engine } = bench(current(), fakeProvider({ byConstruction: false }));
    const id = await scheduledGrant(current());
    await engine.pass('starts');
    await sql`update "grant" set attempts = 4, due_at = app_now()`.execute(db);
    expect((await claimDue(db, 'ends', 'one', 10_000, 1, 0)).map((grant) => grant.id)).toEqual([id]);
  });
});
