import type { RequestId } from './ids.ts';
import type { Proof } from './proof.ts';
import { assertNever, ok, refused, type Result } from './result.ts';
import { after, type Instant } from './time.ts';

/**
 * The promise that came out of a request: this principal has this role on this target until `endsAt`.
 *
 *     scheduled -> activating -> active -> ending -> ended
 *         |            |                     |
 *         |            +-> ending            +-> failed   (cause `failed`, absence proven)
 *         +-> failed | ended                              (no call was ever dispatched)
 *
 * - The clock starts at `start`, which is written before the first call to the cloud. `endsAt` is absolute from then on.
 * - Whoever returns, revokes or outlives a grant in flight moves it to `ending`; it is never simply forgotten,
 *   because a call that is still under way may land later.
 * - An extension moves the end of an active grant to later, in three steps: it is decided (`want-extension`); that the later end is about
 *   to leave for the cloud is noted (`write-extension`); and once the cloud has it, it is the end (`extended`). Until then the old end
 *   holds, and a grant that ends meanwhile takes the extension with it.
 * - `ended` and `failed` are reached only with a {@link Proof} that the access is gone.
 *
 * The same pairs stand as rows in `grant_transition`; a test compares the two.
 */
export type GrantState =
  | { readonly kind: 'scheduled'; readonly startsAt: Instant }
  | ({ readonly kind: 'activating' } & Running)
  | ({
      readonly kind: 'active';
      readonly usableAt: Instant;
      /** How often its end was moved to later. */
      readonly extended: number;
      /** The later end that was decided and that the cloud has not confirmed. */
      readonly extension: Extension | null;
    } & Running)
  | ({ readonly kind: 'ending'; readonly cause: EndCause; readonly since: Instant } & Running)
  | {
      readonly kind: 'ended';
      readonly cause: Exclude<EndCause, 'failed'>;
      readonly endedAt: Instant;
      readonly proof: Proof;
    }
  | { readonly kind: 'failed'; readonly endedAt: Instant; readonly proof: Proof };

/** When the clock started, and when it stops: fixed before the first call to the cloud. */
export interface Running {
  readonly activatedAt: Instant;
  readonly endsAt: Instant;
  /**
   * The latest end that was ever on its way into the cloud. Later than `endsAt` from the moment an extension is about to be written, and
   * for good if nobody learns that it was: what holds if we die in between.
   */
  readonly boundUntil: Instant;
}

/** A later end, and the request by which it was decided. */
export interface Extension {
  readonly request: RequestId;
  readonly until: Instant;
}

/** What the rules in force allow a grant altogether. */
export interface ExtensionLimits {
  /** The longest time from activation, extensions included. */
  readonly maxDurationMs: number;
  /** How often a grant may be extended. */
  readonly extensions: number;
  /** A cap from a time window, if there is one. */
  readonly latestEndAt: Instant | null;
}

/** To us a grant ends because its time is over, its holder gave it back, somebody took it away, or it never became usable. */
export const END_CAUSES = ['expired', 'returned', 'revoked', 'failed'] as const;
export type EndCause = (typeof END_CAUSES)[number];

export const GRANT_STATES = [
  'scheduled',
  'activating',
  'active',
  'ending',
  'ended',
  'failed',
] as const satisfies readonly GrantState['kind'][];

export type GrantEvent =
  /** The engine is about to dispatch the first call. `latestEndAt` is a cap from a time window, if there is one. */
  | { readonly kind: 'start'; readonly durationMs: number; readonly latestEndAt: Instant | null }
  /** The access was seen to be usable. */
  | { readonly kind: 'usable' }
  /** A later end was decided. */
  | { readonly kind: 'want-extension'; readonly extension: Extension; readonly limits: ExtensionLimits }
  /** The engine is about to dispatch the call that writes it into the cloud. */
  | { readonly kind: 'write-extension' }
  /** The cloud has it. */
  | { readonly kind: 'extended' }
  /** It is not to be: the rules refuse it now, or the cloud will never take it. */
  | { readonly kind: 'drop-extension' }
  /** `endsAt` has passed. */
  | { readonly kind: 'expire' }
  | { readonly kind: 'return' }
  | { readonly kind: 'revoke' }
  /** The access could not be provided: refused by policy at the start, or not usable within the settle time. */
  | { readonly kind: 'fail' }
  /** The access is proven to be gone. */
  | { readonly kind: 'prove-gone'; readonly proof: Proof };

export const GRANT_EVENTS = [
  'start',
  'usable',
  'want-extension',
  'write-extension',
  'extended',
  'drop-extension',
  'expire',
  'return',
  'revoke',
  'fail',
  'prove-gone',
] as const satisfies readonly GrantEvent['kind'][];

export type GrantRefusal =
  | { readonly kind: 'not-in-this-state'; readonly state: GrantState['kind']; readonly event: GrantEvent['kind'] }
  | { readonly kind: 'not-yet'; readonly dueAt: Instant }
  /** An extension that is no later than the end, or further than the limits; `latest`: how far it could go. */
  | { readonly kind: 'beyond-limits'; readonly latest: Instant }
  | { readonly kind: 'no-extension-left'; readonly extensions: number };

type Outcome = Result<GrantState, GrantRefusal>;

/** Decides what an event does to a grant at `now`. Pure; the only place in code that knows the legal transitions. */
export function transitionGrant(state: GrantState, event: GrantEvent, now: Instant): Outcome {
  switch (state.kind) {
    case 'scheduled':
      return fromScheduled(state, event, now);
    case 'activating':
    case 'active':
      return fromRunning(state, event, now);
    case 'ending':
      return event.kind === 'prove-gone' ? ok(gone(state.cause, now, event.proof)) : no(state, event);
    case 'ended':
    case 'failed':
      return no(state, event);
    default:
      return assertNever(state);
  }
}

function fromScheduled(state: Extract<GrantState, { kind: 'scheduled' }>, event: GrantEvent, now: Instant): Outcome {
  const untouched: Proof = { kind: 'never-provisioned', at: now, evidence: {} };
  switch (event.kind) {
    case 'start': {
      if (now < state.startsAt) return refused({ kind: 'not-yet', dueAt: state.startsAt });
      const natural = after(now, event.durationMs);
      const endsAt = event.latestEndAt !== null && event.latestEndAt < natural ? event.latestEndAt : natural;
      // The window has closed already: there is no time left to give.
      if (endsAt <= now) return no(state, event);
      return ok({ kind: 'activating', activatedAt: now, endsAt, boundUntil: endsAt });
    }
    case 'return':
      return ok(gone('returned', now, untouched));
    case 'revoke':
      return ok(gone('revoked', now, untouched));
    case 'fail':
      return ok(gone('failed', now, untouched));
    case 'usable':
    case 'want-extension':
    case 'write-extension':
    case 'extended':
    case 'drop-extension':
    case 'expire':
    case 'prove-gone':
      return no(state, event);
    default:
      return assertNever(event);
  }
}

function fromRunning(
  state: Extract<GrantState, Running & { kind: 'activating' | 'active' }>,
  event: GrantEvent,
  now: Instant,
): Outcome {
  const { activatedAt, endsAt, boundUntil } = state;
  const ending = (cause: EndCause): Outcome =>
    ok({ kind: 'ending', cause, since: now, activatedAt, endsAt, boundUntil });
  switch (event.kind) {
    case 'usable':
      // A late answer must not resurrect a grant whose time is over.
      if (state.kind !== 'activating' || now >= endsAt) return no(state, event);
      return ok({ kind: 'active', usableAt: now, extended: 0, extension: null, activatedAt, endsAt, boundUntil });
    case 'want-extension':
    case 'write-extension':
    case 'extended':
    case 'drop-extension':
      // At its end a grant is over, whatever was decided and wherever it has got to.
      return state.kind === 'active' && now < endsAt ? extend(state, event) : no(state, event);
    case 'expire':
      return now < endsAt ? refused({ kind: 'not-yet', dueAt: endsAt }) : ending('expired');
    case 'return':
      return ending('returned');
    case 'revoke':
      return ending('revoked');
    case 'fail':
      return state.kind === 'activating' ? ending('failed') : no(state, event);
    case 'start':
    case 'prove-gone':
      return no(state, event);
    default:
      return assertNever(event);
  }
}

type Active = Extract<GrantState, { kind: 'active' }>;
type ExtensionEvent = Extract<
  GrantEvent,
  { kind: 'want-extension' | 'write-extension' | 'extended' | 'drop-extension' }
>;

function extend(state: Active, event: ExtensionEvent): Outcome {
  const { extension } = state;
  if (event.kind === 'want-extension') {
    if (extension !== null) return no(state, event);
    const { maxDurationMs, extensions, latestEndAt } = event.limits;
    if (state.extended >= extensions) return refused({ kind: 'no-extension-left', extensions });
    // It counts from activation: extensions lengthen a grant, and never what a rule allows.
    const longest = after(state.activatedAt, maxDurationMs);
    const latest = latestEndAt !== null && latestEndAt < longest ? latestEndAt : longest;
    const { until } = event.extension;
    if (until > latest || until <= state.endsAt) return refused({ kind: 'beyond-limits', latest });
    return ok({ ...state, extension: event.extension });
  }
  if (extension === null) return no(state, event);
  switch (event.kind) {
    case 'write-extension': {
      const boundUntil = extension.until > state.boundUntil ? extension.until : state.boundUntil;
      return ok({ ...state, boundUntil });
    }
    case 'extended':
      // Never acknowledged before it was noted that it leaves.
      if (state.boundUntil < extension.until) return no(state, event);
      return ok({ ...state, endsAt: extension.until, extended: state.extended + 1, extension: null });
    case 'drop-extension':
      return ok({ ...state, extension: null });
    default:
      return assertNever(event);
  }
}

function gone(cause: EndCause, endedAt: Instant, proof: Proof): GrantState {
  return cause === 'failed' ? { kind: 'failed', endedAt, proof } : { kind: 'ended', cause, endedAt, proof };
}

function no(state: GrantState, event: GrantEvent): Outcome {
  return refused({ kind: 'not-in-this-state', state: state.kind, event: event.kind });
}

/** Whether a grant in this state still needs its binding to exist in the cloud. */
export function needsBinding(state: GrantState): boolean {
  return state.kind === 'activating' || state.kind === 'active';
}

/** Whether nothing more will happen to a grant in this state. */
export function isOver(state: GrantState): boolean {
  return state.kind === 'ended' || state.kind === 'failed';
}
