import { z } from 'zod';
import { answer } from '../answer.ts';
import { actorOf } from '../authenticate.ts';
import { nameText } from '../name-text.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { pathId } from '../path-ids.ts';
import { grantView, idParams, pageOf, pageQuery } from '../views.ts';

/** Reading grants: one's own as a list, one by its id. */
export function registerGrantReads(v1: ApiServer, { operations, base }: ApiParts): void {
  v1.route({
    method: 'GET',
    url: '/grants',
    schema: {
      summary: 'Access: mine, mine that is not over, or all that I may list',
      description: "`all` is everybody's, over or not, for auditors and admins; for everybody else it is `mine`.",
      tags: ['access'],
      querystring: z.strictObject({
        scope: z.enum(['mine', 'live', 'all']).default('mine'),
        role: nameText(0).optional(),
        target: nameText(0).optional(),
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
    schema: {
      summary: 'One grant',
      description:
        'While it lasts it is shown to everybody; then to those whom it concerns, and to auditors and admins.',
      tags: ['access'],
      params: idParams,
      response: { 200: grantView },
    },
    handler: async (request, reply) =>
      answer(
        base.origin,
        request,
        reply,
        await operations.showGrant(actorOf(request), pathId('grt', request.params.id)),
      ),
  });
}
