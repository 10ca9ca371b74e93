import type { PersonId } from '../core/ids.ts';
import type { Finding } from '../core/finding.ts';
import { proofWords, type Proof, type ProofWords } from '../core/proof.ts';
import { toIso } from '../core/time.ts';
import type { EventKind } from '../ledger/entry.ts';

/** The fields of an entry's body that are shown; written by `ledger/append.ts` alone. */
export interface EntryBody {
  readonly kind: EventKind;
  readonly at: string;
  readonly actor: { readonly kind: 'person'; readonly id: PersonId } | { readonly kind: 'system'; readonly id: string };
  readonly subjects: Readonly<Record<string, string>>;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly late?: boolean;
}

/** A later end had left for the cloud, and nobody learned that it arrived: until then the access could have lasted without us. */
function boundWords({ evidence }: EntryBody['facts']): string {
  const bound =
    typeof evidence === 'object' && evidence !== null && 'boundUntil' in evidence ? evidence.boundUntil : null;
  return typeof bound === 'string' ? `; the latest end that was on its way into the cloud: ${bound}` : '';
}

/** The proof in the facts of an ending, in words. */
function proofOf({ proof, evidence }: EntryBody['facts']): ProofWords {
  const known = typeof evidence === 'object' && evidence !== null ? (evidence as Record<string, unknown>) : {};
  return proofWords({ kind: proof as Proof['kind'], evidence: known });
}

function keptWords({ brief, keptUntil }: ProofWords): string {
  return keptUntil === null ? brief : `${brief} until ${toIso(keptUntil)}`;
}

/** Which yes was set aside, by its cause (`AsideCause`). */
function asideWords(because: string): string {
  if (because === 'not-signed') return 'that was said without a passkey to what takes one by now';
  if (because === 'role-changed') return 'that was given before the role changed';
  if (because === 'target-changed') return 'that was given before the target changed';
  if (because === 'identity-changed') return 'that was given before the requester had another identity in that cloud';
  return 'that does not say what it was given for';
}

/** Why access ends, for whoever does not know the names of causes. */
function causeWords(cause: string): string {
  if (cause === 'expired') return 'its time is over';
  if (cause === 'returned') return 'given back';
  return cause === 'revoked' ? 'somebody took it away' : cause;
}

const FINDING_WORDS: Readonly<Record<Finding, string>> = {
  'access-not-provably-gone': 'the access is over, and nothing proves yet that it is gone from the cloud',
  'standing-access-remains': 'the same access was there before Curfew gave it, and stays',
  'end-was-edited': 'somebody changed the end of the access in the cloud',
  'more-survives-than-promised': 'more goes on after the end than was said before the approval',
  'approval-altered': 'an approval is not what its giver signed',
  'approved-by-requester': 'an approval came from whoever asked, under another name',
  'left-under-one-entry': 'somebody left the directory, and is still in it under another entry',
};

/** Written in the log by its name; a name of later, that this version does not know, is said as it is. */
function findingWords(finding: string): string {
  return Object.hasOwn(FINDING_WORDS, finding) ? FINDING_WORDS[finding as Finding] : finding;
}

/** What an entry says, in words that follow the name of whoever did it. */
export function entryWords(body: EntryBody): string {
  const { facts } = body;
  const say = (name: string): string => {
    const value = facts[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  };
  switch (body.kind) {
    case 'request.submitted':
      return say('until') === '' ? 'asked for it' : `asked to keep it until ${say('until')}`;
    case 'request.approved':
      return `approved ${say('until') === '' ? 'it' : `the end at ${say('until')}`}${facts['automatic'] === true ? ', because the rules need nobody for it' : ': everybody whom the rules need has said yes'}`;
    case 'request.refused':
      return say('until') === '' ? 'asked, and was refused' : `asked to keep it until ${say('until')}, and was refused`;
    case 'request.denied':
      return say('by') === 'policy' ? 'refused it, because the rules have changed' : 'denied it';
    case 'request.withdrawn':
      return say('revocation') === ''
        ? 'took the request back'
        : `closed the request, because an order stops this access (${say('revocation')})`;
    case 'request.lapsed':
      if (say('cause') === 'new-epoch') return 'let it lapse: the database was restored from a backup';
      return say('cause') === 'grant-ended'
        ? 'let it lapse: the access ended before this was decided'
        : 'let it lapse: nobody decided in time';
    case 'approval.given':
      return 'said yes';
    case 'approval.set-aside':
      return `set aside a yes ${asideWords(say('because'))}; its giver can decide again`;
    case 'approval.refused':
      return 'said no';
    case 'grant.scheduled':
      return `scheduled ${say('role')} on ${say('target')}${say('retryOf') === '' ? '' : ' once more'}`;
    case 'grant.activating':
      return `started the clock; it ends at ${say('endsAt')}`;
    case 'grant.active':
      return 'made the access usable';
    case 'grant.not-retried':
      return `does not try it again (${say('cause')})`;
    case 'grant.extending':
      return `is telling the cloud the later end ${say('until')}`;
    case 'grant.extended':
      return `wrote the later end into the cloud; it ends at ${say('endsAt')}`;
    case 'grant.not-extended':
      // What the cloud said of a fault stands in the entry.
      return `does not extend it: ${say('text') || say('fault')}`;
    case 'grant.ending':
      return say('cause') === 'returned'
        ? 'gave the access back; it is being taken away'
        : `is taking the access away (${causeWords(say('cause'))})${facts['triesAgain'] === true ? '; once it is gone, it is tried once more' : ''}`;
    case 'grant.ended': {
      const proof = proofOf(facts);
      const ended = proof.gone
        ? `proved that the access is gone (${causeWords(say('cause'))}; proof: ${proof.brief})`
        : `ended the grant (${causeWords(say('cause'))}): ${keptWords(proof)}`;
      return `${ended}${boundWords(facts)}`;
    }
    case 'grant.failed': {
      const proof = proofOf(facts);
      const left = proof.gone ? `proof that nothing is left: ${proof.brief}` : keptWords(proof);
      return `could not make it usable${say('text') === '' ? '' : `: ${say('text')}`} (${left})`;
    }
    case 'grant.tidied':
      return 'removed what earlier access had left in the cloud, which nothing needs any more';
    case 'credential.issued':
      return `took a credential, usable until ${say('usableUntil')}`;
    case 'console.opened':
      return 'opened the console';
    case 'finding.raised':
      return `found what needs attention: ${findingWords(say('finding'))}${say('attempts') === '' ? '' : ` after ${say('attempts')} attempts`}`;
    case 'revocation.ordered':
      return `gave an order to end access: ${say('target') || (say('scope') === 'all' ? 'of everybody' : 'of a person')}`;
    case 'revocation.confirmed':
      return 'confirmed an order to end access';
    case 'revocation.finished':
      return 'saw everything gone that an order reached';
    case 'revocation.lifted':
      return 'lifted an order';
    case 'administration.code-issued':
      return body.actor.id === 'operator'
        ? 'had a code printed with which an admin is claimed, because all who were one have left'
        : 'printed a code for the first admin on the console';
    case 'administration.claimed':
      return 'became admin, with the code that was printed';
    case 'administration.claim-refused':
      return `tried a wrong code for an admin; ${say('triesLeft')} tries were left`;
    case 'administration.proposed':
      return `proposed to ${changeWords(say)}${unsignedWords(facts)}`;
    case 'administration.confirmed':
      return `confirmed to ${changeWords(say)}${unsignedWords(facts)}`;
    case 'administration.refused':
      return `refused to ${changeWords(say)}`;
    case 'administration.withdrawn':
      return `withdrew a proposal to ${changeWords(say)}`;
    case 'administration.ended':
      return `took the role ${say('role')} from somebody who left`;
    case 'accounts.forgotten':
      return `had ${say('accounts')} accounts at ${say('issuer')} forgotten, which the directory had introduced`;
    case 'person.merged':
      return 'wrote that two persons are one human';
    case 'person.signed-in':
      return 'signed in';
    case 'policy.loaded':
      return `loaded the rules ${say('policyVersion')}`;
    case 'policy.refused':
      return `refused newer rules; ${say('inForce')} stays in force`;
    case 'ledger.read':
      return `read the log (${say('what')})`;
    default:
      return body.kind.replace('.', ' ').replaceAll('-', ' ');
  }
}

/** Entries of before say nothing of a signature. */
function unsignedWords(facts: EntryBody['facts']): string {
  return facts['signed'] === false ? ', without a passkey' : '';
}

function changeWords(say: (name: string) => string): string {
  switch (say('action')) {
    case 'merge':
      return `count two persons as one human${say('grants') === 'end' ? ', and to end access that lacks an approval then' : ''}`;
    case 'release':
      return 'let an account pass on to another person';
    default:
      return `${say('action')} somebody ${say('action') === 'dismiss' ? 'who is' : 'as'} ${say('role')}`;
  }
}
