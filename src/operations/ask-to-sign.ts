import { ok, type Result } from '../core/result.ts';
import { after, toIso, type Instant } from '../core/time.ts';
import {
  challengeOf,
  printDocument,
  SIGN_WITHIN_MS,
  type ProposalDocument,
  type ProposingDocument,
  type RecoveryDocument,
  type Signed,
} from '../ledger/decision-document.ts';
import type { Trx } from '../store/schema.ts';
import type { OperationRefusal } from './refusal.ts';
import type { SigningView } from './sign-decision.ts';
import { askForAssertion } from './take-assertion.ts';
import type { Actor, World } from './world.ts';

/** What is signed besides approvals, which say more (`sign-decision.ts`), and what the question of each is for. */
const PURPOSES = {
  'curfew.passkey-recovery': 'recover',
  'curfew.proposing': 'administer',
  'curfew.proposal': 'administer',
} as const;
type About =
  Omit<RecoveryDocument, keyof Signed> | Omit<ProposingDocument, keyof Signed> | Omit<ProposalDocument, keyof Signed>;

/** Puts what somebody is about to propose or confirm into a document, whose hash their passkey then signs. Nothing is done by it. */
export async function askToSign(
  world: World,
  trx: Trx,
  actor: Actor,
  about: About,
  now: Instant,
): Promise<Result<SigningView, OperationRefusal>> {
  const expiresAt = toIso(after(now, SIGN_WITHIN_MS));
  const document = printDocument({
    ...about,
    origin: world.passkeys.origin,
    approver: actor.person,
    verdict: 'approve',
    nonce: world.random.bytes(32).toString('base64url'),
    issuedAt: toIso(now),
    expiresAt,
  });
  const asked = { purpose: PURPOSES[about.kind], challenge: challengeOf(document), document, commentSalt: null };
  const options = await askForAssertion(world, trx, actor, asked, now);
  return options.ok ? ok({ document, options: options.value, expiresAt }) : options;
}
