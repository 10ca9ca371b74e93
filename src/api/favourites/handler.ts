import { z } from 'zod';
import { ok, type Result } from '../../core/result.ts';
import { MOST_FAVOURITES, type Favourite } from '../../operations/favourites.ts';
import type { OperationRefusal } from '../../operations/refusal.ts';
import { answer } from '../answer.ts';
import { actorOf } from '../authenticate.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { nameText } from '../name-text.ts';

const name = nameText();
const favourites = z.object({ items: z.array(z.object({ role: z.string(), target: z.string() })).readonly() });
const body = z.strictObject({
  items: z.array(z.strictObject({ role: name, target: name })).max(MOST_FAVOURITES),
});

/** What I keep at hand. A PUT replaces the list, so that sending it twice is sending it once. */
export function registerFavourites(v1: ApiServer, { operations, base }: ApiParts): void {
  v1.route({
    method: 'GET',
    url: '/me/favourites',
    schema: { summary: 'What I keep at hand', tags: ['people'], response: { 200: favourites } },
    handler: async (request, reply) =>
      answer(base.origin, request, reply, asBody(await operations.listFavourites(actorOf(request)))),
  });
  v1.route({
    method: 'PUT',
    url: '/me/favourites',
    schema: { summary: 'Keep something at hand', tags: ['people'], body, response: { 200: favourites } },
    handler: async (request, reply) =>
      answer(
        base.origin,
        request,
        reply,
        asBody(await operations.keepFavourites(actorOf(request), request.body.items)),
      ),
  });
}

function asBody(kept: Result<readonly Favourite[], OperationRefusal>): Result<object, OperationRefusal> {
  return kept.ok ? ok({ items: kept.value }) : kept;
}
