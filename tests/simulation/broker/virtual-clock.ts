import { instant } from '../../../src/core/time.ts';
import type { Clock } from '../../../src/platform/clock.ts';
import type { Life } from '../kernel/life.ts';
import type { Scheduler } from '../kernel/scheduler.ts';

/** The clock of one node: it runs as fast as the true time, and is off by `skewMs()`. */
export function createVirtualClock(scheduler: Scheduler, life: Life, skewMs: () => number): Clock {
  return {
    now: () => instant(scheduler.now + skewMs()),
    async sleep(durationMs, signal) {
      await scheduler.until(life, scheduler.now + Math.max(0, durationMs), signal);
    },
    timeout(durationMs) {
      const controller = new AbortController();
      scheduler.at(life, scheduler.now + durationMs, () => controller.abort());
      return controller.signal;
    },
  };
}
