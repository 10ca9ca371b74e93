import type { Instant } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { ProviderFault, type CallOptions } from '../contract.ts';

/**
 * Which line a call stands in: what takes access away goes ahead of what gives it, and `begin`, what keeps a place in AWS from standing
 * empty, ahead of what only asks how something stands.
 */
export const LANES = ['end', 'begin', 'start'] as const;
export type Lane = (typeof LANES)[number];

/** AWS lets all calls of sso-admin together be 20 a second (IAM Identity Center quotas); where others need some of them, it refuses, and all get less. */
export const CALLS_PER_SECOND = 19.8;
/** So many may be made at once after a pause. */
const BURST = 6;
/** So many of them are kept for what takes access away. */
const KEPT_FOR_ENDS = 2;
/** A call that does not get its turn within this time is given back as throttled: the engine's own timeout is four seconds. */
export const LONGEST_WAIT_MS = 1_500;
/** After AWS has said that it is too much, the rate is cut by a fifth and comes back by so much every second. */
const RECOVERY_PER_SECOND = 2;

interface Waiter {
  readonly lane: Lane;
  readonly go: () => void;
}

/**
 * Keeps the calls of one process within AWS's rate, ends first. Several processes share the rate by cutting theirs whenever AWS refuses.
 */
export class CallQuota {
  readonly #clock: Clock;
  readonly #most: number;
  #rate: number;
  #tokens = BURST;
  #at: Instant;
  #waiting: Waiter[] = [];
  #pumping = false;

  constructor(clock: Clock, callsPerSecond = CALLS_PER_SECOND) {
    this.#clock = clock;
    this.#most = callsPerSecond;
    this.#rate = callsPerSecond;
    this.#at = clock.now();
  }

  /** Resolves when one call may be made. Throws `throttled` when that takes longer than a call may wait. */
  async turn(lane: Lane, what: string, call: CallOptions): Promise<void> {
    this.#fill();
    if (!this.#waiting.some((one) => rank(one) <= LANES.indexOf(lane)) && this.#take(lane)) return;
    const granted = Promise.withResolvers<boolean>();
    const waiter: Waiter = { lane, go: () => granted.resolve(true) };
    this.#waiting.push(waiter);
    void this.#pump();
    const patience = new AbortController();
    const tooLong = this.#clock.sleep(LONGEST_WAIT_MS, AbortSignal.any([call.signal, patience.signal]));
    const turn = await Promise.race([granted.promise, tooLong.then(() => false)]);
    patience.abort();
    if (turn) return;
    this.#waiting = this.#waiting.filter((one) => one !== waiter);
    throw tooMuch(what, Math.ceil((this.#waiting.length / this.#rate) * 1_000));
  }

  /** AWS has refused a call because there were too many. */
  slowDown(): void {
    this.#fill();
    this.#rate = Math.max(1, this.#rate * 0.8);
    this.#tokens = Math.min(this.#tokens, 0);
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#waiting.length > 0) {
      this.#fill();
      const [next] = this.#waiting.toSorted((one, other) => rank(one) - rank(other));
      if (next === undefined) break;
      if (this.#take(next.lane)) {
        this.#waiting = this.#waiting.filter((one) => one !== next);
        next.go();
        continue;
      }
      const missing = 1 + (next.lane === 'end' ? 0 : KEPT_FOR_ENDS) - this.#tokens;
      await this.#clock.sleep(Math.max(1, Math.ceil((missing / this.#rate) * 1_000)));
    }
    this.#pumping = false;
  }

  #take(lane: Lane): boolean {
    if (this.#tokens < 1 + (lane === 'end' ? 0 : KEPT_FOR_ENDS)) return false;
    this.#tokens -= 1;
    return true;
  }

  #fill(): void {
    const now = this.#clock.now();
    const seconds = Math.max(0, now - this.#at) / 1_000;
    this.#at = now;
    this.#rate = Math.min(this.#most, this.#rate + seconds * RECOVERY_PER_SECOND);
    this.#tokens = Math.min(BURST, this.#tokens + seconds * this.#rate);
  }
}

const rank = ({ lane }: Waiter): number => LANES.indexOf(lane);

/** Nothing was sent: there is more to do than AWS lets us do at once. */
export function tooMuch(what: string, retryAfterMs: number): ProviderFault {
  const message = `${what} waits for its turn: AWS lets IAM Identity Center be changed only so fast`;
  return new ProviderFault('throttled', message, { retryAfterMs: Math.max(250, retryAfterMs), heldBack: true });
}
