import { ok } from '../../core/result.ts';
import { answer } from '../answer.ts';
import { actorOf } from '../authenticate.ts';
import { once } from '../idempotency.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { shownPreview } from '../shown-preview.ts';
import { previewView, requestView } from '../views.ts';
import { requestBody, requestInput } from './request-body.ts';

/** Asking for access, and asking what would happen if one did: both come to the same decision. */
export function registerRequestCreation(v1: ApiServer, parts: ApiParts): void {
  const { operations, base } = parts;
  v1.route({
    method: 'POST',
    url: '/requests',
    schema: { summary: 'Ask for access', tags: ['requests'], body: requestBody, response: { 201: requestView } },
    handler: (request, reply) =>
      once(parts, request, reply, async () => {
        const input = requestInput(request.body);
        if (!input.ok) return input;
        const made = await operations.requestAccess(actorOf(request), input.value);
        return made.ok
          ? ok({ status: 201, body: made.value, location: `${base.audience}/requests/${made.value.id}` })
          : made;
      }),
  });
  v1.route({
    method: 'POST',
    url: '/requests/preview',
    schema: { summary: 'What would be decided', tags: ['requests'], body: requestBody, response: { 200: previewView } },
    // It does nothing, so nothing is kept of it: it is asked at every keystroke.
    handler: async (request, reply) => {
      const input = requestInput(request.body);
      if (!input.ok) return answer(base.origin, request, reply, input);
      const preview = await operations.previewRequest(actorOf(request), input.value);
      return answer(base.origin, request, reply, preview.ok ? ok(shownPreview(preview.value)) : preview);
    },
  });
}
