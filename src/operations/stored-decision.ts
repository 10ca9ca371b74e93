import type { Decision, Question } from '../policy/types.ts';
import type { RequestRecord } from '../store/requests.ts';

/** The question of a stored request. Written by `request-access.ts` alone, from this type. */
export function storedQuestion(request: RequestRecord): Question {
  return request.question as unknown as Question;
}

/** The decision of a stored request, as it was made at submission. Written by `request-access.ts` alone, from this type. */
export function storedDecision(request: RequestRecord): Decision {
  return request.decision as unknown as Decision;
}
