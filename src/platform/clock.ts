import { instant, type Instant } from '../core/time.ts';

/** The only source of time in `src/`. The simulation puts a virtual clock in its place. */
export interface Clock {
  now(): Instant;
  /** Resolves after `durationMs`, or at once when the signal fires; never rejects, because waking early is not an error. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
  /** A signal that fires after `durationMs`; a call to a cloud is given up by it. */
  timeout(durationMs: number): AbortSignal;
}

/** The time that a piece of work has. */
export interface Deadline {
  /** Fires when the time is over, as soon as this process hears of it. */
  readonly signal: AbortSignal;
  /** Whether the time is over, heard of or not: a process that stood still may hear an answer before its own timer. */
  readonly isOver: () => boolean;
}

/** The time that work has which begins now. */
export function deadline(clock: Clock, durationMs: number): Deadline {
  const beganAt = clock.now();
  const signal = clock.timeout(durationMs);
  return { signal, isOver: () => signal.aborted || clock.now() - beganAt >= durationMs };
}

export const systemClock: Clock = {
  now: () => instant(Date.now()),
  timeout: (durationMs) => AbortSignal.timeout(durationMs),
  sleep(durationMs, signal) {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.max(0, durationMs));
      signal?.addEventListener('abort', wake, { once: true });
    });
  },
};
