import { transitionRequest, type RequestState } from '../core/request.ts';
import type { GrantId, RequestId } from '../core/ids.ts';
import { invariant, ok, refused, type Result } from '../core/result.ts';
import { toIso, type Instant } from '../core/time.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { newId } from '../platform/random.ts';
import { openSteps } from '../policy/approvals.ts';
import { decide } from '../policy/decide.ts';
import type { Decision } from '../policy/types.ts';
import { findGrant, findGrants, type GrantRecord } from '../store/grants.ts';
import { humanOf, personKeys } from '../store/people.ts';
import { approvalsOf, forgetSetAside, insertApproval, type ApprovalRecord } from '../store/approvals.ts';
import { lockExtended, lockRequest, saveRequestState, type RequestRecord } from '../store/requests.ts';
import type { Trx } from '../store/schema.ts';
import { together } from '../store/together.ts';
import { agreedDurationMs, chosenDurationMs, extensionUntil } from './agreed-duration.ts';
import { createGrants } from './create-grants.ts';
import { grantIsOver } from './grant-shape.ts';
import { raiseAlarms } from './raise-alarms.ts';
import { judge, type Operation } from './authorisation.ts';
import { planItem } from './plan-items.ts';
import { LAPSE_WORDS } from './lapse-words.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import { setAside } from './set-aside.ts';
import {
  type ApprovalInput,
  isOutdated,
  POLICY_CHANGED,
  type SignedInput,
  type TakenSignature,
  takeSignature,
} from './sign-decision.ts';
import { standingToRequest } from './standing.ts';
import { storedQuestion } from './stored-decision.ts';
import { givenForNow, needsSignedApproval, signatureRequired, strictestTier } from './step-up.ts';
import { takenNow, votesIn } from './votes.ts';
import { personView } from './person-view.ts';
import { writtenRequestView, type RequestView } from './views.ts';
import { grantEnded, wantExtension } from './want-extension.ts';
import type { Actor, RulesInForce, World } from './world.ts';

type Outcome = Result<RequestView, OperationRefusal>;

/** A yes, with the signature of a passkey where the tier asks for one; a lower tier may be signed as well. */
export type ApproveInput = ApprovalInput & { readonly assertion?: SignedInput };

/**
 * Approves a request as one person, for as long as was asked or for less. The approval that satisfies the last open step approves the
 * request for the shortest time that anybody approved, and makes its grants.
 */
export function approveRequest(world: World, actor: Actor, id: RequestId, input: ApproveInput): Promise<Outcome> {
  return decideAs(world, actor, id, 'approve', input);
}

/** Denies a request as one person: one no is enough. */
export function denyRequest(world: World, actor: Actor, id: RequestId, input: { comment?: string }): Promise<Outcome> {
  return decideAs(world, actor, id, 'deny', input);
}

/** Takes one's own pending request back. */
export async function withdrawRequest(world: World, actor: Actor, id: RequestId): Promise<Outcome> {
  return within(world, actor, id, 'withdrawRequest', async (trx, { request, said, now }) => {
    const next = transitionRequest(request.state, { kind: 'withdraw' }, now);
    if (!next.ok) return refused(await alreadyDecided(world, trx, request, said));
    const withdrawn: NewEntry = {
      kind: 'request.withdrawn',
      at: now,
      actor: { kind: 'person', id: actor.person },
      subjects: { request: id, person: request.person },
      facts: {},
    };
    await together([saveRequestState(trx, id, next.value), world.append(trx, withdrawn)]);
    return ok({ state: next.value, said, grants: [] });
  });
}

async function decideAs(
  world: World,
  actor: Actor,
  id: RequestId,
  verdict: 'approve' | 'deny',
  input: ApproveInput,
): Promise<Outcome> {
  const comment = input.comment ?? null;
  if ((comment ?? '').length > 2_000)
    return refused({ code: 'invalid-input', detail: 'The comment is longer than 2000 characters.' });
  const rules = world.rules.current();
  const operation = verdict === 'approve' ? 'approveRequest' : 'denyRequest';
  return within(world, actor, id, operation, async (trx, { request, said: before, now }) => {
    // The table knows ids; whoever was merged with the requester is the requester.
    const human = await humanOf(trx, actor.person);
    if (human === (await humanOf(trx, request.person))) return refused(SELF_APPROVAL);
    if (request.state.kind !== 'pending') return refused(await alreadyDecided(world, trx, request, before));
    if (now >= request.state.lapsesAt)
      return refused(tooLate({ kind: 'lapsed', decidedAt: request.state.lapsesAt, cause: 'nobody-decided' }));
    const grant = request.extends === null ? null : await findGrant(trx, request.extends.grant, true);
    const said = takenNow(rules, request, before);
    const deciding = { request, said, now };
    if (grant !== null && grantIsOver(grant, now)) return endedFirst(world, trx, deciding, grant);
    const decision = decide(rules.policy, rules.directory, { ...storedQuestion(request), now });
    raiseAlarms(world, 'decision', decision);
    if (decision.effect === 'deny') return finish(world, trx, deciding, BY_POLICY, { refusedBy: decision });
    const yes = verdict === 'deny' ? NO : await agreedTo(world, trx, actor, { rules, request, decision, now }, input);
    if (!yes.ok) return yes;
    const { durationMs, signature } = yes.value;
    const givenFor = verdict === 'deny' ? null : givenForNow(rules, request);
    const signed = signature?.signed ?? null;
    const own = { person: actor.person, verdict, comment, at: now, durationMs, givenFor, signed };
    // Who was merged with somebody who has decided it has decided it.
    const repeated = said.some((one) => one.human === human && !one.setAside);
    if (repeated) return refused({ code: 'already-decided-by-you', detail: 'You have decided this request before.' });
    await setAside(world, trx, deciding, before, rules);
    if (said.some((one) => one.person === actor.person)) await forgetSetAside(trx, id, actor.person);
    const isNew = await insertApproval(trx, { ...own, id: newId(world.random, 'apr'), request: id });
    invariant(isNew, 'whoever decides a request has its row');
    const given = approvalEntry(actor, rules, request, decision, { ...own, signature });
    const others = said.filter((one) => one.person !== actor.person);
    const mine = { ...own, key: actor.key, human, own: false, setAside: false };
    const decided = { ...deciding, said: [...others, mine] };
    if (verdict === 'deny') return finish(world, trx, decided, { kind: 'deny', by: 'approver' }, { entries: [given] });
    return approveIfSatisfied(world, trx, rules, decided, grant, decision, given);
  });
}

const SELF_APPROVAL: OperationRefusal = {
  code: 'self-approval',
  detail: 'Nobody decides their own request.',
  hint: 'Ask one of the people that "curfew why" names.',
};
const BY_POLICY = { kind: 'deny', by: 'policy' } as const;

/** For how long somebody said yes (`null`: as long as was asked), and with which signature. */
interface Yes {
  readonly durationMs: number | null;
  readonly signature: TakenSignature | null;
}

const NO: Result<Yes, OperationRefusal> = ok({ durationMs: null, signature: null });

/** Reads what somebody agrees to: the time must be possible in the clouds, and the signature there where the tier asks for one. */
async function agreedTo(
  world: World,
  trx: Trx,
  actor: Actor,
  subject: {
    readonly rules: RulesInForce;
    readonly request: RequestRecord;
    readonly decision: Decision;
    readonly now: Instant;
  },
  { assertion, ...input }: ApproveInput,
): Promise<Result<Yes, OperationRefusal>> {
  const { rules, request } = subject;
  if (isOutdated(input, subject.decision)) return refused(POLICY_CHANGED);
  let signature: TakenSignature | null = null;
  if (assertion !== undefined) {
    const taken = await takeSignature(world, trx, actor, subject, { ...input, assertion });
    if (!taken.ok) return taken;
    signature = taken.value;
  } else if (needsSignedApproval(rules, request.items)) return refused(signatureRequired(world, request.id));
  const chosen = signature === null ? chosenDurationMs(request, input.durationMs) : ok(signature.durationMs);
  if (!chosen.ok) return chosen;
  if (chosen.value !== null && request.extends === null) {
    const { requester } = storedQuestion(request);
    for (const item of request.items) {
      const planned = planItem(world, rules, requester, item, chosen.value, request.startsAt ?? undefined);
      if (planned.ok) continue;
      const detail = `${item.role} on ${item.target}: ${planned.message}`;
      return refused({ code: 'cannot-be-provided', detail, hint: planned.hint });
    }
  }
  return ok({ durationMs: chosen.value, signature });
}

/** What the log says about one person's yes or no. The signature of a yes is all that is needed to verify it, with the key in the log. */
function approvalEntry(
  actor: Actor,
  rules: RulesInForce,
  request: RequestRecord,
  { policyVersion }: Decision,
  said: Pick<ApprovalRecord, 'verdict' | 'comment' | 'at' | 'durationMs'> & Pick<Yes, 'signature'>,
): NewEntry {
  const { verdict, comment, signature } = said;
  const salt = signature === null ? {} : { salt: signature.commentSalt };
  const yes = {
    tier: strictestTier(rules, request.items),
    durationMs: said.durationMs ?? request.durationMs,
    ...(signature === null ? {} : { document: signature.signed.document, ...signature.signed.assertion }),
  };
  return {
    kind: verdict === 'approve' ? 'approval.given' : 'approval.refused',
    at: said.at,
    actor: { kind: 'person', id: actor.person },
    subjects: { request: request.id, person: request.person },
    facts: { policyVersion, via: actor.context.via, ...(verdict === 'approve' ? yes : {}) },
    ...(comment === null ? {} : { personal: { comment: { subject: actor.person, value: comment, ...salt } } }),
  };
}

/** A request that is being decided, locked, with what people have said to it. */
interface Deciding {
  readonly request: RequestRecord;
  readonly said: readonly ApprovalRecord[];
  readonly now: Instant;
}

/** What became of it, and the grants that came out of it. */
interface Decided {
  readonly state: RequestState;
  readonly said: readonly ApprovalRecord[];
  readonly grants: readonly GrantRecord[];
}

async function approveIfSatisfied(
  world: World,
  trx: Trx,
  rules: RulesInForce,
  deciding: Deciding,
  grant: GrantRecord | null,
  decision: Decision,
  given: NewEntry,
): Promise<Result<Decided, OperationRefusal>> {
  const { request, said, now } = deciding;
  if (openSteps(decision, votesIn(said)).some((step) => step.missing > 0)) {
    await world.append(trx, given);
    return ok({ state: request.state, said, grants: [] });
  }
  if (grant !== null && request.extends !== null) {
    const until = extensionUntil(request, agreedDurationMs(request, said)) ?? request.extends.until;
    const extension = { request: request.id, until };
    const wanted = await wantExtension(trx, grant, extension, decision, now);
    if (wanted.ok) return finish(world, trx, deciding, { kind: 'approve' }, { entries: [given], until });
    await finish(world, trx, deciding, BY_POLICY, { entries: [given] });
    return wanted;
  }
  const durationMs = Math.min(agreedDurationMs(request, said), decision.maxDurationMs);
  // Whom the rules were asked about, then and now.
  const { requester } = storedQuestion(request);
  const approved = { ...request, durationMs };
  const make = (entries: readonly NewEntry[]) => createGrants(world, trx, rules, requester, approved, now, entries);
  return finish(world, trx, deciding, { kind: 'approve' }, { entries: [given], make });
}

/** The grant ended before its extension was decided: there is nothing left to decide, and whoever came to do it is told so. */
async function endedFirst(
  world: World,
  trx: Trx,
  deciding: Deciding,
  grant: GrantRecord,
): Promise<Result<Decided, OperationRefusal>> {
  const { policyVersion } = deciding.request;
  const ended = { policyVersion, refusals: [{ code: 'grant-ended', rule: 'default' }] };
  const finished = await finish(world, trx, deciding, BY_POLICY, { refusedBy: ended });
  if (!finished.ok) return finished;
  return refused(endedBeforeDecision(grant));
}

function endedBeforeDecision(grant: GrantRecord): OperationRefusal {
  return { ...grantEnded(grant), detail: 'The access ended before this was decided. The request is closed.' };
}

/** What is written with the end of a request. */
interface Closing {
  /** What the log says before it says what became of the request. */
  readonly entries?: readonly NewEntry[];
  /** The rules refuse it now, and its entry says why. */
  readonly refusedBy?: Pick<Decision, 'policyVersion'> & {
    readonly refusals: readonly { readonly code: string; readonly rule: string }[];
  };
  /** The end that an approved extension comes to. */
  readonly until?: Instant;
  /** Makes its grants, and writes the entries that it is given before theirs. */
  readonly make?: (entries: readonly NewEntry[]) => Promise<readonly GrantRecord[]>;
}

/** Closes a request. */
async function finish(
  world: World,
  trx: Trx,
  { request, said, now }: Deciding,
  event: { kind: 'approve' } | { kind: 'deny'; by: 'approver' | 'policy' },
  { entries: before = [], refusedBy, until, make }: Closing,
): Promise<Result<Decided, OperationRefusal>> {
  const next = transitionRequest(request.state, event, now);
  if (!next.ok) {
    await world.append(trx, ...before);
    return refused(tooLate(request.state));
  }
  const entry: NewEntry = {
    kind: event.kind === 'approve' ? 'request.approved' : 'request.denied',
    at: now,
    actor: { kind: 'system', id: 'policy' },
    subjects: { request: request.id, person: request.person, ...grantOf(request) },
    facts: {
      ...(event.kind === 'deny'
        ? { by: event.by }
        : { automatic: false, ...(until === undefined ? {} : { until: toIso(until) }) }),
      ...(refusedBy === undefined
        ? {}
        : {
            policyVersion: refusedBy.policyVersion,
            refusals: refusedBy.refusals.map((refusal) => ({ code: refusal.code, rule: refusal.rule })),
          }),
    },
  };
  const entries = [...before, entry];
  const [, grants] = await together([
    saveRequestState(trx, request.id, next.value),
    make === undefined ? world.append(trx, ...entries).then(() => []) : make(entries),
  ]);
  return ok({ state: next.value, said, grants });
}

/** What the entries about an extension name besides its request, so that they stand in the story of the grant as well. */
function grantOf({ extends: extension }: RequestRecord): { readonly grant?: GrantId } {
  return extension === null ? {} : { grant: extension.grant };
}

/**
 * Runs what somebody may do to a request, with its row locked, and answers with the request as it then stands. Where it is decided, what it
 * asks to extend is locked as well.
 */
async function within(
  world: World,
  actor: Actor,
  id: RequestId,
  operation: Extract<Operation, 'approveRequest' | 'denyRequest' | 'withdrawRequest'>,
  work: (trx: Trx, deciding: Deciding) => Promise<Result<Decided, OperationRefusal>>,
): Promise<Outcome> {
  const outcome = await world.db
    .transaction()
    .execute(async (trx): Promise<Result<Deciding & Decided, OperationRefusal>> => {
      // The grant first, as whoever ends it does.
      const grantLocked = operation === 'withdrawRequest' ? Promise.resolve() : lockExtended(trx, id);
      const [, locked, approvals] = await together([grantLocked, lockRequest(trx, id), approvalsOf(trx, [id])]);
      if (locked === null) return refused(NOT_FOUND);
      const said = approvals.get(id) ?? [];
      const standing = await standingToRequest(world, trx, actor, locked.request, said);
      const no = judge(operation, actor, standing);
      if (no !== null) return refused(no);
      const done = await work(trx, { ...locked, said });
      return done.ok ? ok({ ...locked, ...done.value }) : done;
    });
  if (!outcome.ok) return outcome;
  const { now, state, said, grants } = outcome.value;
  const request = { ...outcome.value.request, state };
  world.changes.publish({ kind: 'request', id, at: now });
  world.wake('starts');
  const own = request.extends === null ? grants : await findGrants(world.db, [request.extends.grant]);
  const view = writtenRequestView(world, request, own, said, actor);
  if (request.state.kind === 'denied' && request.state.by === 'policy') {
    return refused({
      code: 'policy-tightened',
      detail: 'The rules have changed since this was asked, and refuse it now. The request is closed.',
      hint: `See "curfew why ${id}" for the rule, then ask again within what it allows.`,
    });
  }
  return ok(view);
}

/** Says who has decided it, when, and with which words: whoever comes second wants to know. */
async function alreadyDecided(
  world: World,
  trx: Trx,
  request: RequestRecord,
  said: readonly ApprovalRecord[],
): Promise<OperationRefusal> {
  const { state } = request;
  const lost = state.kind === 'lapsed' && state.cause === 'grant-ended' ? request.extends : null;
  const grant = lost === null ? null : await findGrant(trx, lost.grant);
  if (grant !== null) return endedBeforeDecision(grant);
  if (state.kind === 'pending' || state.kind === 'lapsed') return tooLate(state);
  const last = said.at(-1);
  const byPerson =
    last !== undefined && (state.kind === 'approved' || (state.kind === 'denied' && state.by === 'approver'));
  const person = state.kind === 'withdrawn' ? request.person : byPerson ? last.person : null;
  const keys = await personKeys(trx, person === null ? [] : [person]);
  const by = person === null ? 'the rules' : personView(world, keys.get(person) ?? '').name;
  const comment = byPerson && last.comment !== null ? `: ${last.comment}` : '.';
  return {
    code: 'already-decided',
    detail: `This request was ${state.kind} by ${by} at ${toIso(state.decidedAt)}${comment}`,
  };
}

function tooLate(state: RequestState): OperationRefusal {
  if (state.kind === 'lapsed') {
    return {
      code: 'request-lapsed',
      detail: `This request has lapsed. ${LAPSE_WORDS[state.cause]}`,
      hint: 'Ask again.',
    };
  }
  return { code: 'already-decided', detail: `This request is already ${state.kind}.` };
}
