import { z } from 'zod';
import { ok } from '../../core/result.ts';
import { answer } from '../answer.ts';
import { actorOf } from '../authenticate.ts';
import { once } from '../idempotency.ts';
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
const reason = z.string().min(1).max(2_000);
const key = z.string().min(1).max(200);
const done = z.object({ done: z.literal(true) });

/** The accounts that were proven to be a person's, and what admins do about two persons who claim one. */
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
  v1.route({
    method: 'POST',
    url: '/administration/accounts/:id/release',
    schema: {
      summary: 'Let an account pass on to another person',
      tags: ['administration'],
      params: idParams,
      body: z.strictObject({ reason }),
      response: { 200: done },
    },
    handler: (request, reply) =>
      once(parts, request, reply, async () => {
        const id = pathId('lnk', request.params.id);
        const released = await operations.releaseAccount(actorOf(request), id, request.body);
        return released.ok ? ok({ status: 200, body: { done: true } }) : released;
      }),
  });
  v1.route({
    method: 'POST',
    url: '/administration/persons/merge',
    schema: {
      summary: 'Two persons are one human',
      description:
        'From now on what one approved for the other counts for nothing, and both together count once. `grants`: what becomes of live ' +
        'access that lacks an approval by that. Nothing is ever given by a merge, and it is not undone.',
      tags: ['administration'],
      body: z.strictObject({ keep: key, other: key, grants: z.enum(['end', 'keep']), reason }),
      response: {
        200: z.object({ requests: z.array(z.string()).readonly(), grants: z.array(z.string()).readonly() }),
      },
    },
    handler: (request, reply) =>
      once(parts, request, reply, async () => {
        const merged = await operations.mergePersons(actorOf(request), request.body);
        return merged.ok ? ok({ status: 200, body: merged.value }) : merged;
      }),
  });
}
