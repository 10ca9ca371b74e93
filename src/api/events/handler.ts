import { z } from 'zod';
import { authenticator } from '../authenticate.ts';
import type { ApiMetrics } from '../metrics.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { grantView } from '../views.ts';
import { createEventHub } from './event-hub.ts';

const live = z.object({ items: z.array(grantView).readonly(), now: z.string() }).meta({ id: 'Live' });

/** Who has power now, and every change of it as it happens. Open without a sign-in in the demo alone. */
export function registerEvents(app: ApiServer, parts: ApiParts, metrics: ApiMetrics): void {
  const { operations, clock, random, publicLive } = parts;
  const hub = createEventHub((listener) => operations.subscribe(listener), clock, random);
  metrics.setListeners(() => hub.listeners);
  // Before the server waits for its connections to end: a stream would keep it waiting for ever.
  app.addHook('preClose', async () => hub.close());

  const authenticate = authenticator(parts);
  const onRequest = publicLive ? [] : [authenticate];
  const security = publicLive ? [] : [{ bearer: [] }];

  app.route({
    method: 'GET',
    url: '/v1/live',
    onRequest,
    schema: { summary: 'Who has power now', tags: ['access'], security, response: { 200: live } },
    handler: async (_request, reply) =>
      reply
        .header('cache-control', 'no-store')
        .send({ items: await operations.listLive(), now: new Date(clock.now()).toISOString() }),
  });

  app.route({
    method: 'GET',
    url: '/v1/events',
    onRequest,
    schema: {
      summary: 'Changes as they happen (server-sent events)',
      description:
        'Events named `change` with data `{kind, id, at}`: read the thing itself to see it. `resync`: something was missed, read everything again. ' +
        'A comment comes every 15 seconds. `Last-Event-ID` resumes.',
      tags: ['access'],
      security,
    },
    handler: (request, reply) => {
      const lastId = request.headers['last-event-id'];
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
      const added = hub.add(
        response,
        typeof lastId === 'string' ? lastId : null,
        request.session?.token.expiresAt ?? null,
      );
      if (!added) response.end('event: full\ndata: {}\n\n');
    },
  });
}
