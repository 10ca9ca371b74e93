export const FAULT_KINDS = [
  'throttled',
  'unreachable',
  'forbidden-to-us',
  'target-gone',
  'conflict',
  'invalid',
  'clock-skew',
  'unknown-outcome',
] as const;

/**
 * - `throttled`: nothing happened; try again after `retryAfterMs`.
 * - `unreachable`: the call certainly did not reach the cloud.
 * - `forbidden-to-us`: the broker lacks a permission; `doctor` says which.
 * - `target-gone`: not proof of absence. Gone is established from the parent.
 * - `conflict`: somebody else is writing; observe, then try again.
 * - `invalid`: the cloud will never accept this call; retrying cannot help.
 * - `clock-skew`: the cloud's clock and ours differ so much that an end time cannot be trusted.
 * - `unknown-outcome`: it may have happened. Observe before any retry.
 */
export type FaultKind = (typeof FAULT_KINDS)[number];

interface FaultOptions {
  readonly retryAfterMs?: number;
  readonly fix?: string;
  readonly hasWritten?: boolean;
  readonly heldBack?: boolean;
  readonly cause?: unknown;
}

/** A classified fault of a cloud. `message` is safe to show and to log: providers never put a secret into it. */
export class ProviderFault extends Error {
  readonly kind: FaultKind;
  readonly retryAfterMs: number | null;
  /** The command that mends it, where the provider knows one. */
  readonly fix: string | null;
  /** Something was written before it and stands: that the last call did nothing does not mean that nothing happened. */
  readonly hasWritten: boolean;
  /** Other calls of this process use up what the cloud lets us do, so this one was not sent: it waits, and nothing has failed. */
  readonly heldBack: boolean;

  constructor(kind: FaultKind, message: string, options: FaultOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'ProviderFault';
    this.kind = kind;
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.fix = options.fix ?? null;
    this.hasWritten = options.hasWritten ?? false;
    this.heldBack = options.heldBack ?? false;
  }

  /** The same fault, of an act that has written something before it. */
  afterWriting(): ProviderFault {
    const { kind, message, retryAfterMs, fix, heldBack } = this;
    const known = { heldBack, ...(retryAfterMs === null ? {} : { retryAfterMs }), ...(fix === null ? {} : { fix }) };
    return new ProviderFault(kind, message, { ...known, hasWritten: true, cause: this });
  }
}
