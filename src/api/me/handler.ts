import { z } from 'zod';
import { toIso } from '../../core/time.ts';
import { sessionOf } from '../authenticate.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { ApiProblem } from '../problems.ts';

const me = z
  .object({
    person: z.object({ key: z.string(), name: z.string(), email: z.string(), groups: z.array(z.string()).readonly() }),
    session: z.object({ expiresAt: z.string().meta({ format: 'date-time' }) }),
  })
  .meta({ id: 'Me' });

/** Who the token speaks for, and until when the sign-in lasts. */
export function registerMe(v1: ApiServer, { operations }: ApiParts): void {
  v1.route({
    method: 'GET',
    url: '/me',
    schema: { summary: 'Who I am', tags: ['people'], response: { 200: me } },
    handler: async (request, reply) => {
      const { actor, token } = sessionOf(request);
      const person = operations.profile(actor.key);
      if (person === null)
        throw new ApiProblem({ code: 'unauthenticated', detail: 'You are no longer in the directory.' });
      return reply
        .header('cache-control', 'no-store')
        .send({ person, session: { expiresAt: toIso(token.signInEndsAt) } });
    },
  });
}
