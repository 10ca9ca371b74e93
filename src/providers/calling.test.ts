import { describe, expect, test } from 'vitest';
import { after, instant } from '../core/time.ts';
import { deadline, systemClock } from '../platform/clock.ts';
import { goingOn, refuseLate, refuseSkew } from './calling.ts';

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

describe('a request', () => {
  const signal = new AbortController().signal;
  const call = { now: NOW, signal };

  test('leaves while there is time', () => {
    expect(() => refuseLate(call, 'Writing')).not.toThrow();
    expect(() => refuseLate({ ...call, isOver: () => false }, 'Writing')).not.toThrow();
  });

  test('does not leave when its time is over, heard of or not', () => {
    const never = { kind: 'unreachable', message: 'Writing: there was no time left, and nothing was sent.' };
    expect(() => refuseLate({ ...call, signal: AbortSignal.abort() }, 'Writing')).toThrow(
      expect.objectContaining(never),
    );
    expect(() => refuseLate({ ...call, isOver: () => true }, 'Writing')).toThrow(expect.objectContaining(never));
  });

  test('of a process that stood still is late although its timer has not rung', () => {
    let now = NOW;
    const clock = { ...systemClock, now: () => now, timeout: () => signal };
    const time = deadline(clock, 1_000);
    now = after(NOW, 999);
    expect(time.isOver()).toBe(false);
    now = after(NOW, 1_000);
    expect(time.isOver()).toBe(true);
  });
});
