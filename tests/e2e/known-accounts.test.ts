import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createUserAgent, isCallback, newAttempt, redeemCode, whoAmI } from './api-user-agent.ts';
import { browserOf, SESSION, startBrowserWorld, type Browser, type BrowserWorld } from './browser-world.ts';
import { LINK_SHAPES, startShapedProvider, type ShapedProvider } from './company-shapes.ts';
import type { AccountUse, FurtherSignInConfig } from '../../src/platform/config.ts';
import { freePorts } from '../free-ports.ts';

interface Item {
  readonly id: string;
  readonly subject: string;
  readonly proof: string;
  readonly signsIn: boolean;
}

describe.each(LINK_SHAPES)('accounts at $name that are only linked', (shape) => {
  let base: string;
  let host: string;
  let there: ShapedProvider;
  let world: BrowserWorld;
  let secrets: string;
  beforeAll(async () => {
    const port = await freePorts(1);
    base = `http://localhost:${port}`;
    host = new URL(base).host;
    there = await startShapedProvider(shape, `${base}/sign-in/callback/chat`);
    secrets = mkdtempSync(join(tmpdir(), 'curfew-known-'));
    writeFileSync(join(secrets, 'secret'), `${there.clientSecret}\n`);
    world = await startBrowserWorld({
      port,
      further: [provider('link')],
      directory: (text) => text.replace(/^( {2}ines:\n[^]*?accounts: \{)/m, '$1 chat: u-ines,'),
    });
  });
  afterAll(async () => {
    await world.close();
    await there.close();
    rmSync(secrets, { recursive: true, force: true });
  });

  const provider = (use: AccountUse): FurtherSignInConfig => ({
    name: 'chat',
    title: shape.name,
    issuer: there.issuer,
    clientId: there.clientId,
    clientSecretFile: join(secrets, 'secret'),
    freshSignIn: there.freshSignIn ?? 'verified',
    use,
  });
  const arrived = (url: URL): boolean => url.origin === base && !url.pathname.startsWith('/sign-in/');
  const atCallback = (url: URL): boolean => url.origin === base && url.pathname === '/sign-in/callback/chat';

  /** Walks to the provider and back to our callback, which is not called yet. */
  async function prove(browser: Browser, account: string): Promise<URL> {
    const begun = await browser.change('POST', '/v1/me/accounts', { provider: 'chat', return: '/me' });
    const url = new URL(String(begun.json['url']));
    url.searchParams.set('login_hint', account);
    const { location } = await browser.agent.follow(url.href, atCallback);
    if (location === null) throw new Error('no way back');
    return location;
  }
  const link = async (browser: Browser, account: string) => browser.agent.get((await prove(browser, account)).href);
  const accounts = async (browser: Browser) => (await browser.get('/v1/me/accounts')).json['items'] as readonly Item[];
  const entrance = (account: string) =>
    `${base}/sign-in/browser?${new URLSearchParams({ provider: 'chat', hint: account })}`;
  /** What becomes of somebody who signs in with an account there. */
  async function enter(account: string) {
    const agent = createUserAgent();
    const { status, body } = await agent.follow(entrance(account), arrived);
    return { status, body, browser: browserOf(agent, base), session: agent.cookie(host, SESSION) };
  }

  test('are linked by a proof, listed as what they are, and unlinked', async () => {
    const ana = await world.signIn('ana');
    const before = (await ana.get('/v1/me')).json;
    expect((await link(ana, 'u-1')).status).toBe(303);
    expect(await accounts(ana)).toMatchObject([
      { subject: 'ana', signsIn: true },
      { subject: 'u-1', provider: shape.name, proof: 'sign-in', signsIn: false },
    ]);
    expect((await ana.get('/v1/me/accounts')).json['providers']).toEqual([
      { name: 'chat', title: shape.name, signsIn: false },
    ]);
    // What was shown there is no fresh sign-in here, and no second factor.
    const { serverTime: _, ...same } = before;
    expect((await ana.get('/v1/me')).json).toMatchObject(same);
    const id = (await accounts(ana))[1]?.id;
    expect((await ana.change('DELETE', `/v1/me/accounts/${id}`)).status).toBe(200);
    expect(await accounts(ana)).toHaveLength(1);
    expect((await ana.get('/v1/me')).status).toBe(200);
  });

  test('of another person, by proof or by the directory, are a conflict', async () => {
    const [ana, bo] = [await world.signIn('ana'), await world.signIn('bo')];
    expect((await link(ana, 'u-2')).status).toBe(303);
    for (const account of ['u-2', 'u-ines']) {
      // A browser of its own for each: the provider remembers who was there last.
      const again = await world.signIn('bo');
      const refused = await link(again, account);
      expect([refused.status, refused.body]).toEqual([403, expect.stringContaining('another person')]);
    }
    expect(await accounts(bo)).toHaveLength(1);
  });

  test('are offered nowhere to sign in by, and sign in nobody who tries by hand', async () => {
    await link(await world.signIn('ana'), 'u-3');
    const discovery = (await (await fetch(`${base}/.well-known/curfew`)).json()) as { signIn: { name: string }[] };
    expect(discovery.signIn.map(({ name }) => name)).toEqual(['oidc']);
    for (const more of ['', '&fresh=1', '&return=/me']) {
      // Nobody is sent there, whether or not the account was linked, or the directory knows it.
      for (const account of ['u-3', 'u-ines', 'bo']) {
        const answer = await createUserAgent().get(`${entrance(account)}${more}`);
        expect([answer.status, answer.location]).toEqual([403, null]);
        expect(answer.body).toContain(`An account at ${shape.name} says who somebody is there, and signs in nobody`);
        expect(answer.headers.get('set-cookie')).toBeNull();
      }
    }
    const planted = await fetch(`${base}/sign-in/browser`, {
      redirect: 'manual',
      headers: { cookie: 'curfew-provider=chat' },
    });
    expect(new URL(planted.headers.get('location') ?? '').origin).toBe(world.idp?.issuer);
    const logout = await fetch(`${base}/sign-in/back-channel-logout/chat`, {
      method: 'POST',
      body: new URLSearchParams({ logout_token: 'a.b.c' }),
    });
    expect(logout.status).toBe(405);
  });

  test('an answer for a link opens no session, works once, and in no other browser', async () => {
    const [ana, bo] = [await world.signIn('ana'), await world.signIn('bo')];
    const way = await prove(ana, 'u-4');
    expect((await bo.agent.get(way.href)).status).toBe(400);
    const session = ana.agent.cookie(host, SESSION);
    expect((await ana.agent.get(way.href)).status).toBe(303);
    expect(ana.agent.cookie(host, SESSION)).toBe(session);
    expect((await ana.agent.get(way.href)).status).toBe(400);
    expect(await accounts(bo)).toHaveLength(1);
  });

  test('a setting makes nothing that was linked sign in; what signed in before it was set ends', async () => {
    const ana = await world.signIn('ana');
    await link(ana, 'u-5');
    await world.restart([provider('sign-in')]);
    const refused = await enter('u-5');
    expect([refused.status, refused.session]).toEqual([403, null]);
    expect(refused.body).toContain('signs in nobody here');
    expect((await accounts(ana))[1]).toMatchObject({ signsIn: false });
    // Its owner proves it again, for what it is for now.
    expect((await link(ana, 'u-5')).status).toBe(303);
    const entered = await enter('u-5');
    expect([entered.status, (await entered.browser.get('/v1/me')).status]).toEqual([303, 200]);
    const line = await atCommandLine(entered.browser);
    expect((await whoAmI(base, line)).status).toBe(200);
    // Two sign-ins that are under way while it is set back.
    const underWay = createUserAgent();
    const { location } = await underWay.follow(entrance('u-5'), atCallback);
    const remembered = (await enter('u-5')).browser.agent;
    const lineUnderWay = await remembered.follow(newAttempt(base, { login_hint: 'u-5' }).url, atCallback);
    await world.restart([provider('link')]);
    expect((await entered.browser.get('/v1/me')).status).toBe(401);
    expect((await whoAmI(base, line)).status).toBe(401);
    expect((await ana.get('/v1/me')).status).toBe(200);
    const late = await underWay.get(location?.href ?? '');
    expect([late.status, late.body]).toEqual([403, expect.stringContaining('signs in nobody here')]);
    expect(underWay.cookie(host, SESSION)).toBeNull();
    const lateLine = await remembered.follow(lineUnderWay.location?.href ?? '', isCallback);
    expect(lateLine.location?.searchParams.get('error')).toBe('access_denied');
    expect((await enter('u-5')).status).toBe(403);
  });

  async function atCommandLine({ agent }: Browser): Promise<string> {
    const { url, verifier, redirectUri } = newAttempt(base, { login_hint: 'u-5' });
    const last = await agent.follow(url, isCallback);
    const code = last.location?.searchParams.get('code') ?? '';
    return String((await redeemCode(base, { code, verifier, redirectUri })).body['access_token']);
  }
});
