import type { ProposedChange } from '../core/administration.ts';
import { hashOf } from '../ledger/decision-document.ts';
import { invariant } from '../core/result.ts';
import { lockLinked } from '../store/linked-accounts.ts';
import { lockMerges } from '../store/people.ts';
import type { Proposal } from '../store/proposals.ts';
import type { Db, Trx } from '../store/schema.ts';
import { asJson } from './as-json.ts';
import type { RoleProposal } from './change-roles.ts';
import { lossesOf, type MergeLosses, type MergeProposal } from './merge-persons.ts';
import { findReleasable, type Releasable, type ReleaseProposal } from './release-account.ts';
import type { World } from './world.ts';

/** A proposal with everything that it changes. */
export type Effects =
  | { readonly action: 'merge'; readonly proposal: MergeProposal; readonly losses: MergeLosses }
  | { readonly action: 'release'; readonly proposal: ReleaseProposal; readonly releasable: Releasable }
  | { readonly action: 'role'; readonly proposal: RoleProposal };

/** What a proposal would change now. */
export async function effectsOf(world: World, db: Db | Trx, proposal: Proposal): Promise<Effects> {
  if (proposal.action === 'merge') return { action: 'merge', proposal, losses: await lossesOf(world, db, proposal) };
  if (proposal.action === 'release') {
    const releasable = await findReleasable(world, db, proposal.account);
    invariant(releasable !== null, 'an account that is proposed stays on record');
    return { action: 'release', proposal, releasable };
  }
  return { action: 'role', proposal };
}

/** The same for whoever carries it out in this transaction: nobody else merges the persons, or releases the account, meanwhile. */
export async function lockEffects(world: World, trx: Trx, proposal: Proposal): Promise<Effects> {
  if (proposal.action === 'merge') await lockMerges(trx);
  if (proposal.action === 'release') await lockLinked(trx, proposal.account);
  return effectsOf(world, trx, proposal);
}

/**
 * Stands for what a proposal changes: another one where another request or grant would lose an approval, an order would reach other access, or
 * another person would lose an account. That a grant is extended, or a person has another name, makes no other.
 */
export function versionOf(effects: Effects): string {
  const { id } = effects.proposal;
  return hashOf(asJson({ id, change: changeOf(effects.proposal), changes: changesOf(effects) }));
}

/** What a proposal changes and nothing else of it, as an admin signs it. */
export function changeOf(proposal: ProposedChange): ProposedChange {
  const { action, person } = proposal;
  if (action === 'merge') return { action, person, other: proposal.other, grants: proposal.grants };
  if (action === 'release') return { action, person, account: proposal.account };
  return { action, person, role: proposal.role };
}

function changesOf(effects: Effects): object {
  switch (effects.action) {
    case 'merge': {
      const { requests, grants, orders } = effects.losses;
      return {
        requests: idsOf(requests),
        grants: idsOf(grants),
        orders: orders
          .map(({ id, person, to, ends }) => ({ id, person, to, ends: ends.toSorted() }))
          .toSorted((one, two) => (`${one.id} ${one.to}` < `${two.id} ${two.to}` ? -1 : 1)),
      };
    }
    case 'release': {
      const { account, provenFor } = effects.releasable;
      return { provenFor, signsIn: account.endedAt === null && account.signsIn, claimedBy: account.claimedBy };
    }
    case 'role':
      return {};
  }
}

function idsOf(things: readonly { readonly id: string }[]): readonly string[] {
  return things.map(({ id }) => id).toSorted();
}
