import { z } from 'zod';
import { CURFEW_ROLES } from '../../core/administration.ts';
import { toIso } from '../../core/time.ts';
import { sessionCookie, setCookie } from '../../identity/cookies.ts';
import type { StopView } from '../../operations/list-stops.ts';
import { actorOf, sessionOf } from '../authenticate.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { pathId } from '../path-ids.ts';
import { ApiProblem, problemOf, sendProblem } from '../problems.ts';
import { idParams, type Covers } from '../views.ts';

const time = z.string().meta({ format: 'date-time' });

const me = z
  .object({
    person: z.object({ key: z.string(), name: z.string(), email: z.string(), groups: z.array(z.string()).readonly() }),
    roles: z
      .array(z.enum(['member', ...CURFEW_ROLES]))
      .readonly()
      .meta({ description: 'What I am in Curfew itself; everybody is a member.' }),
    session: z.object({ expiresAt: time }),
    via: z
      .enum(['api', 'cli', 'web', 'demo'])
      .meta({ description: 'How I came in: `web` is the cookie of a browser.' }),
    signedInAt: time,
    authenticatedAt: time.nullable().meta({
      description:
        'When the company’s provider last asked who I am, which may be long before `signedInAt`; null: it did not say. What takes a fresh sign-in goes by it.',
    }),
    sessionEndsAt: time.meta({ description: 'The same as `session.expiresAt`.' }),
    csrf: z.string().nullable().meta({
      description:
        'The value of the header x-curfew-csrf that every change and every reading of the log by cookie needs; null with a bearer token.',
    }),
  })
  .meta({ id: 'Me' });

const session = z
  .object({
    id: z.string(),
    kind: z.enum(['browser', 'cli']),
    current: z.boolean().meta({ description: 'Whether this request came with it.' }),
    createdAt: time,
    lastUsedAt: time.meta({ description: 'To the minute for a browser; the last refresh for a command line.' }),
    expiresAt: time.meta({
      description: 'The latest end. A browser that nobody uses for an hour is signed out before.',
    }),
    agent: z.string(),
  })
  .meta({ id: 'Session' });

const stop = z
  .object({
    order: z.string(),
    scope: z.enum(['person', 'target', 'all']).meta({ description: 'What it is about; `person`: about me.' }),
    target: z.string().nullable(),
    since: time,
    reach: z.enum(['own', 'all']).meta({
      description: 'own: as much of it as whoever gave the order may end alone; all: all of it.',
    }),
    holds: z.boolean().meta({
      description:
        'Whether it keeps new access from starting until somebody lifts it; false: until all that it ends is proven gone.',
    }),
    byMe: z.boolean().meta({ description: 'Whether I gave it.' }),
  })
  .meta({ id: 'Stop' });

export const SCHEMA_COVERS_STOPS: Covers<typeof stop, StopView> = true;

/** Who is signed in, until when, what stops them, and the way out. */
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
        roles: ['member' as const, ...actor.roles],
        session: { expiresAt: sessionEndsAt },
        via: actor.context.via,
        signedInAt: toIso(signedInAt),
        authenticatedAt: actor.signIn?.authenticatedAt == null ? null : toIso(actor.signIn.authenticatedAt),
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
      await operations.signOut(actor, id);
      return reply
        .header('cache-control', 'no-store')
        .header('set-cookie', setCookie(sessionCookie(base), '', 0))
        .send({ signedOut: true });
    },
  });
  v1.route({
    method: 'GET',
    url: '/me/stops',
    schema: {
      summary: 'Which orders stop my access now',
      description:
        'Orders of the kill switch that keep access of mine, or some of it, from starting, oldest first. Who gave them and why is not said. The stream tells of each as `revocation` with `own`.',
      tags: ['people'],
      response: { 200: z.object({ items: z.array(stop).readonly() }) },
    },
    handler: async (request, reply) => {
      const found = await operations.listStops(actorOf(request));
      if (!found.ok) return sendProblem(base.origin, request, reply, problemOf(found.refusal));
      return reply.header('cache-control', 'no-store').send({ items: found.value });
    },
  });
  v1.route({
    method: 'GET',
    url: '/me/sessions',
    schema: {
      summary: 'Where I am signed in',
      tags: ['people'],
      response: { 200: z.object({ items: z.array(session).readonly() }) },
    },
    handler: async (request, reply) => {
      const { actor, id } = sessionOf(request);
      const found = await operations.listSessions(actor);
      if (!found.ok) return sendProblem(base.origin, request, reply, problemOf(found.refusal));
      return reply
        .header('cache-control', 'no-store')
        .send({ items: found.value.map((one) => ({ ...one, current: one.id === id })) });
    },
  });
  v1.route({
    method: 'DELETE',
    url: '/me/sessions/:id',
    schema: {
      summary: 'End one of my sign-ins',
      description: 'It is refused from its next request on, wherever it is. Access that is under way is not touched.',
      tags: ['people'],
      params: idParams,
      response: { 200: z.object({ ended: z.literal(true) }) },
    },
    handler: async (request, reply) => {
      const { actor, id: current } = sessionOf(request);
      const id = pathId('ses', request.params.id);
      const done = await operations.endSession(actor, id);
      if (!done.ok) return sendProblem(base.origin, request, reply, problemOf(done.refusal));
      if (id === current) void reply.header('set-cookie', setCookie(sessionCookie(base), '', 0));
      return reply.header('cache-control', 'no-store').send({ ended: true });
    },
  });
}
