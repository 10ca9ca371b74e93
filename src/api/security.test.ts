import { afterEach, describe, expect, test } from 'vitest';
import { parseBaseUrl } from '../identity/base-url.ts';
import { apiUnderTest, type ApiUnderTest } from './api-under-test.ts';

let api: ApiUnderTest | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

test('every answer forbids framing, inline code and sniffing', async () => {
  api = await apiUnderTest();
  for (const url of ['/', '/healthz', '/v1/me', '/nope']) {
    const { headers } = await api.as(null, { method: 'GET', url });
    const policy = String(headers['content-security-policy']);
    expect(policy, url).toContain("default-src 'none'");
    expect(policy, url).toContain("frame-ancestors 'none'");
    expect(policy, url).not.toContain('unsafe');
    expect(headers, url).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' });
  }
});

test('https is for ever once the address is https, and not promised on plain http', async () => {
  api = await apiUnderTest();
  expect((await api.as(null, { method: 'GET', url: '/healthz' })).headers['strict-transport-security']).toBeUndefined();
  await api.close();
  api = await apiUnderTest({}, { base: parseBaseUrl('https://curfew.acme.example') });
  expect((await api.as(null, { method: 'GET', url: '/healthz' })).headers['strict-transport-security']).toMatch(
    /max-age=31536000/,
  );
});

describe('a server on this machine', () => {
  test.each(['evil.example', 'localhost.evil.example', '192.168.1.5:7420', '127.0.0.1.nip.io'])(
    '421 for the name %s: another site has pointed it at us',
    async (host) => {
      api = await apiUnderTest();
      const answer = await api.as('ana', { method: 'GET', url: '/v1/me', headers: { host } });
      expect(answer.statusCode).toBe(421);
      expect(answer.json()).toMatchObject({ code: 'misdirected' });
    },
  );

  test.each(['localhost:7420', '127.0.0.1:9', '[::1]:7420'])('answers as %s', async (host) => {
    api = await apiUnderTest();
    expect((await api.as('ana', { method: 'GET', url: '/v1/me', headers: { host } })).statusCode).toBe(200);
  });
});

test('a foreign page may read nothing: no answer but the description allows other origins', async () => {
  api = await apiUnderTest();
  for (const url of ['/v1/me', '/', '/.well-known/curfew']) {
    const { headers } = await api.as('ana', { method: 'GET', url, headers: { origin: 'https://evil.example' } });
    expect(headers['access-control-allow-origin'], url).toBeUndefined();
  }
  expect(
    (await api.as('ana', { method: 'OPTIONS', url: '/v1/requests', headers: { origin: 'https://evil.example' } }))
      .statusCode,
  ).toBe(404);
});

test('the log has routes and no addresses, no tokens', async () => {
  api = await apiUnderTest();
  await api.as('ana', { method: 'GET', url: '/v1/me?code=hush', headers: { cookie: 'x=hush' } });
  const text = JSON.stringify(api.lines);
  expect(text).toContain('"route":"/v1/me"');
  expect(text).not.toContain('hush');
  expect(text).not.toContain('Bearer');
});
