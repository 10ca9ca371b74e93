import { z } from 'zod';
import { ok } from '../../core/result.ts';
import { actorOf } from '../authenticate.ts';
import { onceUnlessUnkept } from '../idempotency.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { pathId } from '../path-ids.ts';
import { grantView, idParams } from '../views.ts';

/** Ending access before its time. The answer says `ending`; `ended` comes with the proof. */
export function registerGrantEnds(v1: ApiServer, parts: ApiParts): void {
  const { operations } = parts;
  v1.route({
    method: 'POST',
    url: '/grants/:id/return',
    schema: {
      summary: 'Give my access back',
      tags: ['access'],
      params: idParams,
      body: z.strictObject({}),
      response: { 200: grantView },
    },
    handler: (request, reply) =>
      onceUnlessUnkept(parts, request, reply, async () => {
        const done = await operations.returnGrant(actorOf(request), pathId('grt', request.params.id));
        return done.ok ? ok({ status: 200, body: done.value }) : done;
      }),
  });
  v1.route({
    method: 'POST',
    url: '/grants/:id/revoke',
    schema: {
      summary: "Take somebody's access away",
      tags: ['access'],
      params: idParams,
      body: z.strictObject({ reason: z.string().min(1).max(2_000) }),
      response: { 200: grantView },
    },
    handler: (request, reply) =>
      onceUnlessUnkept(parts, request, reply, async () => {
        const done = await operations.revokeGrant(actorOf(request), pathId('grt', request.params.id), request.body);
        return done.ok ? ok({ status: 200, body: done.value }) : done;
      }),
  });
}
