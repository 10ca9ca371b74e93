import { transitionRequest } from '../core/request.ts';
import { invariant, ok, refused, type Result } from '../core/result.ts';
import { after, formatDuration, toIso, type Instant } from '../core/time.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { newId } from '../platform/random.ts';
import type { Decision, Item } from '../policy/types.ts';
import { appNow } from '../store/database.ts';
import { keepPolicyVersion } from '../store/policy-versions.ts';
import { beforeRequest, findRequest, insertRequest, saveRequestState, type RequestRecord } from '../store/requests.ts';
import type { Trx } from '../store/schema.ts';
import { asJson } from './as-json.ts';
import { checkInput, type RequestInput } from './check-input.ts';
import { createGrants } from './create-grants.ts';
import { judgeRequest, questionOf } from './judge-request.ts';
import { raiseAlarms } from './raise-alarms.ts';
import type { OperationRefusal } from './refusal.ts';
import { requestViews, type RequestView } from './views.ts';
import type { Actor, RulesInForce, World } from './world.ts';

/**
 * Asks for access. A refused question leaves no request behind, only a ledger entry; an allowed one becomes a pending
 * request, or an approved one with its grants when the rules need nobody's approval. All in one transaction. Input that is no
 * sound question (`checkInput`) is judged by nobody and leaves nothing.
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
  const { decision, refusal } = judgeRequest(world, rules, question);
  raiseAlarms(world, 'request', decision);
  if (refusal !== null) {
    await world.db.transaction().execute(async (trx) => noteRefusal(world, trx, actor, rules, input, refusal));
    return refused(refusal);
  }

  const id = newId(world.random, 'req');
  const outcome = await world.db.transaction().execute(async (trx): Promise<Result<Instant, OperationRefusal>> => {
    const { pending, policyKept, now } = await beforeRequest(trx, actor.person, rules.policy.version);
    if (pending >= world.maxPending) {
      const tooMany: OperationRefusal = {
        code: 'too-many-pending',
        detail: `You already have ${world.maxPending} requests waiting for a decision.`,
        hint: 'Withdraw one with "curfew withdraw req_…", or wait for an answer.',
      };
      await noteRefusal(world, trx, actor, rules, input, tooMany);
      return refused(tooMany);
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
      personal: {
        reason: { subject: actor.person, value: input.reason ?? '' },
        ...(input.ticket === undefined ? {} : { ticket: { subject: actor.person, value: input.ticket } }),
      },
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

/** Every refusal of a sound question stands in the log, whoever gave it: the rules, an approval that cannot be signed, or a provider. */
async function noteRefusal(
  world: World,
  trx: Trx,
  actor: Actor,
  rules: RulesInForce,
  input: RequestInput,
  refusal: OperationRefusal,
): Promise<void> {
  const causes = refusal.refusals ?? [{ code: refusal.code, rule: 'default' }];
  await world.append(trx, {
    kind: 'request.refused',
    at: await appNow(trx),
    actor: { kind: 'person', id: actor.person },
    subjects: { person: actor.person },
    facts: {
      items: asItems(input.items.map((item) => knownItem(rules, item))),
      duration: input.durationMs === undefined ? null : formatDuration(input.durationMs),
      policyVersion: rules.policy.version,
      refusals: causes.map(({ code, rule }) => ({ code, rule })),
    },
  });
}

/** People type anything, a password too, and the log is for ever: it repeats only names that the rules know. */
function knownItem({ policy }: RulesInForce, { role, target }: Item): Item {
  return {
    role: policy.roles.has(role) ? role : 'unknown',
    target: policy.vocabulary.targets.has(target) ? target : 'unknown',
  };
}

function asItems(items: readonly Item[]): readonly string[] {
  return items.map((item) => `${item.role}@${item.target}`);
}
