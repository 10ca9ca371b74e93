import { afterEach, describe, expect, test } from 'vitest';
import { parseBaseUrl } from '../identity/base-url.ts';
import { apiUnderTest, GRANT_VIEW, yes, type ApiUnderTest } from './api-under-test.ts';

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

test('429 for a person above their limit, with the time to wait; another person is not affected', async () => {
  api = await apiUnderTest({}, { limits: { perPersonPerMinute: 3 } });
  const ask = (person: string) => api?.as(person, { method: 'GET', url: '/v1/me' });
  for (let count = 0; count < 3; count += 1) expect((await ask('ana'))?.statusCode).toBe(200);
  const limited = await ask('ana');
  expect(limited?.json()).toMatchObject({ status: 429, code: 'rate-limited' });
  expect(Number(limited?.headers['retry-after'])).toBeGreaterThan(0);
  expect((await ask('bo'))?.statusCode).toBe(200);
});

test('whoever has read as much as they may can still end and decide; that is bounded by itself', async () => {
  const ended = () => yes(GRANT_VIEW);
  api = await apiUnderTest(
    { returnGrant: ended, revokeGrant: ended },
    { limits: { perPersonPerMinute: 6, perAddressPerMinute: 30 } },
  );
  const ask = async (who: string, method: 'GET' | 'POST', url: string, payload: object = {}) =>
    (await api?.as(who, { method, url, ...(method === 'GET' ? {} : { payload }) }))?.statusCode;
  const id = (prefix: string): string => `${prefix}_${'a'.repeat(20)}`;
  // Also when everybody behind the address has.
  for (let count = 0; count < 40; count += 1) await ask('ana', 'GET', '/v1/me');
  expect(await ask('ana', 'GET', '/v1/me')).toBe(429);
  expect(await ask('bo', 'GET', '/v1/me')).toBe(429);
  expect(await ask('ana', 'POST', `/v1/grants/${id('grt')}/return`)).toBe(200);
  expect(await ask('ana', 'POST', `/v1/grants/${id('grt')}/revoke`, { reason: 'Stolen' })).toBe(200);
  for (const url of [
    '/v1/revocations',
    `/v1/revocations/${id('rev')}/confirm`,
    `/v1/requests/${id('req')}/approve`,
    `/v1/requests/${id('req')}/deny`,
  ])
    expect(await ask('ana', 'POST', url, { nothing: true }), url).toBe(422);
  const further = [];
  for (let count = 0; count < 5; count += 1) further.push(await ask('ana', 'POST', `/v1/grants/${id('grt')}/return`));
  expect(further).toEqual([200, 200, 200, 200, 429]);
});

test('429 for an address that guesses tokens', async () => {
  api = await apiUnderTest({}, { limits: { perAddressPerMinute: 5 } });
  const statuses = [];
  for (let count = 0; count < 7; count += 1)
    statuses.push((await api.as('eve', { method: 'GET', url: '/v1/me' })).statusCode);
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429]);
});

test('429 for an address that begins one sign-in after the other, which leaves the rest of the API alone', async () => {
  api = await apiUnderTest({}, { limits: { signInsPerAddressPerMinute: 3 } });
  const ask = async (url: string) => (await api?.as(null, { method: 'GET', url }))?.statusCode;
  // No authorization server here: what is let through finds nothing.
  const urls = ['/sign-in/browser', '/oauth/authorize?x', '/oauth/device', '/sign-in/callback', '/oauth/device/code'];
  const statuses = [];
  for (const url of urls) statuses.push(await ask(url));
  expect(statuses).toEqual([404, 404, 404, 429, 429]);
  for (const url of ['/oauth/token', '/sign-in/back-channel-logout']) expect(await ask(url), url).toBe(404);
  expect(await ask('/healthz')).toBe(200);
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
