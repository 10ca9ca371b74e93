import type { Clock } from './clock.ts';

/** What is there instead of an answer that did not come in time. */
export const LATE = Symbol('late');

/** Waits for something for `durationMs` at most. What is late goes on by itself: whoever asked looks after what becomes of it. */
export async function inTime<T>(clock: Clock, durationMs: number, work: Promise<T>): Promise<T | typeof LATE> {
  const answered = new AbortController();
  const late = clock.sleep(durationMs, answered.signal).then((): typeof LATE => LATE);
  try {
    return await Promise.race([work, late]);
  } finally {
    answered.abort();
  }
}
