import { afterEach, describe, expect, test, vi } from 'vitest';
import { apiUnderTest, no, REQUEST_ID, REQUEST_VIEW, yes, type ApiUnderTest } from '../api-under-test.ts';
import type { ApiOperations } from '../operations-port.ts';

let api: ApiUnderTest | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

const url = (word: string) => `/v1/requests/${REQUEST_ID}/${word}`;

test('200: approve with and without a comment, deny with one, withdraw with none', async () => {
  const approveRequest = vi.fn<ApiOperations['approveRequest']>(() => yes(REQUEST_VIEW));
  const denyRequest = vi.fn<ApiOperations['denyRequest']>(() => yes(REQUEST_VIEW));
  const withdrawRequest = vi.fn<ApiOperations['withdrawRequest']>(() => yes(REQUEST_VIEW));
  api = await apiUnderTest({ approveRequest, denyRequest, withdrawRequest });
  for (const [word, payload] of [
    ['approve', {}],
    ['approve', { comment: 'fine' }],
    ['deny', { comment: 'no' }],
    ['withdraw', {}],
  ] as const) {
    const answer = await api.as('bo', { method: 'POST', url: url(word), payload });
    expect(answer.statusCode, word).toBe(200);
    expect(answer.json(), word).toEqual(REQUEST_VIEW);
  }
  // An empty body is as good as {}.
  expect((await api.as('bo', { method: 'POST', url: url('approve') })).statusCode).toBe(200);
  expect(approveRequest.mock.calls.map((call) => call[2])).toEqual([{}, { comment: 'fine' }, {}]);
  expect(denyRequest).toHaveBeenCalledWith(expect.objectContaining({ key: 'bo' }), REQUEST_ID, { comment: 'no' });
  expect(withdrawRequest).toHaveBeenCalledOnce();
});

test('422: a denial says why, and nothing else may be in the body', async () => {
  api = await apiUnderTest();
  expect((await api.as('bo', { method: 'POST', url: url('deny'), payload: {} })).json()).toMatchObject({
    status: 422,
    errors: [{ path: 'comment' }],
  });
  expect((await api.as('bo', { method: 'POST', url: url('withdraw'), payload: { force: true } })).statusCode).toBe(422);
  expect(
    (await api.as('bo', { method: 'POST', url: url('approve'), payload: { comment: 'x'.repeat(2_001) } })).statusCode,
  ).toBe(422);
});

describe('what cannot be decided', () => {
  test.each([
    ['self-approval', 403],
    ['not-an-approver', 403],
    ['not-your-request', 403],
    ['already-decided', 409],
    ['already-decided-by-you', 409],
    ['request-lapsed', 409],
    ['policy-tightened', 409],
    ['not-found', 404],
  ] as const)('%s answers %i', async (code, status) => {
    api = await apiUnderTest({ approveRequest: () => no(code) });
    const answer = await api.as('bo', { method: 'POST', url: url('approve') });
    expect(answer.statusCode).toBe(status);
    expect(answer.json()).toMatchObject({ code, status });
  });

  test('404 for what is no id, 401 without a token', async () => {
    api = await apiUnderTest();
    expect((await api.as('bo', { method: 'POST', url: '/v1/requests/7/approve' })).statusCode).toBe(404);
    expect((await api.as(null, { method: 'POST', url: url('approve') })).statusCode).toBe(401);
  });
});
