import { ok, refused, type Result } from '../core/result.ts';
import type { Decision, Item } from '../policy/types.ts';
import type { Residual } from '../providers/contract.ts';
import { judge } from './authorisation.ts';
import { checkInput, type RequestInput } from './check-input.ts';
import { residualOfItem } from './item-outlook.ts';
import { judgeRequest, questionOf, type Judgement } from './judge-request.ts';
import type { OperationRefusal } from './refusal.ts';
import { personView, type PersonView } from './views.ts';
import type { Actor, World } from './world.ts';

/** What would happen if this were asked now: the same decision, and what the clouds would be told, without anything being written. */
export interface PreviewView {
  readonly decision: Decision;
  readonly approvers: readonly PersonView[];
  readonly plan: Judgement['plan'];
  readonly residual: readonly (Item & Residual)[];
}

/**
 * Answers what `requestAccess` would. What the rules say, allowed or denied, is a decision to be shown; what this installation cannot do
 * although the rules allow it is refused with the words that the request would get.
 */
export function previewRequest(world: World, actor: Actor, input: RequestInput): Result<PreviewView, OperationRefusal> {
  const now = world.clock.now();
  const wrong = judge('previewRequest', actor) ?? checkInput(input, now);
  if (wrong !== null) return refused(wrong);
  const rules = world.rules.current();
  const { decision, plan, refusal } = judgeRequest(world, rules, questionOf(actor, input, now));
  if (refusal !== null && decision.effect === 'allow') return refused(refusal);
  const approvers = [...new Set(decision.steps.flatMap((step) => step.eligible))].map((key) => personView(world, key));
  if (decision.effect === 'deny') return ok({ decision, approvers, plan, residual: [] });
  const residual = input.items.flatMap((item) => {
    const residual = residualOfItem(world, item);
    return residual === null ? [] : [{ ...item, ...residual }];
  });
  return ok({ decision, approvers, plan, residual });
}
