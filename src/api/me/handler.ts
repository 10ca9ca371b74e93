import { z } from 'zod';
import { toIso } from '../../core/time.ts';
import { sessionCookie, setCookie } from '../../identity/cookies.ts';
import { sessionOf } from '../authenticate.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { ApiProblem } from '../problems.ts';

const time = z.string().meta({ format: 'date-time' });

const me = z
  .object({
    person: z.object({ key: z.string(), name: z.string(), email: z.string(), groups: z.array(z.string()).readonly() }),
    session: z.object({ expiresAt: time }),
    via: z
      .enum(['api', 'cli', 'web', 'demo'])
      .meta({ description: 'How I came in: `web` is the cookie of a browser.' }),
    signedInAt: time,
    sessionEndsAt: time.meta({ description: 'The same as `session.expiresAt`.' }),
    csrf: z.string().nullable().meta({
      description: 'The value of the header x-curfew-csrf that every change by cookie needs; null with a bearer token.',
    }),
  })
  .meta({ id: 'Me' });

/** Who is signed in, until when, and the way out. */
export function registerMe(v1: ApiServer, parts: ApiParts): void {
  const { operations, base } = parts;
  v1.route({
    method: 'GET',
    url: '/me',
    schema: { summary: 'Who I am', tags: ['people'], response: { 200: me } },
    handler: async (request, reply) => {
      const { actor, endsAt, signedInAt, csrf } = sessionOf(request);
      const person = operations.profile(actor.key);
      if (person === null)
        throw new ApiProblem({ code: 'unauthenticated', detail: 'You are no longer in the directory.' });
      const sessionEndsAt = toIso(endsAt);
      return reply.header('cache-control', 'no-store').send({
        person,
        session: { expiresAt: sessionEndsAt },
        via: actor.context.via,
        signedInAt: toIso(signedInAt),
        sessionEndsAt,
        csrf,
      });
    },
  });
  v1.route({
    method: 'POST',
    url: '/me/sign-out',
    schema: {
      summary: 'Sign out here',
      description: 'Ends the sign-in that this request was made with, and takes the cookie back.',
      tags: ['people'],
      body: z.strictObject({}),
      response: { 200: z.object({ signedOut: z.literal(true) }) },
    },
    handler: async (request, reply) => {
      const { actor, id } = sessionOf(request);
      // A session that has just ended otherwise is what was asked for.
      if (id !== null) await operations.signOut(actor, id);
      return reply
        .header('cache-control', 'no-store')
        .header('set-cookie', setCookie(sessionCookie(base), '', 0))
        .send({ signedOut: true });
    },
  });
}
