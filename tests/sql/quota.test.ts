import { beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import { transitionGrant } from '../../src/core/grant.ts';
import type { GrantId } from '../../src/core/ids.ts';
import { ProviderFault } from '../../src/providers/contract.ts';
import { appNow, type Database } from '../../src/store/database.ts';
import { findGrant, saveGrantState } from '../../src/store/grants.ts';
import { takePlaces } from '../../src/store/quotas.ts';
import { bench, type Bench } from './engine-bench.ts';
import { fakeProvider, type FakeProvider } from './fake-provider.ts';
import { eachDatabase } from './harness.ts';
import { scheduledGrant, toldToEnd } from './rows.ts';
import type { VirtualTime } from './shared-cloud.ts';
import { virtualEmbedded } from './virtual-embedded.ts';

const RATE = { key: 'cloud:api', perSecond: 2, burst: 3, calls: 1 };

eachDatabase('places in a rate', (database) => {
  test('after a pause some go at once, then one after the other, and each place is given once', async () => {
    const began = await appNow(database().db);
    const slow = { ...RATE, perSecond: 0.1 };
    const places = await Promise.all(Array.from({ length: 8 }, () => takePlaces(database().db, [slow])));
    const waits = places
      .flatMap((at) => (at === null ? [] : [Math.round((at - began) / 10_000)]))
      .sort((a, b) => a - b);
    expect(waits).toEqual([1, 2, 3, 4]);
  });

  test('two rates have nothing to do with each other', async () => {
    const slow = { ...RATE, perSecond: 0.1, burst: 0 };
    expect(await takePlaces(database().db, [slow])).toBeNull();
    expect(await takePlaces(database().db, [slow])).not.toBeNull();
    expect(await takePlaces(database().db, [{ ...slow, key: 'cloud:other' }])).toBeNull();
  });

  test('who draws on several gets no place in one before its place in the rate ahead of it', async () => {
    const { db } = database();
    const wide = { key: 'cloud:wide', perSecond: 0.1, burst: 0, calls: 1 };
    const narrow = { key: 'cloud:narrow', perSecond: 0.05, burst: 0, calls: 1 };
    const began = await appNow(db);
    const places = [];
    for (const rates of [[wide], [wide], [wide, narrow], [wide, narrow], [narrow]])
      places.push(await takePlaces(db, rates));
    // At 20 s in the wide one; then at 30 s there and at 40 s in the narrow one, which nobody used before.
    expect(places.map((at) => (at === null ? null : Math.round((at - began) / 10_000)))).toEqual([null, 1, 2, 4, 6]);
  });
});

describe('starts wait for a rate that the cloud allows', () => {
  let database: Database;
  let time: VirtualTime;
  let provider: FakeProvider;
  let on: Bench;

  const virtual = virtualEmbedded();
  beforeEach(() => {
    [database, time] = [virtual.database(), virtual.time()];
    provider = Object.assign(fakeProvider({ byConstruction: false }), { quota: () => [RATE] });
    on = bench(database, provider, { clock: time.clock });
  });

  const made = () => provider.calls.filter((call) => call === 'provision').length;
  const ask = (count: number): Promise<GrantId[]> =>
    Promise.all(Array.from({ length: count }, () => scheduledGrant(database)));

  test('no more begin than it allows, in their turn, and each one’s time begins when it calls', async () => {
    const grants = await ask(10);
    await on.engine.pass('starts');
    expect(made()).toBe(4);
    const waiting = (await Promise.all(grants.map((id) => findGrant(database.db, id)))).flatMap((one) =>
      one?.state.kind === 'scheduled' ? [one] : [],
    );
    expect(waiting.map((one) => (one.dueAt ?? 0) - time.now()).sort((a, b) => a - b)).toEqual([
      500, 1_000, 1_500, 2_000, 2_500, 3_000,
    ]);
    expect(new Set(waiting.map((one) => one.lastFault))).toEqual(
      new Set(['waiting: the cloud takes only so many calls']),
    );
    for (let second = 1; second <= 3; second += 1) {
      await time.advance(1_000);
      await on.engine.pass('starts');
      expect(made()).toBe(4 + 2 * second);
    }
    const last = waiting.sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0)).at(-1);
    const began = last === undefined ? null : await findGrant(database.db, last.id);
    expect(began?.activatedAt).toBe(time.now());
    expect(began?.endsAt).toBe(time.now() + 900_000);
  });

  /** How many acts were counted since the rate was last unused; no time must have passed. */
  const counted = async (): Promise<number> => {
    const { rows } = await sql<{ next: number }>`
      select extract(epoch from next_at)::float8 * 1000 as next from quota where key = ${RATE.key}`.execute(
      database.db,
    );
    const keptMs = (1_000 * RATE.burst) / RATE.perSecond;
    const costMs = (1_000 * RATE.calls) / RATE.perSecond;
    return Math.round(((rows[0]?.next ?? time.now() - keptMs) - (time.now() - keptMs)) / costMs);
  };
  const unused = () => sql`delete from quota`.execute(database.db);
  const hurry = () => sql`update "grant" set due_at = app_now() where due_at is not null`.execute(database.db);

  const endings = ['under-way', 'still-there', 'throttled'] as const;
  test.each(endings)('an end is counted once, however many looks it takes: %s', async (what) => {
    const [id] = await ask(1);
    await on.engine.pass('starts');
    await unused();
    let removals = 0;
    Object.assign(provider, {
      revoke: async () => {
        removals += 1;
        if (what === 'throttled') throw new ProviderFault('throttled', 'too many calls');
      },
      observe: async () => {
        const underWay = what === 'under-way' && removals > 0 ? { underWay: 'removing' } : {};
        return { presence: 'present', usable: true, native: {}, ...underWay };
      },
    });
    if (id !== undefined) await toldToEnd(database, id, 'revoke');
    for (let look = 1; look <= 6; look += 1) {
      await on.engine.pass('ends');
      await hurry();
    }
    expect(removals).toBe(6);
    expect(await counted()).toBe(1);
  });

  test('a start is counted once, however many looks it takes until it can be used', async () => {
    let usable = false;
    const made: string[] = [];
    Object.assign(provider, {
      provision: async ({ grant }: { grant: GrantId }) => {
        made.push(grant);
        return { usable, native: {}, credentials: [] };
      },
      observe: async () => ({ presence: 'present', usable: false, native: {} }),
    });
    const [id] = await ask(1);
    for (let look = 1; look <= 5; look += 1) {
      usable = look === 5;
      await on.engine.pass('starts');
      await hurry();
    }
    expect(made).toEqual(Array.from({ length: 5 }, () => id));
    expect(id === undefined ? null : await on.state(id)).toBe('active');
    expect(await counted()).toBe(1);
  });

  test('a start that waits for another writer pays for its place once', async () => {
    Object.assign(provider, { exclusive: () => 'the-place' });
    await sql`insert into cloud_lock (key, owner, until) values ('the-place', 'node-2', app_now() + interval '5 seconds')`.execute(
      database.db,
    );
    const [id] = await ask(1);
    for (let look = 1; look <= 5; look += 1) {
      await on.engine.pass('starts');
      await hurry();
    }
    expect(id === undefined ? null : await on.state(id)).toBe('scheduled');
    expect(await counted()).toBe(1);
  });

  test('ends and starts count in every rate that they draw on', async () => {
    const other = { ...RATE, key: 'cloud:operations', burst: 0 };
    Object.assign(provider, { quota: () => [RATE, other] });
    const [first] = await ask(1);
    await on.engine.pass('starts');
    if (first !== undefined) await toldToEnd(database, first, 'return');
    await on.engine.pass('ends');
    const [late] = await ask(1);
    await on.engine.pass('starts');
    // There is room in the first rate; in the other a start and an end of half a second each are ahead.
    expect(late === undefined ? null : (await findGrant(database.db, late))?.cellAt).toBe(time.now() + 1_000);
  });

  test('ends wait for nobody, and starts wait for them', async () => {
    const [first] = await ask(4);
    await on.engine.pass('starts');
    expect(made()).toBe(4);
    await database.db.transaction().execute(async (trx) => {
      const grant = first === undefined ? null : await findGrant(trx, first, true);
      const next = grant === null ? null : transitionGrant(grant.state, { kind: 'revoke' }, time.now());
      if (first !== undefined && next?.ok === true) await saveGrantState(trx, first, next.value, time.now());
    });
    await on.engine.pass('ends');
    expect(provider.calls).toContain('revoke');
    const [late] = await ask(1);
    await on.engine.pass('starts');
    expect(made()).toBe(4);
    const waiting = late === undefined ? null : await findGrant(database.db, late);
    expect((waiting?.dueAt ?? 0) - time.now()).toBe(1_000);
  });
});
