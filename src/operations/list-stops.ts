import type { RevocationId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import type { RevocationReach, RevocationScope } from '../core/revocation.ts';
import { toIso } from '../core/time.ts';
import { allOfHuman } from '../store/people.ts';
import { standingRevocations } from '../store/revocations.ts';
import { judge } from './authorisation.ts';
import type { OperationRefusal } from './refusal.ts';
import { isAbout, standingToStop } from './standing.ts';
import type { Actor, World } from './world.ts';

/** An order of the kill switch as those are told of it whose access it stops: not who gave it nor why, which may be about others. */
export interface StopView {
  readonly order: RevocationId;
  /** What it is about: oneself, a target, or everybody. */
  readonly scope: RevocationScope['kind'];
  /** The key of the target, where it is about one. */
  readonly target: string | null;
  /** Since when it acts, RFC 3339. */
  readonly since: string;
  /** `own`: as much of it as whoever gave the order may end alone; `all`: all of it. */
  readonly reach: Exclude<RevocationReach, 'none'>;
  /** Whether it keeps new access from starting until somebody lifts it; false: until all that it ends is proven gone. */
  readonly holds: boolean;
  /** Whether whoever reads this gave it. */
  readonly byMe: boolean;
}

/** What keeps access of the actor from starting now, oldest first. Every order that would refuse a request of theirs is among them. */
export async function listStops(world: World, actor: Actor): Promise<Result<readonly StopView[], OperationRefusal>> {
  const no = judge('listStops', actor);
  if (no !== null) return refused(no);
  const human = await allOfHuman(world.db, actor.person);
  const stops: StopView[] = [];
  for (const order of await standingRevocations(world.db, actor.person, 'any')) {
    const { id, scope, reach, startedAt, orderedAt, holds } = order;
    if (reach === 'none') continue;
    if (judge('listStops', actor, await standingToStop(world, actor, order, isAbout(order, human))) !== null) continue;
    stops.push({
      order: id,
      scope: scope.kind,
      target: scope.kind === 'target' ? scope.target : null,
      since: toIso(startedAt ?? orderedAt),
      reach,
      holds,
      byMe: human.includes(order.orderedBy),
    });
  }
  return ok(stops);
}
