import type { Instant } from '../core/time.ts';
import { appNow } from '../store/database.ts';
import { PACE, type EnginePorts, type Heard } from './ports.ts';

export function heard(ports: Pick<EnginePorts, 'clock'>, now: Instant): Heard {
  return { now, at: ports.clock.now() };
}

/**
 * A time at which something begins that is about to: never later than it is, and a moment earlier if the database told the time just now,
 * which spares a question. Whoever stood still, or whose clock jumped, asks.
 */
export async function beginningAt(ports: Pick<EnginePorts, 'clock' | 'db'>, last: Heard | null): Promise<Instant> {
  if (last !== null) {
    const elapsedMs = ports.clock.now() - last.at;
    if (elapsedMs >= 0 && elapsedMs <= PACE.heardMs) return last.now;
  }
  return appNow(ports.db);
}
