import { expect, test, vi } from 'vitest';
import { ok } from '../../core/result.ts';
import { apiUnderTest } from '../api-under-test.ts';
import type { ApiOperations } from '../operations-port.ts';

test('200: passes words and limit on; 422 for a limit that is none; 401 without a token', async () => {
  const searchCatalogue = vi.fn<ApiOperations['searchCatalogue']>(() =>
    ok({ items: [], total: 0, nextCursor: 'invoice-reader@aws/prod' }),
  );
  const api = await apiUnderTest({ searchCatalogue });
  const answer = await api.as('ana', { method: 'GET', url: '/v1/catalogue?q=invoice%20prod&limit=5' });
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toEqual({ items: [], total: 0, nextCursor: 'invoice-reader@aws/prod' });
  expect(searchCatalogue).toHaveBeenCalledWith(expect.objectContaining({ key: 'ana' }), {
    q: 'invoice prod',
    limit: 5,
    order: 'best',
  });
  await api.as('ana', {
    method: 'GET',
    url: '/v1/catalogue?order=name&cursor=invoice-reader@aws/prod&role=x&target=y&provider=gcp',
  });
  expect(searchCatalogue).toHaveBeenLastCalledWith(expect.anything(), {
    q: '',
    limit: 50,
    order: 'name',
    cursor: 'invoice-reader@aws/prod',
    role: 'x',
    target: 'y',
    provider: 'gcp',
  });
  for (const query of ['limit=0', 'limit=1.5', 'limit=x', 'limt=5', 'order=worst', 'provider=ibm']) {
    const wrong = await api.as('ana', { method: 'GET', url: `/v1/catalogue?${query}` });
    expect(wrong.statusCode, query).toBe(422);
    expect(wrong.json(), query).toMatchObject({
      code: 'invalid-input',
      errors: [{ message: expect.any(String) as string }],
    });
  }
  expect((await api.as(null, { method: 'GET', url: '/v1/catalogue' })).statusCode).toBe(401);
  await api.close();
});
