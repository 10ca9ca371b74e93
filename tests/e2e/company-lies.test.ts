import { generateKeyPair } from 'jose';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createUserAgent } from './api-user-agent.ts';
import { SESSION, startBrowserWorld, walk, type Browser, type BrowserWorld } from './browser-world.ts';
import { startRogueProvider, type Lie, type RogueProvider } from './rogue-provider.ts';

let rogue: RogueProvider;
let world: BrowserWorld;
let base: string;
beforeAll(async () => {
  rogue = await startRogueProvider();
  world = await startBrowserWorld({ provider: rogue });
  base = world.base;
});
afterAll(async () => {
  await world.close();
  await rogue.close();
});
afterEach(() => {
  rogue.lie = {};
  rogue.keysAnswer = true;
});

const now = () => Math.floor(Date.now() / 1_000);

async function attempt(lie: Lie = {}) {
  rogue.lie = lie;
  const agent = createUserAgent();
  const last = await walk(agent, base, 'ana', '/');
  return { status: last.status, signedIn: agent.cookie(new URL(base).host, SESSION) !== null, body: last.body };
}

describe('an ID token', () => {
  test('that is honest signs in, also with a clock that is half a minute off', async () => {
    for (const offset of [0, 25, -25])
      expect(await attempt({ claims: { iat: now() + offset } })).toMatchObject({ status: 303, signedIn: true });
  });

  const lies: [string, () => Lie][] = [
    ['of another sign-in (nonce)', () => ({ claims: { nonce: 'x'.repeat(43) } })],
    ['of no sign-in (no nonce)', () => ({ claims: { nonce: undefined } })],
    ['of another issuer', () => ({ claims: { iss: 'https://evil.example' } })],
    ['for another client', () => ({ claims: { aud: 'another-client' } })],
    ['for another client besides us, who asked for it', () => ({ claims: { aud: ['curfew', 'x'], azp: 'x' } })],
    ['that is over', () => ({ claims: { iat: now() - 900, exp: now() - 600 } })],
    ['that begins in ten minutes', () => ({ claims: { nbf: now() + 600 } })],
    ['without an end', () => ({ claims: { exp: undefined } })],
    ['about nobody', () => ({ claims: { sub: undefined } })],
    ['without a signature', () => ({ header: { alg: 'none' } })],
    [
      'signed with a secret of the client',
      () => ({ header: { alg: 'HS256' }, key: new TextEncoder().encode('curfew'.repeat(8)) }),
    ],
  ];
  test.each(lies)('%s is refused', async (_name, lie) => {
    const answer = await attempt(lie());
    expect([answer.status < 400, answer.signedIn]).toEqual([false, false]);
  });

  test("signed by a key that is not the provider's is refused", async () => {
    const { privateKey } = await generateKeyPair('ES256');
    expect(await attempt({ key: privateKey })).toMatchObject({ status: 400, signedIn: false });
    expect(await attempt({ key: privateKey, header: { kid: 'unknown' } })).toMatchObject({
      status: 400,
      signedIn: false,
    });
  });

  test('of another person with the address of one of ours signs nobody in: an address can be given to anybody', async () => {
    for (const email_verified of [false, true]) {
      const claims = { sub: 'mallory', email: 'ana.ruiz@acme.example', preferred_username: 'ana', email_verified };
      expect(await attempt({ claims })).toMatchObject({ status: 403, signedIn: false });
    }
  });
});

test('a key that is replaced between two sign-ins costs nobody anything, and the old one is worth nothing', async () => {
  expect(await attempt()).toMatchObject({ signedIn: true });
  await rogue.rotate();
  expect(await attempt()).toMatchObject({ signedIn: true });
  await rogue.rotate();
  expect(await attempt()).toMatchObject({ signedIn: true });
});

test('while the keys cannot be had, a token with a new key signs nobody in, and says that the provider is away', async () => {
  await rogue.rotate();
  rogue.keysAnswer = false;
  expect(await attempt()).toMatchObject({ status: 503, signedIn: false });
  rogue.keysAnswer = true;
  expect(await attempt()).toMatchObject({ signedIn: true });
});

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };
let counted = 0;
const logoutClaims = (changes: Record<string, unknown> = {}) => ({
  iss: rogue.issuer,
  aud: 'curfew',
  iat: now(),
  exp: now() + 120,
  jti: `logout-${(counted += 1)}`,
  events: EVENTS,
  sub: 'ana',
  ...changes,
});
const send = (body: string, type = 'application/x-www-form-urlencoded') =>
  fetch(`${base}/sign-in/back-channel-logout`, { method: 'POST', body, headers: { 'content-type': type } });
const logout = async (claims: Record<string, unknown>, header = {}) =>
  send(String(new URLSearchParams({ logout_token: await rogue.sign(claims, { typ: 'logout+jwt', ...header }) })));

async function signedIn(claims: Record<string, unknown>): Promise<Browser> {
  rogue.lie = { claims };
  return world.signIn('ana');
}

describe('a logout at the company', () => {
  test('of one session ends what came out of that one; of a person, all of theirs', async () => {
    const [one, two, bo] = [
      await signedIn({ sid: 's1' }),
      await signedIn({ sid: 's2' }),
      await signedIn({ sub: 'bo' }),
    ];
    const state = async () => [
      (await one.get('/v1/me')).status,
      (await two.get('/v1/me')).status,
      (await bo.get('/v1/me')).status,
    ];
    const answer = await logout(logoutClaims({ sid: 's1' }));
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(await state()).toEqual([401, 200, 200]);
    expect((await logout(logoutClaims())).status).toBe(200);
    expect(await state()).toEqual([401, 401, 200]);
  });

  test('of nobody who is here is fine', async () => {
    expect((await logout(logoutClaims({ sub: 'stranger' }))).status).toBe(200);
    expect((await logout(logoutClaims({ sub: undefined, sid: 'unknown' }))).status).toBe(200);
  });

  test('that is sent again is refused, and does not end a newer session', async () => {
    const claims = logoutClaims();
    const token = await rogue.sign(claims, { typ: 'logout+jwt' });
    const body = String(new URLSearchParams({ logout_token: token }));
    const answers = await Promise.all([send(body), send(body), send(body)]);
    expect(answers.map((one) => one.status).sort()).toEqual([200, 400, 400]);
    const ana = await signedIn({});
    expect((await send(body)).status).toBe(400);
    expect((await ana.get('/v1/me')).status).toBe(200);
  });

  const bad: [string, () => Record<string, unknown>, Record<string, unknown>?][] = [
    ['of another issuer', () => ({ iss: 'https://evil.example' })],
    ['for another client', () => ({ aud: 'another-client' })],
    ['from an hour ago', () => ({ iat: now() - 3_600, exp: now() + 3_600 })],
    ['from the future', () => ({ iat: now() + 600, exp: now() + 900 })],
    ['that is over', () => ({ exp: now() - 60 })],
    ['without a time', () => ({ iat: undefined })],
    ['without an id', () => ({ jti: undefined })],
    ['about nobody', () => ({ sub: undefined })],
    ['of another event', () => ({ events: { 'https://example.com/another': {} } })],
    ['without an event', () => ({ events: undefined })],
    ['whose event is a word', () => ({ events: 'http://schemas.openid.net/event/backchannel-logout' })],
    ['that is an ID token (nonce)', () => ({ nonce: 'n' })],
    ['that is an access token (typ)', () => ({}), { typ: 'at+jwt' }],
  ];
  test.each(bad)('%s is refused and ends nothing', async (_name, changes, header) => {
    const ana = await signedIn({});
    const answer = await logout(logoutClaims(changes()), header);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: 'invalid_request' });
    expect((await ana.get('/v1/me')).status).toBe(200);
  });

  test('an ID token is no logout, and neither is nonsense, another form, or a megabyte', async () => {
    const ana = await signedIn({});
    const { events: _, ...rest } = logoutClaims();
    const token = await rogue.sign(rest);
    for (const body of [
      `logout_token=${token}`,
      'logout_token=x.y.z',
      'logout_token=',
      '',
      `logout_token=${'x'.repeat(1_000_000)}`,
    ])
      expect((await send(body)).status).toBe(400);
    const good = await rogue.sign(logoutClaims());
    expect((await send(`logout_token=${good}&logout_token=${good}`)).status).toBe(400);
    expect((await send(JSON.stringify({ logout_token: good }), 'application/json')).status).toBe(400);
    expect((await fetch(`${base}/sign-in/back-channel-logout?logout_token=${good}`)).status).toBe(400);
    const { privateKey } = await generateKeyPair('ES256');
    const forged = await rogue.sign(logoutClaims(), { typ: 'logout+jwt' }, privateKey);
    expect((await send(`logout_token=${forged}`)).status).toBe(400);
    expect((await ana.get('/v1/me')).status).toBe(200);
    expect(await (await logout(logoutClaims())).text()).toBe('');
  });

  test('with keys that nobody knows does not make us read the keys again and again', async () => {
    const before = rogue.keyReads;
    for (let count = 0; count < 20; count += 1)
      expect((await logout(logoutClaims(), { kid: `k${count}` })).status).toBe(400);
    expect(rogue.keyReads - before).toBeLessThanOrEqual(1);
  });
});
