import { z } from 'zod';
import type { RevocationId } from '../../core/ids.ts';
import { ok, type Result } from '../../core/result.ts';
import { REVOCATION_LISTS } from '../../operations/list-revocations.ts';
import type { OperationRefusal } from '../../operations/refusal.ts';
import { answer } from '../answer.ts';
import { actorOf } from '../authenticate.ts';
import { once, onceUnlessUnkept, type Made } from '../idempotency.ts';
import type { Outcome } from '../operations-port.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { pathId } from '../path-ids.ts';
import { idParams, pageOf, pageQuery } from '../views.ts';
import type { RevocationView } from '../../operations/revocation-view.ts';
import { revocationView } from './revocation-schema.ts';
import { nameText } from '../name-text.ts';

const reason = z.string().min(1).max(2_000);
const name = nameText();
const order = z.union([
  z.strictObject({ person: name, reason }),
  z.strictObject({ target: name, reason }),
  z.strictObject({ all: z.literal(true), reason }),
]);

/** The kill switch. What the caller may end alone ends at once; the rest waits for the second person who confirms. */
export function registerRevocations(v1: ApiServer, parts: ApiParts): void {
  const { operations, base } = parts;
  v1.route({
    method: 'POST',
    url: '/revocations',
    schema: {
      summary: 'End all access of a person, on a target, or of everybody',
      description:
        'Name exactly one of `person`, `target` and `all`. What you may end alone ends at once and nothing of it starts again until the ' +
        'order is lifted; `all`, and what is beyond your reach, waits 15 minutes for a second person. Your own access always ends at once.',
      tags: ['access'],
      body: order,
      response: { 201: revocationView },
    },
    handler: (request, reply) =>
      onceUnlessUnkept(parts, request, reply, async () => {
        const done = await operations.orderRevocation(actorOf(request), request.body);
        return done.ok ? ok({ status: 201, body: done.value, location: `/v1/revocations/${done.value.id}` }) : done;
      }),
  });
  v1.route({
    method: 'GET',
    url: '/revocations',
    schema: {
      summary: 'Orders that stand, or all that I may see',
      description:
        '`standing`: what stops access, is not all gone yet, or waits for a second person. Seen by whoever gave or confirmed an order, ' +
        'and by who answers for a role or a target; never by the person whom it is about.',
      tags: ['access'],
      querystring: z.strictObject({ list: z.enum(REVOCATION_LISTS).default('standing'), ...pageQuery }),
      response: { 200: pageOf(revocationView) },
    },
    handler: async (request, reply) => {
      const { list, cursor, limit } = request.query;
      const query = { list, limit, cursor: cursor ?? null };
      return answer(base.origin, request, reply, await operations.listRevocations(actorOf(request), query));
    },
  });
  v1.route({
    method: 'GET',
    url: '/revocations/outlook',
    schema: {
      summary: 'How much an order about a person would cover',
      description:
        'For whoever may give it. Counts what is held under all entries of the directory that are the same human, as the order would. ' +
        '`ending`: how much of it is ending already. `entries`: under how many entries it is held.',
      tags: ['access'],
      querystring: z.strictObject({ person: name }),
      response: { 200: z.object({ grants: z.number(), ending: z.number(), entries: z.number() }) },
    },
    handler: async (request, reply) =>
      answer(base.origin, request, reply, await operations.foreseeOrder(actorOf(request), request.query)),
  });
  v1.route({
    method: 'GET',
    url: '/revocations/:id',
    schema: {
      summary: 'How far an order is: what is gone, what is left and why, and the time to zero',
      tags: ['access'],
      params: idParams,
      response: { 200: revocationView },
    },
    handler: async (request, reply) =>
      answer(
        base.origin,
        request,
        reply,
        await operations.showRevocation(actorOf(request), pathId('rev', request.params.id)),
      ),
  });
  v1.route({
    method: 'POST',
    url: '/revocations/:id/confirm',
    schema: {
      summary: 'Confirm an order as its second person',
      description: 'Widens it to everything in its scope. Never whoever gave it, nor the person whom it is about.',
      tags: ['access'],
      params: idParams,
      body: z.strictObject({}),
      response: { 200: revocationView },
    },
    handler: (request, reply) =>
      once(parts, request, reply, () =>
        shown(operations.confirmRevocation(actorOf(request), pathId('rev', request.params.id))),
      ),
  });
  v1.route({
    method: 'POST',
    url: '/revocations/:id/lift',
    schema: {
      summary: 'Let access within an order start again',
      description:
        'What two people ordered is lifted once all of it has been told to end. Never by whom it is about, nor by somebody who holds ' +
        'or waits for access within it, unless they gave it and nobody confirmed it.',
      tags: ['access'],
      params: idParams,
      body: z.strictObject({ reason }),
      response: { 200: revocationView },
    },
    handler: (request, reply) =>
      once(parts, request, reply, () => {
        const id: RevocationId = pathId('rev', request.params.id);
        return shown(operations.liftRevocation(actorOf(request), id, request.body));
      }),
  });
}

async function shown(outcome: Outcome<RevocationView>): Promise<Result<Made, OperationRefusal>> {
  const done = await outcome;
  return done.ok ? ok({ status: 200, body: done.value }) : done;
}
