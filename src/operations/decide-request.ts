import { transitionRequest, type RequestState } from '../core/request.ts';
import type { GrantId, RequestId } from '../core/ids.ts';
import { invariant, ok, refused, type Result } from '../core/result.ts';
import { after, toIso, type Instant } from '../core/time.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { newId } from '../platform/random.ts';
import { mayDecide, openSteps } from '../policy/approvals.ts';
import { decide } from '../policy/decide.ts';
import type { Decision } from '../policy/types.ts';
import { appNow } from '../store/database.ts';
import { findGrant, type GrantRecord } from '../store/grants.ts';
import { personKeys } from '../store/people.ts';
import {
  approvalsOf,
  findRequest,
  insertApproval,
  lockExtended,
  saveRequestState,
  type RequestRecord,
} from '../store/requests.ts';
import type { Db, Trx } from '../store/schema.ts';
import { together } from '../store/together.ts';
import { createGrants } from './create-grants.ts';
import { grantIsOver } from './grant-shape.ts';
import { raiseAlarms } from './raise-alarms.ts';
import type { OperationRefusal } from './refusal.ts';

import { mayViewRequest } from './may-view.ts';
import { storedQuestion } from './stored-decision.ts';
import { needsSignedApproval, SIGNED_APPROVAL_MISSING } from './step-up.ts';
import { personView, requestViews, type RequestView } from './views.ts';
import { grantEnded, wantExtension } from './want-extension.ts';
import type { Actor, RulesInForce, World } from './world.ts';

type Outcome = Result<RequestView, OperationRefusal>;

/** Approves a request as one person. The approval that satisfies the last open step approves the request and makes its grants. */
export function approveRequest(
  world: World,
  actor: Actor,
  id: RequestId,
  input: { comment?: string },
): Promise<Outcome> {
  return decideAs(world, actor, id, 'approve', input.comment ?? null);
}

/** Denies a request as one person: one no is enough. */
export function denyRequest(world: World, actor: Actor, id: RequestId, input: { comment?: string }): Promise<Outcome> {
  return decideAs(world, actor, id, 'deny', input.comment ?? null);
}

/** Takes one's own pending request back. */
export async function withdrawRequest(world: World, actor: Actor, id: RequestId): Promise<Outcome> {
  return within(world, actor, id, false, async (trx, request, now) => {
    if (request.person !== actor.person)
      return refused({ code: 'not-your-request', detail: 'Only the requester can withdraw a request.' });
    const next = transitionRequest(request.state, { kind: 'withdraw' }, now);
    if (!next.ok) return refused(await alreadyDecided(world, trx, request));
    await saveRequestState(trx, id, next.value);
    await world.append(trx, {
      kind: 'request.withdrawn',
      at: now,
      actor: { kind: 'person', id: actor.person },
      subjects: { request: id, person: request.person },
      facts: {},
    });
    return ok(null);
  });
}

async function decideAs(
  world: World,
  actor: Actor,
  id: RequestId,
  verdict: 'approve' | 'deny',
  comment: string | null,
): Promise<Outcome> {
  if ((comment ?? '').length > 2_000)
    return refused({ code: 'invalid-input', detail: 'The comment is longer than 2000 characters.' });
  const rules = world.rules.current();
  return within(world, actor, id, true, async (trx, request, now) => {
    if (request.person === actor.person) {
      return refused({
        code: 'self-approval',
        detail: 'Nobody decides their own request.',
        hint: 'Ask one of the people that "curfew why" names.',
      });
    }
    if (request.state.kind !== 'pending') return refused(await alreadyDecided(world, trx, request));
    if (now >= request.state.lapsesAt) return refused(tooLate({ kind: 'lapsed', decidedAt: request.state.lapsesAt }));
    const grant = request.extends === null ? null : await findGrant(trx, request.extends.grant, true);
    if (grant !== null && grantIsOver(grant, now)) return endedFirst(world, trx, request, grant, now);
    const decision = decide(rules.policy, rules.directory, { ...storedQuestion(request), now });
    raiseAlarms(world, 'decision', decision);
    if (decision.effect === 'deny') return tightened(world, trx, request, decision, now);
    if (!mayDecide(decision, actor.key, now)) {
      return refused({ code: 'not-an-approver', detail: 'The rules do not name you for any step of this request.' });
    }
    if (verdict === 'approve' && needsSignedApproval(rules, request.items)) return refused(SIGNED_APPROVAL_MISSING);
    const fresh = await insertApproval(trx, {
      id: newId(world.random, 'apr'),
      request: id,
      person: actor.person,
      verdict,
      comment,
      at: now,
    });
    if (!fresh) return refused({ code: 'already-decided-by-you', detail: 'You have decided this request before.' });
    await world.append(trx, {
      kind: verdict === 'approve' ? 'approval.given' : 'approval.refused',
      at: now,
      actor: { kind: 'person', id: actor.person },
      subjects: { request: id, person: request.person },
      facts: { policyVersion: decision.policyVersion, via: actor.context.via },
      ...(comment === null ? {} : { personal: { comment: { subject: actor.person, value: comment } } }),
    });
    if (verdict === 'deny') return finish(world, trx, request, { kind: 'deny', by: 'approver' }, now);
    return approveIfSatisfied(world, trx, rules, { ...request, grant }, decision, now);
  });
}

async function approveIfSatisfied(
  world: World,
  trx: Trx,
  rules: RulesInForce,
  request: RequestRecord & { readonly grant: GrantRecord | null },
  decision: Decision,
  now: Instant,
): Promise<Result<null, OperationRefusal>> {
  const votes = await votesOn(trx, request);
  if (openSteps(decision, votes).some((step) => step.missing > 0)) return ok(null);
  if (request.grant !== null && request.extends !== null) {
    const extension = { request: request.id, until: request.extends.until };
    const wanted = await wantExtension(trx, request.grant, extension, decision, now);
    if (!wanted.ok) {
      await finish(world, trx, request, { kind: 'deny', by: 'policy' }, now);
      return wanted;
    }
    return finish(world, trx, request, { kind: 'approve' }, now);
  }
  const finished = await finish(world, trx, request, { kind: 'approve' }, now);
  if (!finished.ok) return finished;
  const durationMs = Math.min(request.durationMs, decision.maxDurationMs);
  const requester = (await personKeys(trx, [request.person])).get(request.person);
  invariant(requester !== undefined, `nobody is ${request.person}`);
  await createGrants(world, trx, rules, requester, { ...request, durationMs }, now, []);
  return ok(null);
}

/** The grant ended before its extension was decided: there is nothing left to decide, and whoever came to do it is told so. */
async function endedFirst(
  world: World,
  trx: Trx,
  request: RequestRecord,
  grant: GrantRecord,
  now: Instant,
): Promise<Result<null, OperationRefusal>> {
  const ended = { policyVersion: request.policyVersion, refusals: [{ code: 'grant-ended', rule: 'default' }] };
  const finished = await finish(world, trx, request, { kind: 'deny', by: 'policy' }, now, ended);
  if (!finished.ok) return finished;
  return refused(endedBeforeDecision(grant));
}

function endedBeforeDecision(grant: GrantRecord): OperationRefusal {
  return { ...grantEnded(grant), detail: 'The access ended before this was decided. The request is closed.' };
}

/** A rule that was tightened while the request waited refuses it now; the request is over, and says why. */
async function tightened(
  world: World,
  trx: Trx,
  request: RequestRecord,
  decision: Decision,
  now: Instant,
): Promise<Result<null, OperationRefusal>> {
  const finished = await finish(world, trx, request, { kind: 'deny', by: 'policy' }, now, decision);
  return finished;
}

async function finish(
  world: World,
  trx: Trx,
  request: RequestRecord,
  event: { kind: 'approve' } | { kind: 'deny'; by: 'approver' | 'policy' },
  now: Instant,
  decision?: Pick<Decision, 'policyVersion'> & {
    readonly refusals: readonly { readonly code: string; readonly rule: string }[];
  },
): Promise<Result<null, OperationRefusal>> {
  const next = transitionRequest(request.state, event, now);
  if (!next.ok) return refused(tooLate(request.state));
  const entry: NewEntry = {
    kind: event.kind === 'approve' ? 'request.approved' : 'request.denied',
    at: now,
    actor: { kind: 'system', id: 'policy' },
    subjects: { request: request.id, person: request.person, ...grantOf(request) },
    facts: {
      ...(event.kind === 'deny' ? { by: event.by } : { automatic: false, ...untilOf(request) }),
      ...(decision === undefined
        ? {}
        : {
            policyVersion: decision.policyVersion,
            refusals: decision.refusals.map((refusal) => ({ code: refusal.code, rule: refusal.rule })),
          }),
    },
  };
  await together([saveRequestState(trx, request.id, next.value), world.append(trx, entry)]);
  return ok(null);
}

/** What the entries about an extension name besides its request, so that they stand in the story of the grant as well. */
function grantOf({ extends: extension }: RequestRecord): { readonly grant?: GrantId } {
  return extension === null ? {} : { grant: extension.grant };
}

function untilOf({ extends: extension }: RequestRecord): { readonly until?: string } {
  return extension === null ? {} : { until: toIso(extension.until) };
}

/**
 * Runs a decision on a locked request that the actor may see, and answers with the request as it then stands. `withGrant`: what it asks to
 * extend is locked as well.
 */
async function within(
  world: World,
  actor: Actor,
  id: RequestId,
  withGrant: boolean,
  work: (trx: Trx, request: RequestRecord, now: Instant) => Promise<Result<null, OperationRefusal>>,
): Promise<Outcome> {
  const outcome = await world.db.transaction().execute(async (trx): Promise<Result<Instant, OperationRefusal>> => {
    // The grant first, as whoever ends it does.
    const locked = withGrant ? [lockExtended(trx, id)] : [];
    // The time is asked for behind the locks, whatever they had to wait for.
    const [request, now] = await together([findRequest(trx, id, true), appNow(trx), ...locked]);
    if (request === null || !(await mayViewRequest(world, trx, actor, request))) return refused(NOT_FOUND);
    const done = await work(trx, request, now);
    return done.ok ? ok(now) : done;
  });
  if (!outcome.ok) return outcome;
  world.changes.publish({ kind: 'request', id, at: outcome.value });
  world.wake('starts');
  const request = await findRequest(world.db, id);
  invariant(request !== null, `request ${id} vanished`);
  const view = (await requestViews(world, [request], actor))[0];
  invariant(view !== undefined, `request ${id} has no view`);
  if (request.state.kind === 'denied' && request.state.by === 'policy') {
    return refused({
      code: 'policy-tightened',
      detail: 'The rules have changed since this was asked, and refuse it now. The request is closed.',
      hint: `See "curfew why ${id}" for the rule, then ask again within what it allows.`,
    });
  }
  return ok(view);
}

/** The approvals of a request by directory key, as `openSteps` counts them. */
export async function votesOn(db: Db | Trx, request: RequestRecord): Promise<readonly { by: string; at: Instant }[]> {
  const approvals = ((await approvalsOf(db, [request.id])).get(request.id) ?? []).filter(
    (one) => one.verdict === 'approve',
  );
  const keys = await personKeys(
    db,
    approvals.map((one) => one.person),
  );
  return approvals.flatMap((one) => {
    const by = keys.get(one.person);
    return by === undefined ? [] : [{ by, at: after(one.at, 0) }];
  });
}

export const NOT_FOUND: OperationRefusal = {
  code: 'not-found',
  detail: 'There is no such thing, or you may not see it.',
  hint: 'Check the id: "curfew ls" shows yours.',
};

/** Says who has decided it, when, and with which words: whoever comes second wants to know. */
async function alreadyDecided(world: World, trx: Trx, request: RequestRecord): Promise<OperationRefusal> {
  const { state } = request;
  const lost = state.kind === 'lapsed' && state.decidedAt < request.lapsesAt ? request.extends : null;
  const grant = lost === null ? null : await findGrant(trx, lost.grant);
  if (grant !== null) return endedBeforeDecision(grant);
  if (state.kind === 'pending' || state.kind === 'lapsed') return tooLate(state);
  const last = ((await approvalsOf(trx, [request.id])).get(request.id) ?? []).at(-1);
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
      detail: 'Nobody decided this request in time; it has lapsed.',
      hint: 'Ask again.',
    };
  }
  return { code: 'already-decided', detail: `This request is already ${state.kind}.` };
}
