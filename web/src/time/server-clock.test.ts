import { expect, test } from 'vitest';
import { createServerClock, narrow } from './server-clock.ts';

test('a date in whole seconds bounds the offset; looks at different moments close in on it', () => {
  // The server is 250 ms ahead, answers at once, and tells whole seconds only.
  const look = (at: number) => ({
    sentAt: at,
    receivedAt: at,
    from: Math.floor((at + 250) / 1_000) * 1_000,
    to: Math.floor((at + 250) / 1_000) * 1_000 + 1_000,
  });
  const first = narrow(null, look(10_000));
  expect(first).toEqual({ least: 0, most: 1_000 });
  const second = narrow(first, look(10_740));
  expect(second).toEqual({ least: 0, most: 260 });
  expect(narrow(second, look(20_751))).toEqual({ least: 249, most: 260 });
});

test('time on the way widens a look, it never shifts it', () => {
  const offset = narrow(null, { sentAt: 0, receivedAt: 4_000, from: 5_000, to: 5_001 });
  expect(offset.least).toBe(1_000);
  expect(offset.most).toBe(5_001);
});

test('a clock that was set is believed anew', () => {
  let ours = 100_000;
  const clock = createServerClock(() => ours);
  clock.observe({ sentAt: ours, receivedAt: ours, from: 100_000, to: 100_000 });
  expect(clock.offsetMs).toBe(0);
  ours = 40_000;
  clock.observe({ sentAt: ours, receivedAt: ours, from: 101_000, to: 101_000 });
  expect(clock.now()).toBe(101_000);
});
