import { z } from 'zod';
import { NOTIFICATIONS, type NotificationKind } from '../../core/notification.ts';
import { ok } from '../../core/result.ts';
import { answer } from '../answer.ts';
import { actorOf } from '../authenticate.ts';
import { once } from '../idempotency.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { pathId } from '../path-ids.ts';
import { idParams, itemView, personView } from '../views.ts';

const kinds = z
  .strictObject(
    Object.fromEntries(NOTIFICATIONS.map((kind) => [kind, z.boolean()])) as Record<NotificationKind, z.ZodBoolean>,
  )
  .meta({
    description:
      'Whether I want to be told: what is to be decided, as somebody who can decide; the others as whoever asked or is concerned.',
  });
const settings = z
  .object({
    kinds,
    muted: z
      .array(
        z.object({
          id: z.string(),
          asked: z
            .object({ requester: personView, items: z.array(itemView).readonly() })
            .nullable()
            .meta({ description: 'Who asked for what; null: I may not see it any more.' }),
        }),
      )
      .readonly()
      .meta({ description: 'Requests of which I want to hear nothing more, the newest first.' }),
  })
  .meta({ id: 'NotificationSettings' });

/** What I want to be told by e-mail. Nobody sees or changes what somebody else wants. */
export function registerNotifications(v1: ApiServer, parts: ApiParts): void {
  const { operations, base } = parts;
  v1.route({
    method: 'GET',
    url: '/me/notifications',
    schema: { summary: 'What I am told by e-mail', tags: ['people'], response: { 200: settings } },
    handler: async (request, reply) =>
      answer(base.origin, request, reply, await operations.showNotifications(actorOf(request))),
  });
  v1.route({
    method: 'PUT',
    url: '/me/notifications',
    schema: {
      summary: 'Choose what I am told by e-mail',
      description: 'All kinds at once. Requests are muted one by one: `POST /v1/requests/{id}/mute`.',
      tags: ['people'],
      body: z.strictObject({ kinds }),
      response: { 200: settings },
    },
    handler: async (request, reply) =>
      answer(base.origin, request, reply, await operations.saveNotifications(actorOf(request), request.body.kinds)),
  });
  v1.route({
    method: 'POST',
    url: '/requests/:id/mute',
    schema: {
      summary: 'Be told nothing more of a request',
      tags: ['requests'],
      params: idParams,
      body: z.strictObject({}),
      response: { 200: settings },
    },
    handler: (request, reply) =>
      once(parts, request, reply, async () => {
        const done = await operations.muteRequest(actorOf(request), pathId('req', request.params.id), true);
        return done.ok ? ok({ status: 200, body: done.value }) : done;
      }),
  });
  v1.route({
    method: 'DELETE',
    url: '/requests/:id/mute',
    schema: {
      summary: 'Be told of a request again',
      tags: ['requests'],
      params: idParams,
      response: { 200: settings },
    },
    handler: async (request, reply) => {
      const id = pathId('req', request.params.id);
      return answer(base.origin, request, reply, await operations.muteRequest(actorOf(request), id, false));
    },
  });
}
