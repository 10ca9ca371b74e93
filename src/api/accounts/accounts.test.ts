import { expect, test } from 'vitest';
import { apiUnderTest, yes } from '../api-under-test.ts';

const ID = `lnk_${'k'.repeat(20)}`;

test('401 without a token, 404 for what is no id', async () => {
  const api = await apiUnderTest();
  for (const [method, url] of [
    ['GET', '/v1/me/accounts'],
    ['DELETE', `/v1/me/accounts/${ID}`],
  ] as const)
    expect((await api.as(null, { method, url })).statusCode).toBe(401);
  expect((await api.as('ana', { method: 'DELETE', url: '/v1/me/accounts/1' })).statusCode).toBe(404);
  await api.close();
});

test('200: my accounts', async () => {
  const item = { id: ID, issuer: 'https://i', subject: 's', proof: 'sign-in', linkedAt: '2026-11-21T05:00:00.000Z' };
  const api = await apiUnderTest({ listAccounts: () => yes([item] as never) });
  expect((await api.as('ana', { method: 'GET', url: '/v1/me/accounts' })).json()).toEqual({ items: [item] });
  await api.close();
});
