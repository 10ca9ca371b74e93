import { expect, test } from 'vitest';
import { apiUnderTest, no, yes } from '../api-under-test.ts';

const ID = `lnk_${'k'.repeat(20)}`;

test('401 without a token, 404 for what is no id, 403 for who is no admin', async () => {
  const api = await apiUnderTest({ mergePersons: () => no('not-an-admin') });
  const merge = { keep: 'ana', other: 'bo', grants: 'end', reason: 'They are one' };
  for (const [method, url] of [
    ['GET', '/v1/me/accounts'],
    ['DELETE', `/v1/me/accounts/${ID}`],
    ['POST', `/v1/administration/accounts/${ID}/release`],
    ['POST', '/v1/administration/persons/merge'],
  ] as const)
    expect((await api.as(null, { method, url })).statusCode).toBe(401);
  expect((await api.as('ana', { method: 'DELETE', url: '/v1/me/accounts/1' })).statusCode).toBe(404);
  const refused = await api.as('ana', { method: 'POST', url: '/v1/administration/persons/merge', payload: merge });
  expect(refused.statusCode).toBe(403);
  await api.close();
});

test('200: my accounts, and what a merge found', async () => {
  const item = { id: ID, issuer: 'https://i', subject: 's', proof: 'sign-in', linkedAt: '2026-11-21T05:00:00.000Z' };
  const api = await apiUnderTest({
    listAccounts: () => yes([item] as never),
    mergePersons: (_actor, { grants }) => yes({ requests: [], grants: grants === 'end' ? ([`grt_1`] as never) : [] }),
  });
  expect((await api.as('ana', { method: 'GET', url: '/v1/me/accounts' })).json()).toEqual({ items: [item] });
  const payload = { keep: 'ana', other: 'bo', grants: 'end', reason: 'They are one' };
  const merged = await api.as('bo', { method: 'POST', url: '/v1/administration/persons/merge', payload });
  expect(merged.json()).toEqual({ requests: [], grants: ['grt_1'] });
  const wrong = { ...payload, grants: 'perhaps' };
  expect(
    (await api.as('bo', { method: 'POST', url: '/v1/administration/persons/merge', payload: wrong })).statusCode,
  ).toBe(422);
  await api.close();
});
