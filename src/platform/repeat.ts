import { systemClock } from './clock.ts';
import type { Log } from './log.ts';

/** Does something every `everyMs` until the signal fires. A failure is logged and waits for the next time. */
export async function repeat(everyMs: number, signal: AbortSignal, log: Log, work: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      await work();
    } catch (error) {
      log.error({ error: String(error) }, 'background work failed');
    }
    await systemClock.sleep(everyMs, signal);
  }
}
