import { z } from 'zod';
import { PROVIDERS } from '../../core/target.ts';
import { answer } from '../answer.ts';
import { actorOf } from '../authenticate.ts';
import { nameText } from '../name-text.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { catalogueItemView, pageOf } from '../views.ts';

/** What can be asked for. What the caller cannot get is listed with the reason. */
export function registerCatalogue(v1: ApiServer, { operations, base }: ApiParts): void {
  v1.route({
    method: 'GET',
    url: '/catalogue',
    schema: {
      summary: 'Search roles on targets',
      description:
        '`order=best` (as it is unless told) gives one page, what fits best first. `order=name` gives all of it by role and target, page by page: pass `nextCursor` as `cursor`. ' +
        'A page may be shorter than `limit`, also empty, before the last one.',
      tags: ['requests'],
      querystring: z.strictObject({
        q: z.string().max(2_000).default('').meta({
          description: 'Words; or an ARN, or the words with which AWS refused something: then what would allow it.',
        }),
        limit: z.coerce.number().int().min(1).max(200).default(50),
        order: z.enum(['best', 'name']).default('best'),
        cursor: z.string().max(500).optional(),
        role: nameText(0).optional().meta({ description: 'Only this one, by its whole name.' }),
        target: nameText(0).optional().meta({ description: 'Only this one, by its whole name.' }),
        provider: z.enum(PROVIDERS).optional(),
      }),
      response: { 200: pageOf(catalogueItemView).extend({ total: z.number() }) },
    },
    handler: async (request, reply) => {
      const { cursor, role, target, provider, ...query } = request.query;
      const found = operations.searchCatalogue(actorOf(request), {
        ...query,
        ...(cursor === undefined ? {} : { cursor }),
        ...(role === undefined ? {} : { role }),
        ...(target === undefined ? {} : { target }),
        ...(provider === undefined ? {} : { provider }),
      });
      return answer(base.origin, request, reply, found);
    },
  });
}
