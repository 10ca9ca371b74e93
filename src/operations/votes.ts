import type { Instant } from '../core/time.ts';
import type { ApprovalRecord } from '../store/requests.ts';

/** The approvals of a request as `openSteps` counts them: by human, and none of whoever asks, under whatever id it was given. */
export function votesIn(said: readonly ApprovalRecord[]): readonly { by: string; human: string; at: Instant }[] {
  return said.flatMap(({ verdict, key, human, own, at }) =>
    verdict === 'approve' && !own ? [{ by: key, human, at }] : [],
  );
}
