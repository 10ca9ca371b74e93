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
 * - `ended` and `failed` are reached only with a {@link Proof} that the access is gone.
 *
 * The same pairs stand as rows in `grant_transition`; a test compares the two.
 */
export type GrantState =
  | { readonly kind: 'scheduled'; readonly startsAt: Instant }
  | ({ readonly kind: 'activating' } & Running)
  | ({ readonly kind: 'active'; readonly usableAt: Instant } & Running)
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
  'expire',
  'return',
  'revoke',
  'fail',
  'prove-gone',
] as const satisfies readonly GrantEvent['kind'][];

export type GrantRefusal =
  | { readonly kind: 'not-in-this-state'; readonly state: GrantState['kind']; readonly event: GrantEvent['kind'] }
  | { readonly kind: 'not-yet'; readonly dueAt: Instant };

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
      return ok({ kind: 'activating', activatedAt: now, endsAt });
    }
    case 'return':
      return ok(gone('returned', now, untouched));
    case 'revoke':
      return ok(gone('revoked', now, untouched));
    case 'fail':
      return ok(gone('failed', now, untouched));
    case 'usable':
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
  const { activatedAt, endsAt } = state;
  const ending = (cause: EndCause): Outcome => ok({ kind: 'ending', cause, since: now, activatedAt, endsAt });
  switch (event.kind) {
    case 'usable':
      // A late answer must not resurrect a grant whose time is over.
      if (state.kind !== 'activating' || now >= endsAt) return no(state, event);
      return ok({ kind: 'active', usableAt: now, activatedAt, endsAt });
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
