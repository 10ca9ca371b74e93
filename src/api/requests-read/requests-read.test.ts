import { afterEach, expect, test, vi } from 'vitest';
import {
  apiUnderTest,
  GRANT_ID,
  no,
  NOW,
  REQUEST_ID,
  REQUEST_VIEW,
  yes,
  type ApiUnderTest,
} from '../api-under-test.ts';
import type { Circumstances } from '../../operations/show-circumstances.ts';
import type { ApiOperations } from '../operations-port.ts';
import type { Decision } from '../../policy/types.ts';

let api: ApiUnderTest | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

test('200: a page of requests, with scope, limit and cursor passed on', async () => {
  const listRequests = vi.fn<ApiOperations['listRequests']>(() => yes({ items: [REQUEST_VIEW], nextCursor: 'next' }));
  api = await apiUnderTest({ listRequests });
  const answer = await api.as('bo', { method: 'GET', url: '/v1/requests?scope=waiting&limit=10&cursor=abc' });
  expect(answer.json()).toEqual({ items: [REQUEST_VIEW], nextCursor: 'next' });
  expect(listRequests).toHaveBeenCalledWith(expect.objectContaining({ key: 'bo' }), {
    scope: 'waiting',
    limit: 10,
    cursor: 'abc',
  });
  await api.as('bo', { method: 'GET', url: '/v1/requests' });
  expect(listRequests).toHaveBeenLastCalledWith(expect.anything(), { scope: 'mine', limit: 50, cursor: null });
});

test('422 for a scope or a cursor that is none', async () => {
  api = await apiUnderTest({ listRequests: () => no('invalid-input', 'This cursor was not made by us.') });
  expect((await api.as('bo', { method: 'GET', url: '/v1/requests?scope=theirs' })).json()).toMatchObject({
    status: 422,
    errors: [{ path: 'scope' }],
  });
  expect((await api.as('bo', { method: 'GET', url: '/v1/requests?cursor=x' })).json()).toMatchObject({
    status: 422,
    detail: 'This cursor was not made by us.',
  });
});

test('200 for one request; 404 for one that may not be seen and for what is no id, with the same words; 401 without a token', async () => {
  api = await apiUnderTest({
    showRequest: (actor) =>
      actor.key === 'ana' ? yes(REQUEST_VIEW) : no('not-found', 'There is no such thing, or you may not see it.'),
  });
  const url = `/v1/requests/${REQUEST_ID}`;
  expect((await api.as('ana', { method: 'GET', url })).json()).toEqual(REQUEST_VIEW);
  const hidden = await api.as('bo', { method: 'GET', url });
  const nonsense = await api.as('bo', { method: 'GET', url: '/v1/requests/req_1%27%20or%201' });
  expect([hidden.statusCode, nonsense.statusCode]).toEqual([404, 404]);
  expect(hidden.json<{ detail: string }>().detail).toBe(nonsense.json<{ detail: string }>().detail);
  expect((await api.as(null, { method: 'GET', url })).statusCode).toBe(401);
});

test('200 for an explanation, with times as text', async () => {
  const decision: Decision = {
    effect: 'deny',
    policyVersion: 'v1',
    directoryVersion: 'd1',
    durationMs: 0,
    defaultDurationMs: 0,
    maxDurationMs: 0,
    extensions: 0,
    submittedAt: NOW,
    requirements: { reasonMin: 0, ticket: null, mfaMaxAgeMs: null },
    steps: [],
    reasons: [],
    refusals: [{ code: 'no-matching-policy', rule: 'default', text: 'No rule allows it.', item: null }],
    alarms: [],
  };
  const timeline = [{ at: '2026-11-21T06:00:00.000Z', kind: 'request.submitted', actor: 'ana', text: 'asked' }];
  const calls = [
    {
      ...{ role: 'invoice-reader', target: 'aws/prod', grant: null, atStart: 'a session', atEnd: null },
      called: [{ at: '2026-11-21T06:00:00.000Z', kind: 'grant.ended', text: 'gone', cloud: { proof: 'observed' } }],
    },
  ];
  api = await apiUnderTest({
    explainRequest: () => yes({ request: REQUEST_VIEW, decision, now: decision, timeline, calls, stale: [] }),
  });
  const answer = await api.as('ana', { method: 'GET', url: `/v1/requests/${REQUEST_ID}/explanation` });
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toMatchObject({
    request: { id: REQUEST_ID },
    decision: { effect: 'deny', submittedAt: '2026-11-21T06:00:00.000Z' },
    now: { refusals: [{ code: 'no-matching-policy' }] },
    timeline,
    calls,
    stale: [],
  });
});

test('its circumstances as they are now; 404 for whom it does not concern', async () => {
  const circumstances: Circumstances = {
    requester: { employment: 'contractor', team: 'data', onCall: ['data'] },
    holds: [
      {
        ...{ grant: GRANT_ID, role: 'invoice-reader', target: 'aws/prod', tier: 2, status: 'active' },
        endsAt: '2026-11-21T06:00:00.000Z',
      },
    ],
    holdsElsewhere: 1,
    items: [{ role: 'key-maker', target: 'aws/prod', othersHold: 2, below: 3, abilities: ['create-keys'] }],
  };
  const get = { method: 'GET' as const, url: `/v1/requests/${REQUEST_ID}/circumstances` };
  api = await apiUnderTest({ showCircumstances: () => yes(circumstances) });
  expect((await api.as('bo', get)).json()).toEqual(circumstances);
  expect((await api.as(null, get)).statusCode).toBe(401);
  api = await apiUnderTest({ showCircumstances: () => no('not-found') });
  expect((await api.as('bo', get)).statusCode).toBe(404);
});
