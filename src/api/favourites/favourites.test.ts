import { expect, test, vi } from 'vitest';
import { ok } from '../../core/result.ts';
import { apiUnderTest, no } from '../api-under-test.ts';
import type { ApiOperations } from '../operations-port.ts';

const ITEMS = [{ role: 'invoice-reader', target: 'aws/prod' }];

test('200: reads and replaces the list of whoever asks; 401 for strangers', async () => {
  const listFavourites = vi.fn<ApiOperations['listFavourites']>(() => Promise.resolve(ok(ITEMS)));
  const keepFavourites = vi.fn<ApiOperations['keepFavourites']>((_, items) => Promise.resolve(ok(items)));
  const api = await apiUnderTest({ listFavourites, keepFavourites });
  expect((await api.as('ana', { method: 'GET', url: '/v1/me/favourites' })).json()).toEqual({ items: ITEMS });
  const put = await api.as('bo', { method: 'PUT', url: '/v1/me/favourites', payload: { items: ITEMS } });
  expect([put.statusCode, put.json()]).toEqual([200, { items: ITEMS }]);
  expect(keepFavourites).toHaveBeenCalledWith(expect.objectContaining({ key: 'bo' }), ITEMS);
  for (const method of ['GET', 'PUT'] as const)
    expect((await api.as(null, { method, url: '/v1/me/favourites', payload: { items: [] } })).statusCode).toBe(401);
  await api.close();
});

test.each([
  ['too many', { items: Array.from({ length: 31 }, (_, n) => ({ role: `r${n}`, target: 't' })) }],
  ['a field too many', { items: [{ ...ITEMS[0], person: 'bo' }] }],
  ['a list that is none', { items: 'all' }],
  ['a prototype', JSON.parse('{"items":[],"__proto__":{"admin":true}}') as object],
])('422 for %s, and nothing is kept', async (_, payload) => {
  const api = await apiUnderTest();
  const answer = await api.as('ana', { method: 'PUT', url: '/v1/me/favourites', payload });
  expect([400, 422]).toContain(answer.statusCode);
  await api.close();
});

test('a refusal of the operation is a problem', async () => {
  const api = await apiUnderTest({ keepFavourites: () => no('invalid-input', 'There is no such thing.') });
  const answer = await api.as('ana', { method: 'PUT', url: '/v1/me/favourites', payload: { items: ITEMS } });
  expect([answer.statusCode, answer.json()]).toMatchObject([422, { code: 'invalid-input' }]);
  await api.close();
});
