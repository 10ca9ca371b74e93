import { z } from 'zod';
import { actorOf } from '../authenticate.ts';
import type { ApiParts, ApiServer } from '../parts.ts';

const findings = z
  .object({
    items: z
      .array(
        z.object({
          target: z.string(),
          ok: z.boolean(),
          message: z.string(),
          fix: z.string().optional().meta({ description: 'A command that mends it.' }),
        }),
      )
      .readonly(),
  })
  .meta({ id: 'CloudFindings' });

/** What is missing in the clouds, for whoever owns a target. Takes seconds: every permission is tried. */
export function registerDoctor(v1: ApiServer, { operations }: ApiParts): void {
  v1.route({
    method: 'GET',
    url: '/doctor',
    schema: {
      summary: 'Whether Curfew can do its work on the targets that I own',
      description:
        'Tries every permission that Curfew needs there, and leaves nothing behind. Empty for whoever owns no target.',
      tags: ['operations'],
      response: { 200: findings },
    },
    handler: async (request, reply) =>
      reply.header('cache-control', 'no-store').send({ items: await operations.examineClouds(actorOf(request)) }),
  });
}
