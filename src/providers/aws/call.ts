import type { JsonObject } from '../../core/json.ts';
import { after, instant, toIso, type Instant } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { ProviderFault, type CallOptions } from '../contract.ts';
import { CLOCK_TOLERANCE_MS } from './capabilities.ts';
import { classify, type Effect } from './faults.ts';

export interface Answer<Output> {
  readonly output: Output;
  /** AWS's own time, from the Date header; what its conditions are compared with. `null`: it did not say. */
  readonly cloudNow: Instant | null;
}

/** The part of an SDK command that the SDK offers to put code around. */
interface Observable {
  readonly middlewareStack: {
    add(
      around: (next: (args: never) => Promise<object>) => (args: never) => Promise<never>,
      options: { step: 'initialize'; name: string },
    ): void;
  };
}

/**
 * Performs one call: `send` hands `command` to its client with the caller's signal. Throws a classified fault; `what` says
 * in words what was tried.
 */
export async function perform<Command extends object, Output>(
  command: Command,
  send: (command: Command, options: { abortSignal: AbortSignal }) => Promise<Output>,
  how: { readonly effect: Effect; readonly what: string; readonly call: CallOptions },
): Promise<Answer<Output>> {
  let cloudNow: Instant | null = null;
  // The SDK keeps response headers to itself; a middleware is the one place where they can be seen.
  (command as unknown as Observable).middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      if ('response' in result) cloudNow = dateOf(result.response);
      return result as never;
    },
    { step: 'initialize', name: 'curfewCloudNow' },
  );
  try {
    const output = await send(command, { abortSignal: how.call.signal });
    return { output, cloudNow };
  } catch (error) {
    throw classify(error, how.effect, how.what);
  }
}

function dateOf(response: unknown): Instant | null {
  const headers = (response as { headers?: Readonly<Record<string, string>> } | null)?.headers ?? {};
  const ms = Date.parse(headers['date'] ?? '');
  return Number.isNaN(ms) ? null : instant(ms);
}

/** Options that every client of the provider shares. SDK retries are off: what may be retried is the engine's decision. */
export function clientOptions(requestTimeoutMs: number) {
  return {
    maxAttempts: 1,
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
    requestHandler: {
      connectionTimeout: Math.min(requestTimeoutMs, 3_000),
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
    },
  } as const;
}

/** Facts that may be stored and shown; drops what is absent. */
export function facts(all: Readonly<Record<string, string | number | boolean | null | undefined>>): JsonObject {
  const kept: Record<string, string | number | boolean> = {};
  for (const [key, value] of Object.entries(all)) if (value !== undefined && value !== null) kept[key] = value;
  return kept;
}

/** Our time as it goes on from when a call was told what time it is. */
export function goingOn(clock: Clock, { now }: CallOptions): () => Instant {
  const beganAt = clock.now();
  return () => after(now, Math.max(0, clock.now() - beganAt));
}

/**
 * Throws `clock-skew` when AWS's clock and ours differ so much that an end time means nothing. `now` is ours when AWS's was heard: held
 * against an earlier time, a clock that is behind would look the nearer the longer its answer took. AWS's is known in whole seconds, cut
 * off, so it may be nearer than it looks, and never further behind.
 */
export function refuseSkew(cloudNow: Instant, now: Instant): void {
  if (Math.abs(cloudNow - now) <= CLOCK_TOLERANCE_MS) return;
  throw new ProviderFault(
    'clock-skew',
    `AWS's clock says ${toIso(cloudNow)}, ours ${toIso(now)}: an end time cannot be trusted. Synchronize the broker's clock.`,
  );
}
