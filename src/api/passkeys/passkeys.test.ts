import { afterEach, expect, test, vi } from 'vitest';
import { parseId } from '../../core/ids.ts';
import type { PasskeyView } from '../../operations/passkeys.ts';
import { apiUnderTest, no, REQUEST_ID, REQUEST_VIEW, yes, type ApiUnderTest } from '../api-under-test.ts';
import type { ApiOperations } from '../operations-port.ts';

let api: ApiUnderTest | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

const ID = parseId('pky', `pky_${'p'.repeat(20)}`);
if (ID === null) throw new Error('the id of the test is none');
const VIEW: PasskeyView = {
  id: ID,
  name: 'laptop',
  createdAt: '2026-11-21T06:00:00.000Z',
  lastUsedAt: null,
  synced: false,
};
const ASSERTION = { id: 'AAAA', response: { authenticatorData: 'AAAA', clientDataJSON: 'AAAA', signature: 'AAAA' } };
const REGISTRATION = {
  id: 'AAAA',
  rawId: 'AAAA',
  type: 'public-key',
  clientExtensionResults: {},
  response: { clientDataJSON: 'AAAA', attestationObject: 'AAAA', transports: ['internal'] },
};
const OPTIONS = {
  challenge: 'AAAA',
  rpId: 'localhost',
  timeout: 300_000,
  userVerification: 'required',
  allowCredentials: [{ id: 'AAAA', type: 'public-key', transports: ['internal'] }],
} as const;

test('200, 201, 204: list, step up, ask, register, rename and remove', async () => {
  const passkeyOptions = vi.fn<ApiOperations['passkeyOptions']>(() => yes({ options: { challenge: 'BBBB', rp: {} } }));
  const registerPasskey = vi.fn<ApiOperations['registerPasskey']>(() => yes(VIEW));
  const renamePasskey = vi.fn<ApiOperations['renamePasskey']>(() => yes({ ...VIEW, name: 'key' }));
  const removePasskey = vi.fn<ApiOperations['removePasskey']>(() => yes(null));
  api = await apiUnderTest({
    listPasskeys: () => yes({ items: [VIEW], needsRecovery: false }),
    askForStepUp: () => yes(OPTIONS),
    passkeyOptions,
    registerPasskey,
    renamePasskey,
    removePasskey,
  });
  const send = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object) => {
    const answer = await (api as ApiUnderTest).as('bo', {
      method,
      url: `/v1/me/passkeys${url}`,
      ...(payload === undefined ? {} : { payload }),
    });
    return [answer.statusCode, answer.body === '' ? null : answer.json<unknown>()];
  };
  expect(await send('GET', '')).toEqual([200, { items: [VIEW], needsRecovery: false }]);
  expect(await send('POST', '/step-up')).toEqual([200, { options: OPTIONS }]);
  expect(await send('POST', '/options')).toEqual([200, { options: { challenge: 'BBBB', rp: {} } }]);
  expect((await send('POST', '/options', { assertion: { response: ASSERTION } }))[0]).toBe(200);
  expect(passkeyOptions.mock.calls.map((call) => call[1])).toEqual([undefined, { response: ASSERTION }]);
  expect(await send('POST', '', { name: 'laptop', response: REGISTRATION })).toEqual([201, VIEW]);
  expect(registerPasskey).toHaveBeenCalledWith(expect.objectContaining({ key: 'bo' }), {
    name: 'laptop',
    response: REGISTRATION,
  });
  expect(await send('PATCH', `/${ID}`, { name: 'key' })).toEqual([200, { ...VIEW, name: 'key' }]);
  expect(await send('DELETE', `/${ID}`)).toEqual([204, null]);
  expect(removePasskey).toHaveBeenCalledWith(expect.objectContaining({ key: 'bo' }), ID);
});

test('404 for what is no id, 422 for what no browser sends', async () => {
  api = await apiUnderTest();
  expect((await api.as('bo', { method: 'DELETE', url: '/v1/me/passkeys/7' })).statusCode).toBe(404);
  for (const payload of [
    { name: '', response: REGISTRATION },
    { name: 'x'.repeat(61), response: REGISTRATION },
    { name: 'laptop' },
    { name: 'laptop', response: { ...REGISTRATION, id: 'not base64url!' } },
    { name: 'laptop', response: REGISTRATION, person: 'per_aaaaaaaaaaaaaaaaaaaa' },
  ])
    expect((await api.as('bo', { method: 'POST', url: '/v1/me/passkeys', payload })).statusCode).toBe(422);
});

test.each([
  ['sign-in-too-old', 403],
  ['step-up-required', 403],
  ['recovery-required', 403],
  ['signature-invalid', 403],
  ['passkeys-not-available', 409],
] as const)('%s answers %i', async (code, status) => {
  api = await apiUnderTest({ passkeyOptions: () => no(code) });
  const answer = await api.as('bo', { method: 'POST', url: '/v1/me/passkeys/options' });
  expect(answer.json()).toMatchObject({ code, status });
});

test('401 without a token', async () => {
  api = await apiUnderTest();
  for (const url of ['', '/options', '/step-up'])
    expect((await api.as(null, { method: 'POST', url: `/v1/me/passkeys${url}` })).statusCode).toBe(401);
});

test('a decision: what is to be signed, and the signature, go through as they came', async () => {
  const signing = { document: '{"v":1}', options: OPTIONS, expiresAt: '2026-11-21T06:05:00.000Z' };
  const challengeDecision = vi.fn<ApiOperations['challengeDecision']>(() => yes(signing));
  const approveRequest = vi.fn<ApiOperations['approveRequest']>(() => yes(REQUEST_VIEW));
  api = await apiUnderTest({ challengeDecision, approveRequest });
  const url = `/v1/requests/${REQUEST_ID}`;
  const said = { comment: 'fine', durationMs: 60_000 };
  const asked = await api.as('bo', {
    method: 'POST',
    url: `${url}/challenge`,
    payload: { verdict: 'approve', ...said },
  });
  expect([asked.statusCode, asked.json()]).toEqual([200, signing]);
  expect(challengeDecision).toHaveBeenCalledWith(expect.objectContaining({ key: 'bo' }), REQUEST_ID, said);
  const assertion = { document: signing.document, response: ASSERTION };
  const approved = await api.as('bo', { method: 'POST', url: `${url}/approve`, payload: { ...said, assertion } });
  expect(approved.statusCode).toBe(200);
  expect(approveRequest).toHaveBeenCalledWith(expect.objectContaining({ key: 'bo' }), REQUEST_ID, {
    ...said,
    assertion,
  });
  for (const payload of [{ verdict: 'deny' }, { durationMs: 0 }, { durationMs: 1.5 }, { approver: 'ana' }])
    expect((await api.as('bo', { method: 'POST', url: `${url}/challenge`, payload })).statusCode).toBe(422);
  expect((await api.as(null, { method: 'POST', url: `${url}/challenge` })).statusCode).toBe(401);
});
