import { afterEach, beforeEach, expect, test, vi } from 'vitest';

/** A tab, as far as a clock knows it. */
const tab = Object.assign(new EventTarget(), { hidden: false });
let forget = (): void => {};

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', tab);
});
afterEach(() => {
  forget();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Time in which no timer ran: the machine slept, or the browser kept them all back. */
function passWithout(durationMs: number): void {
  vi.setSystemTime(Date.now() + durationMs);
  vi.advanceTimersByTime(1_000);
}

test('a machine that has slept says so; the late ticks of a hidden tab are no sleep, and neither is the return to it', async () => {
  // One of its own: the clock of a page goes on as long as the page, and test files share a process.
  vi.resetModules();
  const { onWake } = await import('./ticker.ts');
  const waker = vi.fn();
  forget = onWake(waker);
  vi.advanceTimersByTime(10_000);
  expect(waker).toHaveBeenCalledTimes(0);
  passWithout(60_000);
  expect(waker).toHaveBeenCalledTimes(1);
  tab.hidden = true;
  for (let minutes = 0; minutes < 5; minutes += 1) passWithout(60_000);
  vi.setSystemTime(Date.now() + 60_000);
  tab.hidden = false;
  tab.dispatchEvent(new Event('visibilitychange'));
  vi.advanceTimersByTime(10_000);
  expect(waker).toHaveBeenCalledTimes(1);
  passWithout(60_000);
  expect(waker).toHaveBeenCalledTimes(2);
});
