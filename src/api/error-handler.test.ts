import { afterEach, describe, expect, test } from 'vitest';
import { apiUnderTest, GRANT_ID, type ApiUnderTest } from './api-under-test.ts';

let api: ApiUnderTest | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

const coded = (message: string, code: string): Error => Object.assign(new Error(message), { code });
const fail = (error: Error) => apiUnderTest({ showGrant: () => Promise.reject(error) });
const get = { method: 'GET' as const, url: `/v1/grants/${GRANT_ID}` };

test('500 for a fault of ours: the caller gets a request id, the log gets the cause under it', async () => {
  api = await fail(new Error('secret of the house'));
  const answer = await api.as('ana', get);
  expect(answer.statusCode).toBe(500);
  expect(answer.body).not.toContain('secret of the house');
  const { requestId } = answer.json<{ requestId: string }>();
  expect(answer.headers['x-request-id']).toBe(requestId);
  const line = api.lines.find((one) => one.level === 'error');
  expect(line?.fields).toMatchObject({ requestId, error: 'secret of the house', route: '/v1/grants/:id' });
});

test('401 for somebody whom a restored database does not know, so that they sign in again', async () => {
  const message = 'insert or update on table "request" violates foreign key constraint "request_person_fk"';
  api = await fail(Object.assign(coded(message, '23503'), { constraint: 'request_person_fk' }));
  const answer = await api.as('ana', get);
  expect(answer.json()).toMatchObject({ status: 401, code: 'unauthenticated', hint: 'curfew login' });
});

test('500 when an answer does not have the promised shape, instead of sending it', async () => {
  api = await apiUnderTest({ policyStatus: () => ({ version: 7 }) as never });
  expect((await api.as('ana', { method: 'GET', url: '/v1/policy' })).json()).toMatchObject({
    status: 500,
    code: 'internal',
  });
});

describe('503 when the database does not work', () => {
  test.each([
    ['PostgreSQL', coded('could not extend file: No space left on device', '53100')],
    ['the operating system', coded('write ENOSPC', 'ENOSPC')],
    ['PostgreSQL, below another error', new Error('query failed', { cause: coded('disk full', '53100') })],
  ])('because its disk is full, as %s says', async (_name, error) => {
    api = await fail(error);
    expect((await api.as('ana', get)).json()).toMatchObject({
      status: 503,
      code: 'unavailable',
      detail: 'The disk of the database is full. Nothing was changed.',
      hint: 'Whoever looks after Curfew has to make room there. Access that is due to end still ends.',
    });
  });

  test.each([
    ['out of connections', coded('sorry, too many clients', '53300')],
    ['read-only', coded('cannot execute INSERT in a read-only transaction', '25006')],
    ['starting', coded('the database system is starting up', '57P03')],
    ['down', coded('connect ECONNREFUSED 127.0.0.1:5432', 'ECONNREFUSED')],
    ['closed', new Error('PGlite is closed')],
  ])('and is %s: nothing was changed', async (_name, error) => {
    api = await fail(error);
    const answer = await api.as('ana', get);
    expect(answer.json()).toMatchObject({
      status: 503,
      code: 'unavailable',
      detail: 'The database does not work now. Nothing was changed.',
    });
    expect(answer.headers['retry-after']).toBe('5');
  });

  test.each([
    ['was stopped', coded('terminating connection due to administrator command', '57P01')],
    ['broke the connection', coded('connection failure', '08006')],
    ['vanished', new Error('Connection terminated unexpectedly')],
  ])('and %s: it says that nobody knows', async (_name, error) => {
    api = await fail(error);
    expect((await api.as('ana', get)).json()).toMatchObject({
      code: 'unavailable',
      detail: expect.stringContaining('is not known') as string,
    });
  });

  test('a mistake of ours in SQL is not called an outage', async () => {
    api = await fail(coded('column "x" does not exist', '42703'));
    expect((await api.as('ana', get)).statusCode).toBe(500);
  });
});

test('404 as a problem for an address that does not exist', async () => {
  api = await apiUnderTest();
  const answer = await api.as(null, { method: 'GET', url: '/v2/me' });
  expect(answer.headers['content-type']).toBe('application/problem+json');
  expect(answer.json()).toMatchObject({ status: 404, code: 'not-found' });
  expect((await api.as('ana', { method: 'DELETE', url: '/v1/me' })).statusCode).toBe(404);
});

test('the id of a request is ours, whatever the caller sends', async () => {
  api = await apiUnderTest();
  const answer = await api.as(null, {
    method: 'GET',
    url: '/healthz',
    headers: { 'x-request-id': 'mine\r\nx: y', 'request-id': 'mine' },
  });
  expect(answer.headers['x-request-id']).toMatch(/^[\w-]{12}$/);
});
