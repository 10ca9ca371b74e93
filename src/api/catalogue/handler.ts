import { z } from 'zod';
import { actorOf } from '../authenticate.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { catalogueItemView } from '../views.ts';

/** What can be asked for. What the caller cannot get is listed with the reason. */
export function registerCatalogue(v1: ApiServer, { operations }: ApiParts): void {
  v1.route({
    method: 'GET',
    url: '/catalogue',
    schema: {
      summary: 'Search roles on targets',
      tags: ['requests'],
      querystring: z.strictObject({
        q: z.string().max(2_000).default('').meta({
          description: 'Words; or an ARN, or the words with which AWS refused something: then what would allow it.',
        }),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      }),
      response: { 200: z.object({ items: z.array(catalogueItemView).readonly(), total: z.number() }) },
    },
    handler: async (request, reply) => reply.send(operations.searchCatalogue(actorOf(request), request.query)),
  });
}
