import { expect, test } from 'vitest';
import { takeCloudLock } from '../../src/store/leases.ts';
import { Writers } from '../../src/engine/writers.ts';
import { instant } from '../../src/core/time.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { eachDatabase } from './harness.ts';

eachDatabase('who may write something in a cloud', (database) => {
  const KEY = 'aws/111122223333/reader';
  let now = 0;
  const clock = { ...systemClock, now: () => instant(now) };
  const free = () => takeCloudLock(database().db, KEY, 'somebody else', 1_000);

  test('all steps of a process together, and no other process until the last of them is done', async () => {
    const [here, there] = [
      new Writers(database().db, clock, 'n1', 9_500),
      new Writers(database().db, clock, 'n2', 9_500),
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
    const here = new Writers(database().db, clock, 'n1', 9_500);
    await here.take(KEY);
    const [, taken] = await Promise.all([here.release(KEY), here.take(KEY)]);
    expect(taken).toBe(true);
    expect(await free()).toBe(false);
    await here.release(KEY);
    expect(await free()).toBe(true);
  });

  test('a process that has one more step again and again hands it over', async () => {
    const [here, there] = [
      new Writers(database().db, clock, 'n1', 9_500),
      new Writers(database().db, clock, 'n2', 9_500),
    ];
    await here.take(KEY);
    now += 9_500;
    expect(await here.take(KEY)).toBe(false);
    await here.release(KEY);
    expect(await there.take(KEY)).toBe(true);
  });

  test('one process that died gives it back by time', async () => {
    await new Writers(database().db, clock, 'n1', 0).take(KEY);
    expect(await new Writers(database().db, clock, 'n2', 9_500).take(KEY)).toBe(true);
  });
});
