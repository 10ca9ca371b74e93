import { instant } from '../core/time.ts';
import type { Clock } from './clock.ts';

/** A clock that is told by how much its machine is wrong. */
export interface CorrectedClock extends Clock {
  /** Milliseconds by which the machine's clock is ahead of the time that counts. */
  correct(aheadMs: number): void;
}

/**
 * One time for all nodes: decisions and answers go by the database's clock, so that a machine whose own clock is off does not decide
 * for another moment than the others. How long something takes is measured by the machine as ever.
 */
export function createCorrectedClock(clock: Clock): CorrectedClock {
  let offsetMs = 0;
  return {
    now: () => instant(clock.now() - offsetMs),
    sleep: (durationMs, signal) => clock.sleep(durationMs, signal),
    timeout: (durationMs) => clock.timeout(durationMs),
    correct: (aheadMs) => void (offsetMs = aheadMs),
  };
}
