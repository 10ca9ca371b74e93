import type { GrantId } from '../core/ids.ts';
import { transitionRequest, type RequestState } from '../core/request.ts';
import { invariant, ok, refused, type Result } from '../core/result.ts';
import { after, formatDuration, toIso, type Instant } from '../core/time.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { newId } from '../platform/random.ts';
import type { Item } from '../policy/types.ts';
import { appNow } from '../store/database.ts';
import type { GrantRecord } from '../store/grants.ts';
import { keepPolicyVersion } from '../store/policy-versions.ts';
import { beforeRequest, insertRequest, type RequestRecord } from '../store/requests.ts';
import { standingRevocations } from '../store/revocations.ts';
import type { Trx } from '../store/schema.ts';
import { together } from '../store/together.ts';
import { asJson } from './as-json.ts';
import { judge } from './authorisation.ts';
import { checkInput, type RequestInput } from './check-input.ts';
import { createGrants } from './create-grants.ts';
import { judgeRequest, questionOf } from './judge-request.ts';
import { raiseAlarms } from './raise-alarms.ts';
import type { OperationRefusal } from './refusal.ts';
import { ownersOfItems, stoppedBy, stoppedWords } from './revocation-reach.ts';
import { strictestTier } from './step-up.ts';
import { writtenRequestView, type RequestView } from './views.ts';
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
  const wrong = judge('requestAccess', actor) ?? checkInput(input, asked);
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
  const outcome = await world.db.transaction().execute(async (trx): Promise<Result<Made, OperationRefusal>> => {
    const waits = decision.steps.length > 0;
    const targets = question.items.map((item) => item.target);
    const [{ pending, policyKept, now }, standing] = await together([
      beforeRequest(trx, actor.person, rules.policy.version, waits),
      standingRevocations(trx, actor.person, targets),
    ]);
    // What needs nobody's approval wears nobody down.
    if (waits && pending >= world.maxPending) {
      const tooMany = tooManyPending(world);
      await noteRefusal(world, trx, actor, rules, input, tooMany);
      return refused(tooMany);
    }
    const lapsesAt = after(now, world.lapsesAfterMs);
    if (!policyKept) await keepPolicyVersion(trx, rules.policy.version, rules.policy.sources, now);
    const request: RequestRecord = {
      id,
      state: waits ? { kind: 'pending', lapsesAt } : approvedByRule(lapsesAt, now),
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
      extends: null,
    };
    const order = await stoppedBy(world, trx, standing, request, ownersOfItems(world, request.items));
    if (order !== null) {
      const stopped: OperationRefusal = {
        code: 'access-stopped',
        detail: stoppedWords(order),
        hint: STOPPED_HINT,
      };
      await noteRefusal(world, trx, actor, rules, input, stopped);
      return refused(stopped);
    }
    const submitted: NewEntry = {
      kind: 'request.submitted',
      at: now,
      actor: { kind: 'person', id: actor.person },
      subjects: { request: id, person: actor.person },
      facts: {
        items: asItems(question.items),
        tier: strictestTier(rules, question.items),
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
    if (waits) {
      await together([insertRequest(trx, request), world.append(trx, submitted)]);
      return ok({ request, grants: [] });
    }
    const approved: NewEntry = {
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
    const [, grants] = await together([
      insertRequest(trx, request),
      createGrants(world, trx, rules, actor.key, request, now, [submitted, approved]),
    ]);
    return ok({ request, grants });
  });
  if (!outcome.ok) return outcome;
  const { request, grants } = outcome.value;
  world.changes.publish({ kind: 'request', id, at: request.createdAt });
  if (grants.length > 0) world.wake('starts');
  return ok(writtenRequestView(world, request, grants, [], actor));
}

export const STOPPED_HINT =
  'Ask whoever answers for the role or the target; they can lift the order when it has done its work.';

export function tooManyPending({ maxPending }: World): OperationRefusal {
  return {
    code: 'too-many-pending',
    detail: `You already have ${maxPending} requests waiting for a decision.`,
    hint: 'Withdraw one with "curfew withdraw req_…", or wait for an answer.',
  };
}

/** A request as it was written, and the grants that it has already. */
interface Made {
  readonly request: RequestRecord;
  readonly grants: readonly GrantRecord[];
}

/** The state of a request that needs nobody's approval, from the moment it is made. */
export function approvedByRule(lapsesAt: Instant, now: Instant): RequestState {
  const approved = transitionRequest({ kind: 'pending', lapsesAt }, { kind: 'approve' }, now);
  invariant(approved.ok, 'a new request can be approved');
  return approved.value;
}

/** Every refusal of a sound question stands in the log, whoever gave it: the rules, or a provider. */
export async function noteRefusal(
  world: World,
  trx: Trx,
  actor: Actor,
  rules: RulesInForce,
  input: RequestInput,
  refusal: OperationRefusal,
  extension: { readonly grant: GrantId; readonly until: Instant } | null = null,
): Promise<void> {
  const causes = refusal.refusals ?? [{ code: refusal.code, rule: 'default' }];
  await world.append(trx, {
    kind: 'request.refused',
    at: await appNow(trx),
    actor: { kind: 'person', id: actor.person },
    subjects: { person: actor.person, ...(extension === null ? {} : { grant: extension.grant }) },
    facts: {
      ...(extension === null ? {} : { until: toIso(extension.until) }),
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
