import type { Schemas } from '../data/api.ts';
import type { Proposal } from '../data/administration.ts';
import { who } from '../data/who.ts';

type Person = Schemas['Person'];

const whatOf = ({ role, target }: { readonly role: string; readonly target: string }): string => `${role} on ${target}`;

/** What a proposal would change, in a line. */
export function changeOf(proposal: Proposal): string {
  switch (proposal.action) {
    case 'appoint':
      return `Appoint ${who(proposal.person)} as ${proposal.role}`;
    case 'dismiss':
      return `Dismiss ${who(proposal.person)} as ${proposal.role}`;
    case 'merge':
      return `Count ${who(proposal.other)} as ${who(proposal.person)}`;
    case 'release':
      return `Let the account ${proposal.account.subject} pass on`;
  }
}

/** What follows from it, each in a sentence. */
export function effectsOf(proposal: Proposal): readonly string[] {
  switch (proposal.action) {
    case 'appoint':
      return [
        proposal.role === 'admin'
          ? 'They propose and confirm changes like this one. They approve no access by it.'
          : 'They read everything that is asked for, held and logged. They decide nothing by it.',
      ];
    case 'dismiss':
      return ['They see and do what everybody does from then on.'];
    case 'merge':
      return mergeEffects(proposal);
    case 'release': {
      const { issuer, provenFor, signsIn, claimedBy } = proposal.account;
      return [
        `It is an account at ${issuer}.`,
        ...(provenFor.length === 0
          ? []
          : [`It was proven for ${provenFor.map(who).join(', ')}, which does not count any more.`]),
        ...(signsIn ? [`It does not sign ${who(proposal.person)} in any more.`] : []),
        ...(claimedBy === null ? [] : [claimOf(claimedBy, proposal.person)]),
      ];
    }
  }
}

/** Who claims the account of a person; that person themself is given another one there. */
function claimOf(claimedBy: Person, person: Person): string {
  return claimedBy.key === person.key
    ? `The directory gives ${who(claimedBy)} another account there, which signs them in once this one has passed on.`
    : `${who(claimedBy)} claims it.`;
}

function mergeEffects({
  grants,
  losesRequests,
  losesGrants,
  widensOrders,
}: Extract<Proposal, { readonly action: 'merge' }>): readonly string[] {
  const then = grants === 'end' ? 'ends' : 'lacks an approval, and runs on';
  const effects = [
    ...losesRequests.map(
      ({ person, items }) => `A request of ${who(person)} loses an approval: ${items.map(whatOf).join(', ')}.`,
    ),
    ...losesGrants.map((grant) => `Access of ${who(grant.person)} ${then}: ${whatOf(grant)}.`),
  ];
  return [
    'What one approved for the other counts for nothing, and both together count once. It is not undone.',
    ...(effects.length === 0 ? ['No request and no live access loses an approval.'] : effects),
    ...widensOrders.map(
      ({ id, person, to, ends }) =>
        `The order ${id}, which stops access of ${who(person)}, stops that of ${who(to)} too: ${ends} live now, which it ends; it withdraws requests, and holds back starts while it stands.`,
    ),
  ];
}
