import { ok, refused, type Result } from '../core/result.ts';
import { favouritesOf, replaceFavourites } from '../store/favourites.ts';
import { judge } from './authorisation.ts';
import type { OperationRefusal } from './refusal.ts';
import type { Actor, World } from './world.ts';

/** A role on a target that somebody wants at hand. It grants nothing, and is asked for like anything else. */
export interface Favourite {
  readonly role: string;
  readonly target: string;
}

export const MOST_FAVOURITES = 30;

/** What the actor keeps at hand, in their own order. What the rules know no longer is left out. */
export async function listFavourites(
  world: World,
  actor: Actor,
): Promise<Result<readonly Favourite[], OperationRefusal>> {
  const no = judge('listFavourites', actor);
  if (no !== null) return refused(no);
  return ok((await favouritesOf(world.db, actor.person)).filter((one) => isKnown(world, one)));
}

/** Puts a list in the place of the actor's own. The log says that it was changed and how long it is, and not what is in it. */
export async function keepFavourites(
  world: World,
  actor: Actor,
  items: readonly Favourite[],
): Promise<Result<readonly Favourite[], OperationRefusal>> {
  const no = judge('keepFavourites', actor);
  if (no !== null) return refused(no);
  if (items.length > MOST_FAVOURITES)
    return invalid(`${items.length} are more than are kept at hand (${MOST_FAVOURITES}).`);
  const unknown = items.find((one) => !isKnown(world, one));
  if (unknown !== undefined) return invalid(`There is no ${unknown.role} on ${unknown.target}.`);
  if (new Set(items.map(({ role, target }) => `${role} ${target}`)).size < items.length)
    return invalid('Something stands there twice.');
  await world.db.transaction().execute(async (trx) => {
    await replaceFavourites(trx, actor.person, items);
    await world.append(trx, {
      kind: 'favourites.kept',
      at: world.clock.now(),
      actor: { kind: 'person', id: actor.person },
      subjects: { person: actor.person },
      facts: { count: items.length },
    });
  });
  return ok(items);
}

function isKnown(world: World, { role, target }: Favourite): boolean {
  const { policy } = world.rules.current();
  return policy.roles.has(role) && policy.vocabulary.targets.has(target);
}

function invalid(detail: string): Result<never, OperationRefusal> {
  return refused({ code: 'invalid-input', detail, hint: '"curfew search" shows what there is.' });
}
