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
