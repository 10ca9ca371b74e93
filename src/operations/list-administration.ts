import type { CurfewRole } from '../core/administration.ts';
import type { PersonId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { toIso } from '../core/time.ts';
import { forgettings } from '../store/forgotten-accounts.ts';
import { humanOf, personKeys } from '../store/people.ts';
import { roleHolders } from '../store/role-assignments.ts';
import { openProposals } from '../store/proposals.ts';
import { judge } from './authorisation.ts';
import { isActive } from './change-roles.ts';
import { proposalView, type ProposalView } from './proposal-view.ts';
import { mayDecideProposal } from './proposal-deciders.ts';
import type { OperationRefusal } from './refusal.ts';
import { partiesOf, standingToProposal } from './standing.ts';
import { personView, type PersonView } from './person-view.ts';
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

/** Who looks after Curfew itself, which is no secret, and the changes that the actor may see. */
export interface AdministrationView {
  readonly holders: readonly HolderView[];
  readonly proposals: readonly ProposalView[];
  /** What whoever runs Curfew had forgotten, latest first: no secret, and nothing that an admin does. */
  readonly forgotten: readonly ForgottenView[];
}

/** That the accounts which the directory had introduced at an issuer were forgotten. */
export interface ForgottenView {
  readonly issuer: string;
  readonly at: string;
  readonly accounts: number;
}

export async function listAdministration(
  world: World,
  actor: Actor,
): Promise<Result<AdministrationView, OperationRefusal>> {
  const { db } = world;
  const no = judge('listAdministration', actor);
  if (no !== null) return refused(no);
  const [holders, human] = [await roleHolders(db), await humanOf(db, actor.person)];
  const proposals: ProposalView[] = [];
  for (const proposal of await openProposals(db)) {
    const parties = await partiesOf(world, db, proposal);
    if (judge('listAdministration', actor, standingToProposal(human, parties)) !== null) continue;
    const may = mayDecideProposal(world, { acting: actor, human, holders }, proposal, parties);
    proposals.push(await proposalView(world, db, proposal, may));
  }
  const others = holders.flatMap(({ appointedBy, confirmedBy }) => [appointedBy, confirmedBy]);
  const keys = await personKeys(
    db,
    others.filter((id) => id !== null),
  );
  const shownOrNull = (id: PersonId | null) => (id === null ? null : personView(world, keys.get(id) ?? ''));
  return ok({
    holders: holders.map((holder) => ({
      person: personView(world, holder.key),
      role: holder.role,
      since: toIso(holder.since),
      active: isActive(world, holder.key),
      appointedBy: shownOrNull(holder.appointedBy),
      confirmedBy: shownOrNull(holder.confirmedBy),
    })),
    proposals,
    forgotten: (await forgettings(db)).map((one) => ({ ...one, at: toIso(one.at) })),
  });
}
