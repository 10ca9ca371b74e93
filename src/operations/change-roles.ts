import type { PersonId } from '../core/ids.ts';
import type { Instant } from '../core/time.ts';
import { personKeys } from '../store/people.ts';
import type { Proposal } from '../store/proposals.ts';
import { beginRole, endRole, type RoleHolder } from '../store/role-assignments.ts';
import type { Trx } from '../store/schema.ts';
import type { OperationRefusal } from './refusal.ts';
import type { World } from './world.ts';

export type RoleProposal = Extract<Proposal, { readonly role: unknown }>;

/** Admins who can act: the directory has them, and they have not left. */
export function activeAdmins(world: World, holders: readonly RoleHolder[]): readonly RoleHolder[] {
  return holders.filter((holder) => holder.role === 'admin' && isActive(world, holder.key));
}

/** Whether the directory has somebody, and they have not left. */
export function isActive(world: World, key: string): boolean {
  return world.rules.current().directory.people.get(key)?.active === true;
}

/** Why a change of a role would change nothing, or too much; `null`: it can be made. */
export async function unfitRole(
  world: World,
  trx: Trx,
  holders: readonly RoleHolder[],
  { action, role, person }: RoleProposal,
): Promise<OperationRefusal | null> {
  const holds = holders.some((holder) => holder.person === person && holder.role === role);
  if (holds === (action === 'appoint')) return holds ? HOLDS_IT : HOLDS_IT_NOT;
  if (action === 'appoint') {
    const key = (await personKeys(trx, [person])).get(person) ?? '';
    return isActive(world, key) ? null : NOBODY;
  }
  const remaining = activeAdmins(world, holders).filter((admin) => admin.person !== person);
  return role === 'admin' && remaining.length === 0 ? LAST_ADMIN : null;
}

/** Gives somebody a role of Curfew itself, or takes it. `by`: who confirmed it. */
export async function carryOutRole(
  trx: Trx,
  { action, role, person, proposedBy }: RoleProposal,
  { by, now }: { readonly by: PersonId; readonly now: Instant },
): Promise<void> {
  if (action === 'dismiss') await endRole(trx, person, role, now);
  else await beginRole(trx, { person, role, since: now, appointedBy: proposedBy, confirmedBy: by });
}

export const NOBODY: OperationRefusal = {
  code: 'not-found',
  detail: 'They have left the directory, so that nothing can be proposed for them.',
  hint: 'Propose it anew once the directory has them again.',
};
const HOLDS_IT: OperationRefusal = { code: 'role-unchanged', detail: 'They hold that role already.' };
const HOLDS_IT_NOT: OperationRefusal = { code: 'role-unchanged', detail: 'They do not hold that role.' };
const LAST_ADMIN: OperationRefusal = {
  code: 'last-admin',
  detail: 'Nobody else who can act is an admin; the last one stays.',
  hint: 'Appoint another admin first.',
};
