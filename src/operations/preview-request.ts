import { ok, refused, type Result } from '../core/result.ts';
import type { Decision, Item } from '../policy/types.ts';
import type { Residual } from '../providers/contract.ts';
import { standingRevocations } from '../store/revocations.ts';
import { alreadyThere, type AlreadyView } from './already-there.ts';
import { asJson } from './as-json.ts';
import { judge } from './authorisation.ts';
import { checkInput, type RequestInput } from './check-input.ts';
import { residualOfItem } from './item-outlook.ts';
import { judgeRequest, questionOf, type Judgement } from './judge-request.ts';
import type { OperationRefusal } from './refusal.ts';
import { STOPPED_HINT } from './request-access.ts';
import { ownersOfItems, stoppedBy, stoppedWords } from './revocation-reach.ts';
import { decidersOf, type DecidersView } from './step-view.ts';
import { needsSignedApproval, unsignableSteps } from './step-up.ts';
import { staleWords } from './show-policy.ts';
import { personView, type PersonView } from './person-view.ts';
import type { Actor, RulesInForce, World } from './world.ts';

/** What would happen if this were asked now: the same decision, and what the clouds would be told, without anything being written. */
export interface PreviewView {
  readonly decision: Decision;
  /** Who would decide, step by step in the order of the decision. */
  readonly deciders: readonly DecidersView[];
  readonly plan: Judgement['plan'];
  readonly residual: readonly (Item & Residual)[];
  /** Whoever approves has to sign with a passkey. */
  readonly needsSignature: boolean;
  /** The steps that too few could sign now, with those who have no passkey: somebody has to register one before it can be approved. */
  readonly unsignable: readonly { readonly step: string; readonly without: readonly PersonView[] }[];
  /** Sources of people that are older than they should be, in words. */
  readonly stale: readonly string[];
  /** What the actor has of it already, or waits for. It forbids nothing: a second grant is meant sometimes. */
  readonly already: readonly AlreadyView[];
}

/**
 * Answers what `requestAccess` would. What the rules say, allowed or denied, is a decision to be shown; what this installation cannot do
 * although the rules allow it, or an order of the kill switch stops, is refused with the words that the request would get.
 */
export async function previewRequest(
  world: World,
  actor: Actor,
  input: RequestInput,
): Promise<Result<PreviewView, OperationRefusal>> {
  const now = world.clock.now();
  const wrong = judge('previewRequest', actor) ?? checkInput(input, now);
  if (wrong !== null) return refused(wrong);
  const rules = world.rules.current();
  const judged = judgeRequest(world, rules, questionOf(actor, input, now));
  const seen = await foresee(world, actor, rules, judged, input.items);
  if (!seen.ok) return seen;
  return ok({ ...seen.value, already: await alreadyThere(world, actor, input.items, input.startsAt ?? now) });
}

/** What would come of what was judged: for access and for a later end of it alike. `already` is left empty. */
export async function foresee(
  world: World,
  actor: Actor,
  rules: RulesInForce,
  { decision, plan, refusal }: Judgement,
  items: readonly Item[],
): Promise<Result<PreviewView, OperationRefusal>> {
  if (refusal !== null && decision.effect === 'allow') return refused(refusal);
  const stale = staleWords(rules);
  const deciders = decision.steps.map((step) => decidersOf(world, step, actor.key));
  if (decision.effect === 'deny')
    return ok({ decision, deciders, plan, residual: [], stale, already: [], needsSignature: false, unsignable: [] });
  const targets = items.map((item) => item.target);
  const standing = await standingRevocations(world.db, actor.person, targets);
  const asked = { person: actor.person, decision: asJson(decision) };
  const order = await stoppedBy(world, world.db, standing, asked, ownersOfItems(world, items));
  if (order !== null) return refused({ code: 'access-stopped', detail: stoppedWords(order), hint: STOPPED_HINT });
  const residual = items.flatMap((item) => {
    const residual = residualOfItem(world, item);
    return residual === null ? [] : [{ ...item, ...residual }];
  });
  const needsSignature = decision.steps.length > 0 && needsSignedApproval(rules, items);
  const unsignable = (await unsignableSteps(world.db, rules, items, decision)).map(({ step, without }) => ({
    step,
    without: without.map((key) => personView(world, key)),
  }));
  return ok({ decision, deciders, plan, residual, stale, already: [], needsSignature, unsignable });
}
