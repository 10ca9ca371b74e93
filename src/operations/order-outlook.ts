import { ok, refused, type Result } from '../core/result.ts';
import { allOfHuman } from '../store/people.ts';
import { countNotGone } from '../store/revocation-sweeps.ts';
import { judge } from './authorisation.ts';
import type { OperationRefusal } from './refusal.ts';
import { reachesAnything } from './revocation-reach.ts';
import { notFound, scopeOf } from './revoke-many.ts';
import { standingToScope } from './standing.ts';
import type { Actor, World } from './world.ts';

/** What an order about a person would cover. */
export interface OrderOutlook {
  /** Access that is not proven gone, under all entries of the directory that are the same human. */
  readonly grants: number;
  /** How much of it is ending already. */
  readonly ending: number;
  /** Under how many entries it is held. */
  readonly entries: number;
}

/**
 * How much an order about a person would cover, for whoever may give it: as it would count itself, so also what is held under other entries
 * of the same human. Which those are is not said.
 */
export async function foreseeOrder(
  world: World,
  actor: Actor,
  { person }: { readonly person: string },
): Promise<Result<OrderOutlook, OperationRefusal>> {
  const found = await scopeOf(world, { person });
  if (found?.kind !== 'person') return refused(notFound(world, actor, { person }));
  const human = await allOfHuman(world.db, actor.person);
  const own = found.scope !== null && human.includes(found.scope.person);
  const alone = { reach: 'own', orderedBy: actor.person, key: actor.key, human } as const;
  const standing = await standingToScope(world, actor, { own, scope: found.scope }, (scope) =>
    reachesAnything(world, scope, alone),
  );
  const no = judge('foreseeOrder', actor, standing);
  if (no !== null) return refused(no);
  if (found.scope === null) return ok({ grants: 0, ending: 0, entries: 0 });
  const { grants, ending, people } = await countNotGone(world.db, found.scope);
  return ok({ grants, ending, entries: people });
}
