import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  askForTokens,
  createUserAgent,
  isCallback,
  newAttempt,
  redeemCode,
  whoAmI,
  type Code,
  type UserAgent,
} from './api-user-agent.ts';
import {
  browserOf,
  startBrowserWorld,
  walk,
  walkToCallback,
  type Browser,
  type BrowserWorld,
} from './browser-world.ts';
import { startShapedProvider, type Shape, type ShapedProvider } from './company-shapes.ts';
import { freePorts } from '../free-ports.ts';
import { startRogueProvider, type RogueProvider } from './rogue-provider.ts';

interface CommandLine {
  readonly access: string;
  readonly refresh: string;
}

const PLAIN: Shape = { name: 'a company', claims: {}, amr: null, authTime: true, namesIssuer: true };

/** Walks a sign-in of the command line to its code in a browser that the company may know already. */
async function codeIn(agent: UserAgent, base: string, person: string): Promise<Code> {
  const { url, verifier, redirectUri } = newAttempt(base, { login_hint: person });
  const last = await agent.follow(url, isCallback);
  return { code: last.location?.searchParams.get('code') ?? `${last.status} ${last.body}`, verifier, redirectUri };
}

async function atCommandLine(base: string, person: string, agent = createUserAgent()): Promise<CommandLine> {
  const { status, body } = await redeemCode(base, await codeIn(agent, base, person));
  expect(status).toBe(200);
  return { access: String(body['access_token']), refresh: String(body['refresh_token']) };
}

async function atBrowser(base: string, person: string, agent = createUserAgent()): Promise<Browser> {
  await walk(agent, base, person, '/');
  return browserOf(agent, base);
}

/** Whether a sign-in still opens anything: a token that it has, and one that it asks for. */
async function stands(base: string, { access, refresh }: CommandLine): Promise<readonly [boolean, boolean]> {
  const me = await whoAmI(base, access);
  const { status } = await askForTokens(base, { grant_type: 'refresh_token', refresh_token: refresh });
  return [me.status === 200, status === 200];
}
const GONE = [false, false];
const THERE = [true, true];

describe('a logout at a real provider', () => {
  const open: { close(): Promise<void> }[] = [];
  afterAll(async () => {
    for (const one of open.toReversed()) await one.close();
  });

  async function start(session: boolean): Promise<{ readonly base: string; readonly provider: ShapedProvider }> {
    const port = await freePorts(1);
    const base = `http://localhost:${port}`;
    const logout = { uri: `${base}/sign-in/back-channel-logout`, session };
    const provider = await startShapedProvider(PLAIN, `${base}/sign-in/callback`, logout);
    open.push(provider);
    open.push(await startBrowserWorld({ provider, port }));
    return { base, provider };
  }

  /** Signs out at the company, as its own page does. */
  async function signOut(agent: UserAgent, { issuer }: ShapedProvider): Promise<void> {
    const page = await agent.get(`${issuer}/session/end`);
    const xsrf = /name="xsrf" value="([^"]+)"/.exec(page.body)?.[1] ?? '';
    const done = await agent.post(`${issuer}/session/end/confirm`, { xsrf, logout: 'yes' });
    expect(done.status).toBeLessThan(400);
  }

  test('that names its session ends the browser and the command line that came out of it, and nothing else', async () => {
    const { base, provider } = await start(true);
    const [here, elsewhere] = [createUserAgent(), createUserAgent()];
    const [line, browser] = [await atCommandLine(base, 'ana', here), await atBrowser(base, 'ana', here)];
    const [otherLine, otherBrowser] = [
      await atCommandLine(base, 'ana', elsewhere),
      await atBrowser(base, 'ana', elsewhere),
    ];
    const bo = await atCommandLine(base, 'bo');
    await signOut(here, provider);
    expect(await stands(base, line)).toEqual(GONE);
    expect((await browser.get('/v1/me')).status).toBe(401);
    expect((await otherBrowser.get('/v1/me')).status).toBe(200);
    for (const one of [otherLine, bo]) expect(await stands(base, one)).toEqual(THERE);
    // What is listed is what stands, and the log says of both how they ended.
    const { items } = (await otherBrowser.get('/v1/me/sessions')).json as { items: { kind: string }[] };
    expect(items.map((one) => one.kind).sort()).toEqual(['browser', 'cli']);
    await expect
      .poll(async () => {
        const found = await otherBrowser.get('/v1/audit/search?kind=session.ended');
        return (found.json['items'] as object[]).length;
      })
      .toBe(2);
    const log = await otherBrowser.get('/v1/audit/entries?from=0&limit=1000');
    expect(log.body.match(/signed-out-at-company/g)).toHaveLength(2);
  });

  test('that names the person alone ends every sign-in of theirs, and of nobody else', async () => {
    const { base, provider } = await start(false);
    const here = createUserAgent();
    const lines = [await atCommandLine(base, 'ana', here), await atCommandLine(base, 'ana')];
    const bo = await atCommandLine(base, 'bo');
    await signOut(here, provider);
    for (const one of lines) expect(await stands(base, one)).toEqual(GONE);
    expect(await stands(base, bo)).toEqual(THERE);
    expect(await stands(base, await atCommandLine(base, 'ana'))).toEqual(THERE);
  });
});

describe('a logout that a provider says', () => {
  let rogue: RogueProvider;
  let other: RogueProvider;
  let world: BrowserWorld;
  let base: string;
  beforeAll(async () => {
    [rogue, other] = [await startRogueProvider(), await startRogueProvider()];
    const { issuer, clientId } = other;
    const further = [{ name: 'contractors', title: 'Northwind', issuer, clientId, clientSecretFile: null }];
    world = await startBrowserWorld({ provider: rogue, further });
    base = world.base;
  });
  afterAll(async () => {
    await world.close();
    await rogue.close();
    await other.close();
  });

  let counted = 0;
  const logoutToken = (claims: Record<string, unknown>, by = rogue): Promise<string> => {
    const iat = Math.floor(Date.now() / 1_000);
    const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
    const usual = { iss: by.issuer, aud: 'curfew', iat, exp: iat + 120, jti: `l${(counted += 1)}`, events };
    return by.sign({ ...usual, ...claims }, { typ: 'logout+jwt' });
  };
  const send = async (token: string, at = ''): Promise<number> => {
    const body = new URLSearchParams({ logout_token: token });
    return (await fetch(`${base}/sign-in/back-channel-logout${at}`, { method: 'POST', body })).status;
  };
  const withSession = (sid: string) => {
    rogue.lie = { claims: { sid } };
  };

  test('sent again does not end a newer sign-in of a command line', async () => {
    withSession('s1');
    const old = await atCommandLine(base, 'ana');
    const token = await logoutToken({ sub: 'ana' });
    expect(await send(token)).toBe(200);
    expect(await stands(base, old)).toEqual(GONE);
    withSession('s2');
    const newer = await atCommandLine(base, 'ana');
    expect(await send(token)).toBe(400);
    expect(await stands(base, newer)).toEqual(THERE);
  });

  test('of another issuer, for another client or badly signed ends nothing', async () => {
    withSession('s3');
    const line = await atCommandLine(base, 'ana');
    const iss = 'https://evil.example';
    for (const claims of [
      { sub: 'ana', iss },
      { sid: 's3', aud: 'another' },
      { sid: 's3', nonce: 'an ID token' },
    ])
      expect(await send(await logoutToken(claims))).toBe(400);
    expect(await stands(base, line)).toEqual(THERE);
  });

  test('of another session of the same person, or of the same name of another kind, ends nothing', async () => {
    withSession('s4');
    const line = await atCommandLine(base, 'ana');
    for (const claims of [{ sid: 's5', sub: 'ana' }, { sid: 'ana' }, { sub: 's4' }])
      expect(await send(await logoutToken(claims))).toBe(200);
    expect(await stands(base, line)).toEqual(THERE);
  });

  test('of one provider ends nothing that came out of another, wherever it is sent', async () => {
    withSession('s8');
    const line = await atCommandLine(base, 'ana');
    const own = await logoutToken({ sub: 'ana', sid: 's8' });
    const foreign = await logoutToken({ sub: 'ana', sid: 's8' }, other);
    const pretending = await logoutToken({ sub: 'ana', sid: 's8', iss: rogue.issuer }, other);
    expect([await send(foreign), await send(pretending)]).toEqual([400, 400]);
    expect([await send(own, '/contractors'), await send(pretending, '/contractors')]).toEqual([400, 400]);
    expect([await send(own, '/oidc'), await send(own, '/')]).toEqual([405, 405]);
    // About its own person of the same name, in its own session of the same name.
    expect(await send(foreign, '/contractors')).toBe(200);
    expect(await stands(base, line)).toEqual(THERE);
  });

  test('links no account that its provider let in without asking anew', async () => {
    rogue.lie = { claims: { auth_time: Math.floor(Date.now() / 1_000) } };
    const ana = await atBrowser(base, 'ana');
    const prove = async (claims: Record<string, unknown>) => {
      const begun = await ana.change('POST', '/v1/me/accounts', { provider: 'contractors', return: '/me' });
      other.lie = { claims: { sub: 'nw-1', ...claims } };
      return ana.agent.follow(String(begun.json['url']), (url) => url.pathname === '/me');
    };
    for (const claims of [{}, { auth_time: Math.floor(Date.now() / 1_000) - 3_600 }, { iss: rogue.issuer }]) {
      const refused = await prove(claims);
      expect([refused.status >= 400, refused.body]).toEqual([true, expect.stringContaining('was not linked')]);
    }
    expect((await prove({ auth_time: Math.floor(Date.now() / 1_000) })).status).toBe(303);
  });

  test('before a code was redeemed leaves nothing to redeem', async () => {
    withSession('s6');
    const code = await codeIn(createUserAgent(), base, 'ana');
    expect(await send(await logoutToken({ sid: 's6' }))).toBe(200);
    expect(await redeemCode(base, code)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });
  });

  test.each([
    ['its session', { sid: 's7' }],
    ['the person', { sub: 'ana' }],
  ])('while a sign-in is under way keeps it from being finished (%s)', async (_name, claims) => {
    withSession('s7');
    const agent = createUserAgent();
    const way = await walkToCallback(agent, base, 'ana');
    const line = createUserAgent();
    const attempt = newAttempt(base, { login_hint: 'ana' });
    const toCallback = await line.follow(attempt.url, (url) => url.pathname === '/sign-in/callback');
    expect(await send(await logoutToken(claims))).toBe(200);
    const answer = await agent.get(way.href);
    expect([answer.status, answer.body]).toEqual([403, expect.stringContaining('signed out at your company')]);
    const last = await line.follow(toCallback.location?.href ?? '', isCallback);
    expect(last.location?.searchParams.get('error_description')).toContain('signed out at your company');
  });
});
