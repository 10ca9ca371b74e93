import type { CallOptions } from '../providers/contract.ts';
import { appNow } from '../store/database.ts';
import { PACE, type EnginePorts } from './ports.ts';

/**
 * Makes a call that writes to the cloud so that it is known when it has been given up at the latest. The time runs from before
 * `note`, which writes down that the call is about to leave and answers whether it still may: a process that stood still, or
 * waited long for its database, finds its time used up and does not call, because others may have acted on the note meanwhile.
 * Returns `null` when it did not call.
 */
export async function dispatch<T>(
  ports: EnginePorts,
  note: () => Promise<boolean>,
  call: (options: CallOptions) => Promise<T>,
): Promise<{ readonly value: T } | null> {
  const beganAt = ports.clock.now();
  const signal = ports.clock.timeout(PACE.callTimeoutMs);
  if (!(await note())) return null;
  const now = await appNow(ports.db);
  // Both: a process that stood still may not have heard its own timer yet.
  if (signal.aborted || ports.clock.now() - beganAt >= PACE.callTimeoutMs) return null;
  return { value: await call({ now, signal }) };
}
