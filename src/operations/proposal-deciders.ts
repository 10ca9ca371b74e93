import type { ProposedChange } from '../core/administration.ts';
import type { PersonId } from '../core/ids.ts';
import type { Proposal } from '../store/proposals.ts';
import type { RoleHolder } from '../store/role-assignments.ts';
import { judge } from './authorisation.ts';
import { activeAdmins } from './change-roles.ts';
import type { May } from './proposal-view.ts';
import type { OperationRefusal } from './refusal.ts';
import { standingToProposal, type Parties } from './standing.ts';
import type { Actor, World } from './world.ts';

/** What is done with an open proposal. */
export type Deciders = 'challengeProposal' | 'confirmProposal' | 'refuseProposal';

/** Who acts, as a human, and who has roles of Curfew. */
interface Turn {
  readonly human: PersonId;
  readonly holders: readonly RoleHolder[];
}

/** What somebody could do with an open proposal now. */
export function mayDecideProposal(
  world: World,
  turn: Turn & { readonly acting: Pick<Actor, 'kind' | 'roles'> },
  proposal: Proposal,
  parties: Parties,
): May {
  const may = (operation: Deciders) =>
    judge(operation, turn.acting, standingToProposal(turn.human, parties)) === null &&
    leftToOthers(world, operation, turn, proposal, parties) === null;
  const stands = isStillAdmin(world, turn.holders, proposal.proposedBy) && !isAmongThem(proposal, parties);
  return {
    mayConfirm: stands && may('confirmProposal'),
    mayRefuse: may('refuseProposal'),
    confirmers: stands ? confirmersOf(world, turn.holders, proposal, parties) : [],
  };
}

/** Who could confirm an open proposal: the same people as the table and `leftToOthers` let. */
function confirmersOf(world: World, holders: readonly RoleHolder[], proposal: Proposal, parties: Parties) {
  const others = deciders(world, holders, parties).map(({ person }) => person);
  return others.length > 0 || !isAboutRole(proposal) || parties.about.has(parties.proposer)
    ? others
    : [proposal.person];
}

/**
 * Why somebody leaves a proposal about themselves to others; `null`: they need not. Who are merged, or have or claim an account, decide
 * nothing about it. Of a role, it is for another admin to confirm, and for them to keep or drop a dismissal, as long as there is one besides
 * whoever proposed it. Nobody is appointed against their will.
 */
export function leftToOthers(
  world: World,
  operation: Deciders,
  { human, holders }: Turn,
  proposal: Proposal,
  { proposer, about }: Parties,
): OperationRefusal | null {
  if (!about.has(human) || human === proposer) return null;
  if (!isAboutRole(proposal)) return ONE_OF_THEM;
  if (operation === 'refuseProposal' && proposal.action === 'appoint') return null;
  return deciders(world, holders, { proposer, about }).length > 0 ? LEAVE_IT_TO_OTHERS : null;
}

/** Admins who can be the second person of a proposal whatever it is about. */
export function deciders(
  world: World,
  holders: readonly RoleHolder[],
  { proposer, about }: Parties,
): readonly RoleHolder[] {
  return activeAdmins(world, holders).filter(({ human }) => human !== proposer && !about.has(human));
}

/** Whether it gives or takes a role of Curfew. */
export function isAboutRole({ action }: ProposedChange): boolean {
  return action === 'appoint' || action === 'dismiss';
}

/** Whether whoever proposed it is one whom it is about, where such people decide nothing. */
export function isAmongThem(change: ProposedChange, { proposer, about }: Parties): boolean {
  return !isAboutRole(change) && about.has(proposer);
}

/** Whether whoever proposed it could propose it now. */
export function isStillAdmin(world: World, holders: readonly RoleHolder[], person: PersonId): boolean {
  return activeAdmins(world, holders).some((admin) => admin.person === person);
}

/** Somebody whom it is about decides nothing of it. */
export const ONE_OF_THEM: OperationRefusal = {
  code: 'needs-another-admin',
  detail: 'You are one of the persons whom this is about.',
  hint: 'Ask another admin: "curfew admin list" shows who is one.',
};

const LEAVE_IT_TO_OTHERS: OperationRefusal = {
  code: 'needs-another-admin',
  detail: 'This is about you; an admin other than you and whoever proposed it decides it.',
  hint: '"curfew admin list" shows who is one.',
};
