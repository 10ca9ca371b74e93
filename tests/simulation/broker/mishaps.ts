import { never, type Life } from '../kernel/life.ts';
import type { Mark } from '../kernel/marks.ts';
import type { Prng } from '../kernel/prng.ts';
import type { Storm } from '../kernel/storm.ts';

/** What can happen to a process at any place where it waits: it dies, or it stands still for a while. */
export interface Mishaps {
  /** Called wherever the process is about to wait. Never resolves if it dies there. */
  beforeWait(): Promise<void>;
  /** Whether the process dies at this very point; the caller cleans up what the process leaves behind. */
  diesNow(mark: Mark | null): boolean;
}

export function createMishaps(storm: Storm, life: Life, prng: Prng): Mishaps {
  return {
    async beforeWait() {
      const { node } = storm.weather;
      if (prng.chance(node.die)) {
        storm.trace.note(life.name, 'dies');
        storm.strike('node-died', life.name);
        life.die();
        return never();
      }
      if (prng.chance(node.pause)) {
        const pauseMs = prng.int(100, node.pauseMs);
        storm.marks.hit('node-paused');
        storm.strike('node-paused', life.name);
        storm.trace.note(life.name, `stands still for ${pauseMs} ms`);
        life.pause(storm.scheduler.now + pauseMs);
      }
    },
    diesNow(mark) {
      if (!prng.chance(storm.weather.node.die)) return false;
      storm.strike('node-died', life.name);
      if (mark !== null) storm.marks.hit(mark);
      return true;
    },
  };
}
