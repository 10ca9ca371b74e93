import { afterEach, expect, test, vi } from 'vitest';
import { instant } from '../../core/time.ts';
import type { ExtensionPreview } from '../../operations/preview-extension.ts';
import { apiUnderTest, GRANT_ID, no, REQUEST_ID, REQUEST_VIEW, yes, type ApiUnderTest } from '../api-under-test.ts';
import type { ApiOperations } from '../operations-port.ts';

let api: ApiUnderTest | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

const post = (payload: object) => ({ method: 'POST' as const, url: `/v1/grants/${GRANT_ID}/extend`, payload });
const preview = (payload: object) => ({ ...post(payload), url: `/v1/grants/${GRANT_ID}/extend/preview` });
const EXTENDS = { grant: GRANT_ID, until: '2026-11-21T07:00:00.000Z', status: 'pending' } as const;
const PREVIEW: ExtensionPreview = {
  decision: {
    effect: 'allow',
    policyVersion: 'v1',
    directoryVersion: 'd1',
    durationMs: 2_700_000,
    defaultDurationMs: 900_000,
    maxDurationMs: 7_200_000,
    extensions: 1,
    submittedAt: instant(0),
    requirements: { reasonMin: 0, ticket: null, mfaMaxAgeMs: null },
    steps: [],
    reasons: [],
    refusals: [],
    alarms: [],
  },
  deciders: [],
  plan: [],
  residual: [],
  stale: [],
  already: [],
  needsSignature: false,
  unsignable: [],
  until: '2026-11-21T07:00:00.000Z',
  latestEnd: '2026-11-21T08:00:00.000Z',
  extensionsLeft: 1,
};

test('201 with the request that asks for it, and its address', async () => {
  const extendGrant = vi.fn<ApiOperations['extendGrant']>(() => yes({ ...REQUEST_VIEW, extends: EXTENDS }));
  api = await apiUnderTest({ extendGrant });
  const answer = await api.as('ana', post({ duration: '1h30m', reason: 'Not done yet', ticket: 'OPS-1' }));
  expect(answer.statusCode).toBe(201);
  expect(answer.headers['location']).toBe(`http://localhost:7420/v1/requests/${REQUEST_ID}`);
  expect(answer.json()).toMatchObject({ extends: EXTENDS });
  expect(extendGrant).toHaveBeenCalledWith(expect.objectContaining({ key: 'ana' }), GRANT_ID, {
    durationMs: 5_400_000,
    reason: 'Not done yet',
    ticket: 'OPS-1',
  });
});

test('422 without a duration, for what is none, and for a field that nobody knows', async () => {
  api = await apiUnderTest();
  expect((await api.as('ana', post({}))).json()).toMatchObject({
    code: 'invalid-input',
    errors: [{ path: 'duration' }],
  });
  expect((await api.as('ana', post({ duration: 'for ever' }))).json()).toMatchObject({
    code: 'invalid-input',
    detail: '"for ever" is not a duration.',
  });
  expect((await api.as('ana', post({ duration: '15m', until: '2026' }))).statusCode).toBe(422);
});

test.each([
  ['not-your-grant', 403],
  ['request-refused', 403],
  ['access-stopped', 403],
  ['not-found', 404],
  ['grant-not-active', 409],
  ['already-being-extended', 409],
  ['too-many-pending', 409],
  ['grant-ended', 410],
] as const)('%s answers %i', async (code, status) => {
  api = await apiUnderTest({ extendGrant: () => no(code) });
  expect((await api.as('ana', post({ duration: '15m' }))).json()).toMatchObject({ code, status });
});

test('200 with what would be decided, and how far it can go', async () => {
  const previewExtension = vi.fn<ApiOperations['previewExtension']>(() => yes(PREVIEW));
  api = await apiUnderTest({ previewExtension });
  const answer = await api.as('ana', preview({ duration: '15m' }));
  expect(answer.statusCode).toBe(200);
  expect(answer.json()).toMatchObject({
    effect: 'allow',
    duration: '45m',
    until: '2026-11-21T07:00:00.000Z',
    latestEnd: '2026-11-21T08:00:00.000Z',
    extensionsLeft: 1,
  });
  expect(previewExtension).toHaveBeenCalledWith(expect.objectContaining({ key: 'ana' }), GRANT_ID, {
    durationMs: 900_000,
  });
  expect((await api.as('ana', preview({ duration: 'for ever' }))).statusCode).toBe(422);
  api = await apiUnderTest({ previewExtension: () => no('already-being-extended') });
  expect((await api.as('ana', preview({ duration: '15m' }))).statusCode).toBe(409);
});

test('401 without a token', async () => {
  api = await apiUnderTest();
  expect((await api.as(null, preview({ duration: '15m' }))).statusCode).toBe(401);
  expect((await api.as(null, post({ duration: '15m' }))).statusCode).toBe(401);
});
