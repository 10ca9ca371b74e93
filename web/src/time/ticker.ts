import { useSyncExternalStore } from 'react';
import { serverClock } from './server-clock.ts';

const SECOND_MS = 1_000;
/** So late a tick comes only after a sleep of the machine; in a hidden tab browsers let a timer run once a minute. */
const SLEPT_MS = 5_000;

const listeners = new Set<() => void>();
const wakers = new Set<() => void>();
let timer: ReturnType<typeof setTimeout> | null = null;
let current = Math.floor(serverClock.now() / SECOND_MS) * SECOND_MS;

function tick(): void {
  const now = serverClock.now();
  const second = Math.floor(now / SECOND_MS) * SECOND_MS;
  const slept = !document.hidden && Math.abs(second - current) > SLEPT_MS;
  current = second;
  for (const listener of listeners) listener();
  if (slept) for (const waker of wakers) waker();
  // At the beginning of the next second of the server, so that all clocks of the page move together with it.
  timer = listeners.size + wakers.size === 0 ? null : setTimeout(tick, SECOND_MS - (now - second));
}

/** Whoever comes back to the tab sees the time at once. That its ticks were late while nobody saw them was no sleep. */
function seen(): void {
  if (document.hidden || timer === null) return;
  clearTimeout(timer);
  current = serverClock.now();
  tick();
}

function add(set: Set<() => void>, listener: () => void): () => void {
  set.add(listener);
  // Once, however often it is said.
  document.addEventListener('visibilitychange', seen);
  if (timer === null) tick();
  return () => set.delete(listener);
}

const subscribe = (listener: () => void): (() => void) => add(listeners, listener);

/** The server's time in whole seconds, as milliseconds; draws whoever asks again each second. One timer serves the page. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => current);
}

/** Says when this machine has slept: what was shown before is old. */
export function onWake(waker: () => void): () => void {
  return add(wakers, waker);
}
