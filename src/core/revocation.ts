import type { PersonId } from './ids.ts';
import { after, type Instant } from './time.ts';

/** Whose or which access an order of the kill switch is about. `target` is the key of a target. */
export type RevocationScope =
  | { readonly kind: 'person'; readonly person: PersonId }
  | { readonly kind: 'target'; readonly target: string }
  | { readonly kind: 'all' };

/**
 * How far an order reaches within its scope: nothing yet (`none`), what whoever ordered it may end alone (`own`), or everything
 * (`all`), once a second person has confirmed it. It only grows.
 */
export const REACHES = ['none', 'own', 'all'] as const;
export type RevocationReach = (typeof REACHES)[number];

/** How long a second person has to confirm an order. */
const ASKS_FOR_MS = 15 * 60_000;

/** When an order that is given now can no longer be confirmed. */
export function asksUntil(now: Instant): Instant {
  return after(now, ASKS_FOR_MS);
}

/**
 * What an order has come to, in one word.
 *
 *     waiting -> lapsed | ending -> done
 *                            `-> partly (what is left needs a second person) -> ending | done
 *     all of them -> lifted
 */
export const REVOCATION_STATUSES = ['waiting', 'lapsed', 'ending', 'partly', 'done', 'lifted'] as const;
export type RevocationStatus = (typeof REVOCATION_STATUSES)[number];

/** Tells the status of an order. `live`: grants in its scope that have not been told to end. */
export function revocationStatus(
  order: {
    readonly reach: RevocationReach;
    readonly asksUntil: Instant | null;
    readonly finishedAt: Instant | null;
    readonly liftedAt: Instant | null;
  },
  live: number,
  now: Instant,
): RevocationStatus {
  if (order.liftedAt !== null) return 'lifted';
  if (order.reach === 'none') return order.asksUntil !== null && now < order.asksUntil ? 'waiting' : 'lapsed';
  if (order.finishedAt === null) return 'ending';
  return live > 0 && order.reach === 'own' ? 'partly' : 'done';
}

/**
 * Until when access that is made falls under an order, its own moment included; `null`: as long as it stands. What begins after an order was
 * lifted, after the last moment at which somebody could widen it, or after one over somebody's own access was finished, is not its.
 */
export function coversUntil(order: {
  readonly reach: RevocationReach;
  readonly asksUntil: Instant | null;
  readonly startedAt: Instant | null;
  readonly finishedAt: Instant | null;
  readonly liftedAt: Instant | null;
}): Instant | null {
  const { asksUntil: asks, startedAt, liftedAt } = order;
  // One that began anew, over somebody who turned out to be the same human, covers what they have by then.
  const asked = asks !== null && startedAt !== null && startedAt > asks ? startedAt : asks;
  const over = order.reach === 'all' ? null : (asked ?? order.finishedAt);
  if (over === null || liftedAt === null) return over ?? liftedAt;
  return liftedAt < over ? liftedAt : over;
}
