import { z } from 'zod';
import type { RequestId } from '../../core/ids.ts';
import { ok } from '../../core/result.ts';
import type { RequestView } from '../../operations/views.ts';
import type { Actor } from '../../operations/world.ts';
import { actorOf } from '../authenticate.ts';
import { once } from '../idempotency.ts';
import type { Outcome } from '../operations-port.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { pathId } from '../path-ids.ts';
import { idParams, requestView } from '../views.ts';

const comment = z.string().max(2_000);
const BODIES = {
  approve: z.strictObject({ comment: comment.optional() }),
  deny: z.strictObject({ comment: comment.min(1) }),
  withdraw: z.strictObject({}),
} as const;

type Work = (actor: Actor, id: RequestId, input: { readonly comment?: string }) => Outcome<RequestView>;

/** What ends the waiting of a request. Who may do what is decided by the operations, and a no is an answer. */
export function registerRequestDecisions(v1: ApiServer, parts: ApiParts): void {
  const { operations } = parts;
  const decisions: readonly [keyof typeof BODIES, string, Work][] = [
    ['approve', 'Say yes', (actor, id, input) => operations.approveRequest(actor, id, input)],
    ['deny', 'Say no, and why', (actor, id, input) => operations.denyRequest(actor, id, input)],
    ['withdraw', 'Take my own request back', (actor, id) => operations.withdrawRequest(actor, id)],
  ];
  for (const [word, summary, work] of decisions) {
    v1.route({
      method: 'POST',
      url: `/requests/:id/${word}`,
      schema: { summary, tags: ['requests'], params: idParams, body: BODIES[word], response: { 200: requestView } },
      handler: (request, reply) =>
        once(parts, request, reply, async () => {
          const text = 'comment' in request.body ? request.body.comment : undefined;
          const done = await work(
            actorOf(request),
            pathId('req', request.params.id),
            text === undefined ? {} : { comment: text },
          );
          return done.ok ? ok({ status: 200, body: done.value }) : done;
        }),
    });
  }
}
