import { expect, test } from 'vitest';
import { warningMs } from './notification.ts';

const MINUTE = 60_000;

test.each([
  [9, null],
  [10, 5],
  [15, 5],
  [50, 5],
  [120, 12],
  [24 * 60, 144],
])('of %i minutes the last %s are announced', (minutes, lead) => {
  expect(warningMs(minutes * MINUTE)).toBe(lead === null ? null : lead * MINUTE);
});
