import type { PersonId } from '../core/ids.ts';
import type { ApprovalRecord } from '../store/approvals.ts';
import { personKeys } from '../store/people.ts';
import type { Actor, World } from './world.ts';

/** Directory keys of some people; whoever looks knows their own. */
export async function keysOf(
  world: World,
  people: readonly PersonId[],
  actor: Actor | null,
): Promise<ReadonlyMap<PersonId, string>> {
  const others = people.filter((person) => person !== actor?.person);
  const keys = new Map(await personKeys(world.db, others));
  if (actor !== null) keys.set(actor.person, actor.key);
  return keys;
}

/** The keys of those who said something, as they are kept with it. */
export const keysIn = (said: readonly ApprovalRecord[]) => said.map(({ person, key }) => [person, key] as const);
