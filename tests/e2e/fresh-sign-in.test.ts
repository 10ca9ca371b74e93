import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { askForTokens, claimsOf, createUserAgent, isCallback, newAttempt, whoAmI } from './api-user-agent.ts';
import { browserOf, SESSION, startBrowserWorld, walk, type Browser, type BrowserWorld } from './browser-world.ts';
import { startRogueProvider, type Lie, type RogueProvider } from './rogue-provider.ts';

const now = () => Math.floor(Date.now() / 1_000);
const HOUR_S = 3_600;

/** The beginning of a sign-in of the portal. */
const begin = (base: string, more: Record<string, string>) =>
  `${base}/sign-in/browser?${new URLSearchParams({ return: '/me', hint: 'ana', ...more })}`;

/** Takes everything that a fresh sign-in is needed for the first step of: whether this one counts as fresh. */
const tryToBegin = async (browser: Browser) => {
  const answer = await browser.change('POST', '/v1/me/passkeys/options', {});
  return answer.status === 200 ? 'fresh' : answer.json;
};

describe('with a provider that can be asked and says its time', () => {
  let rogue: RogueProvider;
  let world: BrowserWorld;
  let base: string;
  let host: string;
  beforeAll(async () => {
    rogue = await startRogueProvider();
    world = await startBrowserWorld({ provider: rogue });
    base = world.base;
    host = new URL(base).host;
  });
  afterAll(async () => {
    await world.close();
    await rogue.close();
  });
  afterEach(() => {
    rogue.lie = {};
  });

  /** Signs in at a browser whose provider says what the test tells it to. */
  async function attempt(lie: Lie, more: Record<string, string> = {}, agent = createUserAgent()) {
    rogue.lie = lie;
    const last = await agent.follow(begin(base, more), (url) => url.origin === base && url.pathname === '/me');
    return { status: last.status, body: last.body, browser: browserOf(agent, base) };
  }
  const authenticated = (agoS: number): Lie => ({ claims: { auth_time: now() - agoS, amr: ['mfa'] } });

  test('it is asked for its time always, and to ask the person anew only for a fresh sign-in', async () => {
    await attempt(authenticated(0));
    const usual = Object.fromEntries(rogue.lastAsked);
    expect(usual).toMatchObject({ max_age: '31536000', claims: '{"id_token":{"auth_time":{"essential":true}}}' });
    expect(usual).not.toHaveProperty('prompt');
    await attempt(authenticated(0), { fresh: '1' });
    expect(Object.fromEntries(rogue.lastAsked)).toMatchObject({ prompt: 'login', max_age: '31536000' });
  });

  test('a browser that it has known for an hour is signed in, and that is no fresh sign-in', async () => {
    const { browser } = await attempt(authenticated(HOUR_S));
    const me = await browser.get('/v1/me');
    expect(now() - Date.parse(String(me.json['authenticatedAt'])) / 1_000).toBeGreaterThanOrEqual(HOUR_S);
    expect(Date.now() - Date.parse(String(me.json['signedInAt']))).toBeLessThan(60_000);
    expect(await tryToBegin(browser)).toMatchObject({
      code: 'sign-in-too-old',
      hint: 'Sign in anew; you come back to this page.',
    });
  });

  test('one that says no time signs in, and nobody takes our own time for it', async () => {
    const { browser } = await attempt({ claims: { amr: ['mfa'] } });
    expect((await browser.get('/v1/me')).json).toMatchObject({ authenticatedAt: null });
    expect(await tryToBegin(browser)).toMatchObject({ code: 'sign-in-too-old' });
  });

  test('a fresh sign-in counts, takes the place of the former session, and comes back to the page', async () => {
    const agent = createUserAgent();
    const { browser } = await attempt(authenticated(HOUR_S), {}, agent);
    const former = agent.cookie(host, SESSION);
    expect((await attempt(authenticated(0), { fresh: '1' }, agent)).status).toBe(303);
    expect(await tryToBegin(browser)).toBe('fresh');
    const copy = await fetch(`${base}/v1/me`, { headers: { cookie: `${SESSION}=${former}` } });
    expect(copy.status).toBe(401);
    expect(
      ((await browser.get('/v1/me/sessions')).json['items'] as { current: boolean }[]).filter((one) => one.current),
    ).toHaveLength(1);
  });

  const bad: [string, Lie['claims'], RegExp][] = [
    ['let in without being asked', { auth_time: now() - HOUR_S }, /without asking you anew/],
    ['let in a minute before', { auth_time: now() - 60 }, /without asking you anew/],
    ['no time at all', {}, /does not say when it asked you/],
    ['a time that is still to come', { auth_time: now() + 600 }, /still to come/],
  ];
  test.each(bad)(
    'a fresh sign-in is refused in words: %s; the session from before stays as it was',
    async (_name, claims, words) => {
      const agent = createUserAgent();
      const { browser } = await attempt(authenticated(HOUR_S), {}, agent);
      const answer = await attempt({ claims: { ...claims, amr: ['mfa'] } }, { fresh: '1' }, agent);
      expect(answer.status).toBe(403);
      expect(answer.body).toMatch(words);
      expect(answer.body).toContain('/sign-in/browser?return=%2Fme&#38;fresh=1');
      expect((await browser.get('/v1/me')).status).toBe(200);
      expect(await tryToBegin(browser)).toMatchObject({ code: 'sign-in-too-old' });
    },
  );

  test.each([
    ['is still to come', { auth_time: now() + 600 }],
    ['is a text', { auth_time: String(now()) }],
    ['is before all time', { auth_time: -1 }],
  ])('a time that %s signs nobody in', async (_name, claims) => {
    const agent = createUserAgent();
    expect((await attempt({ claims }, {}, agent)).status).toBeGreaterThanOrEqual(400);
    expect(agent.cookie(host, SESSION)).toBeNull();
  });

  test('a clock half a minute ahead is no time to come, and makes nothing younger than now', async () => {
    const { browser } = await attempt({ claims: { auth_time: now() + 20 } });
    const at = Date.parse(String((await browser.get('/v1/me')).json['authenticatedAt']));
    // The broker goes by its database's clock, which is not quite this one.
    expect(at).toBeLessThanOrEqual(Date.now() + 5_000);
  });

  test('who strikes the wish for a new authentication out of the address on the way is found out', async () => {
    const agent = createUserAgent();
    const first = await agent.get(begin(base, { fresh: '1' }));
    const way = new URL(String(first.location));
    way.searchParams.delete('prompt');
    rogue.lie = authenticated(HOUR_S);
    const last = await agent.follow(way.href, () => false);
    expect([last.status, agent.cookie(host, SESSION)]).toEqual([403, null]);
  });

  describe('at a command line', () => {
    async function signIn(lie: Lie, age: string | null = null) {
      rogue.lie = lie;
      const attempted = newAttempt(base, { login_hint: 'ana', max_age: age });
      const last = await createUserAgent().follow(attempted.url, isCallback);
      const query = last.location?.searchParams;
      if (query?.get('code') == null) return { refused: query?.get('error_description') };
      const form = {
        grant_type: 'authorization_code',
        code: String(query.get('code')),
        code_verifier: attempted.verifier,
      };
      const { body } = await askForTokens(base, { ...form, redirect_uri: attempted.redirectUri });
      return { access: String(body['access_token']), refresh: String(body['refresh_token']) };
    }
    const options = (token: string) =>
      fetch(`${base}/v1/me/passkeys/options`, {
        method: 'POST',
        body: '{}',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      });

    test('it goes by the time of the provider too, also after a refresh', async () => {
      const old = await signIn(authenticated(HOUR_S));
      expect(await (await options(String(old.access))).json()).toMatchObject({
        code: 'sign-in-too-old',
        hint: 'curfew login --fresh',
      });
      const young = await signIn(authenticated(0), '1');
      expect((await options(String(young.access))).status).toBe(200);
      const again = await askForTokens(base, { grant_type: 'refresh_token', refresh_token: String(young.refresh) });
      const [before, after] = [claimsOf(String(young.access)), claimsOf(String(again.body['access_token']))];
      expect(after['auth_time']).toBe(before['auth_time']);
    });

    test('without a time of the provider there is none in the token', async () => {
      const { access } = await signIn({ claims: { amr: ['mfa'] } });
      expect(claimsOf(String(access))).not.toHaveProperty('auth_time');
      expect(await (await whoAmI(base, String(access))).json()).toMatchObject({ authenticatedAt: null });
      expect((await options(String(access))).status).toBe(403);
    });

    test('a device asks for a fresh one as well', async () => {
      const begun = await fetch(`${base}/oauth/device/code`, {
        method: 'POST',
        body: new URLSearchParams({
          client_id: 'curfew-cli',
          scope: 'openid offline_access',
          resource: `${base}/v1`,
          max_age: '1',
        }),
      });
      const device = (await begun.json()) as { device_code: string; user_code: string; verification_uri: string };
      const agent = createUserAgent();
      const form = (body: string) =>
        Object.fromEntries(
          [...body.matchAll(/name="(xsrf|user_code)" value="([^"]*)"/g)].map(([, name, value]) => [name, value ?? '']),
        );
      const input = await agent.get(device.verification_uri);
      const typed = { ...form(input.body), user_code: device.user_code };
      const confirm = await agent.post(device.verification_uri, typed);
      rogue.lie = authenticated(0);
      const started = await agent.post(device.verification_uri, { ...form(confirm.body), confirm: 'yes' });
      const done = await agent.follow(started.location?.href ?? '', isCallback);
      expect(done.body).toContain('Your terminal goes on by itself');
      expect(rogue.lastAsked.get('prompt')).toBe('login');
      const grant = { grant_type: 'urn:ietf:params:oauth:grant-type:device_code', device_code: device.device_code };
      const { body } = await askForTokens(base, grant);
      expect((await options(String(body['access_token']))).status).toBe(200);
    });

    test('a fresh one that is none is refused, and the command line hears why', async () => {
      expect((await signIn(authenticated(HOUR_S), '1')).refused).toMatch(/without asking you anew/);
      expect(rogue.lastAsked.get('prompt')).toBe('login');
      expect((await signIn({}, '1')).refused).toMatch(/does not say when/);
    });
  });
});

test.each([
  ['trusted', {}, 303, 'fresh'],
  ['trusted', { auth_time: now() - HOUR_S }, 403, null],
  ['unavailable', {}, 403, null],
  ['unavailable', { auth_time: now() - HOUR_S }, 403, null],
  ['unavailable', { auth_time: now() - 300 }, 303, 'fresh'],
] as const)(
  'where the operator says "%s", a fresh sign-in with %j answers %i',
  async (freshSignIn, claims, status, counts) => {
    const rogue = await startRogueProvider();
    const world = await startBrowserWorld({ provider: { ...rogue, freshSignIn } });
    try {
      rogue.lie = { claims };
      const agent = createUserAgent();
      const last = await agent.follow(begin(world.base, { fresh: '1' }), (url) => url.pathname === '/me');
      expect(last.status).toBe(status);
      expect(rogue.lastAsked.get('prompt')).toBe(freshSignIn === 'unavailable' ? null : 'login');
      if (counts !== null) expect(await tryToBegin(browserOf(agent, world.base))).toBe(counts);
      // A usual sign-in never counts without a time of the provider, whatever the operator vouches for.
      rogue.lie = {};
      const usual = createUserAgent();
      await walk(usual, world.base, 'bo', '/');
      expect(await tryToBegin(browserOf(usual, world.base))).toMatchObject({ code: 'sign-in-too-old' });
    } finally {
      await world.close();
      await rogue.close();
    }
  },
);
