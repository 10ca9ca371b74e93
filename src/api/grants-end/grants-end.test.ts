import { afterEach, expect, test, vi } from 'vitest';
import { apiUnderTest, GRANT_ID, GRANT_VIEW, no, yes, type ApiUnderTest } from '../api-under-test.ts';
import type { ApiOperations } from '../operations-port.ts';

let api: ApiUnderTest | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

const url = (word: string) => `/v1/grants/${GRANT_ID}/${word}`;

test('200: giving back and taking away answer with a grant that is ending', async () => {
  const ending = { ...GRANT_VIEW, status: 'ending' as const, cause: 'returned' };
  const revokeGrant = vi.fn<ApiOperations['revokeGrant']>(() => yes({ ...ending, cause: 'revoked' }));
  api = await apiUnderTest({ returnGrant: () => yes(ending), revokeGrant });
  expect((await api.as('ana', { method: 'POST', url: url('return') })).json()).toEqual(ending);
  const revoked = await api.as('bo', { method: 'POST', url: url('revoke'), payload: { reason: 'left the team' } });
  expect(revoked.json()).toMatchObject({ status: 'ending', cause: 'revoked' });
  expect(revokeGrant).toHaveBeenCalledWith(expect.objectContaining({ key: 'bo' }), GRANT_ID, {
    reason: 'left the team',
  });
});

test('422: taking away needs a reason', async () => {
  api = await apiUnderTest();
  for (const payload of [{}, { reason: '' }, { reason: 'x'.repeat(2_001) }]) {
    expect((await api.as('bo', { method: 'POST', url: url('revoke'), payload })).json()).toMatchObject({
      code: 'invalid-input',
      errors: [{ path: 'reason' }],
    });
  }
});

test.each([
  ['not-your-grant', 403],
  ['not-found', 404],
  ['grant-ended', 410],
  ['recorded-late', 503],
] as const)('%s answers %i', async (code, status) => {
  api = await apiUnderTest({ returnGrant: () => no(code) });
  const answer = await api.as('bo', { method: 'POST', url: url('return') });
  expect(answer.json()).toMatchObject({ code, status });
});

test('403 for who may not revoke, 401 without a token', async () => {
  api = await apiUnderTest({ revokeGrant: () => no('not-allowed-to-revoke') });
  expect((await api.as('bo', { method: 'POST', url: url('revoke'), payload: { reason: 'because' } })).statusCode).toBe(
    403,
  );
  expect((await api.as(null, { method: 'POST', url: url('revoke') })).statusCode).toBe(401);
});
