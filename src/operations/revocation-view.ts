import type { GrantId, RevocationId } from '../core/ids.ts';
import {
  revocationStatus,
  type RevocationReach,
  type RevocationScope,
  type RevocationStatus,
} from '../core/revocation.ts';
import type { GrantState } from '../core/grant.ts';
import { toIso, type Instant } from '../core/time.ts';
import { appNow } from '../store/database.ts';
import { allOfHuman, personKeys } from '../store/people.ts';
import {
  countRevocation,
  leftOf,
  survivorsOf,
  type RevocationCounts,
  type RevocationRecord,
} from '../store/revocations.ts';
import { judge } from './authorisation.ts';
import { confirmersOf, type Confirmers } from './order-confirmers.ts';
import { isAbout, standingToOrder } from './standing.ts';
import { personView, type PersonView } from './person-view.ts';
import type { Actor, World } from './world.ts';

const NOBODY: Confirmers = { people: [], more: 0 };
/** How many of the grants that are left are shown one by one. */
const SHOWN = 20;

/** An order of the kill switch as the API shows it. Times are RFC 3339. */
export interface RevocationView {
  readonly id: RevocationId;
  readonly status: RevocationStatus;
  readonly scope: {
    readonly kind: RevocationScope['kind'];
    readonly person: PersonView | null;
    readonly target: string | null;
  };
  readonly reason: string;
  readonly reach: RevocationReach;
  readonly orderedBy: PersonView;
  readonly orderedAt: string;
  /** Until when a second person can widen it to everything in its scope; null when nobody can any more. */
  readonly asksUntil: string | null;
  readonly mayConfirm: boolean;
  /** Who can, while somebody can; `null`: whoever reads this may not know. */
  readonly confirmers: Confirmers | null;
  readonly confirmedBy: PersonView | null;
  readonly confirmedAt: string | null;
  /** Whether it keeps new access from starting, now. */
  readonly stopsNew: boolean;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** From its start until the last of its grants was proven gone; null while some are left. */
  readonly toZeroMs: number | null;
  readonly counts: RevocationCounts;
  /** What goes on although it is proven gone: sessions that could not be cut, and access from before Curfew. */
  readonly survives: { readonly sessions: number; readonly until: string | null; readonly standing: number };
  readonly requestsWithdrawn: number;
  readonly left: readonly LeftView[];
  readonly liftedBy: PersonView | null;
  readonly liftedAt: string | null;
  readonly serverTime: string;
}

/** A grant that is not gone yet, and what kept it. */
export interface LeftView {
  readonly grant: GrantId;
  readonly status: GrantState['kind'];
  readonly person: PersonView;
  readonly role: string;
  readonly target: string;
  /** The kind of the last fault alone: what the cloud said names accounts and roles. */
  readonly lastFault: string | null;
  readonly attempts: number;
}

export async function revocationView(world: World, order: RevocationRecord, actor: Actor): Promise<RevocationView> {
  const { scope } = order;
  const [now, counts, survivors] = await Promise.all([
    appNow(world.db),
    countRevocation(world.db, order),
    survivorsOf(world.db, order),
  ]);
  const left = counts.live + counts.ending > 0 ? await leftOf(world.db, order, SHOWN) : [];
  const people = [order.orderedBy, order.confirmedBy, order.liftedBy, scope.kind === 'person' ? scope.person : null];
  const keys = await personKeys(world.db, [
    ...people.filter((id) => id !== null),
    ...left.map((grant) => grant.person),
  ]);
  const shown = (id: RevocationRecord['confirmedBy']) => (id === null ? null : personView(world, keys.get(id) ?? ''));
  const asking = isAsking(order, now);
  const isSubject = isAbout(order, await allOfHuman(world.db, actor.person));
  const confirmers = await confirmersOf(world, order, actor, isSubject);
  return {
    id: order.id,
    status: revocationStatus(order, counts.live, now),
    scope: {
      kind: scope.kind,
      person: scope.kind === 'person' ? shown(scope.person) : null,
      target: scope.kind === 'target' ? scope.target : null,
    },
    reason: order.reason,
    reach: order.reach,
    orderedBy: personView(world, keys.get(order.orderedBy) ?? ''),
    orderedAt: toIso(order.orderedAt),
    asksUntil: asking && order.asksUntil !== null ? toIso(order.asksUntil) : null,
    mayConfirm: asking && judge('confirmRevocation', actor, standingToOrder(world, actor, order, isSubject)) === null,
    confirmers: asking || confirmers === null ? confirmers : NOBODY,
    confirmedBy: shown(order.confirmedBy),
    confirmedAt: order.confirmedAt === null ? null : toIso(order.confirmedAt),
    stopsNew: order.liftedAt === null && order.reach !== 'none' && (order.holds || order.finishedAt === null),
    startedAt: order.startedAt === null ? null : toIso(order.startedAt),
    finishedAt: order.finishedAt === null ? null : toIso(order.finishedAt),
    toZeroMs: order.finishedAt === null || order.startedAt === null ? null : order.finishedAt - order.startedAt,
    counts,
    survives: { ...survivors, until: survivors.until === null ? null : toIso(survivors.until) },
    requestsWithdrawn: order.withdrawn,
    left: left.map((grant) => ({
      grant: grant.id,
      status: grant.state.kind,
      person: personView(world, keys.get(grant.person) ?? ''),
      role: grant.definition.role.name,
      target: grant.definition.target.key,
      lastFault: grant.lastFault?.split(':')[0] ?? null,
      attempts: grant.attempts,
    })),
    liftedBy: shown(order.liftedBy),
    liftedAt: order.liftedAt === null ? null : toIso(order.liftedAt),
    serverTime: toIso(now),
  };
}

/** Whether a second person can still widen an order. */
export function isAsking(order: RevocationRecord, now: Instant): boolean {
  return order.liftedAt === null && order.reach !== 'all' && order.asksUntil !== null && now < order.asksUntil;
}
