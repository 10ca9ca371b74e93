import { expect, test, vi } from 'vitest';
import { sql } from 'kysely';
import { takeCloudLock } from '../../src/store/leases.ts';
import { Writers } from '../../src/engine/writers.ts';
import { instant } from '../../src/core/time.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { bench } from './engine-bench.ts';
import { fakeProvider } from './fake-provider.ts';
import { eachDatabase } from './harness.ts';
import { scheduledGrant } from './rows.ts';
import { onTwoConnections } from './two-connections.ts';

eachDatabase('who may write something in a cloud', (database) => {
  const KEY = 'aws/111122223333/reader';
  const PACE = { forMs: 9_500, waitMs: 2_000 };
  let now = 0;
  const clock = { ...systemClock, now: () => instant(now) };
  const free = () => takeCloudLock(database().db, KEY, 'somebody else', 1_000);

  test('all steps of a process together, and no other process until the last of them is done', async () => {
    const [here, there] = [
      new Writers(database().db, clock, 'n1', PACE),
      new Writers(database().db, clock, 'n2', PACE),
    ];
    expect(await Promise.all([here.take(KEY), here.take(KEY), here.take(KEY)])).toEqual([true, true, true]);
    expect(await there.take(KEY)).toBe(false);
    await here.release(KEY);
    await here.release(KEY);
    expect(await there.take(KEY)).toBe(false);
    await here.release(KEY);
    expect(await there.take(KEY)).toBe(true);
  });

  test('one that comes while the last goes keeps it', async () => {
    const here = new Writers(database().db, clock, 'n1', PACE);
    await here.take(KEY);
    const [, taken] = await Promise.all([here.release(KEY), here.take(KEY)]);
    expect(taken).toBe(true);
    expect(await free()).toBe(false);
    await here.release(KEY);
    expect(await free()).toBe(true);
  });

  test('a process that has one more step again and again hands it over', async () => {
    const [here, there] = [
      new Writers(database().db, clock, 'n1', PACE),
      new Writers(database().db, clock, 'n2', PACE),
    ];
    await here.take(KEY);
    now += 9_500;
    expect(await here.take(KEY)).toBe(false);
    await here.release(KEY);
    expect(await there.take(KEY)).toBe(true);
  });

  test('one process that died gives it back by time', async () => {
    await new Writers(database().db, clock, 'n1', { ...PACE, forMs: 0 }).take(KEY);
    expect(await new Writers(database().db, clock, 'n2', PACE).take(KEY)).toBe(true);
  });

  test('is asked for under a new name each time, so that a giving back that comes late gives back nothing else', async () => {
    const here = new Writers(database().db, clock, 'n1', PACE);
    const names = new Set<string>();
    for (let nth = 0; nth < 3; nth += 1) {
      await here.take(KEY);
      const { owner } = await database().db.selectFrom('cloud_lock').select('owner').executeTakeFirstOrThrow();
      names.add(owner);
      await here.release(KEY);
    }
    expect(names.size).toBe(3);
  });
});

onTwoConnections('who may write, when the database hangs', (current) => {
  const KEY = 'aws/111122223333/reader';
  const OTHER = 'aws/111122223333/writer';

  /** Everything that is asked about the key gets no answer until the returned function is called. */
  async function hang(): Promise<() => Promise<void>> {
    const { db } = current().database;
    await takeCloudLock(db, KEY, 'somebody else', 0);
    const letGo = Promise.withResolvers<undefined>();
    const holds = Promise.withResolvers<undefined>();
    const holding = db.transaction().execute(async (trx) => {
      await sql`select from cloud_lock where key = ${KEY} for update`.execute(trx);
      holds.resolve(undefined);
      await letGo.promise;
    });
    await holds.promise;
    return async () => {
      letGo.resolve(undefined);
      await holding;
    };
  }
  const free = () => takeCloudLock(current().database.db, KEY, 'somebody else', 0);

  test('everybody who waits is told so in time, with one connection; other rights are given meanwhile', async () => {
    const { db } = current().database;
    const goOn = await hang();
    const here = new Writers(db, systemClock, 'n1', { forMs: 9_500, waitMs: 500 });
    const waiting = Promise.allSettled(Array.from({ length: 5 }, () => here.take(KEY)));
    expect(await here.take(OTHER)).toBe(true);
    for (const one of await waiting)
      expect(one).toMatchObject({ reason: { message: expect.stringMatching(/not say within 500 ms/) as string } });
    const { rows } = await sql<{ n: number }>`
      select count(*)::int as n from pg_stat_activity
      where datname = current_database() and cardinality(pg_blocking_pids(pid)) > 0`.execute(db);
    expect(rows).toEqual([{ n: 1 }]);
    await goOn();
    // What came too late is given back, and nobody here has lost the way to it.
    await vi.waitFor(async () => expect(await free()).toBe(true));
    expect(await here.take(KEY)).toBe(true);
    expect(await free()).toBe(false);
  });

  test('whoever gives it back does not wait for it', async () => {
    const { db } = current().database;
    const here = new Writers(db, systemClock, 'n1', { forMs: 9_500, waitMs: 300 });
    expect(await here.take(KEY)).toBe(true);
    const goOn = await hang();
    await here.release(KEY);
    await goOn();
    await vi.waitFor(async () => expect(await free()).toBe(true));
  });

  test('ends that need it take access away without it, and hold up no end that does not', async () => {
    const { database } = current();
    const free = new Set<string>();
    const provider = fakeProvider({ byConstruction: false });
    const needing = { ...provider, exclusive: ({ grant }: { grant: string }) => (free.has(grant) ? null : KEY) };
    const { engine, state } = bench(database, needing);
    const ids = [];
    // As many as a lane takes up at once, and one more.
    for (let n = 0; n <= 64; n += 1) ids.push(await scheduledGrant(database));
    const last = ids.at(-1) ?? never();
    for (const id of ids) free.add(id);
    while (provider.held.size < ids.length) await engine.pass('starts');
    free.clear();
    free.add(last);
    const { db } = database;
    await sql`update "grant" set state = 'ending', ending_since = app_now(), end_cause = 'revoked',
      due_at = app_now() - case when id = ${last} then interval '0' else interval '1 second' end`.execute(db);
    const goOn = await hang();
    await engine.pass('ends');
    expect(provider.held.size).toBe(1);
    await engine.pass('ends');
    expect(await state(last)).toBe('ended');
    await goOn();
  });
});

function never(): never {
  throw new Error('there is one');
}
