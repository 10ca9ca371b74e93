import { z } from 'zod';
import { ok, refused, type Result } from '../../core/result.ts';
import { parseDuration } from '../../core/time.ts';
import { INPUT_LIMITS } from '../../operations/check-input.ts';
import type { ExtensionInput } from '../../operations/extend-grant.ts';
import type { OperationRefusal } from '../../operations/refusal.ts';
import { actorOf } from '../authenticate.ts';
import { once } from '../idempotency.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { pathId } from '../path-ids.ts';
import { idParams, requestView } from '../views.ts';

const extensionBody = z.strictObject({
  duration: z.string().max(40).meta({ description: 'By how much, from the end that it has now: `15m`, `1h30m`.' }),
  reason: z.string().max(INPUT_LIMITS.reasonChars).optional(),
  ticket: z.string().max(INPUT_LIMITS.ticketChars).optional(),
});

/** Asking to keep live access for longer: a request like any other, about a grant that is there. */
export function registerGrantExtensions(v1: ApiServer, parts: ApiParts): void {
  const { operations, base } = parts;
  v1.route({
    method: 'POST',
    url: '/grants/:id/extend',
    schema: {
      summary: 'Ask to keep my access for longer',
      tags: ['access'],
      params: idParams,
      body: extensionBody,
      response: { 201: requestView },
    },
    handler: (request, reply) =>
      once(parts, request, reply, async () => {
        const input = extensionInput(request.body);
        if (!input.ok) return input;
        const made = await operations.extendGrant(actorOf(request), pathId('grt', request.params.id), input.value);
        return made.ok
          ? ok({ status: 201, body: made.value, location: `${base.audience}/requests/${made.value.id}` })
          : made;
      }),
  });
}

function extensionInput({
  duration,
  reason,
  ticket,
}: z.output<typeof extensionBody>): Result<ExtensionInput, OperationRefusal> {
  const durationMs = parseDuration(duration);
  if (durationMs === null) {
    const hint = 'Write it as 15m, 1h or 1h30m: whole numbers with d, h, m or s.';
    return refused({ code: 'invalid-input', detail: `"${duration}" is not a duration.`, hint });
  }
  return ok({
    durationMs,
    ...(reason === undefined ? {} : { reason }),
    ...(ticket === undefined ? {} : { ticket }),
  });
}
