import type { JsonObject } from '../core/json.ts';
import { after, toIso, type Instant } from '../core/time.ts';
import type { Clock } from '../platform/clock.ts';
import { ProviderFault, type CallOptions } from './contract.ts';

/** What calls of every cloud have in common. */

/** Whether a call leaves something behind. Only then does a lost answer make the outcome unknown. */
export type Effect = 'read' | 'write';

/** A clock that differs more than this from the cloud's makes an end time meaningless. */
export const CLOCK_TOLERANCE_MS = 5_000;

/** Errors of Node's sockets, names and certificates after which the request was certainly not sent. */
export const NEVER_SENT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EAI_FAIL|EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|CERT_|ERR_TLS_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)/;

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

/** Whether the time of a caller is over, heard of or not. */
export function isLate({ signal, isOver }: CallOptions): boolean {
  return signal.aborted || isOver?.() === true;
}

/** Refuses, as `unreachable`, to send a request whose caller's time is over: others may have acted on that already. `what`: in words. */
export function refuseLate(call: CallOptions, what: string): void {
  if (isLate(call)) throw new ProviderFault('unreachable', `${what}: there was no time left, and nothing was sent.`);
}

/**
 * Throws `clock-skew` when the cloud's clock and ours differ so much that an end time means nothing. `now` is ours when the cloud's was heard:
 * held against an earlier time, a clock that is behind would look the nearer the longer its answer took. The cloud's is known in whole seconds,
 * cut off, so it may be nearer than it looks, and never further behind.
 */
export function refuseSkew(cloudNow: Instant, now: Instant): void {
  if (Math.abs(cloudNow - now) <= CLOCK_TOLERANCE_MS) return;
  throw new ProviderFault(
    'clock-skew',
    `The cloud's clock says ${toIso(cloudNow)}, ours ${toIso(now)}: an end time cannot be trusted. Synchronize the broker's clock.`,
  );
}

/**
 * A custom endpoint, which somebody must have allowed on purpose: whoever can choose it receives what the broker sends. Plain http is accepted
 * for this machine alone. `cloud`: its name in words. Throws an `Error`.
 */
export function allowedEndpoint(cloud: string, custom: string, allowed: boolean): URL {
  if (!allowed)
    throw new Error(`The ${cloud} endpoint ${custom} is not ${cloud}'s own, and nothing allows a custom endpoint.`);
  const url = new URL(custom);
  const local = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && local))
    throw new Error(`The ${cloud} endpoint ${custom} must be https, or http on this machine.`);
  return url;
}
