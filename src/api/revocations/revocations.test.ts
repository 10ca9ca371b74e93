import { afterEach, expect, test, vi } from 'vitest';
import { parseId } from '../../core/ids.ts';
import type { RevocationView } from '../../operations/revocation-view.ts';
import { apiUnderTest, GRANT_ID, no, yes, type ApiUnderTest } from '../api-under-test.ts';
import type { ApiOperations } from '../operations-port.ts';

let api: ApiUnderTest | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

const ID = parseId('rev', `rev_${'v'.repeat(20)}`) ?? ('' as never);
const ANA = { key: 'ana', name: 'Ana Ruiz' };
const ORDER: RevocationView = {
  id: ID,
  status: 'ending',
  scope: { kind: 'person', person: ANA, target: null },
  reason: 'The laptop was stolen',
  reach: 'own',
  orderedBy: { key: 'bo', name: 'Bo Lind' },
  orderedAt: '2026-11-21T06:00:00.000Z',
  asksUntil: '2026-11-21T06:15:00.000Z',
  mayConfirm: false,
  confirmers: { people: [{ key: 'fay', name: 'Fay' }], more: 0 },
  confirmedBy: null,
  confirmedAt: null,
  stopsNew: true,
  startedAt: '2026-11-21T06:00:00.000Z',
  finishedAt: null,
  toZeroMs: null,
  counts: { live: 0, ending: 1, gone: 3 },
  survives: { sessions: 1, until: '2026-11-21T07:00:00.000Z', standing: 0 },
  requestsWithdrawn: 2,
  left: [
    { grant: GRANT_ID, status: 'ending', person: ANA, role: 'r', target: 't', lastFault: 'throttled', attempts: 2 },
  ],
  liftedBy: null,
  liftedAt: null,
  serverTime: '2026-11-21T06:00:01.000Z',
};
const post = (url: string, payload: object) => ({ method: 'POST' as const, url: `/v1/revocations${url}`, payload });
const REASON = 'The laptop was stolen';

test('201 with the order and where it is: for a person, a target, or everything', async () => {
  const orderRevocation = vi.fn<ApiOperations['orderRevocation']>(() => yes(ORDER));
  api = await apiUnderTest({ orderRevocation });
  for (const what of [{ person: 'ana' }, { target: 'aws/prod' }, { all: true }]) {
    const answer = await api.as('bo', post('', { ...what, reason: REASON }));
    expect(answer.statusCode).toBe(201);
    expect(answer.headers['location']).toBe(`/v1/revocations/${ID}`);
    expect(answer.json()).toEqual(ORDER);
    expect(orderRevocation).toHaveBeenLastCalledWith(expect.objectContaining({ key: 'bo' }), {
      ...what,
      reason: REASON,
    });
  }
});

test.each([
  ['nothing', { reason: REASON }],
  ['two things', { person: 'ana', target: 'aws/prod', reason: REASON }],
  ['not everything', { all: false, reason: REASON }],
  ['without a reason', { person: 'ana' }],
  ['with an endless reason', { person: 'ana', reason: 'x'.repeat(2_001) }],
  ['nobody', { person: '', reason: REASON }],
])('422 for %s', async (_, payload) => {
  api = await apiUnderTest();
  expect((await api.as('bo', post('', payload))).json()).toMatchObject({ status: 422, code: 'invalid-input' });
});

test('how much an order about a person would cover, before it is given', async () => {
  const outlook = { grants: 3, ending: 1, entries: 2 };
  const foreseeOrder = vi.fn<ApiOperations['foreseeOrder']>(() => yes(outlook));
  api = await apiUnderTest({ foreseeOrder });
  const get = (query: string) => ({ method: 'GET' as const, url: `/v1/revocations/outlook${query}` });
  expect((await api.as('bo', get('?person=ana'))).json()).toEqual(outlook);
  expect(foreseeOrder).toHaveBeenCalledWith(expect.objectContaining({ key: 'bo' }), { person: 'ana' });
  expect((await api.as('bo', get(''))).statusCode).toBe(422);
  foreseeOrder.mockImplementation(() => no('not-allowed-to-revoke'));
  expect((await api.as('bo', get('?person=ana'))).statusCode).toBe(403);
});

test('how far it is, the second person and its end', async () => {
  const [confirmRevocation, liftRevocation] = [
    vi.fn<ApiOperations['confirmRevocation']>(() => yes({ ...ORDER, reach: 'all' })),
    vi.fn<ApiOperations['liftRevocation']>(() => yes({ ...ORDER, status: 'lifted' })),
  ];
  api = await apiUnderTest({ showRevocation: () => yes(ORDER), confirmRevocation, liftRevocation });
  const shown = await api.as('bo', { method: 'GET', url: `/v1/revocations/${ID}` });
  expect(shown.json()).toEqual(ORDER);
  expect(shown.headers['cache-control']).toBe('no-store');
  expect((await api.as('ana', post(`/${ID}/confirm`, {}))).json()).toMatchObject({ reach: 'all' });
  expect((await api.as('bo', post(`/${ID}/lift`, { reason: 'Found' }))).json()).toMatchObject({ status: 'lifted' });
  expect(confirmRevocation).toHaveBeenCalledWith(expect.objectContaining({ key: 'ana' }), ID);
  expect(liftRevocation).toHaveBeenCalledWith(expect.objectContaining({ key: 'bo' }), ID, { reason: 'Found' });
  expect((await api.as('bo', post(`/${ID}/lift`, {}))).statusCode).toBe(422);
  expect((await api.as('bo', { method: 'GET', url: '/v1/revocations/rev_x' })).statusCode).toBe(404);
});

test.each([
  ['not-allowed-to-revoke', 403],
  ['self-approval', 403],
  ['not-found', 404],
  ['already-confirmed', 409],
  ['revocation-lapsed', 409],
  ['revocation-lifted', 409],
  ['recorded-late', 503],
] as const)('%s answers %i', async (code, status) => {
  api = await apiUnderTest({ confirmRevocation: () => no(code) });
  expect((await api.as('bo', post(`/${ID}/confirm`, {}))).json()).toMatchObject({ code, status });
});

test.each([
  ['revocation-covers-you', 403],
  ['revocation-under-way', 409],
] as const)('a lift that is refused as %s answers %i', async (code, status) => {
  api = await apiUnderTest({ liftRevocation: () => no(code) });
  expect((await api.as('bo', post(`/${ID}/lift`, { reason: 'Found' }))).json()).toMatchObject({ code, status });
});

test('those that stand, or all, page by page', async () => {
  const listRevocations = vi.fn<ApiOperations['listRevocations']>(() => yes({ items: [ORDER], nextCursor: 'c2' }));
  api = await apiUnderTest({ listRevocations });
  const standing = await api.as('bo', { method: 'GET', url: '/v1/revocations' });
  expect([standing.statusCode, standing.json()]).toEqual([200, { items: [ORDER], nextCursor: 'c2' }]);
  expect(listRevocations).toHaveBeenLastCalledWith(
    expect.objectContaining({ key: 'bo' }),
    expect.objectContaining({ list: 'standing', cursor: null }),
  );
  await api.as('bo', { method: 'GET', url: '/v1/revocations?list=all&cursor=c2&limit=2' });
  expect(listRevocations).toHaveBeenLastCalledWith(expect.anything(), { list: 'all', cursor: 'c2', limit: 2 });
  expect((await api.as('bo', { method: 'GET', url: '/v1/revocations?list=mine' })).statusCode).toBe(422);
});

test('401 without a token, before the body is read', async () => {
  api = await apiUnderTest();
  for (const [method, url] of [
    ['POST', ''],
    ['GET', ''],
    ['GET', `/${ID}`],
    ['POST', `/${ID}/confirm`],
    ['POST', `/${ID}/lift`],
  ] as const)
    expect((await api.as(null, { method, url: `/v1/revocations${url}` })).statusCode).toBe(401);
});

/** A database on a full disk: it answers questions and takes no row. */
const full = () => {
  throw Object.assign(new Error('could not extend file: No space left on device'), { code: '53100' });
};

test('an order, and an end, are given also when the database cannot keep their Idempotency-Key', async () => {
  const orderRevocation = vi.fn<ApiOperations['orderRevocation']>(() => no('recorded-late'));
  const revokeGrant = vi.fn<ApiOperations['revokeGrant']>(() => no('recorded-late'));
  const liftRevocation = vi.fn<ApiOperations['liftRevocation']>(() => yes(ORDER));
  const db = new Proxy({}, { get: () => full });
  api = await apiUnderTest({ orderRevocation, revokeGrant, liftRevocation }, { db: db as never });
  const headers = { 'idempotency-key': 'k1' };
  const ordered = await api.as('bo', { ...post('', { person: 'ana', reason: REASON }), headers });
  expect(ordered.json()).toMatchObject({ status: 503, code: 'recorded-late' });
  const url = `/v1/grants/${GRANT_ID}/revoke`;
  const revoked = await api.as('bo', { method: 'POST', url, payload: { reason: REASON }, headers });
  expect(revoked.json()).toMatchObject({ code: 'recorded-late' });
  expect([orderRevocation.mock.calls.length, revokeGrant.mock.calls.length]).toEqual([1, 1]);
  // What lets access start again waits for the database like everything else.
  const answer = await api.as('bo', { ...post(`/${ID}/lift`, { reason: 'Found' }), headers });
  expect(answer.json()).toMatchObject({ status: 503, code: 'unavailable' });
  expect(liftRevocation).not.toHaveBeenCalled();
});
