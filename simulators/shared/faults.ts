import { setTimeout as delay } from 'node:timers/promises';

/** Which calls a fault is for. */
export type FaultMatch = {
  readonly service: string;
  /** `*` is every action. */
  readonly action: string;
  /** Text that must occur in the call's body or path; absent matches every call of the action. */
  readonly match?: string;
  /** Who makes the call; absent: whoever comes first. */
  readonly from?: string;
  /** How often; default once. */
  readonly times?: number;
};

/** The faults that wait for their call. */
export class WaitingFaults<Fault extends FaultMatch> {
  #waiting: (Fault & { left: number })[] = [];
  readonly #check: (fault: Fault) => void;

  /** `check` throws for what is no fault. */
  constructor(check: (fault: Fault) => void) {
    this.#check = check;
  }

  /** Replaces all faults. */
  set(faults: unknown): void {
    if (!Array.isArray(faults)) throw new Error('an array of faults is expected');
    this.#waiting = faults.map((fault: Fault) => {
      this.#check(fault);
      return { ...fault, left: fault.times ?? 1 };
    });
  }

  /** Takes the fault for a call, if one waits for it. */
  take(from: string, service: string, action: string, text: string): Fault | null {
    const fault = this.#waiting.find(
      (one) =>
        one.left > 0 &&
        (one.from === undefined || one.from === from) &&
        one.service === service &&
        (one.action === '*' || one.action === action) &&
        (one.match === undefined || text.includes(one.match)),
    );
    if (fault === undefined) return null;
    fault.left -= 1;
    return fault;
  }
}

/**
 * Lets a fault strike: waits as long as it says, throws the error that it stands for, or says when the connection is cut, before the
 * call is performed or after it.
 */
export async function strike<Fault extends { readonly kind: string; readonly delayMs?: number }>(
  fault: Fault | null,
  errorOf: (fault: Fault) => Error | null,
): Promise<'before' | 'after' | null> {
  if (fault === null) return null;
  if (fault.delayMs !== undefined) await delay(fault.delayMs);
  if (fault.kind === 'drop-before') return 'before';
  const error = errorOf(fault);
  if (error !== null) throw error;
  return fault.kind === 'drop-after' ? 'after' : null;
}
