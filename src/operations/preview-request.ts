import { ok, refused, type Result } from '../core/result.ts';
import { decide } from '../policy/decide.ts';
import type { Decision, Item } from '../policy/types.ts';
import type { Residual } from '../providers/contract.ts';
import { checkInput, type RequestInput } from './check-input.ts';
import { methodFor, residualOf } from './grant-shape.ts';
import { planItem } from './plan-items.ts';
import type { OperationRefusal } from './refusal.ts';
import { questionOf } from './request-access.ts';
import { needsSignedApproval, SIGNED_APPROVAL_MISSING } from './step-up.ts';
import { personView, type PersonView } from './views.ts';
import type { Actor, World } from './world.ts';

/** What would happen if this were asked now: the same decision, and what the clouds would be told, without anything being written. */
export interface PreviewView {
  readonly decision: Decision;
  readonly approvers: readonly PersonView[];
  readonly plan: readonly {
    readonly role: string;
    readonly target: string;
    readonly ok: boolean;
    readonly words: string;
    readonly hint: string | null;
  }[];
  readonly residual: readonly (Item & Residual)[];
}

export function previewRequest(world: World, actor: Actor, input: RequestInput): Result<PreviewView, OperationRefusal> {
  const now = world.clock.now();
  const wrong = checkInput(input, now);
  if (wrong !== null) return refused(wrong);
  const rules = world.rules.current();
  const decision = decide(rules.policy, rules.directory, questionOf(actor, input, now));
  const approvers = [...new Set(decision.steps.flatMap((step) => step.eligible))].map((key) => personView(world, key));
  if (decision.effect === 'deny') return ok({ decision, approvers, plan: [], residual: [] });
  if (decision.steps.length > 0 && needsSignedApproval(rules, input.items)) return refused(SIGNED_APPROVAL_MISSING);
  const plan = input.items.map((item) => {
    const made = planItem(world, rules, actor.key, item, decision.durationMs, input.startsAt);
    return made.ok
      ? { ...item, ok: true, words: made.words, hint: null }
      : { ...item, ok: false, words: made.message, hint: made.hint };
  });
  const residual = input.items.flatMap((item) => {
    const role = rules.policy.roles.get(item.role);
    const target = rules.policy.vocabulary.targets.get(item.target);
    const method = role === undefined || target === undefined ? null : methodFor(role, target.provider);
    if (role === undefined || target === undefined || method === null) return [];
    const residual = residualOf(world.providers.get(target.provider), method, role);
    return residual === null ? [] : [{ ...item, ...residual }];
  });
  return ok({ decision, approvers, plan, residual });
}
