import type { Instant } from './time.ts';
import { assertNever, ok, refused, type Result } from './result.ts';

/**
 * What was asked for, as a state machine.
 *
 *     pending -> approved | denied | withdrawn | lapsed
 *
 * A request is decided once. Approvals of single steps do not change its state; the one that satisfies the last
 * step does. A request that nobody decides lapses at `lapsesAt`: an unanswered question is a no. One that asks to extend a grant
 * lapses with the grant, and all that are pending lapse when a restored database begins a new epoch.
 * The same pairs stand as rows in `request_transition`; a test compares the two.
 */
export type RequestState =
  | { readonly kind: 'pending'; readonly lapsesAt: Instant }
  | { readonly kind: 'approved'; readonly decidedAt: Instant }
  | { readonly kind: 'denied'; readonly decidedAt: Instant; readonly by: 'approver' | 'policy' }
  | { readonly kind: 'withdrawn'; readonly decidedAt: Instant }
  | { readonly kind: 'lapsed'; readonly decidedAt: Instant; readonly cause: LapseCause };

/** Why a request lapsed: its time passed, the grant that it asked to extend ended first, or a restored database began a new epoch. */
export const LAPSE_CAUSES = ['nobody-decided', 'grant-ended', 'new-epoch'] as const;
export type LapseCause = (typeof LAPSE_CAUSES)[number];

export const REQUEST_STATES = [
  'pending',
  'approved',
  'denied',
  'withdrawn',
  'lapsed',
] as const satisfies readonly RequestState['kind'][];

export type RequestEvent =
  /** The last approval step is satisfied, or there was none. */
  | { readonly kind: 'approve' }
  | { readonly kind: 'deny'; readonly by: 'approver' | 'policy' }
  | { readonly kind: 'withdraw' }
  /** Time has passed; refused before `lapsesAt`. */
  | { readonly kind: 'lapse' }
  /** The grant that it asks to extend is no longer active: there is nothing left to decide. */
  | { readonly kind: 'lose-grant' }
  /** The database was restored: what was decided in the time that it has forgotten is not known. */
  | { readonly kind: 'begin-epoch' };

export const REQUEST_EVENTS = [
  'approve',
  'deny',
  'withdraw',
  'lapse',
  'lose-grant',
  'begin-epoch',
] as const satisfies readonly RequestEvent['kind'][];

export type RequestRefusal =
  | { readonly kind: 'already-decided'; readonly state: RequestState['kind'] }
  | { readonly kind: 'lapsed'; readonly lapsedAt: Instant }
  | { readonly kind: 'not-yet'; readonly lapsesAt: Instant };

/** Decides what an event does to a request at `now`. An event after `lapsesAt` is refused even if nobody has swept the request yet. */
export function transitionRequest(
  state: RequestState,
  event: RequestEvent,
  now: Instant,
): Result<RequestState, RequestRefusal> {
  if (state.kind !== 'pending') return refused({ kind: 'already-decided', state: state.kind });
  const late = now >= state.lapsesAt;
  switch (event.kind) {
    case 'approve':
      return late ? refused({ kind: 'lapsed', lapsedAt: state.lapsesAt }) : ok({ kind: 'approved', decidedAt: now });
    case 'deny':
      return late
        ? refused({ kind: 'lapsed', lapsedAt: state.lapsesAt })
        : ok({ kind: 'denied', decidedAt: now, by: event.by });
    case 'withdraw':
      return ok({ kind: 'withdrawn', decidedAt: now });
    case 'lapse':
      return late
        ? ok({ kind: 'lapsed', decidedAt: now, cause: 'nobody-decided' })
        : refused({ kind: 'not-yet', lapsesAt: state.lapsesAt });
    case 'lose-grant':
      return ok({ kind: 'lapsed', decidedAt: now, cause: 'grant-ended' });
    case 'begin-epoch':
      return ok({ kind: 'lapsed', decidedAt: now, cause: 'new-epoch' });
    default:
      return assertNever(event);
  }
}
