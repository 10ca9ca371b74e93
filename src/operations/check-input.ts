import { after, formatDuration, toIso, type Instant } from '../core/time.ts';
import type { Item } from '../policy/types.ts';
import type { OperationRefusal } from './refusal.ts';

/** What a person asks for. Absent `durationMs` means the rule's default, absent `startsAt` now. */
export interface RequestInput {
  readonly items: readonly Item[];
  readonly durationMs?: number;
  readonly reason?: string;
  readonly ticket?: string;
  readonly startsAt?: Instant;
}

/** Limits that hold whatever the rules say. */
export const INPUT_LIMITS = {
  items: 20,
  reasonChars: 2_000,
  ticketChars: 200,
  durationMs: 30 * 86_400_000,
  /** A start that far in the past is a clock that differs from ours, and means now. */
  lateMs: 60_000,
  /** What is approved now is not used in years, when nobody remembers why. */
  aheadMs: 30 * 86_400_000,
} as const;

/** Checks what no rule needs to be asked about. Returns the refusal, or `null` when the input is sound. */
export function checkInput(input: RequestInput, now: Instant): OperationRefusal | null {
  const invalid = (detail: string, hint: string): OperationRefusal => ({ code: 'invalid-input', detail, hint });
  if (input.items.length === 0)
    return invalid('Nothing was asked for.', 'Name a role and a target: invoice-reader --on aws/prod.');
  if (input.items.length > INPUT_LIMITS.items) {
    return invalid(
      `${input.items.length} items are more than one request may hold (${INPUT_LIMITS.items}).`,
      'Split the request.',
    );
  }
  const names = new Set(input.items.map((item) => `${item.role}@${item.target}`));
  if (names.size !== input.items.length)
    return invalid('The same role on the same target is asked for twice.', 'Name each item once.');
  if (input.durationMs !== undefined && (!Number.isSafeInteger(input.durationMs) || input.durationMs <= 0)) {
    return invalid('The duration must be longer than zero.', 'Write it as 15m, 1h or 1h30m.');
  }
  if (input.durationMs !== undefined && input.durationMs > INPUT_LIMITS.durationMs) {
    return tooLong(input.durationMs);
  }
  if ((input.reason ?? '').length > INPUT_LIMITS.reasonChars) {
    return invalid(
      `The reason has ${input.reason?.length ?? 0} characters; at most ${INPUT_LIMITS.reasonChars} are kept.`,
      'Say it in a sentence and link the rest.',
    );
  }
  if ((input.ticket ?? '').length > INPUT_LIMITS.ticketChars)
    return invalid('The ticket is too long.', 'Give its key or its URL.');
  return input.startsAt === undefined ? null : checkStart(input.startsAt, now);
}

/** Said as the rules say it, because to the person it is the same mistake. */
function tooLong(durationMs: number): OperationRefusal {
  const text = `No access is given for more than ${formatDuration(INPUT_LIMITS.durationMs)}, and this is ${formatDuration(durationMs)}.`;
  const hint = 'Ask for less: "curfew search" shows how long the rules allow.';
  const refusal = { code: 'duration-too-long', rule: 'default', item: null, text, hint } as const;
  return { code: 'request-refused', detail: text, hint, refusals: [refusal] };
}

function checkStart(startsAt: Instant, now: Instant): OperationRefusal | null {
  const { lateMs, aheadMs } = INPUT_LIMITS;
  if (startsAt < now - lateMs) {
    return {
      code: 'start-out-of-range',
      detail: `${toIso(startsAt)} is in the past; it is ${toIso(now)} now.`,
      hint: 'Leave the start out to begin as soon as it is approved.',
    };
  }
  if (startsAt <= now + aheadMs) return null;
  return {
    code: 'start-out-of-range',
    detail: `${toIso(startsAt)} is more than ${formatDuration(aheadMs)} ahead.`,
    hint: `Ask nearer to the time; the latest start now is ${toIso(after(now, aheadMs))}.`,
  };
}
