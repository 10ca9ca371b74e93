import type { GrantId } from '../core/ids.ts';
import { invariant, ok, refused, type Result } from '../core/result.ts';
import { after, toIso, type Instant } from '../core/time.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { newId } from '../platform/random.ts';
import type { Decision, Question } from '../policy/types.ts';
import { findGrant, type GrantRecord } from '../store/grants.ts';
import { keepPolicyVersion } from '../store/policy-versions.ts';
import { beforeRequest, extensionIsPending, insertRequest, type RequestRecord } from '../store/requests.ts';
import { standingRevocations } from '../store/revocations.ts';
import type { Trx } from '../store/schema.ts';
import { together } from '../store/together.ts';
import { asJson } from './as-json.ts';
import { checkInput, type RequestInput } from './check-input.ts';
import { judge } from './authorisation.ts';
import { grantIsOver } from './grant-shape.ts';
import { judgeRequest, questionOf } from './judge-request.ts';
import { raiseAlarms } from './raise-alarms.ts';
import { recheckDefinition } from './recheck-grant.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import { approvedByRule, noteRefusal, STOPPED_HINT, tooManyPending } from './request-access.ts';
import { ownersOfItems, stoppedBy, stoppedWords } from './revocation-reach.ts';
import { standingToGrant } from './standing.ts';
import { strictestTier } from './step-up.ts';
import { writtenRequestView, type RequestView } from './views.ts';
import { alreadyBeingExtended, grantEnded, wantExtension } from './want-extension.ts';
import type { Actor, RulesInForce, World } from './world.ts';

/** By how much longer somebody wants to keep what they hold, and why. */
export interface ExtensionInput {
  /** Counts from the end that the grant has now. */
  readonly durationMs: number;
  readonly reason?: string;
  readonly ticket?: string;
}

type Outcome = Result<RequestView, OperationRefusal>;

/** An extension that was asked for, as it is judged. `until` is absolute: whoever approves later knows until when. */
export interface Asked {
  readonly actor: Actor;
  readonly rules: RulesInForce;
  readonly input: RequestInput;
  readonly grant: GrantRecord;
  readonly until: Instant;
  readonly question: Question;
}

/**
 * Asks for a later end of one's own live grant. A new decision by the rules in force: the time counts from activation, extensions
 * included, and so does every condition that looks at the duration. Approved, by rule or by people, it is written into the cloud by the
 * engine, and is the grant's end from then on and not before.
 */
export async function extendGrant(world: World, actor: Actor, id: GrantId, wanted: ExtensionInput): Promise<Outcome> {
  const grant = await findGrant(world.db, id);
  if (grant === null) return refused(NOT_FOUND);
  const no = judge('extendGrant', actor, await standingToGrant(world, world.db, actor, grant));
  const unfit = no ?? unfitFor(grant, world.clock.now());
  if (unfit !== null) return refused(unfit);
  const asked = askedFor(world, actor, grant, wanted);
  if (!asked.ok) return asked;
  const { rules, question, input, until } = asked.value;
  const { decision, refusal: judged } = judgeRequest(world, rules, question);
  raiseAlarms(world, 'request', decision);
  const refusal = judged ?? changedSince(rules, actor, grant);
  const note = { grant: id, until };
  if (refusal !== null) {
    await world.db.transaction().execute((trx) => noteRefusal(world, trx, actor, rules, input, refusal, note));
    return refused(refusal);
  }
  const outcome = await world.db.transaction().execute(async (trx): Promise<Result<Made, OperationRefusal>> => {
    const made = await submit(world, trx, asked.value, decision);
    if (!made.ok) await noteRefusal(world, trx, actor, rules, input, made.refusal, note);
    return made;
  });
  if (!outcome.ok) return outcome;
  const { request } = outcome.value;
  for (const change of [
    { kind: 'request', id: request.id },
    { kind: 'grant', id },
  ] as const)
    world.changes.publish({ ...change, at: request.createdAt });
  world.wake('starts');
  return ok(writtenRequestView(world, request, [outcome.value.grant], [], actor));
}

interface Made {
  readonly request: RequestRecord;
  readonly grant: GrantRecord;
}

/** Why a grant cannot be extended at all, whatever the rules say. */
export function unfitFor(grant: GrantRecord, now: Instant): OperationRefusal | null {
  const { kind } = grant.state;
  if (kind === 'scheduled' || kind === 'activating')
    return { code: 'grant-not-active', detail: `This grant is ${kind}.`, hint: 'Extend it once it is usable.' };
  if (grantIsOver(grant, now)) return grantEnded(grant);
  if (grant.state.kind === 'active' && grant.state.extension !== null) return alreadyBeingExtended();
  return null;
}

/** The question that a later end is to the rules; refused where it makes no sense, or there is nothing to lengthen. */
export function askedFor(
  world: World,
  actor: Actor,
  grant: GrantRecord,
  { durationMs, reason, ticket }: ExtensionInput,
): Result<Asked, OperationRefusal> {
  const now = world.clock.now();
  const items = [{ role: grant.definition.role.name, target: grant.definition.target.key }];
  const told = { ...(reason === undefined ? {} : { reason }), ...(ticket === undefined ? {} : { ticket }) };
  const input: RequestInput = { items, durationMs, ...told };
  const wrong = checkInput(input, now);
  if (wrong !== null) return refused(wrong);
  if (grant.state.kind !== 'active') return refused(grantEnded(grant));
  const { activatedAt, endsAt, extended } = grant.state;
  const until = after(endsAt, durationMs);
  const altogether = { ...input, durationMs: until - activatedAt };
  const question = { ...questionOf(actor, altogether, now), extension: extended + 1 };
  return ok({ actor, rules: world.rules.current(), input, grant, until, question });
}

/** What was approved is extended, or nothing: a role or a place that means something else by now has to be asked for again. */
export function changedSince(rules: RulesInForce, actor: Actor, grant: GrantRecord): OperationRefusal | null {
  const same = recheckDefinition(rules, actor.key, grant);
  if (same.ok) return null;
  return { code: 'cannot-be-provided', detail: same.refusal.text, hint: 'Ask for it anew when this is over.' };
}

/** Writes the request, and with nobody's approval needed the later end that is wanted, under the lock of the grant. */
async function submit(
  world: World,
  trx: Trx,
  { actor, rules, input, grant: seen, until, question }: Asked,
  decision: Decision,
): Promise<Result<Made, OperationRefusal>> {
  const grant = await findGrant(trx, seen.id, true);
  if (grant === null) return refused(NOT_FOUND);
  const waits = decision.steps.length > 0;
  const targets = question.items.map((item) => item.target);
  const [{ pending, policyKept, now }, standing, isPending] = await together([
    beforeRequest(trx, actor.person, rules.policy.version, waits),
    standingRevocations(trx, actor.person, targets),
    extensionIsPending(trx, seen.id),
  ]);
  const unfit = unfitFor(grant, now);
  if (unfit !== null) return refused(unfit);
  // Somebody else's extension of the same grant came first, and what was judged is not what it would come to.
  if (isPending || grant.endsAt !== seen.endsAt) return refused(alreadyBeingExtended());
  if (waits && pending >= world.maxPending) return refused(tooManyPending(world));
  if (!policyKept) await keepPolicyVersion(trx, rules.policy.version, rules.policy.sources, now);
  const request = requestOf(world, { actor, input, grant, until, question }, decision, now);
  const order = await stoppedBy(world, trx, standing, request, ownersOfItems(world, request.items));
  if (order !== null) return refused({ code: 'access-stopped', detail: stoppedWords(order), hint: STOPPED_HINT });
  const subjects = { request: request.id, person: actor.person, grant: grant.id };
  const tier = strictestTier(rules, request.items);
  const entries: NewEntry[] = [submittedEntry(request, decision, subjects, tier, now)];
  await insertRequest(trx, request);
  if (waits) {
    await world.append(trx, ...entries);
    return ok({ request, grant });
  }
  entries.push({
    kind: 'request.approved',
    at: now,
    actor: { kind: 'system', id: 'policy' },
    subjects,
    facts: {
      automatic: true,
      policyVersion: decision.policyVersion,
      rules: decision.reasons.map((reason) => reason.rule),
      until: toIso(until),
    },
  });
  const wanted = await wantExtension(trx, grant, { request: request.id, until }, decision, now);
  invariant(wanted.ok, `what the rules allow ${grant.id} is within their limits`);
  await world.append(trx, ...entries);
  return ok({ request, grant: wanted.value });
}

function requestOf(
  world: World,
  { actor, input, grant, until, question }: Omit<Asked, 'rules'>,
  decision: Decision,
  now: Instant,
): RequestRecord {
  const { reason = '', ticket = null, durationMs = 0 } = input;
  // Once the grant is over there is nothing left to decide.
  const longest = after(now, world.lapsesAfterMs);
  const lapsesAt = grant.endsAt !== null && grant.endsAt < longest ? grant.endsAt : longest;
  return {
    id: newId(world.random, 'req'),
    state: decision.steps.length > 0 ? { kind: 'pending', lapsesAt } : approvedByRule(lapsesAt, now),
    person: actor.person,
    items: question.items,
    reason,
    ticket,
    durationMs,
    startsAt: null,
    question: asJson(question),
    decision: asJson(decision),
    policyVersion: decision.policyVersion,
    createdAt: now,
    lapsesAt,
    extends: { grant: grant.id, until, outcome: null },
  };
}

function submittedEntry(
  request: RequestRecord,
  decision: Decision,
  subjects: NewEntry['subjects'],
  tier: number,
  now: Instant,
): NewEntry {
  const { person, reason, ticket, extends: extension } = request;
  return {
    kind: 'request.submitted',
    at: now,
    actor: { kind: 'person', id: person },
    subjects,
    facts: {
      items: request.items.map(({ role, target }) => `${role}@${target}`),
      tier,
      durationMs: request.durationMs,
      policyVersion: decision.policyVersion,
      directoryVersion: decision.directoryVersion,
      steps: decision.steps.map((step) => step.id),
      lapsesAt: toIso(request.lapsesAt),
      until: extension === null ? null : toIso(extension.until),
    },
    personal: {
      reason: { subject: person, value: reason },
      ...(ticket === null ? {} : { ticket: { subject: person, value: ticket } }),
    },
  };
}
