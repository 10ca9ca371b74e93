import { z } from 'zod';
import { ok } from '../../core/result.ts';
import { answer } from '../answer.ts';
import { actorOf } from '../authenticate.ts';
import { once } from '../idempotency.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { pathId } from '../path-ids.ts';
import { idParams } from '../views.ts';
import { assertionResponse, creationOptions, registrationResponse, requestOptions } from './webauthn.ts';

const time = z.string().meta({ format: 'date-time' });
const name = z.string().min(1).max(60);

const passkeyView = z
  .object({
    id: z.string(),
    name: z.string(),
    createdAt: time,
    lastUsedAt: time.nullable(),
    synced: z.boolean().meta({ description: 'Copied between the devices of its owner.' }),
  })
  .meta({ id: 'Passkey' });

const passkeysView = z.object({
  items: z.array(passkeyView).readonly(),
  needsRecovery: z.boolean().meta({
    description: 'I had one and have none: what takes a passkey, and registering another, takes a recovery first.',
  }),
});

/** One's own passkeys: who may register one, and by which proof, is decided by the operations. */
export function registerPasskeys(v1: ApiServer, parts: ApiParts): void {
  const { operations, base } = parts;
  const tags = ['passkeys'];
  v1.route({
    method: 'GET',
    url: '/me/passkeys',
    schema: {
      summary: 'My passkeys',
      tags,
      response: { 200: passkeysView },
    },
    handler: async (request, reply) =>
      answer(base.origin, request, reply, await operations.listPasskeys(actorOf(request))),
  });
  v1.route({
    method: 'POST',
    url: '/me/passkeys/step-up',
    schema: {
      summary: 'What a passkey of mine has to sign before I may register another',
      tags,
      body: z.strictObject({}),
      response: { 200: z.object({ options: requestOptions }) },
    },
    handler: async (request, reply) => {
      const asked = await operations.askForStepUp(actorOf(request));
      return answer(base.origin, request, reply, asked.ok ? ok({ options: asked.value }) : asked);
    },
  });
  v1.route({
    method: 'POST',
    url: '/me/passkeys/options',
    schema: {
      summary: 'What a browser needs to make a passkey',
      tags,
      body: z.strictObject({ assertion: z.strictObject({ response: assertionResponse }).optional() }),
      response: { 200: z.object({ options: creationOptions }) },
    },
    handler: async (request, reply) =>
      answer(base.origin, request, reply, await operations.passkeyOptions(actorOf(request), request.body.assertion)),
  });
  v1.route({
    method: 'POST',
    url: '/me/passkeys',
    schema: {
      summary: 'Register the passkey that a browser made',
      tags,
      body: z.strictObject({ name, response: registrationResponse }),
      response: { 201: passkeyView },
    },
    handler: (request, reply) =>
      once(parts, request, reply, async () => {
        const made = await operations.registerPasskey(actorOf(request), request.body);
        return made.ok ? ok({ status: 201, body: made.value }) : made;
      }),
  });
  v1.route({
    method: 'PATCH',
    url: '/me/passkeys/:id',
    schema: {
      summary: 'Give a passkey of mine another name',
      tags,
      params: idParams,
      body: z.strictObject({ name }),
      response: { 200: passkeyView },
    },
    handler: async (request, reply) => {
      const id = pathId('pky', request.params.id);
      return answer(
        base.origin,
        request,
        reply,
        await operations.renamePasskey(actorOf(request), id, request.body.name),
      );
    },
  });
  v1.route({
    method: 'DELETE',
    url: '/me/passkeys/:id',
    schema: { summary: 'Remove a passkey of mine', tags, params: idParams, response: { 204: z.null() } },
    handler: async (request, reply) => {
      const id = pathId('pky', request.params.id);
      const done = await operations.removePasskey(actorOf(request), id);
      return done.ok ? reply.code(204).send(null) : answer(base.origin, request, reply, done);
    },
  });
}
