import { z } from 'zod';
import type { RequestId } from '../../core/ids.ts';
import { ok } from '../../core/result.ts';
import type { ApproveInput } from '../../operations/decide-request.ts';
import type { RequestView } from '../../operations/views.ts';
import type { Actor } from '../../operations/world.ts';
import { answer } from '../answer.ts';
import { actorOf } from '../authenticate.ts';
import { once } from '../idempotency.ts';
import type { Outcome } from '../operations-port.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { assertionResponse, signedDocument, signingView } from '../passkeys/webauthn.ts';
import { pathId } from '../path-ids.ts';
import { idParams, requestView } from '../views.ts';

const comment = z.string().max(2_000);
const shorter = z
  .number()
  .int()
  .positive()
  .meta({ description: 'The longest that I agree to, in milliseconds: what was asked, or less.' });
const seen = z.string().max(200).meta({
  description:
    '`rulesVersion` of the request as I saw it: where other rules are in force by now, the yes is refused (policy-changed).',
});
const BODIES = {
  approve: z.strictObject({
    comment: comment.optional(),
    durationMs: shorter.optional(),
    seen: seen.optional(),
    assertion: z.strictObject({ document: signedDocument, response: assertionResponse }).optional(),
  }),
  deny: z.strictObject({ comment: comment.min(1) }),
  withdraw: z.strictObject({}),
} as const;

type Work = (actor: Actor, id: RequestId, input: ApproveInput) => Outcome<RequestView>;

/** What ends the waiting of a request. Who may do what is decided by the operations, and a no is an answer. */
export function registerRequestDecisions(v1: ApiServer, parts: ApiParts): void {
  const { operations, base } = parts;
  v1.route({
    method: 'POST',
    url: '/requests/:id/challenge',
    schema: {
      summary: 'What a passkey has to sign to approve this',
      tags: ['requests'],
      params: idParams,
      body: z.strictObject({
        verdict: z.literal('approve').default('approve'),
        comment: comment.optional(),
        durationMs: shorter.optional(),
        seen: seen.optional(),
      }),
      response: { 200: signingView },
    },
    handler: async (request, reply) => {
      const { verdict: _, ...said } = request.body;
      const input = given(said);
      const id = pathId('req', request.params.id);
      return answer(base.origin, request, reply, await operations.challengeDecision(actorOf(request), id, input));
    },
  });
  const decisions: readonly [keyof typeof BODIES, string, Work][] = [
    [
      'approve',
      'Say yes; with a passkey where the tier asks for one',
      (actor, id, input) => operations.approveRequest(actor, id, input),
    ],
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
          const done = await work(actorOf(request), pathId('req', request.params.id), given(request.body));
          return done.ok ? ok({ status: 200, body: done.value }) : done;
        }),
    });
  }
}

/** What is in a body, without what was left out of it. */
function given<Body extends object>(body: Body): { [Key in keyof Body]?: Exclude<Body[Key], undefined> } {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as {
    [Key in keyof Body]?: Exclude<Body[Key], undefined>;
  };
}
