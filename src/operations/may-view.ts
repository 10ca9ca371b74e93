import type { DirectorySnapshot } from '../core/directory.ts';
import { invariant } from '../core/result.ts';
import { mayDecide } from '../policy/approvals.ts';
import { decide } from '../policy/decide.ts';
import type { RequestRecord } from '../store/requests.ts';
import { approvalsOf } from '../store/requests.ts';
import type { Db, Trx } from '../store/schema.ts';

import { storedDecision, storedQuestion } from './stored-decision.ts';
import type { Actor, World } from './world.ts';

/**
 * Whether a person may see a request: its requester, whoever may decide it (by the rules now, or by those at submission),
 * and whoever has decided it. For everybody else it does not exist.
 */
export async function mayViewRequest(
  world: World,
  db: Db | Trx,
  actor: Actor,
  request: RequestRecord,
): Promise<boolean> {
  if (request.person === actor.person) return true;
  const now = world.clock.now();
  if (mayDecide(storedDecision(request), actor.key, now)) return true;
  if (request.state.kind === 'pending') {
    const rules = world.rules.current();
    const decision = decide(rules.policy, rules.directory, { ...storedQuestion(request), now });
    if (mayDecide(decision, actor.key, now)) return true;
  }
  const approvals = (await approvalsOf(db, [request.id])).get(request.id) ?? [];
  return approvals.some((approval) => approval.person === actor.person);
}

/** Whether a person may take a grant away from its holder: who could decide its request, and who answers for its role or target. */
export function mayRevoke(
  world: World,
  actor: Pick<Actor, 'key'>,
  request: RequestRecord,
  owners: readonly string[],
): boolean {
  invariant(actor.key !== '', 'an actor has a key');
  if (mayDecide(storedDecision(request), actor.key, world.clock.now())) return true;
  return answersFor(world.rules.current().directory, actor, owners);
}

/** Whether somebody is among the owners of something: as a person, or as a member of a group. */
export function answersFor(
  directory: DirectorySnapshot,
  actor: Pick<Actor, 'key'>,
  owners: readonly string[],
): boolean {
  return owners.some((owner) => {
    if (owner === `person:${actor.key}`) return true;
    return owner.startsWith('group:') && directory.groups.get(owner.slice(6))?.members.has(actor.key) === true;
  });
}
