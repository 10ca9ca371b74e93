import { expect, test } from 'vitest';
import { apiUnderTest, no, yes } from '../api-under-test.ts';

const ID = `lnk_${'k'.repeat(20)}`;

test('401 without a token, 404 for what is no id, 403 for a sign-in that is old', async () => {
  const api = await apiUnderTest({ linkAccount: () => no('sign-in-too-old') });
  for (const [method, url] of [
    ['GET', '/v1/me/accounts'],
    ['POST', '/v1/me/accounts'],
    ['DELETE', `/v1/me/accounts/${ID}`],
  ] as const)
    expect((await api.as(null, { method, url })).statusCode).toBe(401);
  expect((await api.as('ana', { method: 'DELETE', url: '/v1/me/accounts/1' })).statusCode).toBe(404);
  const link = { method: 'POST', url: '/v1/me/accounts', payload: { provider: 'contractors' } } as const;
  expect((await api.as('ana', link)).json()).toMatchObject({ status: 403, code: 'sign-in-too-old' });
  await api.close();
});

test('200: my accounts', async () => {
  const item = {
    id: ID,
    issuer: 'https://i',
    subject: 's',
    proof: 'sign-in',
    linkedAt: '2026-11-21T05:00:00.000Z',
    signsIn: true,
  };
  const api = await apiUnderTest({ listAccounts: () => yes([item] as never) });
  expect((await api.as('ana', { method: 'GET', url: '/v1/me/accounts' })).json()).toEqual({
    // Nobody signs in at a provider that is not configured any more.
    items: [{ ...item, provider: null, signsIn: false }],
    providers: [],
  });
  await api.close();
});
