import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { apiUnderTest, no, personId, REQUEST_VIEW, yes, type ApiUnderTest } from '../../src/api/api-under-test.ts';
import type { ApiOperations } from '../../src/api/operations-port.ts';
import type { Database } from '../../src/store/database.ts';
import { reserveKey } from '../../src/store/idempotency.ts';
import { NOW } from '../../src/api/api-under-test.ts';
import { emptyEmbedded } from '../embedded-template.ts';

let database: Database;
let api: ApiUnderTest | null = null;
beforeAll(async () => {
  database = await emptyEmbedded();
}, 60_000);
afterAll(() => database.close());
afterEach(async () => {
  await api?.close();
  api = null;
  await database.db.deleteFrom('idempotency').execute();
});

const ITEMS = [{ role: 'invoice-reader', target: 'aws/prod' }];

async function start(operations: Partial<ApiOperations>): Promise<ApiUnderTest> {
  api = await apiUnderTest(operations, { db: database.db });
  return api;
}

const ask = (person: string, key: string, payload: object = { items: ITEMS, reason: 'one' }) =>
  api?.as(person, { method: 'POST', url: '/v1/requests', payload, headers: { 'idempotency-key': key } });

/** An operation that counts how often it is done, and waits when it is told to. */
function counting() {
  const state = { times: 0, release: () => {} };
  const requestAccess: ApiOperations['requestAccess'] = () => {
    state.times += 1;
    return yes({ ...REQUEST_VIEW, reason: `number ${state.times}` });
  };
  const held = new Promise<void>((resolve) => (state.release = resolve));
  const slowly: ApiOperations['requestAccess'] = async (actor, input) => {
    await held;
    return requestAccess(actor, input);
  };
  return { state, requestAccess, slowly };
}

test('the same request with the same key is done once, and answered alike, also by the next process', async () => {
  const { state, requestAccess } = counting();
  await start({ requestAccess });
  const first = await ask('ana', 'key-1');
  const second = await ask('ana', 'key-1');
  await api?.close();
  await start({ requestAccess });
  const third = await ask('ana', 'key-1');
  expect(state.times).toBe(1);
  expect([first?.statusCode, second?.statusCode, third?.statusCode]).toEqual([201, 201, 201]);
  expect(second?.json()).toEqual(first?.json());
  expect(third?.json()).toEqual(first?.json());
  expect(third?.headers['location']).toBe(first?.headers['location']);
  expect(first?.headers['idempotency-replayed']).toBeUndefined();
  expect(second?.headers['idempotency-replayed']).toBe('true');
});

test('two at one instant: one is done, the other is told to wait', async () => {
  const { state, slowly } = counting();
  await start({ requestAccess: slowly });
  const first = ask('ana', 'key-1');
  const second = await ask('ana', 'key-1');
  expect(second?.json()).toMatchObject({ status: 409, code: 'idempotency-key-in-flight' });
  expect(second?.headers['retry-after']).toBe('1');
  state.release();
  expect((await first)?.statusCode).toBe(201);
  expect((await ask('ana', 'key-1'))?.json()).toMatchObject({ reason: 'number 1' });
  expect(state.times).toBe(1);
});

test('many at one instant are one', async () => {
  const { state, requestAccess } = counting();
  await start({ requestAccess });
  const answers = await Promise.all(Array.from({ length: 10 }, () => ask('ana', 'key-1')));
  expect(state.times).toBe(1);
  for (const answer of answers) expect([201, 409]).toContain(answer?.statusCode);
});

test('another body, or another route, under the same key is refused and not done', async () => {
  const { state, requestAccess } = counting();
  await start({ requestAccess });
  await ask('ana', 'key-1');
  expect((await ask('ana', 'key-1', { items: ITEMS, reason: 'two' }))?.json()).toMatchObject({
    status: 422,
    code: 'idempotency-key-reused',
  });
  const other = await api?.as('ana', {
    method: 'POST',
    url: `/v1/requests/${REQUEST_VIEW.id}/withdraw`,
    headers: { 'idempotency-key': 'key-1' },
  });
  expect(other?.json()).toMatchObject({ code: 'idempotency-key-reused' });
  expect(state.times).toBe(1);
});

test("one person's key says nothing about another's", async () => {
  const { state, requestAccess } = counting();
  await start({ requestAccess });
  await ask('ana', 'key-1');
  expect((await ask('bo', 'key-1'))?.json()).toMatchObject({ reason: 'number 2' });
  expect(state.times).toBe(2);
});

describe('what was not done can be tried again with the same key', () => {
  test.each([
    ['a fault of ours', () => Promise.reject(new Error('boom')), 500],
    ['a full disk', () => Promise.reject(Object.assign(new Error('full'), { code: '53100' })), 503],
    ['a cloud that does not answer', () => no('provider-unreachable'), 504],
    ['a no: the rules may say yes by then', () => no('request-refused', 'No rule allows this.'), 403],
  ] as const)('after %s', async (_name, fail, status) => {
    let times = 0;
    await start({ requestAccess: () => ((times += 1) === 1 ? fail() : yes(REQUEST_VIEW)) });
    expect((await ask('ana', 'key-1'))?.statusCode).toBe(status);
    expect((await ask('ana', 'key-1'))?.statusCode).toBe(201);
    expect(times).toBe(2);
  });

  test('but not after the connection broke in the middle: nobody knows', async () => {
    let times = 0;
    const broken = Object.assign(new Error('terminated'), { code: '57P01' });
    await start({ requestAccess: () => ((times += 1), Promise.reject(broken)) });
    expect((await ask('ana', 'key-1'))?.statusCode).toBe(503);
    expect((await ask('ana', 'key-1'))?.json()).toMatchObject({ code: 'idempotency-key-in-flight' });
    api?.advance(61_000);
    expect((await ask('ana', 'key-1'))?.json()).toMatchObject({ status: 409, code: 'idempotency-outcome-unknown' });
    expect(times).toBe(1);
  });
});

test('a key whose owner was killed is not worked on again: its outcome is not known', async () => {
  const { state, requestAccess, slowly } = counting();
  await start({ requestAccess: slowly });
  void ask('ana', 'key-1');
  await expect.poll(() => database.db.selectFrom('idempotency').select('key').execute()).toHaveLength(1);
  const dead = api;
  await start({ requestAccess });
  api?.advance(61_000);
  expect((await ask('ana', 'key-1'))?.json()).toMatchObject({ code: 'idempotency-outcome-unknown' });
  expect(state.times).toBe(0);
  state.release();
  await dead?.close();
});

test('keys are forgotten after a day', async () => {
  const { state, requestAccess } = counting();
  await start({ requestAccess });
  await ask('ana', 'key-1');
  api?.advance(24 * 3_600_000 + 1);
  expect((await ask('ana', 'key-1'))?.json()).toMatchObject({ reason: 'number 2' });
  expect(state.times).toBe(2);
});

test('input that is wrong does not use a key up', async () => {
  const { requestAccess } = counting();
  await start({ requestAccess });
  expect((await ask('ana', 'key-1', { items: [] }))?.statusCode).toBe(422);
  expect((await ask('ana', 'key-1'))?.statusCode).toBe(201);
});

test.each(['', ' ', 'a b', 'ä', 'x'.repeat(256)])('422 for the key %j', async (key) => {
  await start({});
  expect((await ask('ana', key))?.json()).toMatchObject({ status: 422, code: 'idempotency-key-invalid' });
});

test('without a key nothing is kept', async () => {
  const { requestAccess } = counting();
  await start({ requestAccess });
  await api?.as('ana', { method: 'POST', url: '/v1/requests', payload: { items: ITEMS } });
  expect(await database.db.selectFrom('idempotency').selectAll().execute()).toEqual([]);
});

test('of two nodes that reserve one key at one instant exactly one gets it', async () => {
  const uses = await Promise.all(
    Array.from({ length: 5 }, () => reserveKey(database.db, personId('ana'), 'k', 'f'.repeat(64), NOW)),
  );
  expect(uses.filter((use) => use.kind === 'reserved')).toHaveLength(1);
});
