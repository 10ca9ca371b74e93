import { z } from 'zod';
import { fromIso, parseDuration } from '../../core/time.ts';
import { refused, ok, type Result } from '../../core/result.ts';
import { INPUT_LIMITS, type RequestInput } from '../../operations/check-input.ts';
import type { OperationRefusal } from '../../operations/refusal.ts';
import { nameText } from '../name-text.ts';

const name = nameText();

/** What is asked for. Unknown fields are refused: a misspelt `duration` must not become the default one. */
export const requestBody = z
  .strictObject({
    items: z
      .array(z.strictObject({ role: name, target: name }))
      .min(1)
      .max(INPUT_LIMITS.items),
    duration: z
      .string()
      .max(40)
      .optional()
      .meta({ description: 'As people write it: `15m`, `1h30m`. Absent: what the rules say.' }),
    reason: z.string().max(INPUT_LIMITS.reasonChars).optional(),
    ticket: z.string().max(INPUT_LIMITS.ticketChars).optional(),
    startsAt: z
      .string()
      .max(40)
      .optional()
      .meta({ format: 'date-time', description: 'Absent: as soon as it is approved.' }),
  })
  .meta({ id: 'NewRequest' });

/** Reads durations and times, which people write in many wrong ways, into the input of an operation. */
export function requestInput(body: z.output<typeof requestBody>): Result<RequestInput, OperationRefusal> {
  const { items, duration, reason, ticket, startsAt } = body;
  const durationMs = duration === undefined ? undefined : parseDuration(duration);
  if (durationMs === null) {
    return refused({
      code: 'invalid-input',
      detail: `"${duration ?? ''}" is not a duration.`,
      hint: 'Write it as 15m, 1h or 1h30m: whole numbers with d, h, m or s.',
    });
  }
  const start = startsAt === undefined ? undefined : fromIso(startsAt);
  if (start === null) {
    return refused({
      code: 'invalid-input',
      detail: `"${startsAt ?? ''}" is not a time.`,
      hint: 'Write it as 2026-11-21T09:00:00Z, with a zone.',
    });
  }
  return ok({
    items,
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(reason === undefined ? {} : { reason }),
    ...(ticket === undefined ? {} : { ticket }),
    ...(start === undefined ? {} : { startsAt: start }),
  });
}
