import { z } from 'zod';
import type { ApiParts, ApiServer } from '../parts.ts';
import { sendProblem } from '../problems.ts';

/** Pages that the demo brings with it: without a demo there are none. What is on them is read anew each time. */
export function registerDemoPages(app: ApiServer, { base, demo }: Pick<ApiParts, 'base' | 'demo'>): void {
  for (const page of demo?.pages ?? []) {
    app.route({
      method: 'GET',
      url: `/demo/${page.path}`,
      schema: { hide: true, params: z.object({ n: z.coerce.number().int().positive().max(1_000_000_000).default(1) }) },
      handler: async (request, reply) => {
        const found = page.html(request.params.n);
        if (found === null)
          return sendProblem(base.origin, request, reply, { code: 'not-found', detail: 'There is no such page.' });
        if (found.policy !== undefined) void reply.header('content-security-policy', found.policy);
        return reply.header('cache-control', 'no-store').type('text/html; charset=utf-8').send(found.body);
      },
    });
  }
}
