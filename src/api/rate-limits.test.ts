import type { InjectOptions } from 'fastify';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { parseId } from '../core/ids.ts';
import { ok, refused } from '../core/result.ts';
import { after } from '../core/time.ts';
import { apiUnderTest, GRANT_VIEW, NOW, personId, yes, type ApiUnderTest } from './api-under-test.ts';
import type { ApiOperations } from './operations-port.ts';

let api: ApiUnderTest | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

const OURS = 'http://localhost:7420';
const id = (prefix: string): string => `${prefix}_${'a'.repeat(20)}`;
const RETURN = { method: 'POST', url: `/v1/grants/${id('grt')}/return`, payload: {} } as const;
const READ = { method: 'GET', url: '/v1/grants?scope=mine' } as const;
const LIVE = { method: 'GET', url: '/v1/grants?scope=live' } as const;
const ME = { method: 'GET', url: '/v1/me' } as const;

/** Cookies `one` and `two` are two browsers of Ana; the cookie of the first is replaced by `young`. */
const recogniseSession = vi.fn<ApiOperations['recogniseSession']>((token) => {
  const session = parseId('ses', `ses_${(token === 'two' ? 'b' : 'a').repeat(20)}`);
  if (session === null || !['one', 'two', 'young'].includes(token)) return Promise.resolve(refused('unknown session'));
  const times = { signedInAt: NOW, endsAt: after(NOW, 3_600_000), authenticatedAt: null, mfaAt: null };
  return Promise.resolve(
    ok({
      id: session,
      person: personId('ana'),
      key: 'ana',
      csrf: `csrf-${token}`,
      offered: token === 'one' ? 'young' : null,
      ...times,
    }),
  );
});

/** Whether the sign-in behind a token stands: a question to the database. */
const signInStands = vi.fn<ApiOperations['signInStands']>();

/** An API that says yes to what these tests ask, with small limits; gives the status of an answer. */
async function limited(limits: object) {
  recogniseSession.mockClear();
  signInStands.mockReset().mockResolvedValue(true);
  const ended = () => yes(GRANT_VIEW);
  const nothing = () => yes({ items: [], nextCursor: null });
  const made = await apiUnderTest(
    {
      recogniseSession,
      signInStands,
      returnGrant: ended,
      revokeGrant: ended,
      showGrant: ended,
      listGrants: nothing,
      listSessions: () => yes([]),
      endSession: () => yes(null),
      signOut: () => yes(null),
      withdrawRecovery: () => yes(null),
      listRecoveries: () => yes([]),
    },
    { limits },
  );
  api = made;
  return {
    token: async (who: string | null, request: InjectOptions) => (await made.as(who, request)).statusCode,
    cookie: async (cookie: string, request: InjectOptions) =>
      (
        await made.as(null, {
          ...request,
          headers: { cookie: `curfew=${cookie}`, origin: OURS, 'x-curfew-csrf': `csrf-${cookie}` },
        })
      ).statusCode,
  };
}

/** How often each answer came. */
async function often(count: number, ask: () => Promise<number>): Promise<Record<number, number>> {
  const statuses: Record<number, number> = {};
  for (let number = 0; number < count; number += 1) {
    const status = await ask();
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
  return statuses;
}

test('429 for a person above their limit, with the time to wait; another person is not affected', async () => {
  const { token } = await limited({ perPersonPerMinute: 3 });
  expect(await often(3, () => token('ana', READ))).toEqual({ 200: 3 });
  const refusal = await api?.as('ana', READ);
  expect(refusal?.json()).toMatchObject({ status: 429, code: 'rate-limited' });
  expect(Number(refusal?.headers['retry-after'])).toBeGreaterThan(0);
  expect(await token('bo', READ)).toBe(200);
});

test('429 for an address that guesses tokens', async () => {
  const { token } = await limited({ perAddressPerMinute: 5 });
  expect(await often(7, () => token('eve', READ))).toEqual({ 401: 5, 429: 2 });
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

describe('what ends access', () => {
  test('is there for whoever has read as much as they may, also when everybody behind the address has; it is bounded by itself', async () => {
    const { token } = await limited({ perPersonPerMinute: 10, perAddressPerMinute: 30 });
    await often(40, () => token('ana', READ));
    expect(await token('ana', READ)).toBe(429);
    expect(await token('bo', READ)).toBe(429);
    expect(await token('ana', RETURN)).toBe(200);
    const revoke = { method: 'POST', url: `/v1/grants/${id('grt')}/revoke`, payload: { reason: 'Stolen' } } as const;
    expect(await token('ana', revoke)).toBe(200);
    for (const url of [
      '/v1/revocations',
      `/v1/revocations/${id('rev')}/confirm`,
      `/v1/requests/${id('req')}/approve`,
      `/v1/requests/${id('req')}/deny`,
    ])
      expect(await token('ana', { method: 'POST', url, payload: { nothing: true } }), url).toBe(422);
    expect(await often(5, () => token('ana', RETURN))).toEqual({ 200: 4, 429: 1 });
  });

  test('is not used up by strangers at the same address: without a token, with a wrong one, with a cookie of nobody', async () => {
    const { token, cookie } = await limited({ perAddressPerMinute: 10 });
    expect(await cookie('one', ME)).toBe(200);
    await often(30, () => token(null, RETURN));
    await often(30, () => token('eve', RETURN));
    await often(30, () => cookie('nobody', RETURN));
    for (const request of [ME, LIVE, RETURN]) {
      expect(await token('ana', request)).toBe(200);
      expect(await cookie('one', request)).toBe(200);
      expect(await cookie('young', request)).toBe(200);
    }
  });

  test('looks up in the database as many cookies of nobody as a minute may hold, and leaves what is read alone', async () => {
    const { token, cookie } = await limited({ perAddressPerMinute: 10 });
    expect(await often(30, () => cookie('nobody', RETURN))).toEqual({ 401: 10, 429: 20 });
    expect(recogniseSession).toHaveBeenCalledTimes(10);
    expect(await token('ana', READ)).toBe(200);
  });

  test('asks the database of a token no more often than a minute may hold, also of one whose sign-in was ended', async () => {
    const { token } = await limited({ perPersonPerMinute: 5 });
    for (const request of [RETURN, LIVE]) {
      signInStands.mockClear();
      expect(await often(20, () => token('ana', request))).toEqual({ 200: 5, 429: 15 });
      expect(signInStands).toHaveBeenCalledTimes(5);
    }
    signInStands.mockReset().mockResolvedValue(false);
    expect(await often(20, () => token('bo', RETURN))).toEqual({ 401: 5, 429: 15 });
    expect(signInStands).toHaveBeenCalledTimes(5);
  });

  test('refuses tokens that are nobody’s no more often than a minute may hold, and holds up no token of ours by that', async () => {
    const { token } = await limited({ perAddressPerMinute: 10 });
    expect(await often(30, () => token('eve', RETURN))).toEqual({ 401: 10, 429: 20 });
    expect(await token('ana', RETURN)).toBe(200);
  });

  test('is counted by sign-in: a thief of a cookie uses up their own, and is thrown out from another', async () => {
    const { cookie } = await limited({ perPersonPerMinute: 5 });
    for (const request of [READ, ME, RETURN]) await often(10, () => cookie('one', request));
    for (const request of [READ, ME, RETURN]) expect(await cookie('one', request)).toBe(429);
    const others = [
      { method: 'GET', url: '/v1/me/sessions' },
      { method: 'DELETE', url: `/v1/me/sessions/ses_${'a'.repeat(20)}` },
      { method: 'POST', url: '/v1/me/sign-out', payload: {} },
    ] as const;
    for (const request of [ME, ...others]) expect(await cookie('two', request), request.url).toBe(200);
  });

  test('finds what it has to read first, which uses up no end', async () => {
    const { token } = await limited({ perPersonPerMinute: 6, perAddressPerMinute: 1_000 });
    await often(10, () => token('ana', READ));
    expect(await token('ana', READ)).toBe(429);
    const looks = ['/v1/me', '/v1/grants?scope=live', `/v1/grants/${id('grt')}`, '/v1/me/sessions'];
    for (const url of [...looks, '/v1/passkey-recoveries'])
      expect(await token('ana', { method: 'GET', url }), url).toBe(200);
    await often(10, () => token('ana', ME));
    expect(await token('ana', ME)).toBe(429);
    expect(await token('ana', RETURN)).toBe(200);
    expect(await token('ana', { method: 'DELETE', url: '/v1/me/passkeys/recovery' })).toBe(204);
  });
});

describe('an address', () => {
  const from = (remoteAddress: string) => async () =>
    (await api?.as('eve', { ...READ, remoteAddress }))?.statusCode ?? 0;

  test('of IPv6 is a /64: who changes within it is the same', async () => {
    await limited({ perAddressPerMinute: 3 });
    const same = ['2001:db8:1:2::1', '2001:db8:1:2:ffff:1:2:3', '2001:0DB8:1:2::', '2001:db8:1:2::10.0.0.1'];
    const statuses = [];
    for (const address of same) statuses.push(await from(address)());
    expect(statuses).toEqual([401, 401, 401, 429]);
    for (const other of ['2001:db8:1:3::1', '2001:db8::1:2:0:0', '::1', 'fe80::1%eth0'])
      expect(await from(other)(), other).toBe(401);
  });

  test('of IPv6 counts with all of its /48 together, too: whoever has one has 65,536 networks', async () => {
    await limited({ perAddressPerMinute: 3 });
    const inSite = (n: number) => from(`2001:db8:1:${n.toString(16)}::1`)();
    const statuses = [];
    // Ten of them may use up what they have, whichever they are.
    for (let n = 0; n < 32; n += 1) statuses.push(await inSite(n));
    expect(statuses).toEqual([...Array.from({ length: 30 }, () => 401), 429, 429]);
    expect(await from('2001:db8:2::1')()).toBe(401);
    expect(await from('10.0.0.1')()).toBe(401);
  });

  test('of IPv4 is itself, also where it comes as one of IPv6', async () => {
    await limited({ perAddressPerMinute: 3 });
    expect(await often(3, from('10.0.0.1'))).toEqual({ 401: 3 });
    expect(await from('::ffff:10.0.0.1')()).toBe(429);
    expect(await from('::ffff:10.0.0.2')()).toBe(401);
  });
});
