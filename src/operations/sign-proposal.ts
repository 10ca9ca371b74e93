import { ok, refused, type Result } from '../core/result.ts';
import type { ProposalId } from '../core/ids.ts';
import type { Instant } from '../core/time.ts';
import {
  challengeOf,
  hashOf,
  readDocument,
  type ProposalDocument,
  type ProposingDocument,
} from '../ledger/decision-document.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { passkeysOf } from '../store/passkeys.ts';
import type { Proposal } from '../store/proposals.ts';
import type { Trx } from '../store/schema.ts';
import { askToSign } from './ask-to-sign.ts';
import { freshSignIn } from './fresh-sign-in.ts';
import { changeOf, versionOf, type Effects } from './proposal-effects.ts';
import type { OperationRefusal } from './refusal.ts';
import type { SignedInput, SigningView } from './sign-decision.ts';
import { invalid, neverHadPasskey, takeAssertion } from './take-assertion.ts';
import type { Actor, World } from './world.ts';

/** Asks an admin to sign what they are about to propose, under the id that it will have. */
export function askToSignProposing(
  world: World,
  trx: Trx,
  actor: Actor,
  draft: Proposal,
  now: Instant,
): Promise<Result<SigningView, OperationRefusal>> {
  const document = { v: 1, kind: 'curfew.proposing', proposal: draft.id, change: changeOf(draft) } as const;
  return askToSign(world, trx, actor, document, now);
}

/** Asks an admin to sign what they are about to confirm. */
export function askToSignProposal(
  world: World,
  trx: Trx,
  actor: Actor,
  effects: Effects,
  now: Instant,
): Promise<Result<SigningView, OperationRefusal>> {
  const { id: proposal } = effects.proposal;
  const change = changeOf(effects.proposal);
  const document = { v: 2, kind: 'curfew.proposal', proposal, change, changes: versionOf(effects) } as const;
  return askToSign(world, trx, actor, document, now);
}

/**
 * Whether it is really the admin who proposes, for what the log says of it, and the id of the proposal: that which was signed. Who never had
 * a passkey is signed in; how long ago does not matter, because their second person has just signed in or signs.
 */
export async function provenProposer(
  world: World,
  trx: Trx,
  actor: Actor,
  draft: Proposal,
  signed: SignedInput | undefined,
  now: Instant,
): Promise<Result<{ readonly id: ProposalId; readonly facts: NewEntry['facts'] }, OperationRefusal>> {
  const taken = await takeSigned(world, trx, actor, 'curfew.proposing', signed, now);
  if (!taken.ok) return taken;
  if (taken.value === null) return ok({ id: draft.id, facts: { signed: false } });
  const { document, facts } = taken.value;
  if (hashOf(document.change) !== hashOf(changeOf(draft))) return refused(invalid('it is about another change'));
  return ok({ id: document.proposal, facts });
}

/**
 * Whether it is really the second person who confirms, for what the log says of it. Whoever has a passkey signs what is carried out, because
 * whoever controls the company's provider signs in as any two admins. Whoever never had one has just signed in.
 */
export async function provenSecond(
  world: World,
  trx: Trx,
  actor: Actor,
  effects: Effects,
  signed: SignedInput | undefined,
  now: Instant,
): Promise<Result<NewEntry['facts'], OperationRefusal>> {
  const taken = await takeSigned(world, trx, actor, 'curfew.proposal', signed, now);
  if (!taken.ok) return taken;
  if (taken.value === null) {
    const fresh = freshSignIn(actor, now);
    return fresh.ok ? ok({ signed: false }) : fresh;
  }
  const { document, facts } = taken.value;
  if (document.proposal !== effects.proposal.id) return refused(invalid('it is about another proposal'));
  // The hash stands for all that it does besides; what the log keeps for ever, and others compare, is the change in clear.
  const isSame = document.change !== undefined && hashOf(document.change) === hashOf(changeOf(effects.proposal));
  return isSame && document.changes === versionOf(effects) ? ok(facts) : refused(CHANGED);
}

interface Documents {
  readonly 'curfew.proposing': ProposingDocument;
  readonly 'curfew.proposal': ProposalDocument;
}

const DOING = { 'curfew.proposing': 'proposing', 'curfew.proposal': 'confirming' } as const;

/** Takes what an admin signed, and what the log says of it; `null`: they never had a passkey, under any of their ids, so nobody asks them for one. */
async function takeSigned<Kind extends keyof Documents>(
  world: World,
  trx: Trx,
  actor: Actor,
  kind: Kind,
  signed: SignedInput | undefined,
  now: Instant,
): Promise<Result<{ readonly document: Documents[Kind]; readonly facts: NewEntry['facts'] } | null, OperationRefusal>> {
  if ((await passkeysOf(trx, actor.person)).length === 0) return neverHadPasskey(world, trx, actor);
  if (signed === undefined) return refused(signatureRequired(world, DOING[kind]));
  const { document: text, response } = signed;
  const challenge = challengeOf(text);
  const taken = await takeAssertion(world, trx, actor, { purpose: 'administer', challenge, response }, now);
  if (!taken.ok) return taken;
  // Both are questions of one purpose: what somebody signed to propose confirms nothing, nor the other way round.
  const document = readDocument(kind, text) as Documents[Kind] | null;
  if (document === null) return refused(invalid('it is about something else'));
  return ok({ document, facts: { signed: true, document: text, ...taken.value.assertion } });
}

function signatureRequired({ passkeys }: World, doing: (typeof DOING)[keyof typeof DOING]): OperationRefusal {
  return {
    code: 'signature-required',
    detail: `You have a passkey, and ${doing} this takes it, over exactly what is changed.`,
    hint: `${passkeys.origin}/administration`,
  };
}

/** What was seen, or signed, is not what would be carried out. */
export const CHANGED: OperationRefusal = {
  code: 'proposal-changed',
  detail: 'What this would change is different by now, so what you saw is not what would be confirmed.',
  hint: 'Look at it again, and decide again.',
};
