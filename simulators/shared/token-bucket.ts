/** A rate limit as clouds keep them: a bucket of calls, filled up again evenly. */
export class TokenBucket {
  #tokens: number;
  #at: number;

  constructor(size: number, nowMs: number) {
    this.#tokens = size;
    this.#at = nowMs;
  }

  /** Whole calls that are left. */
  get left(): number {
    return Math.floor(this.#tokens);
  }

  /** Whether one more call is within the rate. Zero calls per second is no limit. `size` is a second's worth where nothing else is said. */
  take(perSecond: number, nowMs: number, size = perSecond): boolean {
    if (perSecond === 0) return true;
    // A clock that was put back fills nothing.
    const elapsedMs = Math.max(0, nowMs - this.#at);
    this.#tokens = Math.min(size, this.#tokens + (elapsedMs / 1_000) * perSecond);
    this.#at = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Milliseconds until the next call is within the rate. */
  waitMs(perSecond: number): number {
    return this.#tokens >= 1 ? 0 : Math.ceil(((1 - this.#tokens) / perSecond) * 1_000);
  }
}
