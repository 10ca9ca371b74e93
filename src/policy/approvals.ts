import type { Instant } from '../core/time.ts';
import type { ApprovalStep, Decision } from './types.ts';

/** A step and how far it is. */
export type OpenStep = ApprovalStep & {
  /** Approvals that are still needed; 0 when the step is satisfied. */
  readonly missing: number;
  /** The distinct persons whose approvals count, in the order in which they gave them. */
  readonly approvedBy: readonly string[];
};

/**
 * Counts approvals on the steps of a decision. A person counts once, however often they approve, and only on steps that name
 * them; one approval counts on every step that does. Those to whom a step escalates count if they approved after the
 * escalation. The requester is in no step, so nothing they send counts. `human`: who is behind `by`, where two keys are one human;
 * they count once.
 */
export function openSteps(
  decision: Decision,
  approvals: readonly { readonly by: string; readonly human?: string; readonly at: Instant }[],
): readonly OpenStep[] {
  return decision.steps.map((step) => {
    const approvedBy = new Map<string, string>();
    for (const { by, human = by, at } of approvals) {
      if (!approvedBy.has(human) && mayDecideStep(decision, step, by, at)) approvedBy.set(human, by);
    }
    return { ...step, missing: Math.max(0, step.count - approvedBy.size), approvedBy: [...approvedBy.values()] };
  });
}

/** Whether a person may decide any step: now, as the decision saw it, or at a later moment if one is given. */
export function mayDecide(decision: Decision, person: string, at?: Instant): boolean {
  return decision.steps.some((step) => mayDecideStep(decision, step, person, at));
}

function mayDecideStep(decision: Decision, step: ApprovalStep, person: string, at?: Instant): boolean {
  if (step.eligible.includes(person)) return true;
  if (at === undefined || step.escalatesAfterMs === null) return false;
  return at >= decision.submittedAt + step.escalatesAfterMs && step.escalatesTo.includes(person);
}
