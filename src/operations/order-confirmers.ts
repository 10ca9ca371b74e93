import { allOfHuman, personKeys } from '../store/people.ts';
import type { RevocationRecord } from '../store/revocations.ts';
import { judge } from './authorisation.ts';
import { answerers, standingToOrder } from './standing.ts';
import { personView, type PersonView } from './person-view.ts';
import type { Actor, World } from './world.ts';

/** So many are named: whoever seeks a second person asks the first they reach. */
const NAMED = 20;

/** Who can be the second person of an order, by name. */
export interface Confirmers {
  readonly people: readonly PersonView[];
  /** How many there are besides. */
  readonly more: number;
}

/**
 * Who can confirm an order that still waits for a second person: everybody who answers for a role or a target, but for the humans who gave
 * it and whom it is about. `null`: whoever asks may not know.
 */
export async function confirmersOf(
  world: World,
  order: RevocationRecord,
  actor: Actor,
  isAbout: boolean,
): Promise<Confirmers | null> {
  if (judge('nameConfirmers', actor, standingToOrder(world, actor, order, isAbout)) !== null) return null;
  const { db } = world;
  const left = [
    ...(await allOfHuman(db, order.orderedBy)),
    ...(order.scope.kind === 'person' ? await allOfHuman(db, order.scope.person) : []),
  ];
  const out = new Set((await personKeys(db, left)).values());
  const people = answerers(world)
    .filter((key) => !out.has(key))
    .map((key) => personView(world, key))
    .sort((a, b) => a.name.localeCompare(b.name) || a.key.localeCompare(b.key));
  return { people: people.slice(0, NAMED), more: Math.max(0, people.length - NAMED) };
}
