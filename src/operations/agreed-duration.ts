import { ok, refused, type Result } from '../core/result.ts';
import { after, formatDuration, type Instant } from '../core/time.ts';
import type { ApprovalRecord } from '../store/approvals.ts';
import type { RequestRecord } from '../store/requests.ts';
import type { OperationRefusal } from './refusal.ts';

/**
 * How long everybody who said yes agreed to: the shortest of what was asked and what each of them approved, in milliseconds. Of an
 * extension, by how much.
 */
export function agreedDurationMs(request: Pick<RequestRecord, 'durationMs'>, said: readonly ApprovalRecord[]): number {
  const approved = said.flatMap(({ verdict, durationMs, setAside }) =>
    verdict === 'approve' && !setAside && durationMs !== null ? [durationMs] : [],
  );
  return Math.min(request.durationMs, ...approved);
}

/** The end that an extension comes to when it counts for `durationMs` instead of what was asked; `null`: it is no extension. */
export function extensionUntil(
  request: Pick<RequestRecord, 'durationMs' | 'extends'>,
  durationMs: number,
): Instant | null {
  return request.extends === null ? null : after(request.extends.until, durationMs - request.durationMs);
}

/** Reads the duration that an approver chose. Longer than was asked is no approval of what was asked. */
export function chosenDurationMs(
  request: Pick<RequestRecord, 'durationMs'>,
  chosen: number | undefined,
): Result<number | null, OperationRefusal> {
  if (chosen === undefined || chosen === request.durationMs) return ok(null);
  if (Number.isSafeInteger(chosen) && chosen > 0 && chosen < request.durationMs) return ok(chosen);
  return refused({
    code: 'invalid-input',
    detail: `An approver can agree to less than was asked, not to more: at most ${formatDuration(request.durationMs)}.`,
    hint: 'Leave the duration out to agree to what was asked.',
  });
}
