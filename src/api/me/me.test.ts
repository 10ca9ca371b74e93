import { expect, test } from 'vitest';
import { parseId } from '../../core/ids.ts';
import { apiUnderTest, no, personId, yes } from '../api-under-test.ts';

test('200: says who the token speaks for, and when the sign-in ends; 401 without a token', async () => {
  const api = await apiUnderTest();
  const answer = await api.as('ana', { method: 'GET', url: '/v1/me' });
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toEqual({
    person: { key: 'ana', name: 'ana', email: 'ana@acme.example', groups: ['all'] },
    roles: ['member'],
    session: { expiresAt: '2026-11-21T07:00:00.000Z' },
    via: 'cli',
    signedInAt: '2026-11-21T05:00:00.000Z',
    authenticatedAt: '2026-11-21T04:00:00.000Z',
    sessionEndsAt: '2026-11-21T07:00:00.000Z',
    csrf: null,
  });
  expect(answer.headers['cache-control']).toBe('no-store');
  expect((await api.as(null, { method: 'GET', url: '/v1/me' })).statusCode).toBe(401);
  await api.close();
});

test('says which roles of Curfew itself one has', async () => {
  const api = await apiUnderTest({ rolesOf: (id) => Promise.resolve(id === personId('bo') ? ['auditor'] : []) });
  const roles = async (key: string) =>
    (await api.as(key, { method: 'GET', url: '/v1/me' })).json<{ roles: string[] }>().roles;
  expect([await roles('ana'), await roles('bo')]).toEqual([['member'], ['member', 'auditor']]);
  await api.close();
});

test('200: what stops whoever asks; 401 without a token, and a refusal as it is given', async () => {
  const order = parseId('rev', `rev_${'a'.repeat(20)}`);
  if (order === null) throw new Error('no id');
  const stop = {
    ...{ order, scope: 'target' as const, target: 'aws/prod', since: '2026-11-21T05:00:00.000Z' },
    ...{ reach: 'own' as const, holds: true, byMe: false },
  };
  const api = await apiUnderTest({ listStops: (actor) => (actor.key === 'ana' ? yes([stop]) : no('people-only')) });
  const ask = (key: string | null) => api.as(key, { method: 'GET', url: '/v1/me/stops' });
  const answer = await ask('ana');
  expect([answer.statusCode, answer.json()]).toEqual([200, { items: [stop] }]);
  expect(answer.headers['cache-control']).toBe('no-store');
  expect([(await ask('bo')).statusCode, (await ask(null)).statusCode]).toEqual([403, 401]);
  await api.close();
});
