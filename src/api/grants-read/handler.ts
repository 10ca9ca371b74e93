import { z } from 'zod';
import { answer } from '../answer.ts';
import { actorOf } from '../authenticate.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { pathId } from '../path-ids.ts';
import { grantView, idParams, pageOf, pageQuery } from '../views.ts';

/** Reading grants: one's own as a list, any by its id. */
export function registerGrantReads(v1: ApiServer, { operations, base }: ApiParts): void {
  v1.route({
    method: 'GET',
    url: '/grants',
    schema: {
      summary: 'My access: all of it, or what is not over',
      tags: ['access'],
      querystring: z.strictObject({
        scope: z.enum(['mine', 'live']).default('mine'),
        role: z.string().max(200).optional(),
        target: z.string().max(200).optional(),
        ...pageQuery,
      }),
      response: { 200: pageOf(grantView) },
    },
    handler: async (request, reply) => {
      const { scope, role, target, cursor, limit } = request.query;
      const found = await operations.listGrants(actorOf(request), {
        scope,
        limit,
        cursor: cursor ?? null,
        ...(role === undefined ? {} : { role }),
        ...(target === undefined ? {} : { target }),
      });
      return answer(base.origin, request, reply, found);
    },
  });
  v1.route({
    method: 'GET',
    url: '/grants/:id',
    schema: { summary: 'One grant', tags: ['access'], params: idParams, response: { 200: grantView } },
    handler: async (request, reply) =>
      answer(
        base.origin,
        request,
        reply,
        await operations.showGrant(actorOf(request), pathId('grt', request.params.id)),
      ),
  });
}
