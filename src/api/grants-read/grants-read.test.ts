import { afterEach, expect, test, vi } from 'vitest';
import { apiUnderTest, GRANT_ID, GRANT_VIEW, no, yes, type ApiUnderTest } from '../api-under-test.ts';
import type { ApiOperations } from '../operations-port.ts';

let api: ApiUnderTest | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

test('200: my grants, filtered by role and target', async () => {
  const listGrants = vi.fn<ApiOperations['listGrants']>(() => yes({ items: [GRANT_VIEW], nextCursor: null }));
  api = await apiUnderTest({ listGrants });
  const answer = await api.as('ana', {
    method: 'GET',
    url: '/v1/grants?scope=live&role=invoice-reader&target=aws%2Fprod',
  });
  expect(answer.json()).toEqual({ items: [GRANT_VIEW], nextCursor: null });
  expect(listGrants).toHaveBeenCalledWith(expect.objectContaining({ key: 'ana' }), {
    scope: 'live',
    role: 'invoice-reader',
    target: 'aws/prod',
    cursor: null,
    limit: 50,
  });
});

test('200 for one grant; 404 for one that is not there and for what is no id; 401 without a token', async () => {
  api = await apiUnderTest({ showGrant: (actor) => (actor.key === 'ana' ? yes(GRANT_VIEW) : no('not-found')) });
  const url = `/v1/grants/${GRANT_ID}`;
  expect((await api.as('ana', { method: 'GET', url })).json()).toEqual(GRANT_VIEW);
  expect((await api.as('bo', { method: 'GET', url })).statusCode).toBe(404);
  expect((await api.as('ana', { method: 'GET', url: '/v1/grants/grt_x' })).statusCode).toBe(404);
  expect((await api.as(null, { method: 'GET', url })).statusCode).toBe(401);
});

test('422 for a scope that is none', async () => {
  api = await apiUnderTest();
  expect((await api.as('ana', { method: 'GET', url: '/v1/grants?scope=everything' })).statusCode).toBe(422);
});
