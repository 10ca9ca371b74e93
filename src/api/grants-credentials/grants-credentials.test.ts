import { afterEach, expect, test } from 'vitest';
import { apiUnderTest, GRANT_ID, no, yes, type ApiUnderTest } from '../api-under-test.ts';

let api: ApiUnderTest | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

const url = (word: string) => `/v1/grants/${GRANT_ID}/${word}`;
const issued = (count: number) => ({
  grant: { id: GRANT_ID, endsAt: '2026-11-21T06:10:00.000Z' },
  secret: { kind: 'aws' as const, accessKeyId: `ASIA${count}`, secretAccessKey: 'very-secret', sessionToken: 'token' },
  issuedAt: '2026-11-21T06:00:00.000Z',
  expiresAt: '2026-11-21T06:15:00.000Z',
  usableUntil: '2026-11-21T06:10:00.000Z',
});

test('200: credentials, never cached, and never twice the same for one Idempotency-Key', async () => {
  let count = 0;
  // The database of the test throws when it is touched: nothing of this answer may be kept.
  api = await apiUnderTest(
    { issueCredential: () => yes(issued((count += 1))) },
    { aws: { region: 'eu-central-1', endpointUrl: null } },
  );
  const headers = { 'idempotency-key': 'same' };
  const first = await api.as('ana', { method: 'POST', url: url('credentials'), headers });
  expect(first.statusCode).toBe(200);
  expect(first.headers['cache-control']).toBe('no-store');
  expect(first.json()).toEqual({
    version: 1,
    accessKeyId: 'ASIA1',
    secretAccessKey: 'very-secret',
    sessionToken: 'token',
    issuedAt: '2026-11-21T06:00:00.000Z',
    expiresAt: '2026-11-21T06:15:00.000Z',
    usableUntil: '2026-11-21T06:10:00.000Z',
    grant: { id: GRANT_ID, endsAt: '2026-11-21T06:10:00.000Z' },
    region: 'eu-central-1',
  });
  const second = await api.as('ana', { method: 'POST', url: url('credentials'), headers });
  expect(second.json()).toMatchObject({ accessKeyId: 'ASIA2' });
  expect(second.headers['idempotency-replayed']).toBeUndefined();
  expect(JSON.stringify(api.lines)).not.toContain('very-secret');
});

test('200: a certificate for a public key, with all that a session has to be asked for with', async () => {
  const certificate = {
    ...{ pem: '-----BEGIN CERTIFICATE-----', serial: '01ab', region: 'eu-central-1' },
    ...{ roleArn: 'arn:role', profileArn: 'arn:profile', trustAnchorArn: 'arn:anchor' },
  };
  const grant = { id: GRANT_ID, endsAt: '2026-11-21T06:10:00.000Z' };
  const asked: unknown[] = [];
  api = await apiUnderTest({
    issueCertificate: (_actor, _id, input) => {
      asked.push(input);
      return yes({ grant, certificate, expiresAt: '2026-11-21T06:10:00.000Z' });
    },
  });
  const publicKey = '-----BEGIN PUBLIC KEY-----';
  const answer = await api.as('ana', { method: 'POST', url: url('certificate'), payload: { publicKey } });
  const { pem, ...names } = certificate;
  expect(answer.json()).toEqual({
    ...{ version: 1, certificate: pem, ...names, endpoint: null, grant, expiresAt: '2026-11-21T06:10:00.000Z' },
  });
  expect([answer.headers['cache-control'], asked]).toEqual(['no-store', [{ publicKey }]]);
  const empty = await api.as('ana', { method: 'POST', url: url('certificate'), payload: {} });
  expect(empty.statusCode).toBe(422);
  expect((await api.as(null, { method: 'POST', url: url('certificate'), payload: { publicKey } })).statusCode).toBe(
    401,
  );
});

test('200: the console URL is not cached and not logged', async () => {
  api = await apiUnderTest({
    openConsole: () => yes({ url: 'https://signin.aws.amazon.com/federation?SigninToken=hush' }),
  });
  const answer = await api.as('ana', { method: 'POST', url: url('console') });
  expect(answer.json()).toEqual({
    url: 'https://signin.aws.amazon.com/federation?SigninToken=hush',
    validForMs: 900_000,
  });
  expect(answer.headers['cache-control']).toBe('no-store');
  expect(JSON.stringify(api.lines)).not.toContain('hush');
});

test.each([
  ['not-found', 404],
  ['grant-not-active', 409],
  ['grant-ended', 410],
  ['provider-throttled', 503],
  ['provider-unreachable', 504],
  ['provider-fault', 502],
] as const)('%s answers %i and hands nothing out', async (code, status) => {
  api = await apiUnderTest({ issueCredential: () => no(code), openConsole: () => no(code) });
  for (const word of ['credentials', 'console']) {
    const answer = await api.as('bo', { method: 'POST', url: url(word) });
    expect(answer.json()).toMatchObject({ code, status });
  }
});

test('401 without a token, 422 for an Idempotency-Key that is none', async () => {
  api = await apiUnderTest();
  expect((await api.as(null, { method: 'POST', url: url('credentials') })).statusCode).toBe(401);
  const wrong = await api.as('ana', { method: 'POST', url: url('credentials'), headers: { 'idempotency-key': 'a b' } });
  expect(wrong.json()).toMatchObject({ status: 422, code: 'idempotency-key-invalid' });
});
