import type { CurfewRole, RoleAction } from '../core/administration.ts';
import type { PersonId, ProposalId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { toIso } from '../core/time.ts';
import { personKeys } from '../store/people.ts';
import { roleHolders, type RoleHolder } from '../store/role-assignments.ts';
import { openProposals, type RoleProposal } from '../store/role-proposals.ts';
import { judge } from './authorisation.ts';
import type { OperationRefusal } from './refusal.ts';
import { standingToProposal } from './standing.ts';
import { personView, type PersonView } from './views.ts';
import type { Actor, World } from './world.ts';

/** Somebody with a role of Curfew itself. `appointedBy` and `confirmedBy`: `null` for the first admin. */
export interface HolderView {
  readonly person: PersonView;
  readonly role: CurfewRole;
  readonly since: string;
  /** Whether the directory still has them: who has left cannot act, and is not counted. */
  readonly active: boolean;
  readonly appointedBy: PersonView | null;
  readonly confirmedBy: PersonView | null;
}

/** A change of roles that waits for a second person. */
export interface ProposalView {
  readonly id: ProposalId;
  readonly action: RoleAction;
  readonly role: CurfewRole;
  readonly person: PersonView;
  readonly proposedBy: PersonView;
  readonly proposedAt: string;
  readonly lapsesAt: string;
  /** Whether the actor can be the second person, and whether they can end it without a change. */
  readonly mayConfirm: boolean;
  readonly mayRefuse: boolean;
}

/** Who looks after Curfew itself, which is no secret, and the changes that the actor may see. */
export interface AdministrationView {
  readonly holders: readonly HolderView[];
  readonly proposals: readonly ProposalView[];
}

export async function listAdministration(
  world: World,
  actor: Actor,
): Promise<Result<AdministrationView, OperationRefusal>> {
  const no = judge('listAdministration', actor);
  if (no !== null) return refused(no);
  const holders = await roleHolders(world.db);
  const open = (await openProposals(world.db)).filter(
    (proposal) => judge('listAdministration', actor, standingToProposal(actor, proposal)) === null,
  );
  const people = [
    ...holders.flatMap(({ appointedBy, confirmedBy }) => [appointedBy, confirmedBy]),
    ...open.flatMap(({ person, proposedBy }) => [person, proposedBy]),
  ].filter((id) => id !== null);
  const keys = await personKeys(world.db, people);
  const shown = (id: PersonId) => personView(world, keys.get(id) ?? '');
  const shownOrNull = (id: PersonId | null) => (id === null ? null : shown(id));
  return ok({
    holders: holders.map((holder) => ({
      person: personView(world, holder.key),
      role: holder.role,
      since: toIso(holder.since),
      active: isActive(world, holder),
      appointedBy: shownOrNull(holder.appointedBy),
      confirmedBy: shownOrNull(holder.confirmedBy),
    })),
    proposals: open.map((proposal) => proposalView(world, actor, holders, proposal, shown)),
  });
}

export function proposalView(
  world: World,
  actor: Actor,
  holders: readonly RoleHolder[],
  proposal: RoleProposal,
  shown: (id: PersonId) => PersonView,
): ProposalView {
  const may = (operation: 'confirmRole' | 'refuseRole') =>
    judge(operation, actor, standingToProposal(actor, proposal)) === null &&
    !leavesToOthers(world, operation, actor, holders, proposal);
  return {
    id: proposal.id,
    action: proposal.action,
    role: proposal.role,
    person: shown(proposal.person),
    proposedBy: shown(proposal.proposedBy),
    proposedAt: toIso(proposal.proposedAt),
    lapsesAt: toIso(proposal.lapsesAt),
    mayConfirm: may('confirmRole'),
    mayRefuse: may('refuseRole'),
  };
}

/**
 * Whether somebody has to leave a proposal about themselves to others: it is for another admin to confirm, and for them to keep or drop a
 * dismissal, as long as there is one besides whoever proposed it. Nobody is appointed against their will.
 */
export function leavesToOthers(
  world: World,
  operation: 'confirmRole' | 'refuseRole',
  actor: Pick<Actor, 'person'>,
  holders: readonly RoleHolder[],
  { action, person, proposedBy }: RoleProposal,
): boolean {
  if (person !== actor.person || person === proposedBy) return false;
  if (operation === 'refuseRole' && action === 'appoint') return false;
  return activeAdmins(world, holders).some((admin) => admin.person !== person && admin.person !== proposedBy);
}

/** Admins who can act: the directory has them, and they have not left. */
export function activeAdmins(world: World, holders: readonly RoleHolder[]): readonly RoleHolder[] {
  return holders.filter((holder) => holder.role === 'admin' && isActive(world, holder));
}

function isActive(world: World, { key }: RoleHolder): boolean {
  return world.rules.current().directory.people.get(key)?.active === true;
}
