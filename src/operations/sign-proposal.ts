import { ok, refused, type Result } from '../core/result.ts';
import type { Instant } from '../core/time.ts';
import { challengeOf, hashOf, readDocument } from '../ledger/decision-document.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { passkeysOf } from '../store/passkeys.ts';
import type { Trx } from '../store/schema.ts';
import { askToSign } from './ask-to-sign.ts';
import { changeOf, versionOf, type Effects } from './proposal-effects.ts';
import type { OperationRefusal } from './refusal.ts';
import type { SignedInput, SigningView } from './sign-decision.ts';
import { invalid, newcomer, takeAssertion } from './take-assertion.ts';
import type { Actor, World } from './world.ts';

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
  if ((await passkeysOf(trx, actor.person)).length === 0) {
    const isNew = await newcomer(world, trx, actor, now);
    return isNew.ok ? ok({ signed: false }) : isNew;
  }
  if (signed === undefined) return refused(signatureRequired(world));
  const { document: text, response } = signed;
  const challenge = challengeOf(text);
  const taken = await takeAssertion(world, trx, actor, { purpose: 'administer', challenge, response }, now);
  if (!taken.ok) return taken;
  const document = readDocument('curfew.proposal', text);
  if (document?.proposal !== effects.proposal.id) return refused(invalid('it is about another proposal'));
  // The hash stands for all that it does besides; what the log keeps for ever, and others compare, is the change in clear.
  const isSame = document.change !== undefined && hashOf(document.change) === hashOf(changeOf(effects.proposal));
  if (!isSame || document.changes !== versionOf(effects)) return refused(CHANGED);
  return ok({ signed: true, document: text, ...taken.value.assertion });
}

function signatureRequired({ passkeys }: World): OperationRefusal {
  return {
    code: 'signature-required',
    detail: 'You have a passkey, and confirming this takes it, over exactly what is changed.',
    hint: `${passkeys.origin}/administration`,
  };
}

/** What was seen, or signed, is not what would be carried out. */
export const CHANGED: OperationRefusal = {
  code: 'proposal-changed',
  detail: 'What this would change is different by now, so what you saw is not what would be confirmed.',
  hint: 'Look at it again, and decide again.',
};
