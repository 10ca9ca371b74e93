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

/**
 * Somebody who asks again within this time gets the same answer: each examination is dozens of calls, and the clouds throttle by
 * account, where ends need their share.
 */
const KEPT_MS = 15_000;

/** What is missing in the clouds, for whoever owns a target. Takes seconds: every permission is tried. */
export function registerDoctor(v1: ApiServer, { operations, clock }: ApiParts): void {
  const kept = new Map<string, { readonly at: number; readonly items: ReturnType<typeof operations.examineClouds> }>();
  const examine = (actor: ReturnType<typeof actorOf>) => {
    const before = kept.get(actor.person);
    if (before !== undefined && clock.now() - before.at < KEPT_MS) return before.items;
    const items = operations.examineClouds(actor);
    kept.set(actor.person, { at: clock.now(), items });
    items.catch(() => kept.delete(actor.person));
    return items;
  };
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
      reply.header('cache-control', 'no-store').send({ items: await examine(actorOf(request)) }),
  });
}
