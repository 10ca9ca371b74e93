import { formatDuration } from '../core/time.ts';
import type { PreviewView } from '../operations/preview-request.ts';

/** A preview as the API shows it: `previewView`. */
export function shownPreview(preview: PreviewView): object {
  const { decision, deciders, plan, residual, stale, already, needsSignature, unsignable } = preview;
  return {
    effect: decision.effect,
    policyVersion: decision.policyVersion,
    duration: formatDuration(decision.durationMs),
    durationMs: decision.durationMs,
    maxDurationMs: decision.maxDurationMs,
    requirements: decision.requirements,
    steps: decision.steps.map(({ id, rule, from, count }, index) => ({ id, rule, from, count, ...deciders[index] })),
    reasons: decision.reasons,
    refusals: decision.refusals,
    residual,
    needsSignature,
    unsignable,
    plan: plan.map((one) => one.words),
    stale,
    already,
  };
}
