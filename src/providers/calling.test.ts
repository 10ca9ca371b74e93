import { describe, expect, test } from 'vitest';
import { after, instant } from '../core/time.ts';
import { systemClock } from '../platform/clock.ts';
import { goingOn, refuseSkew } from './calling.ts';

const NOW = instant(Date.parse('2026-11-22T09:00:00Z'));

describe("a cloud's clock", () => {
  test.each([
    [0, 0],
    [-5_000, 0],
    [5_000, 0],
    [-3_000, 2_000],
  ])('may be %i ms from ours when its answer took %i ms', (differsBy, tookMs) => {
    const heardAt = after(NOW, tookMs);
    expect(() => refuseSkew(after(heardAt, differsBy), heardAt)).not.toThrow();
  });

  test.each([
    [-5_001, 0],
    [5_001, 0],
    // Held against the time at which the call left, this would look like two seconds.
    [-6_000, 4_000],
  ])('may not be %i ms from ours, though its answer took %i ms', (differsBy, tookMs) => {
    let now = NOW;
    const ourNow = goingOn({ ...systemClock, now: () => now }, { now: NOW, signal: new AbortController().signal });
    now = after(NOW, tookMs);
    expect(() => refuseSkew(after(now, differsBy), ourNow())).toThrow(/Synchronize the broker's clock/);
  });

  test('that jumps back here says no time before the call', () => {
    let now = NOW;
    const ourNow = goingOn({ ...systemClock, now: () => now }, { now: NOW, signal: new AbortController().signal });
    now = after(NOW, -60_000);
    expect(ourNow()).toBe(NOW);
  });
});
