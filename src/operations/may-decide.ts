import { after, type Instant } from '../core/time.ts';
import { mayDecide } from '../policy/approvals.ts';
import type { Decision } from '../policy/types.ts';

/** Whether a person may decide some step now; those to whom a step escalates join once its time has passed. */
export function mayDecideNow(decision: Decision, person: string, askedAt: Instant, now: Instant): boolean {
  if (mayDecide(decision, person)) return true;
  return decision.steps.some(
    (step) =>
      step.escalatesAfterMs !== null &&
      now >= after(askedAt, step.escalatesAfterMs) &&
      step.escalatesTo.includes(person),
  );
}
