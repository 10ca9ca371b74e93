import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiUnderTest, REQUEST_ID, type ApiUnderTest } from './api-under-test.ts';

let api: ApiUnderTest;
beforeAll(async () => {
  api = await apiUnderTest();
});
afterAll(() => api.close());

const ITEM = { role: 'invoice-reader', target: 'aws/prod' };

test.each([
  ['NUL in a reason', 'POST', '/v1/requests', { items: [ITEM], reason: 'a\0b' }, 'reason'],
  ['half a pair in a reason', 'POST', '/v1/requests', { items: [ITEM], reason: 'a\ud800b' }, 'reason'],
  ['half a pair in a role', 'POST', '/v1/requests', { items: [{ ...ITEM, role: '\ud800' }] }, 'items[0].role'],
  ['NUL in a comment', 'POST', `/v1/requests/${REQUEST_ID}/approve`, { comment: '\0' }, 'comment'],
  ['NUL in a query', 'GET', '/v1/grants?role=%00', undefined, 'role'],
] as const)('%s is refused, and said where', async (_name, method, url, body, path) => {
  const answer = await api.as('ana', { method, url, ...(body === undefined ? {} : { body }) });
  expect(answer.statusCode).toBe(422);
  expect(answer.json()).toMatchObject({ code: 'invalid-input', errors: [{ path }] });
});

test('what is nested too deep is refused before it exhausts anything', async () => {
  const deep = `{"items":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
  const answer = await api.as('ana', {
    method: 'POST',
    url: '/v1/requests',
    headers: { 'content-type': 'application/json' },
    body: deep,
  });
  expect(answer.statusCode).toBe(422);
});

test('whole pairs and other alphabets are text like any other', async () => {
  const answer = await api.as('ana', {
    method: 'POST',
    url: '/v1/requests/preview',
    body: { items: [ITEM], reason: 'Rückfrage 🙂 zur 請求書' },
  });
  expect(answer.json()).not.toMatchObject({ code: 'invalid-input' });
});

test.each([
  ['a role', 'POST', '/v1/requests', { items: [{ ...ITEM, role: 'invoice\u2060-reader' }] }, 'items[0].role', 'U+2060'],
  [
    'a target',
    'POST',
    '/v1/requests/preview',
    { items: [{ ...ITEM, target: 'aws/\u202Eprod' }] },
    'items[0].target',
    'U+202E',
  ],
  ['a person', 'POST', '/v1/revocations', { person: 'a\u200Bna', reason: 'So' }, 'person', 'U+200B'],
  [
    'a key',
    'POST',
    '/v1/administration/proposals',
    { action: 'appoint', person: 'a\u2060na', role: 'auditor', reason: 'So' },
    'person',
    'U+2060',
  ],
  ['a query', 'GET', '/v1/grants?role=a%E2%81%A0b', undefined, 'role', 'U+2060'],
  ['a query of the catalogue', 'GET', '/v1/catalogue?role=a%E2%81%A0b', undefined, 'role', 'U+2060'],
  ['a query of the log', 'GET', '/v1/audit/search?person=a%E2%81%A0b', undefined, 'person', 'U+2060'],
] as const)(
  'a name with a character that is not seen, in %s, is refused and says which',
  async (_what, method, url, body, path, point) => {
    const answer = await api.as('ana', { method, url, ...(body === undefined ? {} : { body }) });
    expect(answer.statusCode).toBe(422);
    const { code, errors } = answer.json() as { code: string; errors: { path: string; message: string }[] };
    expect([code, errors[0]?.path]).toEqual(['invalid-input', path]);
    expect(errors[0]?.message).toContain(`holds ${point}, a character that is not seen`);
  },
);
