import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { instant } from '../../core/time.ts';
import { createArm, type Arm } from './call.ts';

interface Answered {
  readonly status?: number;
  readonly body: unknown;
}

const asked: string[] = [];
const forgotten: string[] = [];
let answers: ((url: string) => Answered)[] = [];
let endpoint = '';
let arm: Arm;
const server = createServer((request, response) => {
  asked.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`);
  const { status = 200, body } = answers.shift()?.(endpoint) ?? { body: {} };
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
});
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const tokens = { get: async () => 'token', forget: (token: string) => void forgotten.push(token) };
  arm = createArm({ tokens, management: endpoint, requestTimeoutMs: 1_000 });
});
afterAll(() => server.close());
beforeEach(() => {
  asked.length = 0;
  forgotten.length = 0;
});

const call = () => ({ now: instant(0), signal: AbortSignal.timeout(5_000) });
const LIST = { path: '/subscriptions/s/things', version: '2022-04-01', filter: "principalId eq 'a'", what: 'Listing' };

test('a list is read to its last page', async () => {
  answers = [
    (url) => ({
      body: { value: [1, 2], nextLink: `${url}/subscriptions/s/things?api-version=2022-04-01&$skipToken=x` },
    }),
    () => ({ body: { value: [3], nextLink: '' } }),
  ];
  expect(await arm.list(LIST, call())).toEqual([1, 2, 3]);
  expect(asked).toEqual([
    'GET /subscriptions/s/things?api-version=2022-04-01&%24filter=principalId+eq+%27a%27 Bearer token',
    'GET /subscriptions/s/things?api-version=2022-04-01&$skipToken=x Bearer token',
  ]);
});

test('a next page elsewhere gets no token', async () => {
  // The same server by another name: whoever followed would be answered.
  const elsewhere = (url: string) => `${url.replace('127.0.0.1', 'localhost')}/x`;
  answers = [(url) => ({ body: { value: [], nextLink: elsewhere(url) } }), () => ({ body: { value: ['stolen'] } })];
  await expect(arm.list(LIST, call())).rejects.toMatchObject({
    kind: 'unreachable',
    message: 'Listing: the next page is not at Resource Manager',
  });
  expect(asked).toHaveLength(1);
});

test.each([['no JSON'], [{ items: [] }], ['[]']])('an answer that is no list says nothing: %j', async (body) => {
  answers = [() => ({ body })];
  await expect(arm.list(LIST, call())).rejects.toMatchObject({ kind: 'unreachable' });
});

test('a token that is not believed is forgotten, and nobody is sent elsewhere', async () => {
  answers = [
    () => ({ status: 401, body: { error: { code: 'ExpiredAuthenticationToken', message: 'x' } } }),
    () => ({ status: 302, body: '' }),
  ];
  const read = { method: 'GET', path: '/x', version: '1', what: 'Reading' } as const;
  await expect(arm.call(read, call())).rejects.toMatchObject({ kind: 'forbidden-to-us' });
  expect(forgotten).toEqual(['token']);
  await expect(arm.call(read, call())).rejects.toMatchObject({ kind: 'invalid' });
});

test('what the caller expects is an answer, with Azure’s time; anything else is a fault', async () => {
  const gone = () => ({ status: 404, body: { error: { code: 'RoleAssignmentNotFound', message: 'x' } } });
  answers = [gone, gone];
  const read = { method: 'GET', path: '/a(b)/c d', version: '1', what: 'Reading' } as const;
  const found = await arm.call({ ...read, expects: ['RoleAssignmentNotFound'] }, call());
  expect(found).toMatchObject({ code: 'RoleAssignmentNotFound', cloudNow: expect.any(Number) as number });
  expect(asked[0]).toContain('/a(b)/c%20d?');
  await expect(arm.call(read, call())).rejects.toMatchObject({ kind: 'target-gone' });
});
