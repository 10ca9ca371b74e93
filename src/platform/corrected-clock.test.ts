import { expect, test } from 'vitest';
import { instant } from '../core/time.ts';
import { systemClock } from './clock.ts';
import { createCorrectedClock } from './corrected-clock.ts';

test('a machine that is ten minutes off tells the time that counts', () => {
  const off = createCorrectedClock({ ...systemClock, now: () => instant(1_000_000 - 600_000) });
  expect(off.now()).toBe(400_000);
  off.correct(-600_000);
  expect(off.now()).toBe(1_000_000);
});
