import type { CurfewRole, MergeGrants, RoleAction } from '../core/administration.ts';
import type { AccountId, GrantId, PersonId, ProposalId, RequestId, RevocationId } from '../core/ids.ts';
import { invariant } from '../core/result.ts';
import { isoOrNull, toIso } from '../core/time.ts';
import type { Item } from '../policy/types.ts';
import { personKeys } from '../store/people.ts';
import type { Proposal } from '../store/proposals.ts';
import type { Db, Trx } from '../store/schema.ts';
import { isActive } from './change-roles.ts';
import { effectsOf, versionOf, type Effects } from './proposal-effects.ts';
import { personView, type PersonView } from './person-view.ts';
import type { World } from './world.ts';

/** A change that waits for a second person, with everything that it would change as of now; of one that was carried out, what it did change. */
export type ProposalView = {
  readonly id: ProposalId;
  /** Whom it is about; of two who are merged the one that both are counted as. */
  readonly person: PersonView;
  readonly reason: string;
  readonly proposedBy: PersonView;
  readonly proposedAt: string;
  readonly lapsesAt: string;
  /** Whether the actor can be the second person, and whether they can end it without a change. */
  readonly mayConfirm: boolean;
  readonly mayRefuse: boolean;
  /** Who can be the second person now. Who is an admin is no secret (`listAdministration`). */
  readonly confirmers: readonly PersonView[];
  /** Stands for everything that it would change, as it is shown: `seen` of a confirmation. */
  readonly changesVersion: string;
} & (RoleView | MergeView | ReleaseView);

export interface RoleView {
  readonly action: RoleAction;
  readonly role: CurfewRole;
}

export interface MergeView {
  readonly action: 'merge';
  readonly other: PersonView;
  /** What becomes of `losesGrants`. */
  readonly grants: MergeGrants;
  /** Pending requests on which an approval would no longer count. */
  readonly losesRequests: readonly {
    readonly id: RequestId;
    readonly person: PersonView;
    readonly items: readonly Item[];
  }[];
  /** Live access that would lack an approval. */
  readonly losesGrants: readonly {
    readonly id: GrantId;
    readonly person: PersonView;
    readonly role: string;
    readonly target: string;
    readonly endsAt: string | null;
  }[];
  /** Orders that stop the access of `person`, and would stop that of `to` too: `ends` of what is live, what waits, and what would start. */
  readonly widensOrders: readonly {
    readonly id: RevocationId;
    readonly person: PersonView;
    readonly to: PersonView;
    readonly ends: number;
  }[];
}

export interface ReleaseView {
  readonly action: 'release';
  readonly account: {
    readonly id: AccountId;
    readonly issuer: string;
    readonly subject: string;
    /** For whom it was ever proven; none of it would count any more. */
    readonly provenFor: readonly PersonView[];
    /** Whether it signs `person` in now. */
    readonly signsIn: boolean;
    /** Somebody else who claims it; `null`: nobody does. */
    readonly claimedBy: PersonView | null;
  };
}

/** What somebody may do with a proposal, and who can be its second person. */
export type May = Pick<ProposalView, 'mayConfirm' | 'mayRefuse'> & { readonly confirmers: readonly PersonId[] };

/** Shows a proposal. `done`: what one that has just been carried out changed. */
export async function proposalView(
  world: World,
  db: Db | Trx,
  proposal: Proposal,
  may: May,
  done?: Effects,
): Promise<ProposalView> {
  const { id, person, reason, proposedBy, proposedAt, lapsesAt } = proposal;
  const effects = done ?? (await effectsOf(world, db, proposal));
  const changes = changesOf(effects);
  const named = [person, proposedBy, ...may.confirmers, ...changes.named];
  const keys = await personKeys(db, named);
  const shown = (of: PersonId): PersonView => {
    const key = keys.get(of);
    invariant(key !== undefined, `nobody is ${of}`);
    return personView(world, key);
  };
  return {
    id,
    person: shown(person),
    reason,
    proposedBy: shown(proposedBy),
    proposedAt: toIso(proposedAt),
    lapsesAt: toIso(lapsesAt),
    mayConfirm: may.mayConfirm,
    mayRefuse: may.mayRefuse,
    confirmers: may.confirmers.map(shown).filter(({ key }) => isActive(world, key)),
    changesVersion: versionOf(effects),
    ...changes.view(shown),
  };
}

/** What a proposal changes: whom that names, and how it is shown once they have names. */
function changesOf(effects: Effects): {
  readonly named: readonly PersonId[];
  readonly view: (shown: (of: PersonId) => PersonView) => RoleView | MergeView | ReleaseView;
} {
  if (effects.action === 'merge') {
    const { other, grants: then } = effects.proposal;
    const { requests, grants, orders } = effects.losses;
    return {
      named: [
        ...[other, ...requests.map(({ person }) => person), ...grants.map(({ person }) => person)],
        ...orders.flatMap(({ person, to }) => [person, to]),
      ],
      view: (shown) => ({
        action: 'merge',
        other: shown(other),
        grants: then,
        losesRequests: requests.map(({ id, person, items }) => ({ id, person: shown(person), items })),
        losesGrants: grants.map(({ id, person, definition, endsAt }) => ({
          id,
          person: shown(person),
          role: definition.role.name,
          target: definition.target.key,
          endsAt: isoOrNull(endsAt),
        })),
        widensOrders: orders.map(({ id, person, to, ends }) => ({
          id,
          person: shown(person),
          to: shown(to),
          ends: ends.length,
        })),
      }),
    };
  }
  if (effects.action === 'release') {
    const { account, provenFor } = effects.releasable;
    const { id, issuer, subject, claimedBy, endedAt, signsIn } = account;
    return {
      named: [...provenFor, ...(claimedBy === null ? [] : [claimedBy])],
      view: (shown) => ({
        action: 'release',
        account: {
          ...{ id, issuer, subject, provenFor: provenFor.map(shown), signsIn: endedAt === null && signsIn },
          claimedBy: claimedBy === null ? null : shown(claimedBy),
        },
      }),
    };
  }
  const { action, role } = effects.proposal;
  return { named: [], view: () => ({ action, role }) };
}
