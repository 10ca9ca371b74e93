import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDemoIdp } from '../../simulators/idp/demo-idp.ts';
import {
  askForTokens,
  beginDevice,
  claimsOf,
  createUserAgent,
  deviceForm,
  isCallback,
  newAttempt,
  pollDevice,
  redeemCode,
  signIn,
  walkToCode,
  whoAmI,
  type Code,
  type Tokens,
} from './api-user-agent.ts';
import { startApiWorld, STAFF, type ApiWorld } from './api-world.ts';

let world: ApiWorld;
let base: string;
beforeAll(async () => {
  world = await startApiWorld();
  base = world.base.origin;
});
afterAll(() => world.close());

const me = (token: string) => whoAmI(base, token);
const refresh = (token: string): Promise<Tokens> =>
  askForTokens(base, { grant_type: 'refresh_token', refresh_token: token });
const BY_ITSELF = { kind: 'system', id: 'sign-in' };
/** The entries of the log about the end of the sign-in that a token belongs to. */
async function endsOf(accessToken: unknown): Promise<readonly unknown[]> {
  const { sign_in: id } = claimsOf(String(accessToken));
  const rows = await world.database.db.selectFrom('ledger_outbox').select('body').orderBy('id').execute();
  const entries = rows.map(({ body }) => JSON.parse(body) as { kind: string; facts: Record<string, unknown> });
  return entries.filter(({ kind, facts }) => kind === 'session.ended' && facts['session'] === id);
}
const codeFor = (person: string): Promise<Code> => walkToCode(base, person);
const redeem = (given: Code, changes: Record<string, string> = {}): Promise<Tokens> => redeemCode(base, given, changes);

describe('signing in', () => {
  test('gives a token that the API takes, for ten minutes, and says when the sign-in ends', async () => {
    const { accessToken } = await signIn(base, 'ana');
    const claims = claimsOf(accessToken);
    expect(claims).toMatchObject({
      iss: `${base}/oauth`,
      aud: `${base}/v1`,
      preferred_username: 'ana',
      client_id: 'curfew-cli',
      amr: ['mfa'],
    });
    expect(Number(claims['exp']) - Number(claims['iat'])).toBe(600);
    const answer = await me(accessToken);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ person: { key: 'ana', name: 'Ana Ruiz' } });
  });

  test('gives the same person the same pseudonym, and another one another', async () => {
    const subjects = [];
    for (const person of ['ana', 'ana', 'bo']) subjects.push(claimsOf((await signIn(base, person)).accessToken)['sub']);
    expect(subjects[0]).toBe(subjects[1]);
    expect(subjects[2]).not.toBe(subjects[0]);
  });

  test('lets one browser be another person each time', async () => {
    const agent = createUserAgent();
    for (const person of ['ana', 'bo', 'ana']) {
      const attempt = newAttempt(base, { login_hint: person });
      const code = (await agent.follow(attempt.url, isCallback)).location?.searchParams.get('code') ?? '';
      const tokens = await redeem({ code, verifier: attempt.verifier, redirectUri: attempt.redirectUri });
      expect(claimsOf(String(tokens.body['access_token']))['preferred_username']).toBe(person);
    }
  });

  test('without a hint shows the people of the demo and goes on when one is chosen', async () => {
    const agent = createUserAgent();
    const attempt = newAttempt(base);
    const list = await agent.follow(attempt.url, isCallback);
    expect(list.body).toContain('Ana Ruiz');
    const chosen = await agent.post(list.url.href, { person: 'bo' });
    const last = await agent.follow(chosen.location?.href ?? '', isCallback);
    expect(last.location?.searchParams.get('code')).toBeTruthy();
    expect(last.location?.searchParams.get('iss')).toBe(`${base}/oauth`);
    expect(last.location?.searchParams.get('state')).toBe(attempt.state);
  });

  test('sends who is not in the directory, or has left, back with a reason and no code', async () => {
    const last = await createUserAgent().follow(newAttempt(base, { login_hint: 'zoe' }).url, isCallback);
    expect(last.location?.searchParams.get('error')).toBe('access_denied');
    expect(last.location?.searchParams.get('error_description')).toBe('Nobody in the directory is you.');
    expect(last.location?.searchParams.has('code')).toBe(false);
  });

  test('keeps cookies from scripts and other sites', async () => {
    const agent = createUserAgent();
    await agent.follow(newAttempt(base, { login_hint: 'ana' }).url, isCallback);
    const ours = agent.cookies().filter((line) => line.startsWith('curfew_'));
    expect(ours.length).toBeGreaterThan(3);
    for (const line of ours) {
      expect(line).toMatch(/httponly/i);
      expect(line).toMatch(/samesite=lax/i);
    }
  });
});

describe('a code', () => {
  test('needs its verifier and its redirect address, and works once', async () => {
    const wrongVerifier = await codeFor('ana');
    expect(await redeem(wrongVerifier, { code_verifier: 'x'.repeat(43) })).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    const wrongRedirect = await codeFor('ana');
    expect(await redeem(wrongRedirect, { redirect_uri: 'http://127.0.0.1:1/callback' })).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    const none = await codeFor('ana');
    expect((await redeem({ ...none, verifier: '' })).status).toBe(400);
  });

  test('that is used twice ends what came out of it', async () => {
    const given = await codeFor('ana');
    const first = await redeem(given);
    expect(first.status).toBe(200);
    expect(await redeem(given)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(await refresh(String(first.body['refresh_token']))).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    expect(await endsOf(first.body['access_token'])).toMatchObject([
      { actor: BY_ITSELF, facts: { cause: 'replayed' } },
    ]);
  });

  test('that is used by two at one instant gives at most one sign-in, and that ends too', async () => {
    const given = await codeFor('ana');
    const answers = await Promise.all([redeem(given), redeem(given), redeem(given)]);
    const good = answers.filter((answer) => answer.status === 200);
    expect(good.length).toBeLessThanOrEqual(1);
    for (const answer of good)
      expect((await refresh(String(answer.body['refresh_token']))).body).toMatchObject({ error: 'invalid_grant' });
  });
});

describe('a refresh token', () => {
  test('is replaced at each use, and does not move the end of the sign-in', async () => {
    const { accessToken, refreshToken } = await signIn(base, 'ana');
    const next = await refresh(refreshToken);
    expect(next.status).toBe(200);
    expect(next.body['refresh_token']).not.toBe(refreshToken);
    const [before, now] = [claimsOf(accessToken), claimsOf(String(next.body['access_token']))];
    expect(Math.abs(Number(now['sign_in_exp']) - Number(before['sign_in_exp']))).toBeLessThanOrEqual(2);
    expect(now['auth_time']).toBe(before['auth_time']);
    expect((await me(String(next.body['access_token']))).status).toBe(200);
  });

  test('that is used again ends the whole sign-in, also for who used it first', async () => {
    const { refreshToken } = await signIn(base, 'ana');
    const thief = await refresh(refreshToken);
    expect(thief.status).toBe(200);
    expect(await refresh(refreshToken)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect(await refresh(String(thief.body['refresh_token']))).toMatchObject({
      status: 400,
      body: { error: 'invalid_grant' },
    });
    expect(await endsOf(thief.body['access_token'])).toMatchObject([
      { actor: BY_ITSELF, facts: { cause: 'replayed' } },
    ]);
  });

  test('that is used by two at one instant is reuse', async () => {
    const { accessToken, refreshToken } = await signIn(base, 'ana');
    const answers = await Promise.all([refresh(refreshToken), refresh(refreshToken)]);
    const good = answers.filter((answer) => answer.status === 200);
    expect(good.length).toBeLessThanOrEqual(1);
    for (const answer of good) expect((await refresh(String(answer.body['refresh_token']))).status).toBe(400);
    expect(await endsOf(accessToken)).toMatchObject([{ actor: BY_ITSELF, facts: { cause: 'replayed' } }]);
  });

  test('is over when the person signs out', async () => {
    const { accessToken, refreshToken } = await signIn(base, 'ana');
    const answer = await fetch(`${base}/oauth/token/revocation`, {
      method: 'POST',
      body: new URLSearchParams({ client_id: 'curfew-cli', token: refreshToken, token_type_hint: 'refresh_token' }),
    });
    expect(answer.status).toBe(200);
    expect((await refresh(refreshToken)).body).toMatchObject({ error: 'invalid_grant' });
    const { sub } = claimsOf(accessToken);
    expect(await endsOf(accessToken)).toMatchObject([
      { actor: { kind: 'person', id: sub }, subjects: { person: sub }, facts: { cause: 'signed-out' } },
    ]);
  });

  test('gives nothing to somebody who has left, and their access token is refused at once', async () => {
    const { accessToken, refreshToken } = await signIn(base, 'bo');
    const bo = world.staff.get('bo');
    if (bo === undefined) throw new Error('no bo');
    world.staff.set('bo', { ...bo, active: false });
    try {
      expect((await me(accessToken)).status).toBe(401);
      expect((await refresh(refreshToken)).body).toMatchObject({ error: 'invalid_grant' });
    } finally {
      world.staff.set('bo', bo);
    }
  });
});

describe('a device', () => {
  const begin = () => beginDevice(base);
  const poll = (code: string) => pollDevice(base, code);

  test('is signed in after its code was typed, confirmed, and its person signed in', async () => {
    const device = await begin();
    expect(device.verification_uri).toBe(`${base}/oauth/device`);
    expect(await poll(device.device_code)).toMatchObject({ status: 400, body: { error: 'authorization_pending' } });
    const agent = createUserAgent();
    const input = await agent.get(device.verification_uri);
    expect(input.body).toContain('Type the code');
    expect(input.headers.get('content-security-policy')).not.toContain('unsafe');
    const confirm = await agent.post(device.verification_uri, {
      ...deviceForm(input),
      user_code: device.user_code.toLowerCase(),
    });
    expect(confirm.body).toContain('Is this your code?');
    expect(confirm.body).toContain(device.user_code);
    const started = await agent.post(device.verification_uri, { ...deviceForm(confirm), confirm: 'yes' });
    const people = await agent.follow(started.location?.href ?? '', isCallback);
    const chosen = await agent.post(people.url.href, { person: 'bo' });
    const done = await agent.follow(chosen.location?.href ?? '', isCallback);
    expect(done.body).toContain('Your terminal goes on by itself');
    const tokens = await poll(device.device_code);
    expect(tokens.status).toBe(200);
    expect((await me(String(tokens.body['access_token']))).status).toBe(200);
    expect(await poll(device.device_code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
    expect((await refresh(String(tokens.body['refresh_token']))).body).toMatchObject({ error: 'invalid_grant' });
  });

  test('is not signed in when the person stops, and the terminal hears it', async () => {
    const device = await begin();
    const agent = createUserAgent();
    const input = await agent.get(device.verification_uri);
    const confirm = await agent.post(device.verification_uri, { ...deviceForm(input), user_code: device.user_code });
    const stopped = await agent.post(device.verification_uri, { ...deviceForm(confirm), abort: 'yes' });
    expect(stopped.body).toContain('Nobody is signed in');
    expect(await poll(device.device_code)).toMatchObject({ status: 400, body: { error: 'access_denied' } });
  });

  test('needs a code that exists, from our own page', async () => {
    const device = await begin();
    const agent = createUserAgent();
    const input = await agent.get(device.verification_uri);
    const wrong = await agent.post(device.verification_uri, { ...deviceForm(input), user_code: 'BBBB-BBBB' });
    expect(wrong.body).toContain('This code is not known');
    const planted = await createUserAgent().post(device.verification_uri, {
      xsrf: 'x',
      user_code: device.user_code,
      confirm: 'yes',
    });
    expect(planted.location).toBeNull();
    // Somebody whose page is old is in the same place, and reads what to do.
    expect([planted.status, planted.headers.get('content-type')]).toEqual([400, 'text/html; charset=utf-8']);
    expect(planted.body).toContain('This page has expired');
    expect(planted.body).toContain('Start again with <code>curfew login</code>');
    // So does whoever came here from the portal: a link of theirs that has been used up ends at the same page.
    expect(planted.body).toContain('<a href="/">Back to Curfew</a>');
    const bare = await createUserAgent().get(`${new URL(device.verification_uri).origin}/sign-in/callback`);
    expect([bare.status, bare.body.includes('<a href="/">Back to Curfew</a>')]).toEqual([400, true]);
    const back = await createUserAgent().get(`${device.verification_uri}/abcdefghijklmnop`);
    expect([back.status, back.body.includes('This page has expired')]).toEqual([400, true]);
    expect(world.lines.filter(({ message }) => message === 'the authorization server failed')).toEqual([]);
    expect(await poll(device.device_code)).toMatchObject({ body: { error: 'authorization_pending' } });
  });
});

test('while the company provider is down, sign-in says so and the rest goes on; it works again without a restart', async () => {
  const { accessToken } = await signIn(base, 'ana');
  await world.idp.close();
  // A new address is asked for its metadata at the first sign-in, an old one has it: both are tried.
  const fresh = await startApiWorld();
  await fresh.idp.close();
  try {
    const down = await createUserAgent().follow(newAttempt(fresh.base.origin, { login_hint: 'ana' }).url, isCallback);
    expect(down.status).toBe(503);
    expect(down.body).toContain('did not answer');
    expect((await me(accessToken)).status).toBe(200);
    for (const { idp, base: own } of [fresh, world]) {
      const again = await startDemoIdp({
        port: Number(new URL(idp.issuer).port),
        people: STAFF,
        clientRedirects: [`${own.origin}/sign-in/callback`],
      });
      try {
        expect((await signIn(own.origin, 'ana')).accessToken).not.toBe('');
      } finally {
        await again.close();
      }
    }
  } finally {
    await fresh.close();
  }
});
