import { instant, type Instant } from '../../core/time.ts';
import { refuseLate, type Effect } from '../calling.ts';
import type { CallOptions } from '../contract.ts';
import { classify } from './faults.ts';

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
      options: { step: 'finalizeRequest'; priority: 'low'; name: string },
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
  // The SDK keeps response headers to itself; a middleware is the one place where they can be seen. It is the last one before the socket.
  (command as unknown as Observable).middlewareStack.add(
    (next) => async (args) => {
      refuseLate(how.call, how.what);
      const result = await next(args);
      if ('response' in result) cloudNow = dateOf(result.response);
      return result as never;
    },
    { step: 'finalizeRequest', priority: 'low', name: 'curfewCloudNow' },
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
