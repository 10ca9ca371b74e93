import type { RequestId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { after, instant, toIso, type Instant } from '../core/time.ts';
import { commitmentTo } from '../ledger/commitment.ts';
import {
  challengeOf,
  printDocument,
  readDocument,
  SIGN_WITHIN_MS,
  type ApprovalDocument,
} from '../ledger/decision-document.ts';
import { decide } from '../policy/decide.ts';
import type { Decision } from '../policy/types.ts';
import type { SignedApproval } from '../store/approvals.ts';
import type { RequestRecord } from '../store/requests.ts';
import { approvalsOf } from '../store/approvals.ts';
import { lockRequest } from '../store/requests.ts';
import type { Trx } from '../store/schema.ts';
import { judge } from './authorisation.ts';
import { chosenDurationMs, extensionUntil } from './agreed-duration.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import { standingToRequest } from './standing.ts';
import { storedQuestion } from './stored-decision.ts';
import {
  askForAssertion,
  invalid,
  takeAssertion,
  type AssertionResponse,
  type RequestOptions,
} from './take-assertion.ts';
import { meaningNow } from './step-up.ts';
import { takenNow } from './votes.ts';
import type { Actor, RulesInForce, World } from './world.ts';

/** What an approver says besides yes. */
export interface ApprovalInput {
  readonly comment?: string;
  /** Less than was asked, in milliseconds. */
  readonly durationMs?: number;
  /** `rulesVersion` of the request as it was shown: a yes to what other rules said of it is none. Absent: nothing was shown. */
  readonly seen?: string;
}

/** The document, as it was given out, and what the authenticator made of it. */
export interface SignedInput {
  readonly document: string;
  readonly response: AssertionResponse;
}

/** What the page needs to have a decision signed. */
export interface SigningView {
  /** Canonical JSON of what is signed; its SHA-256 is the challenge. */
  readonly document: string;
  readonly options: RequestOptions;
  readonly expiresAt: string;
}

/**
 * Puts what an approver is about to approve into a document, whose hash a passkey then signs. Nothing is decided by it: it says what would
 * be said, by the rules in force now, and is good for five minutes and one answer.
 */
export async function challengeDecision(
  world: World,
  actor: Actor,
  id: RequestId,
  input: ApprovalInput,
): Promise<Result<SigningView, OperationRefusal>> {
  const rules = world.rules.current();
  return world.db.transaction().execute(async (trx): Promise<Result<SigningView, OperationRefusal>> => {
    const locked = await lockRequest(trx, id);
    if (locked === null) return refused(NOT_FOUND);
    const { request, now } = locked;
    const said = (await approvalsOf(trx, [id])).get(id) ?? [];
    const no = judge('challengeDecision', actor, await standingToRequest(world, trx, actor, request, said));
    if (no !== null) return refused(no);
    if (request.state.kind !== 'pending')
      return refused({ code: 'already-decided', detail: `This request is already ${request.state.kind}.` });
    if (takenNow(rules, request, said).some(({ person, setAside }) => person === actor.person && !setAside))
      return refused({ code: 'already-decided-by-you', detail: 'You have decided this request before.' });
    const decision = decide(rules.policy, rules.directory, { ...storedQuestion(request), now });
    if (decision.effect === 'deny')
      return refused({
        code: 'policy-tightened',
        detail: 'The rules have changed since this was asked, and refuse it now.',
      });
    if (isOutdated(input, decision)) return refused(POLICY_CHANGED);
    const chosen = chosenDurationMs(request, input.durationMs);
    if (!chosen.ok) return chosen;
    const salt = world.random.bytes(32);
    const expiresAt = after(now, SIGN_WITHIN_MS);
    const document = printDocument(
      documentOf(world, rules, actor, request, decision, {
        durationMs: chosen.value,
        comment: input.comment === undefined ? null : commitmentTo(salt, input.comment),
        nonce: world.random.bytes(32).toString('base64url'),
        issuedAt: toIso(now),
        expiresAt: toIso(expiresAt),
      }),
    );
    const asked = { purpose: 'approve', challenge: challengeOf(document), document, commentSalt: salt } as const;
    const options = await askForAssertion(world, trx, actor, asked, now);
    return options.ok ? ok({ document, options: options.value, expiresAt: toIso(expiresAt) }) : options;
  });
}

/** What of a document does not follow from the request and the rules. */
interface Particulars extends Pick<ApprovalDocument, 'comment' | 'nonce' | 'issuedAt' | 'expiresAt'> {
  /** `null`: as long as was asked. */
  readonly durationMs: number | null;
}

function documentOf(
  world: World,
  rules: RulesInForce,
  actor: Actor,
  request: RequestRecord,
  decision: Decision,
  { durationMs: chosen, ...particulars }: Particulars,
): ApprovalDocument {
  const durationMs = chosen ?? request.durationMs;
  const until = extensionUntil(request, durationMs);
  return {
    v: 2,
    kind: 'curfew.approval',
    origin: world.passkeys.origin,
    request: request.id,
    requester: request.person,
    items: request.items.map((item) => {
      const tier = rules.policy.roles.get(item.role)?.tier ?? 0;
      return { ...item, tier, ...meaningNow(rules, item) };
    }),
    durationMs,
    startsAt: request.startsAt === null ? null : toIso(request.startsAt),
    extends: request.extends === null || until === null ? null : { grant: request.extends.grant, until: toIso(until) },
    policyVersion: decision.policyVersion,
    approver: actor.person,
    verdict: 'approve',
    ...particulars,
  };
}

/** A signature that holds, over exactly what is being approved. */
export interface TakenSignature {
  readonly signed: SignedApproval;
  readonly commentSalt: Uint8Array;
  readonly durationMs: number | null;
}

export const POLICY_CHANGED: OperationRefusal = {
  code: 'policy-changed',
  detail: 'The rules have changed since you looked at this, so what you saw is not what would be approved.',
  hint: 'Look at it again, and decide again.',
};

/** Whether an approver looked at what other rules said than those in force. */
export function isOutdated({ seen }: ApprovalInput, { policyVersion }: Decision): boolean {
  return seen !== undefined && seen !== policyVersion;
}

/**
 * Takes the signature of an approver. The document that was signed must be the very one that would be made now from the request, the
 * rules in force and what the approver says: one for another request, duration or comment, or from before a change of the rules, is none.
 */
export async function takeSignature(
  world: World,
  trx: Trx,
  actor: Actor,
  subject: {
    readonly rules: RulesInForce;
    readonly request: RequestRecord;
    readonly decision: Decision;
    readonly now: Instant;
  },
  input: ApprovalInput & { readonly assertion: SignedInput },
): Promise<Result<TakenSignature, OperationRefusal>> {
  const { rules, request, decision, now } = subject;
  const { document: text, response } = input.assertion;
  const challenge = challengeOf(text);
  const taken = await takeAssertion(world, trx, actor, { purpose: 'approve', challenge, response }, now);
  if (!taken.ok) return taken;
  const { assertion, commentSalt } = taken.value;
  const document = readDocument('curfew.approval', text);
  // The hash was the one of a question that we asked, so this is our own text.
  if (document === null || commentSalt === null) return refused(invalid('it is about something else'));
  if (document.request !== request.id) return refused(invalid('it is about another request'));
  const chosen = chosenDurationMs(request, input.durationMs ?? document.durationMs);
  if (!chosen.ok) return chosen;
  const durationMs = chosen.value;
  const { nonce, issuedAt, expiresAt } = document;
  const comment = input.comment === undefined ? null : commitmentTo(commentSalt, input.comment);
  const wanted = documentOf(world, rules, actor, request, decision, {
    ...{ durationMs, comment, nonce, issuedAt, expiresAt },
  });
  if (printDocument(wanted) !== text) {
    if (document.policyVersion !== wanted.policyVersion) return refused(POLICY_CHANGED);
    return refused(invalid('it is about another duration, another comment, or other access'));
  }
  if (now >= instant(Date.parse(expiresAt))) return refused(invalid('it came too late'));
  return ok({ signed: { document: text, challenge, assertion }, commentSalt, durationMs });
}
