import type { Instant } from '../core/time.ts';
import { deadline } from '../platform/clock.ts';
import type { CallOptions } from '../providers/contract.ts';
import { PACE, type EnginePorts } from './ports.ts';

/**
 * Makes a call that writes to the cloud so that it is known when it has been given up at the latest. The time runs from before
 * `note`, which writes down that the call is about to leave and answers when it did, or `null` if it may not leave any more: a
 * process that stood still, or waited long for its database, finds its time used up and does not call, because others may have
 * acted on the note meanwhile. Returns `null` when it did not call. `callTimeoutMs`: no longer than what others count on.
 */
export async function dispatch<T>(
  ports: EnginePorts,
  note: () => Promise<Instant | null>,
  call: (options: CallOptions) => Promise<T>,
  callTimeoutMs: number = PACE.callTimeoutMs,
): Promise<{ readonly value: T } | null> {
  const time = deadline(ports.clock, callTimeoutMs);
  const now = await note();
  if (now === null) return null;
  if (time.isOver()) return null;
  return { value: await call({ now, ...time }) };
}
