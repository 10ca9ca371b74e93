import { z } from 'zod';
import { toIso } from '../../core/time.ts';
import { authenticator, optionalAuthenticator } from '../authenticate.ts';
import type { ApiMetrics } from '../metrics.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { pathId } from '../path-ids.ts';
import { ApiProblem, sendProblem, problemOf, type ProblemDetails } from '../problems.ts';
import { networkOf } from '../rate-limits.ts';
import { grantView, pageOf, pageQuery } from '../views.ts';
import { createEventHub } from './event-hub.ts';

const liveGrantView = grantView
  .extend({ mayEnd: z.boolean().meta({ description: 'Whether you may end it.' }) })
  .meta({ id: 'LiveGrant' });

const live = pageOf(liveGrantView)
  .extend({ now: z.string().meta({ format: 'date-time' }) })
  .meta({ id: 'Live' });

/** As many as fit into an address that every proxy passes on. */
const GRANT_IDS = /^grt_[a-z2-7]{20}(,grt_[a-z2-7]{20}){0,99}$/;

const NO_ROOM = {
  'too-many': {
    code: 'too-many-streams',
    detail: 'You have ten event streams open already; one more is not opened.',
    hint: 'Close a window or stop a command that waits, or ask for the thing itself now and then.',
    retryAfterSeconds: 30,
  },
  full: {
    code: 'unavailable',
    detail: 'As many event streams are open as this server takes.',
    hint: 'Ask for the thing itself now and then.',
    retryAfterSeconds: 30,
  },
} as const satisfies Record<string, ProblemDetails>;

/** Who has power now, and every change of it as it happens. Open without a sign-in in the demo alone. */
export function registerEvents(app: ApiServer, parts: ApiParts, metrics: ApiMetrics): void {
  const { operations, clock, publicLive, base } = parts;
  const hub = createEventHub(operations, clock);
  metrics.setListeners(() => hub.listeners);
  // Before the server waits for its connections to end: a stream would keep it waiting for ever.
  app.addHook('preClose', async () => hub.close());

  // Whoever is signed in is told what they may see, also where others may look on.
  const known = (unattended: boolean) => [
    publicLive ? optionalAuthenticator(parts, unattended) : authenticator(parts, unattended),
  ];
  const security = publicLive ? [] : [{ bearer: [] }, { cookie: [] }];

  app.route({
    method: 'GET',
    url: '/v1/live',
    onRequest: known(false),
    schema: {
      summary: 'Who has power now',
      description:
        'The latest start comes first. `nextCursor` is null on the last page. With `ids`, at most 100 of them with commas between: these as they are now, without those that are not there. What is over is shown to those whom it concerns, and to auditors and admins.',
      tags: ['access'],
      security,
      querystring: z.strictObject({
        ...pageQuery,
        limit: pageQuery.limit.default(200),
        ids: z.string().regex(GRANT_IDS, 'is not 1 to 100 ids of grants with commas between').optional(),
      }),
      response: { 200: live },
    },
    handler: async (request, reply) => {
      const { cursor, limit, ids } = request.query;
      const page = await operations.listLive(request.session?.actor ?? null, {
        cursor: cursor ?? null,
        limit,
        ...(ids === undefined ? {} : { ids: ids.split(',').map((id) => pathId('grt', id)) }),
      });
      if (!page.ok) return sendProblem(base.origin, request, reply, problemOf(page.refusal));
      return reply.header('cache-control', 'no-store').send({ ...page.value, now: toIso(clock.now()) });
    },
  });

  app.route({
    method: 'GET',
    url: '/v1/events',
    // A page listens anew whenever the line was down, and says nothing by that.
    onRequest: known(true),
    schema: {
      summary: 'Changes as they happen (server-sent events)',
      description:
        'Events named `change` with data `{kind, id, at}`: read the thing itself to see it. `own: true` with it: you hold it, asked for it, are asked to decide it, or an order of the kill switch stops your access. `resync`: something was missed, read everything again. ' +
        'Everybody is told of what they may see, and a stream ends with its sign-in. A comment comes every 15 seconds. Whoever comes back with a `Last-Event-ID` gets a `resync` first. One person, or one address where nobody signs in, has ten streams at most.',
      tags: ['access'],
      security,
    },
    handler: (request, reply) => {
      const who = request.session?.actor.person ?? networkOf(request.ip);
      const room = hub.room(who);
      if (room !== 'free') throw new ApiProblem(NO_ROOM[room]);
      const response = reply.raw;
      reply.hijack();
      // The headers that the security hooks have set on the reply are written by hand, because the reply is given up.
      response.writeHead(200, {
        ...Object.fromEntries(
          Object.entries(reply.getHeaders()).map(([name, value]) => [
            name,
            Array.isArray(value) ? value : String(value),
          ]),
        ),
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      });
      const { actor = null, id = null, expiresAt = null } = request.session ?? {};
      const listener = { who, viewer: actor, signIn: id, closesAt: expiresAt };
      hub.add(response, listener, request.headers['last-event-id'] !== undefined);
    },
  });
}
