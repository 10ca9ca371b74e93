import { afterEach, expect, test } from 'vitest';
import { NOTIFICATIONS, type NotificationKind } from '../../core/notification.ts';
import { apiUnderTest, NOT_FOUND, personId, REQUEST_ID, yes, type ApiUnderTest } from '../api-under-test.ts';
import { refused } from '../../core/result.ts';

let api: ApiUnderTest | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

const KINDS = Object.fromEntries(NOTIFICATIONS.map((kind) => [kind, true])) as Record<NotificationKind, boolean>;
const MUTED = [
  {
    id: REQUEST_ID,
    asked: { requester: { key: 'ana', name: 'Ana' }, items: [{ role: 'reader', target: 'aws/prod' }] },
  },
  { id: REQUEST_ID, asked: null },
];
const MUTE = `/v1/requests/${REQUEST_ID}/mute`;

test('200: reads and replaces what I want to be told, as myself', async () => {
  const asked: unknown[] = [];
  api = await apiUnderTest({
    showNotifications: (actor) => (asked.push(actor.person), yes({ kinds: KINDS, muted: MUTED })),
    saveNotifications: (actor, kinds) => (asked.push(actor.person, kinds), yes({ kinds, muted: [] })),
  });
  const shown = await api.as('ana', { method: 'GET', url: '/v1/me/notifications' });
  expect(shown.json()).toEqual({ kinds: KINDS, muted: MUTED });
  expect(shown.headers['cache-control']).toBe('no-store');
  const kinds = { ...KINDS, waits: false };
  const saved = await api.as('bo', { method: 'PUT', url: '/v1/me/notifications', payload: { kinds } });
  expect([saved.statusCode, saved.json()]).toEqual([200, { kinds, muted: [] }]);
  expect(asked).toEqual([personId('ana'), personId('bo'), kinds]);
});

test('200: mutes and unmutes a request, as myself', async () => {
  const asked: unknown[] = [];
  api = await apiUnderTest({
    muteRequest: (actor, id, muted) => (asked.push([actor.person, id, muted]), yes({ kinds: KINDS, muted: [] })),
  });
  expect((await api.as('ana', { method: 'POST', url: MUTE })).statusCode).toBe(200);
  expect((await api.as('ana', { method: 'DELETE', url: MUTE })).statusCode).toBe(200);
  expect(asked).toEqual([
    [personId('ana'), REQUEST_ID, true],
    [personId('ana'), REQUEST_ID, false],
  ]);
});

test('401 without a token', async () => {
  api = await apiUnderTest();
  for (const [method, url] of [
    ['GET', '/v1/me/notifications'],
    ['PUT', '/v1/me/notifications'],
    ['POST', MUTE],
    ['DELETE', MUTE],
  ] as const)
    expect((await api.as(null, { method, url })).statusCode, `${method} ${url}`).toBe(401);
});

test('403 does not exist: nobody has settings of others to change, and a request that one may not see is 404', async () => {
  api = await apiUnderTest({ muteRequest: async () => refused(NOT_FOUND) });
  expect((await api.as('bo', { method: 'POST', url: MUTE })).statusCode).toBe(404);
  expect((await api.as('bo', { method: 'POST', url: '/v1/requests/nothing/mute' })).statusCode).toBe(404);
});

test.each([
  ['a kind that does not exist', { kinds: { ...KINDS, gossip: true } }],
  ['a kind that is missing', { kinds: { waits: false } }],
  ['no yes or no', { kinds: { ...KINDS, waits: 'no' } }],
  ['a request to mute', { kinds: KINDS, muted: [REQUEST_ID] }],
  ['a prototype', JSON.parse(`{"kinds": ${JSON.stringify(KINDS)}, "__proto__": {"waits": false}}`) as object],
])('4xx: %s', async (_, payload) => {
  api = await apiUnderTest();
  const answer = await api.as('ana', { method: 'PUT', url: '/v1/me/notifications', payload });
  expect([400, 422]).toContain(answer.statusCode);
});
