import { transitionRequest } from '../core/request.ts';
import { invariant, ok, refused, type Result } from '../core/result.ts';
import { after, formatDuration, toIso, type Instant } from '../core/time.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { newId } from '../platform/random.ts';
import { decide } from '../policy/decide.ts';
import type { Decision, Item, Question } from '../policy/types.ts';
import { appNow } from '../store/database.ts';
import { keepPolicyVersion } from '../store/policy-versions.ts';
import { beforeRequest, findRequest, insertRequest, saveRequestState, type RequestRecord } from '../store/requests.ts';
import type { Trx } from '../store/schema.ts';
import { asJson } from './as-json.ts';
import { checkInput, type RequestInput } from './check-input.ts';
import { createGrants } from './create-grants.ts';
import { planItems } from './plan-items.ts';
import type { OperationRefusal } from './refusal.ts';
import { needsSignedApproval, SIGNED_APPROVAL_MISSING } from './step-up.ts';
import { requestViews, type RequestView } from './views.ts';
import type { Actor, RulesInForce, World } from './world.ts';

/**
 * Asks for access. A refused question leaves no request behind, only a ledger entry; an allowed one becomes a pending
 * request, or an approved one with its grants when the rules need nobody's approval. All in one transaction.
 */
export async function requestAccess(
  world: World,
  actor: Actor,
  input: RequestInput,
): Promise<Result<RequestView, OperationRefusal>> {
  const asked = world.clock.now();
  const wrong = checkInput(input, asked);
  if (wrong !== null) return refused(wrong);
  const rules = world.rules.current();
  const question = questionOf(actor, input, asked);
  const decision = decide(rules.policy, rules.directory, question);
  if (decision.effect === 'deny') {
    await noteRefusal(world, actor, input, decision);
    return refused(refusalOf(decision));
  }
  if (decision.steps.length > 0 && needsSignedApproval(rules, input.items)) return refused(SIGNED_APPROVAL_MISSING);
  const impossible = planItems(world, rules, actor.key, input, decision.durationMs);
  if (impossible !== null) return refused(impossible);

  const id = newId(world.random, 'req');
  const outcome = await world.db.transaction().execute(async (trx): Promise<Result<Instant, OperationRefusal>> => {
    const { pending, policyKept, now } = await beforeRequest(trx, actor.person, rules.policy.version);
    if (pending >= world.maxPending) {
      return refused({
        code: 'too-many-pending',
        detail: `You already have ${world.maxPending} requests waiting for a decision.`,
        hint: 'Withdraw one with "curfew withdraw req_…", or wait for an answer.',
      });
    }
    const lapsesAt = after(now, world.lapsesAfterMs);
    if (!policyKept) await keepPolicyVersion(trx, rules.policy.version, rules.policy.sources, now);
    const request = {
      id,
      person: actor.person,
      items: question.items,
      reason: input.reason ?? '',
      ticket: input.ticket ?? null,
      durationMs: decision.durationMs,
      startsAt: input.startsAt ?? null,
      question: asJson(question),
      decision: asJson(decision),
      policyVersion: decision.policyVersion,
      createdAt: now,
      lapsesAt,
    };
    await insertRequest(trx, request);
    const submitted: NewEntry = {
      kind: 'request.submitted',
      at: now,
      actor: { kind: 'person', id: actor.person },
      subjects: { request: id, person: actor.person },
      facts: {
        items: asItems(question.items),
        durationMs: decision.durationMs,
        policyVersion: decision.policyVersion,
        directoryVersion: decision.directoryVersion,
        steps: decision.steps.map((step) => step.id),
        lapsesAt: toIso(lapsesAt),
      },
      personal: { reason: { subject: actor.person, value: input.reason ?? '' } },
    };
    const automatic = decision.steps.length > 0 ? [] : await approveByRule(world, trx, actor, rules, request, decision);
    await world.append(trx, submitted, ...automatic);
    return ok(now);
  });
  if (!outcome.ok) return outcome;
  world.changes.publish({ kind: 'request', id, at: outcome.value });
  if (decision.steps.length === 0) world.wake('starts');
  const request = await findRequest(world.db, id);
  invariant(request !== null, `request ${id} vanished`);
  const view = (await requestViews(world, [request], actor))[0];
  invariant(view !== undefined, `request ${id} has no view`);
  return ok(view);
}

/** The question that the rules are asked: what the person wants and everything that is known about how they ask. */
export function questionOf(actor: Actor, input: RequestInput, now: Instant): Question {
  return {
    now,
    requester: actor.key,
    items: input.items,
    context: actor.context,
    ...(input.durationMs === undefined ? {} : { durationMs: input.durationMs }),
    ...(input.startsAt === undefined ? {} : { startsAt: input.startsAt }),
    ...(input.reason === undefined ? {} : { reason: input.reason }),
    ...(input.ticket === undefined ? {} : { ticket: input.ticket }),
  };
}

/** A denial as a refusal: the first reason in the sentence, all of them in the list. */
export function refusalOf(decision: Decision): OperationRefusal {
  const first = decision.refusals[0];
  return {
    code: 'request-refused',
    detail: first === undefined ? 'No rule allows this.' : first.text,
    ...(first?.hint === undefined ? {} : { hint: first.hint }),
    refusals: decision.refusals,
  };
}

/** Approves a request that needs nobody, at the moment it was made. Returns the entries that the ledger owes it. */
async function approveByRule(
  world: World,
  trx: Trx,
  actor: Actor,
  rules: RulesInForce,
  request: Omit<RequestRecord, 'state'>,
  decision: Decision,
): Promise<readonly NewEntry[]> {
  const { id, lapsesAt, createdAt: now } = request;
  const approved = transitionRequest({ kind: 'pending', lapsesAt }, { kind: 'approve' }, now);
  invariant(approved.ok, `request ${id} cannot be approved`);
  await saveRequestState(trx, id, approved.value);
  const entry: NewEntry = {
    kind: 'request.approved',
    at: now,
    actor: { kind: 'system', id: 'policy' },
    subjects: { request: id, person: actor.person },
    facts: {
      automatic: true,
      policyVersion: decision.policyVersion,
      rules: decision.reasons.map((reason) => reason.rule),
    },
  };
  return [entry, ...(await createGrants(world, trx, rules, actor.key, request, now))];
}

async function noteRefusal(world: World, actor: Actor, input: RequestInput, decision: Decision): Promise<void> {
  await world.db.transaction().execute(async (trx) => {
    await world.append(trx, {
      kind: 'request.refused',
      at: await appNow(trx),
      actor: { kind: 'person', id: actor.person },
      subjects: { person: actor.person },
      facts: {
        items: asItems(input.items),
        duration: input.durationMs === undefined ? null : formatDuration(input.durationMs),
        policyVersion: decision.policyVersion,
        refusals: decision.refusals.map((refusal) => ({ code: refusal.code, rule: refusal.rule })),
      },
    });
  });
}

function asItems(items: readonly Item[]): readonly string[] {
  return items.map((item) => `${item.role}@${item.target}`);
}
