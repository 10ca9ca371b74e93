import { z } from 'zod';
import { ok } from '../../core/result.ts';
import { answer } from '../answer.ts';
import { actorOf } from '../authenticate.ts';
import { once } from '../idempotency.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { assertionResponse, signedDocument, signingView } from '../passkeys/webauthn.ts';
import { pathId } from '../path-ids.ts';
import { idParams, personView } from '../views.ts';

const time = z.string().meta({ format: 'date-time' });
const recoveryView = z
  .object({
    id: z.string(),
    person: personView,
    askedAt: time,
    lapsesAt: time,
    confirmedBy: z.array(personView).readonly(),
    missing: z.number(),
    openUntil: time.nullable().meta({ description: 'Until when a new passkey may be registered.' }),
    confirmers: z
      .array(personView)
      .readonly()
      .meta({ description: 'Who can confirm it, with a passkey of their own.' }),
  })
  .meta({ id: 'PasskeyRecovery' });

/** How somebody who lost all passkeys comes to a new one. Who may confirm is decided by the operations. */
export function registerPasskeyRecoveries(v1: ApiServer, parts: ApiParts): void {
  const { operations, base } = parts;
  const tags = ['passkeys'];
  v1.route({
    method: 'POST',
    url: '/me/passkeys/recovery',
    schema: {
      summary: 'Say that I lost all my passkeys',
      tags,
      body: z.strictObject({}),
      response: { 201: recoveryView },
    },
    handler: (request, reply) =>
      once(parts, request, reply, async () => {
        const asked = await operations.askForRecovery(actorOf(request));
        return asked.ok ? ok({ status: 201, body: asked.value }) : asked;
      }),
  });
  v1.route({
    method: 'DELETE',
    url: '/me/passkeys/recovery',
    schema: { summary: 'Take that back', tags, response: { 204: z.null() } },
    handler: async (request, reply) => {
      const done = await operations.withdrawRecovery(actorOf(request));
      return done.ok ? reply.code(204).send(null) : answer(base.origin, request, reply, done);
    },
  });
  v1.route({
    method: 'GET',
    url: '/passkey-recoveries',
    schema: {
      summary: 'Recoveries that wait: my own, and those that I may confirm',
      tags,
      response: { 200: z.object({ items: z.array(recoveryView).readonly() }) },
    },
    handler: async (request, reply) => {
      const found = await operations.listRecoveries(actorOf(request));
      return answer(base.origin, request, reply, found.ok ? ok({ items: found.value }) : found);
    },
  });
  v1.route({
    method: 'POST',
    url: '/passkey-recoveries/:id/challenge',
    schema: {
      summary: 'What a passkey has to sign to confirm this',
      tags,
      params: idParams,
      body: z.strictObject({}),
      response: { 200: signingView },
    },
    handler: async (request, reply) => {
      const id = pathId('rcv', request.params.id);
      return answer(base.origin, request, reply, await operations.challengeRecovery(actorOf(request), id));
    },
  });
  v1.route({
    method: 'POST',
    url: '/passkey-recoveries/:id/confirm',
    schema: {
      summary: 'Confirm that a colleague lost all passkeys',
      tags,
      params: idParams,
      body: z.strictObject({ document: signedDocument, response: assertionResponse }),
      response: { 200: recoveryView },
    },
    handler: (request, reply) =>
      once(parts, request, reply, async () => {
        const id = pathId('rcv', request.params.id);
        const done = await operations.confirmRecovery(actorOf(request), id, request.body);
        return done.ok ? ok({ status: 200, body: done.value }) : done;
      }),
  });
}
