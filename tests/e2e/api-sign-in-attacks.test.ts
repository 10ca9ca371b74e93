import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { importJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createAuthorizationServer } from '../../src/identity/authorization-server.ts';
import { parseBaseUrl } from '../../src/identity/base-url.ts';
import { makeSigningJwk } from '../../src/identity/keys.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import {
  claimsOf,
  createUserAgent,
  isCallback,
  newAttempt,
  redeemCode,
  signIn,
  walkToCode,
  whoAmI,
} from './api-user-agent.ts';
import { companyAt, startApiWorld, type ApiWorld } from './api-world.ts';

let world: ApiWorld;
let base: string;
beforeAll(async () => {
  world = await startApiWorld();
  base = world.base.origin;
});
afterAll(() => world.close());

const me = (token: string) => whoAmI(base, token);

/** Follows until our own callback would be called with the answer of the company's provider. */
async function untilCallback(person: string): Promise<{ agent: ReturnType<typeof createUserAgent>; callback: URL }> {
  const agent = createUserAgent();
  const last = await agent.follow(
    newAttempt(base, { login_hint: person }).url,
    (url) => url.pathname === '/sign-in/callback',
  );
  if (last.location === null) throw new Error(last.body);
  return { agent, callback: last.location };
}

describe('what the authorization endpoint refuses without sending the browser anywhere', () => {
  test.each([
    ['a redirect to another host', 'https://evil.example/callback'],
    ['a redirect to a name that only looks local', 'http://127.0.0.1.evil.example/callback'],
    ['localhost by name', 'http://localhost:4999/callback'],
    ['another path', 'http://127.0.0.1:4999/other'],
    ['https on loopback', 'https://127.0.0.1:4999/callback'],
    ['a user in the address', 'http://evil@127.0.0.1:4999/callback'],
    ['a scheme of an app', 'curfew://callback'],
  ])('%s', async (_name, redirectUri) => {
    const answer = await createUserAgent().get(newAttempt(base, { redirect_uri: redirectUri }).url);
    expect(answer.status).toBe(400);
    expect(answer.location).toBeNull();
  });

  test('an unknown client', async () => {
    expect((await createUserAgent().get(newAttempt(base, { client_id: 'other' }).url)).status).toBe(400);
  });
});

describe('what it refuses with an error at the callback', () => {
  test.each([
    ['no PKCE', { code_challenge: null, code_challenge_method: null }, 'invalid_request'],
    ['PKCE that is plain', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['PKCE without a method, which would be plain', { code_challenge_method: null }, 'invalid_request'],
    ['a token in the address', { response_type: 'token' }, 'unsupported_response_type'],
    ['an ID token in the address', { response_type: 'id_token', nonce: 'n' }, 'unsupported_response_type'],
    ['a token for another server', { resource: 'https://other.example/v1' }, 'invalid_target'],
    ['a sign-in without asking anybody', { prompt: 'none' }, 'login_required'],
  ])('%s', async (_name, changes, error) => {
    const answer = await createUserAgent().get(newAttempt(base, changes).url);
    expect(answer.status).toBe(303);
    const parameters = new URLSearchParams(answer.location?.hash.slice(1) || answer.location?.search);
    expect(parameters.get('error')).toBe(error);
    expect(parameters.has('code')).toBe(false);
  });
});

describe('the way back from the company provider', () => {
  test('works once', async () => {
    const { agent, callback } = await untilCallback('ana');
    expect((await agent.get(callback.href)).status).toBe(303);
    const again = await agent.get(callback.href);
    expect(again.status).toBe(400);
    expect(again.body).toContain('has ended or was already used');
  });

  test('signs nobody in when it is planted in another browser', async () => {
    const { callback } = await untilCallback('bo');
    const victim = createUserAgent();
    await victim.follow(newAttempt(base, { login_hint: 'ana' }).url, (url) => url.pathname === '/sign-in/callback');
    const planted = await victim.get(callback.href);
    expect(planted.status).toBe(400);
    expect(planted.body).toContain('Another sign-in was started in this browser');
    const stranger = await createUserAgent().get((await untilCallback('bo')).callback.href);
    expect(stranger.status).toBe(400);
    expect(stranger.body).toContain('started in another browser');
  });

  test.each([
    ['of another provider (iss)', (url: URL) => url.searchParams.set('iss', 'https://evil.example')],
    ['without the provider (iss)', (url: URL) => url.searchParams.delete('iss')],
    ['with a code that is none', (url: URL) => url.searchParams.set('code', 'x')],
    ['with an unknown state', (url: URL) => url.searchParams.set('state', 'x')],
    ['without a state', (url: URL) => url.searchParams.delete('state')],
  ])('refuses an answer %s', async (_name, change) => {
    const { agent, callback } = await untilCallback('ana');
    change(callback);
    const answer = await agent.get(callback.href);
    expect(answer.status).toBe(400);
    expect(answer.location).toBeNull();
  });

  test("refuses the code of another person's sign-in under one's own state", async () => {
    const attacker = await untilCallback('bo');
    const victim = await untilCallback('ana');
    victim.callback.searchParams.set('code', attacker.callback.searchParams.get('code') ?? '');
    const answer = await victim.agent.get(victim.callback.href);
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('does not belong to this sign-in');
  });

  test('hands a no of the provider to the command line', async () => {
    const { agent, callback } = await untilCallback('ana');
    callback.searchParams.delete('code');
    callback.searchParams.set('error', 'access_denied');
    const last = await agent.follow(callback.href, isCallback);
    expect(last.location?.searchParams.get('error')).toBe('access_denied');
  });
});

describe('our own address', () => {
  const lies = {
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'https',
    forwarded: 'host=evil.example;proto=https',
  };

  test('does not come from what a request claims', async () => {
    const answer = await fetch(`${base}/oauth/.well-known/openid-configuration`, { headers: lies });
    const text = await answer.text();
    expect(text).not.toContain('evil.example');
    expect(JSON.parse(text)).toMatchObject({
      issuer: `${base}/oauth`,
      token_endpoint: `${base}/oauth/token`,
      code_challenge_methods_supported: ['S256'],
    });
    const agent = createUserAgent(lies);
    const last = await agent.follow(newAttempt(base, { login_hint: 'ana' }).url, isCallback);
    expect(last.location?.searchParams.get('iss')).toBe(`${base}/oauth`);
    expect(agent.cookies().join('\n')).not.toContain('evil');
  });

  test('is https with Secure cookies behind a proxy that ends TLS, whatever Host says', async () => {
    const secure = parseBaseUrl('https://curfew.acme.example');
    const server = createAuthorizationServer({
      base: secure,
      db: world.database.db,
      keys: world.keys,
      companies: [companyAt(world.idp)],
      linkProven: () => Promise.reject(new Error('not here')),
      people: { admit: () => Promise.reject(new Error('not here')), find: () => Promise.resolve(null) },
      endAtCompany: () => Promise.resolve(false),
      endSignIn: async () => {},
      openSession: () => Promise.reject(new Error('not here')),
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      epoch: { known: () => 'one', look: () => Promise.resolve('one') },
    });
    const http = createServer((request, response) => server.handle(request, response));
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    try {
      const port = (http.address() as AddressInfo).port;
      const attempt = newAttempt(secure.origin).url.replace(secure.origin, `http://127.0.0.1:${port}`);
      const answer = await createUserAgent().get(attempt);
      expect(answer.status).toBe(303);
      for (const line of answer.headers.getSetCookie()) expect(line).toMatch(/; secure/i);
      const discovery = await (await fetch(`http://127.0.0.1:${port}/oauth/.well-known/openid-configuration`)).json();
      expect(discovery).toMatchObject({
        issuer: 'https://curfew.acme.example/oauth',
        authorization_endpoint: 'https://curfew.acme.example/oauth/authorize',
      });
    } finally {
      http.close();
    }
  });
});

describe('tokens that we did not make', () => {
  test("the company provider's own ID token, one of another issuer, and one signed by another key are refused", async () => {
    const { accessToken } = await signIn(base, 'ana');
    const claims = claimsOf(accessToken);
    const other = makeSigningJwk();
    const forged = async (payload: Record<string, unknown>, kid: string) =>
      new SignJWT(payload)
        .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid })
        .sign(await importJWK({ ...other }, 'ES256'));
    const kid = world.keys.signing[0].kid;
    const bad = [
      await forged(claims, kid),
      await forged(claims, other.kid),
      await forged({ ...claims, iss: world.idp.issuer }, kid),
      `${accessToken.slice(0, -4)}AAAA`,
      accessToken.replace(/\.[^.]*$/, '.'),
    ];
    for (const token of bad) expect((await me(token)).status).toBe(401);
  });

  test('our ID token is no access token', async () => {
    const tokens = await redeemCode(base, await walkToCode(base, 'ana'));
    expect((await me(String(tokens.body['id_token']))).status).toBe(401);
  });
});

describe('what a copy of the database and of the log gives away', () => {
  test('no code, no token, no cookie, no name beyond the pseudonym that lists its sign-ins', async () => {
    const agent = createUserAgent();
    const attempt = newAttempt(base, { login_hint: 'ana' });
    const last = await agent.follow(attempt.url, isCallback);
    const code = last.location?.searchParams.get('code') ?? '';
    const tokens = await redeemCode(base, { code, verifier: attempt.verifier, redirectUri: attempt.redirectUri });
    await agent.get(newAttempt(base, { login_hint: 'bo' }).url);
    const secrets = [code, String(tokens.body['access_token']), String(tokens.body['refresh_token']), attempt.verifier];
    for (const line of agent.cookies()) {
      const value = /^curfew_\w+=([\w-]{20,})/.exec(line)?.[1];
      if (value !== undefined) secrets.push(value);
    }
    expect(secrets.length).toBeGreaterThan(5);
    const rows = await world.database.db.selectFrom('oidc_payload').selectAll().execute();
    expect(rows.length).toBeGreaterThan(3);
    const dump = JSON.stringify(rows);
    const log = JSON.stringify(world.lines);
    for (const secret of secrets) {
      expect(dump).not.toContain(secret);
      expect(log).not.toContain(secret);
    }
    expect(dump).not.toContain('"ana"');
  });
});
