import { personView, type PersonView } from '../views.ts';
import { fields, isFields, list, number, text, textOrNull, type Fields } from '../wire.ts';
import { printable } from './printable.ts';
import { who } from './who.ts';

/** A change that waits for a second person, as the API shows it. */
export interface ProposalShown {
  readonly id: string;
  readonly action: string;
  readonly person: PersonView;
  readonly proposedBy: PersonView;
  readonly reason: string;
  readonly lapsesAt: string;
  readonly mayConfirm: boolean;
  /** Stands for everything that it would change. */
  readonly changesVersion: string;
  /** `auditor` or `admin`; empty where it is about no role. */
  readonly role: string;
  /** The key of who else it is about, or the id of an account; empty where there is nothing else. */
  readonly with: string;
  /** What it would change, or did: `appoint Fay (fay) as auditor`. */
  readonly words: string;
  /** What else follows from it, a line each. */
  readonly effects: readonly string[];
}

export function proposalShown(of: Fields): ProposalShown {
  const person = personView(fields(of['person'], 'person'));
  return {
    id: text(of, 'id'),
    action: text(of, 'action'),
    person,
    proposedBy: personView(fields(of['proposedBy'], 'proposedBy')),
    reason: text(of, 'reason'),
    lapsesAt: text(of, 'lapsesAt'),
    mayConfirm: of['mayConfirm'] === true,
    changesVersion: text(of, 'changesVersion'),
    ...changeShown(of, person),
  };
}

function changeShown(of: Fields, person: PersonView): Pick<ProposalShown, 'role' | 'with' | 'words' | 'effects'> {
  const action = text(of, 'action');
  if (action === 'merge') {
    const other = personView(fields(of['other'], 'other'));
    return {
      role: '',
      with: other.key,
      words: `count ${who(other)} as ${who(person)}`,
      effects: mergeEffects(of, textOrNull(of, 'grants') === 'end'),
    };
  }
  if (action === 'release') {
    const account = fields(of['account'], 'account');
    const words = `let the account ${printable(text(account, 'subject'))} at ${printable(text(account, 'issuer'))} pass on`;
    return { role: '', with: text(account, 'id'), words, effects: releaseEffects(account, person) };
  }
  const role = text(of, 'role');
  const words = action === 'appoint' ? `appoint ${who(person)} as ${role}` : `dismiss ${who(person)} as ${role}`;
  return { role, with: '', words, effects: [] };
}

function mergeEffects(of: Fields, ends: boolean): readonly string[] {
  const requests = list(of, 'losesRequests', (one) => {
    const items = list(
      one,
      'items',
      (item) => `${printable(text(item, 'role'))} on ${printable(text(item, 'target'))}`,
    );
    return `${text(one, 'id')} of ${who(personView(fields(one['person'], 'person')))} loses an approval: ${items.join(', ')}`;
  });
  const grants = list(of, 'losesGrants', (one) => {
    const what = `${printable(text(one, 'role'))} on ${printable(text(one, 'target'))}`;
    const then = ends ? 'ends' : 'lacks an approval, and runs on';
    return `${text(one, 'id')} of ${who(personView(fields(one['person'], 'person')))} ${then}: ${what}`;
  });
  const orders = list(of, 'widensOrders', (one) => {
    const [from, to] = [who(personView(fields(one['person'], 'person'))), who(personView(fields(one['to'], 'to')))];
    return `the order ${text(one, 'id')}, which stops access of ${from}, stops that of ${to} too: ${number(one, 'ends')} live now, which it ends; it withdraws requests, and holds back starts while it stands`;
  });
  const approvals = [...requests, ...grants];
  return [...(approvals.length === 0 ? ['no request and no live access loses an approval'] : approvals), ...orders];
}

function releaseEffects(account: Fields, person: PersonView): readonly string[] {
  const proven = list(account, 'provenFor', (one) => who(personView(one)));
  const claims = isFields(account['claimedBy']) ? personView(account['claimedBy']) : null;
  return [
    `it was proven for ${proven.join(', ')}, which does not count any more`,
    ...(account['signsIn'] === true ? [`it does not sign ${who(person)} in any more`] : []),
    ...(claims === null
      ? []
      : [
          claims.key === person.key
            ? `the directory gives ${who(claims)} another account there, which signs them in once this one has passed on`
            : `${who(claims)} claims it`,
        ]),
  ];
}
