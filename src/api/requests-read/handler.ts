import { z } from 'zod';
import { ok } from '../../core/result.ts';
import { toIso } from '../../core/time.ts';
import type { Decision } from '../../policy/types.ts';
import { answer } from '../answer.ts';
import { actorOf } from '../authenticate.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { pathId } from '../path-ids.ts';
import { circumstancesView } from '../circumstances-view.ts';
import { explanationView, idParams, pageOf, pageQuery, requestView } from '../views.ts';

/** Reading requests. One that the caller has nothing to do with does not exist for them. */
export function registerRequestReads(v1: ApiServer, { operations, base }: ApiParts): void {
  v1.route({
    method: 'GET',
    url: '/requests',
    schema: {
      summary: 'Requests: mine, waiting for me, or all that I may see',
      tags: ['requests'],
      querystring: z.strictObject({
        scope: z.enum(['mine', 'waiting', 'all']).default('mine'),
        like: z
          .string()
          .max(100)
          .optional()
          .describe(
            'The id of a request: only those that its requester made before it, for one of its roles on its target.',
          ),
        ...pageQuery,
      }),
      response: { 200: pageOf(requestView) },
    },
    handler: async (request, reply) => {
      const { scope, like, cursor, limit } = request.query;
      return answer(
        base.origin,
        request,
        reply,
        await operations.listRequests(actorOf(request), {
          scope,
          limit,
          cursor: cursor ?? null,
          ...(like === undefined ? {} : { like: pathId('req', like) }),
        }),
      );
    },
  });
  v1.route({
    method: 'GET',
    url: '/requests/:id',
    schema: { summary: 'One request', tags: ['requests'], params: idParams, response: { 200: requestView } },
    handler: async (request, reply) =>
      answer(
        base.origin,
        request,
        reply,
        await operations.showRequest(actorOf(request), pathId('req', request.params.id)),
      ),
  });
  v1.route({
    method: 'GET',
    url: '/requests/:id/circumstances',
    schema: {
      summary: 'What is true around it now',
      description: 'Who asks, what they hold already, and how many others hold the same: for whoever decides it.',
      tags: ['requests'],
      params: idParams,
      response: { 200: circumstancesView },
    },
    handler: async (request, reply) =>
      answer(
        base.origin,
        request,
        reply,
        await operations.showCircumstances(actorOf(request), pathId('req', request.params.id)),
      ),
  });
  v1.route({
    method: 'GET',
    url: '/requests/:id/explanation',
    schema: {
      summary: 'Why it is as it is',
      description:
        'The decision as it was made, the decision as the rules in force would make it, and what has happened.',
      tags: ['requests'],
      params: idParams,
      response: { 200: explanationView },
    },
    handler: async (request, reply) => {
      const found = await operations.explainRequest(actorOf(request), pathId('req', request.params.id));
      if (!found.ok) return answer(base.origin, request, reply, found);
      const { decision, now, ...rest } = found.value;
      return answer(
        base.origin,
        request,
        reply,
        ok({ ...rest, decision: decisionText(decision), now: decisionText(now) }),
      );
    },
  });
}

/** A decision with its time as text, as all times at the edge. */
function decisionText(decision: Decision): object {
  return { ...decision, submittedAt: toIso(decision.submittedAt) };
}
