import { z } from 'zod';
import { ok, refused, type Result } from '../../core/result.ts';
import { parseDuration } from '../../core/time.ts';
import { INPUT_LIMITS } from '../../operations/check-input.ts';
import type { ExtensionInput } from '../../operations/extend-grant.ts';
import type { ExtensionPreview } from '../../operations/preview-extension.ts';
import type { OperationRefusal } from '../../operations/refusal.ts';
import { answer } from '../answer.ts';
import { actorOf } from '../authenticate.ts';
import { once } from '../idempotency.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { pathId } from '../path-ids.ts';
import { shownPreview } from '../shown-preview.ts';
import { extensionPreviewView, idParams, requestView } from '../views.ts';

const extensionBody = z.strictObject({
  duration: z.string().max(40).meta({ description: 'By how much, from the end that it has now: `15m`, `1h30m`.' }),
  reason: z.string().max(INPUT_LIMITS.reasonChars).optional(),
  ticket: z.string().max(INPUT_LIMITS.ticketChars).optional(),
});

/** Asking to keep live access for longer, a request like any other about a grant that is there; and what would come of it. */
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
  v1.route({
    method: 'POST',
    url: '/grants/:id/extend/preview',
    schema: {
      summary: 'What would be decided about keeping my access for longer',
      description:
        'Also how far it can go at all: the latest end that the rules allow, and how often it may still be moved.',
      tags: ['access'],
      params: idParams,
      body: extensionBody,
      response: { 200: extensionPreviewView },
    },
    // It does nothing, so nothing is kept of it.
    handler: async (request, reply) => {
      const input = extensionInput(request.body);
      if (!input.ok) return answer(base.origin, request, reply, input);
      const id = pathId('grt', request.params.id);
      const found = await operations.previewExtension(actorOf(request), id, input.value);
      return answer(base.origin, request, reply, found.ok ? ok(shownExtension(found.value)) : found);
    },
  });
}

function shownExtension({ until, latestEnd, extensionsLeft, ...preview }: ExtensionPreview): object {
  return { ...shownPreview(preview), until, latestEnd, extensionsLeft };
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
