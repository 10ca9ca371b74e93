/** A rate limit as AWS keeps them: a burst of a second's worth, filled up again evenly. */
export class TokenBucket {
  #tokens: number;
  #at: number;

  constructor(size: number, nowMs: number) {
    this.#tokens = size;
    this.#at = nowMs;
  }

  /** Whether one more call is within the rate. Zero calls per second is no limit. */
  take(perSecond: number, nowMs: number): boolean {
    if (perSecond === 0) return true;
    // A clock that was put back fills nothing.
    const elapsedMs = Math.max(0, nowMs - this.#at);
    this.#tokens = Math.min(perSecond, this.#tokens + (elapsedMs / 1_000) * perSecond);
    this.#at = nowMs;
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
