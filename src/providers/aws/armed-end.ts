import type { Json, JsonObject } from '../../core/json.ts';
import { after, fromIso, type Instant } from '../../core/time.ts';
import type { GrantId } from '../../core/ids.ts';
import { LONGEST_SESSION_S } from './capabilities.ts';
import { sha256, wholeSecond } from './names.ts';
import { CLOCK_TOLERANCE_MS } from '../calling.ts';

/**
 * The end of one grant's sessions, as an inline policy on their role that bears the grant's name. A policy for each grant and not one for
 * all: IAM has no conditional write, and a write that was given up may land a minute later. In a document of its own it can bring back
 * nothing but what that very grant had; in a shared one it would take away the ends of others, after their certificates have left.
 */
export interface ArmedEnd {
  /** `curfew-end-<grant id>`. */
  readonly name: string;
  /** Denies the grant's sessions from the end on. The same grant always gets the same text. */
  readonly armed: string;
  /** SHA-256 of it, hex. */
  readonly hash: string;
  /** Denies them now. Never longer, so it fits wherever the other stands. */
  readonly barred: string;
}

const OURS = /^curfew-end-grt_[a-z0-9]+$/;

/** Beyond the longest session that can have been made in the last second of a certificate. */
const MARGIN_MS = 300_000;

export function isArmedEnd(name: string): boolean {
  return OURS.test(name);
}

export function armedEnd(grant: GrantId, endsAt: Instant): ArmedEnd {
  const end = wholeSecond(endsAt);
  const StringEquals = { 'aws:SourceIdentity': grant };
  const deny = { Effect: 'Deny', Action: '*', Resource: '*' };
  const print = (statement: JsonObject): string => JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  const armed = print({ ...deny, Condition: { StringEquals, DateGreaterThanEquals: { 'aws:CurrentTime': end } } });
  return {
    name: `curfew-end-${grant}`,
    armed,
    hash: sha256(armed),
    // The label says until when certificates of the grant are good, for whoever sweeps.
    barred: print({ Sid: `Until${end.replace(/[-:]/g, '')}`, ...deny, Condition: { StringEquals } }),
  };
}

/** What stands under the name: `edited` is what we did not write for this grant and this end, and may deny nothing. */
export type Standing = 'nothing' | 'armed' | 'barred' | 'edited';

export function standingOf(text: string | null, { armed, barred }: ArmedEnd): Standing {
  if (text === null) return 'nothing';
  const said = normal(text);
  if (said === normal(armed)) return 'armed';
  return said === normal(barred) ? 'barred' : 'edited';
}

/** Whether a document ends the grant by itself, at this end or before: an extension that never arrived leaves an earlier one of ours. */
export function endsBy(text: string | null, grant: GrantId, endsAt: Instant): boolean {
  const at = text === null ? null : armedAt(text);
  return at !== null && at <= endsAt && standingOf(text, armedEnd(grant, at)) === 'armed';
}

/** When a document that is armed begins to deny, as it says itself. */
function armedAt(text: string): Instant | null {
  const [, at] = /"aws:CurrentTime":"([^"]+)"/.exec(normal(text) ?? '') ?? [];
  return at === undefined ? null : fromIso(at);
}

/**
 * Whether nobody needs a document any more: no session that it denies can be alive. One that does not say its end is kept. `longestMs`: the
 * longest session that may have been made; without it, the longest that one is armed for.
 */
export function isOverdue(text: string, now: Instant, longestMs = LONGEST_SESSION_S * 1_000): boolean {
  const [, year, month, day, hour, minute, second] =
    /"Sid":"Until(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z"/.exec(normal(text) ?? '') ?? [];
  const end = armedAt(text) ?? fromIso(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return end !== null && now >= after(end, longestMs + MARGIN_MS + CLOCK_TOLERANCE_MS);
}

/** A document in one spelling, whatever the order of its keys; `null` for what is no JSON. */
export function normal(text: string): string | null {
  const sorted = (value: Json): Json => {
    if (Array.isArray(value)) return (value as readonly Json[]).map(sorted);
    if (typeof value !== 'object' || value === null) return value;
    const pairs = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(pairs.map(([key, inner]) => [key, sorted(inner)]));
  };
  try {
    return JSON.stringify(sorted(JSON.parse(text) as Json));
  } catch {
    return null;
  }
}
