import { z } from 'zod';
import { ok } from '../../core/result.ts';
import { answer } from '../answer.ts';
import { actorOf, sessionOf } from '../authenticate.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { assertionResponse } from '../passkeys/webauthn.ts';
import { pathId } from '../path-ids.ts';
import { ApiProblem } from '../problems.ts';
import { idParams } from '../views.ts';

const account = z
  .object({
    id: z.string(),
    issuer: z.string(),
    provider: z.string().nullable().meta({
      description:
        'What people call the sign-in provider behind the issuer; null: it is none of those that are configured now.',
    }),
    subject: z.string(),
    proof: z.enum(['directory', 'sign-in']),
    linkedAt: z.string().meta({ format: 'date-time' }),
    signsIn: z.boolean().meta({
      description:
        'Whether its person signs in by it. False: it says who they are there, and signs in nobody; or it was linked as such, and is to be linked again.',
    }),
  })
  .meta({ id: 'Account' });
const provider = z
  .object({
    name: z.string(),
    title: z.string(),
    signsIn: z
      .boolean()
      .meta({ description: 'Whether accounts there sign in; otherwise it is only known whose they are.' }),
  })
  .meta({ id: 'AccountProvider' });
const done = z.object({ done: z.literal(true) });

const IN_A_BROWSER = {
  code: 'invalid-input',
  detail: 'Accounts are linked in a browser: both are proven there.',
  hint: 'Open your page in the portal.',
} as const;

/** The accounts that were proven to be a person's. */
export function registerAccounts(v1: ApiServer, parts: ApiParts): void {
  const { operations, base, authorizationServer } = parts;
  const providers = authorizationServer?.providers ?? [];
  v1.route({
    method: 'GET',
    url: '/me/accounts',
    schema: {
      summary: 'Accounts that are mine',
      description:
        'Each with how it was proven: an administrator wrote it into the directory, or its owner signed in there.',
      tags: ['people'],
      response: {
        200: z.object({
          items: z.array(account).readonly(),
          providers: z.array(provider).readonly().meta({ description: 'Where further accounts can be linked.' }),
        }),
      },
    },
    handler: async (request, reply) => {
      const found = await operations.listAccounts(actorOf(request));
      if (!found.ok) return answer(base.origin, request, reply, found);
      const items = found.value.map((one) => {
        const at = providers.find(({ issuer }) => issuer === one.issuer);
        return { ...one, provider: at?.title ?? null, signsIn: one.signsIn && at?.use === 'sign-in' };
      });
      const further = providers.slice(1).map(({ name, title, use }) => ({ name, title, signsIn: use === 'sign-in' }));
      return answer(base.origin, request, reply, ok({ items, providers: further }));
    },
  });
  v1.route({
    method: 'POST',
    url: '/me/accounts',
    schema: {
      summary: 'Begin to link an account',
      description:
        'For a page in a browser: send it to `url`, where its person proves the account by a fresh sign-in, and comes back to `return`. ' +
        'The cookie that comes with the answer belongs to this session. Takes an assertion by a ' +
        'passkey (`POST /v1/me/passkeys/step-up`) from whoever has one, and a sign-in of the last ten minutes from who never had one.',
      tags: ['people'],
      body: z.strictObject({
        provider: z.string().max(40),
        return: z.string().max(800).optional(),
        assertion: z.strictObject({ response: assertionResponse }).optional(),
      }),
      response: { 200: z.object({ url: z.string() }) },
    },
    handler: async (request, reply) => {
      const { actor, id, csrf } = sessionOf(request);
      const may = await operations.linkAccount(actor, request.body.assertion);
      if (!may.ok) return answer(base.origin, request, reply, may);
      if (csrf === null) throw new ApiProblem(IN_A_BROWSER);
      const { provider: name, return: returnTo = null } = request.body;
      const begun = (await authorizationServer?.beginLink(name, id, returnTo)) ?? null;
      if (begun === null) throw new ApiProblem({ code: 'not-found', detail: 'There is no such sign-in provider.' });
      if (!begun.ok) throw new ApiProblem({ code: 'unavailable', detail: begun.refusal.detail });
      void reply.header('set-cookie', begun.value.cookie).header('cache-control', 'no-store');
      return reply.send({ url: begun.value.location });
    },
  });
  v1.route({
    method: 'DELETE',
    url: '/me/accounts/:id',
    schema: {
      summary: 'Take an account off me',
      description: 'It signs nobody in from then on. Another person who proves it is a conflict all the same.',
      tags: ['people'],
      params: idParams,
      response: { 200: done },
    },
    handler: async (request, reply) => {
      const id = pathId('lnk', request.params.id);
      const ended = await operations.unlinkAccount(actorOf(request), id);
      return answer(base.origin, request, reply, ended.ok ? ok({ done: true }) : ended);
    },
  });
}
