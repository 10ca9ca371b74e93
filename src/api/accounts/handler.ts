import { z } from 'zod';
import { ok } from '../../core/result.ts';
import { answer } from '../answer.ts';
import { actorOf } from '../authenticate.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { pathId } from '../path-ids.ts';
import { idParams } from '../views.ts';

const account = z
  .object({
    id: z.string(),
    issuer: z.string(),
    subject: z.string(),
    proof: z.enum(['directory', 'sign-in']),
    linkedAt: z.string().meta({ format: 'date-time' }),
  })
  .meta({ id: 'Account' });
const done = z.object({ done: z.literal(true) });

/** The accounts that were proven to be a person's. */
export function registerAccounts(v1: ApiServer, parts: ApiParts): void {
  const { operations, base } = parts;
  v1.route({
    method: 'GET',
    url: '/me/accounts',
    schema: {
      summary: 'Accounts that are mine',
      description:
        'Each with how it was proven: an administrator wrote it into the directory, or its owner signed in there.',
      tags: ['people'],
      response: { 200: z.object({ items: z.array(account).readonly() }) },
    },
    handler: async (request, reply) => {
      const found = await operations.listAccounts(actorOf(request));
      return answer(base.origin, request, reply, found.ok ? ok({ items: found.value }) : found);
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
