import type { Person } from '../core/directory.ts';
import { ExpressionFault, type Expression } from './expression.ts';
import type { Facts } from './facts.ts';
import type { GuardrailRule, PolicyRule, StepRule } from './rules.ts';
import type { Scope } from './scope.ts';
import type { Verdict } from './verdict.ts';

/** Judges one item on one target and merges what applies into the verdict. */
export function judgeScope(scope: Scope, facts: Facts, verdict: Verdict, requester: Person): void {
  const applying = whatApplies(scope, facts, verdict);
  if (scope.selected.length > 0 && applying.length === 0) {
    const text = `Every policy for ${scope.item.role} on ${scope.target.key} steps aside by its own "unless".`;
    verdict.refuse({ code: 'no-matching-policy', item: scope.item, rule: 'default', text });
  }
  let steps = 0;
  for (const policy of applying) {
    verdict.merge(policy);
    for (const when of policy.when) requireTrue(when, policy, scope, facts, verdict);
    for (const step of policy.steps) {
      if (!stepApplies(step, facts, verdict)) continue;
      verdict.addStep(step, scope.target, requester);
      steps += 1;
    }
  }
  if (scope.tier === 0 && applying.length > 0 && steps === 0) {
    verdict.refuse({
      code: 'approval-impossible',
      item: scope.item,
      rule: 'default',
      text: `${scope.item.role} is of tier 0, which is never approved by rule alone, and no rule names an approver.`,
      hint: 'Whoever answers for the role has to add an approval step to its policy.',
    });
  }
  for (const guardrail of scope.guardrails) judgeGuardrail(guardrail, scope, facts, verdict);
}

/** Selected policies without those that step aside (`unless`) or yield to another that applies (`supersededBy`). */
function whatApplies(scope: Scope, facts: Facts, verdict: Verdict): readonly PolicyRule[] {
  const standing = scope.selected.filter((policy) => {
    if (policy.unless === null) return true;
    const aside = policy.unless.evaluate(facts);
    if (!(aside instanceof ExpressionFault)) return !aside;
    failed(policy.id, policy.unless, aside, scope, verdict);
    return true;
  });
  if (standing.every((policy) => policy.supersededBy.length === 0)) return standing;
  const byName = new Map(standing.map((policy) => [policy.name, policy]));
  // The loader has refused circles, so this ends.
  const applies = (policy: PolicyRule): boolean =>
    !policy.supersededBy.some((name) => {
      const stronger = byName.get(name);
      return stronger !== undefined && applies(stronger);
    });
  return standing.filter((policy) => {
    if (applies(policy)) return true;
    verdict.note({
      rule: policy.id,
      text: `yields to ${policy.supersededBy.map((name) => `policy:${name}`).join(', ')}`,
    });
    return false;
  });
}

function requireTrue(when: Expression, policy: PolicyRule, scope: Scope, facts: Facts, verdict: Verdict): void {
  const holds = when.evaluate(facts);
  if (holds === true) return;
  if (holds instanceof ExpressionFault) return failed(policy.id, when, holds, scope, verdict);
  const text = `${policy.id} requires on ${scope.target.key}: ${when.text}`;
  verdict.refuse({ code: 'condition-not-met', item: scope.item, rule: policy.id, text }, when.text);
}

function failed(rule: string, expression: Expression, fault: ExpressionFault, scope: Scope, verdict: Verdict): void {
  const text = `${rule} could not be judged on ${scope.target.key}, and so refuses: ${fault.message}`;
  const hint =
    'A fact that the rule needs is unknown. Ask from a place where it is known, or tell whoever answers for the rule.';
  verdict.refuse({ code: 'condition-error', item: scope.item, rule, text, hint }, expression.text);
  verdict.alarm(rule, expression, fault);
}

/** A step whose condition fails to evaluate applies: in doubt, somebody has to agree. */
function stepApplies(step: StepRule, facts: Facts, verdict: Verdict): boolean {
  const when = step.when?.evaluate(facts);
  if (when instanceof ExpressionFault && step.when !== null) verdict.alarm(step.rule, step.when, when);
  else if (when === false) return false;
  const unless = step.unless?.evaluate(facts);
  if (unless instanceof ExpressionFault && step.unless !== null) verdict.alarm(step.rule, step.unless, unless);
  return unless !== true;
}

function judgeGuardrail(guardrail: GuardrailRule, scope: Scope, facts: Facts, verdict: Verdict): void {
  if (guardrail.deny !== null) {
    const denies = guardrail.deny.evaluate(facts);
    if (denies !== false) refuseBy(guardrail, guardrail.deny, denies, scope, verdict);
  }
  if (guardrail.maxMs === null && guardrail.requirements === null) return;
  const holds = guardrail.when === null ? true : guardrail.when.evaluate(facts);
  if (holds instanceof ExpressionFault && guardrail.when !== null) {
    refuseBy(guardrail, guardrail.when, holds, scope, verdict);
  }
  if (holds !== false) verdict.restrain(guardrail);
}

function refuseBy(
  guardrail: GuardrailRule,
  expression: Expression,
  outcome: true | ExpressionFault,
  scope: Scope,
  verdict: Verdict,
): void {
  const where = scope.target.key === scope.item.target ? '' : ` (on ${scope.target.key})`;
  const why = guardrail.description ?? expression.text;
  const fault = outcome instanceof ExpressionFault;
  const text = fault
    ? `${guardrail.id} could not be judged on ${scope.target.key}, and so denies: ${outcome.message}`
    : `${guardrail.id} denies this${where}: ${why}`;
  verdict.refuse({ code: 'denied-by-guardrail', item: scope.item, rule: guardrail.id, text });
  if (fault) verdict.alarm(guardrail.id, expression, outcome);
}
