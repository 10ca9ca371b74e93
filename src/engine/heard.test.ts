import { expect, test } from 'vitest';
import { instant } from '../core/time.ts';
import type { Clock } from '../platform/clock.ts';
import type { Db } from '../store/schema.ts';
import { beginningAt, heard } from './heard.ts';
import { PACE } from './ports.ts';

const TOLD = instant(1_000_000);

test.each([
  ['just now', 0, true],
  ['a moment ago', PACE.heardMs, true],
  ['too long ago', PACE.heardMs + 1, false],
  ['by a clock that was set back since', -1, false],
])('a time that was told %s', async (_, elapsedMs, isGood) => {
  let local = 5_000;
  const clock = { now: () => instant(local) } as Clock;
  const db = {} as Db;
  const told = heard({ clock }, TOLD);
  local += elapsedMs;
  const began = beginningAt({ clock, db }, told).catch(() => 'asked');
  expect(await began).toBe(isGood ? TOLD : 'asked');
});

test('whoever was told nothing asks', async () => {
  const ports = { clock: {} as Clock, db: {} as Db };
  await expect(beginningAt(ports, null)).rejects.toThrow();
});
