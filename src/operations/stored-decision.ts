import type { Decision, Question } from '../policy/types.ts';
import type { RequestRecord } from '../store/requests.ts';

/**
 * The question of a stored request, to be asked again. Written by `request-access.ts` alone, from this type. It carries the
 * time of submission, so that escalation, on-call turns and the age of a second factor are judged from then.
 */
export function storedQuestion(request: Pick<RequestRecord, 'question' | 'createdAt'>): Question {
  return { ...(request.question as unknown as Question), submittedAt: request.createdAt };
}

/** The decision of a stored request, as it was made at submission. Written by `request-access.ts` alone, from this type. */
export function storedDecision(request: Pick<RequestRecord, 'decision'>): Decision {
  return request.decision as unknown as Decision;
}
