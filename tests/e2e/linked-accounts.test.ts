import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startDemoIdp, type DemoIdp } from '../../simulators/idp/demo-idp.ts';
import {
  askForTokens,
  createUserAgent,
  isCallback,
  newAttempt,
  redeemCode,
  whoAmI,
  type UserAgent,
} from './api-user-agent.ts';
import {
  browserOf,
  SESSION,
  startBrowserWorld,
  walk,
  type Answer,
  type Browser,
  type BrowserWorld,
} from './browser-world.ts';
import { freePorts } from '../free-ports.ts';

/** Accounts at the contractors' provider. Some are called as somebody at the company is, and have their address. */
const NORTHWIND = ['nw-1', 'nw-2', 'nw-3', 'nw-4', 'nw-5', 'nw-6', 'nw-ines', 'nw-iris', 'ana', 'bo'];

let northwind: DemoIdp;
let world: BrowserWorld;
let base: string;
let host: string;
beforeAll(async () => {
  const port = await freePorts(1);
  base = `http://localhost:${port}`;
  host = new URL(base).host;
  northwind = await startDemoIdp({
    port: 0,
    company: 'Northwind',
    people: NORTHWIND.map((key) => ({ key, name: key, title: 'lent', email: 'ana.ribeiro@acme.example' })),
    clientRedirects: [`${base}/sign-in/callback/contractors`],
  });
  const { issuer, clientId } = northwind;
  world = await startBrowserWorld({
    port,
    further: [{ name: 'contractors', title: 'Northwind', issuer, clientId, clientSecretFile: null }],
    directory: (text) =>
      text
        .replace(/^( {2}ines:\n[^]*?accounts: \{)/m, '$1 contractors: nw-ines,')
        .replace(/^( {2}iris:\n[^]*?accounts: \{)/m, '$1 contractors: nw-iris,'),
  });
});
afterAll(async () => {
  await world.close();
  await northwind.close();
});

const arrived = (url: URL): boolean => url.origin === base && !url.pathname.startsWith('/sign-in/');

/** Begins to link as the page does; the answer says where to send the browser. */
const begin = (browser: Browser, provider = 'contractors'): Promise<Answer> =>
  browser.change('POST', '/v1/me/accounts', { provider, return: '/me#accounts' });

/** Walks on to the provider and back to our callback, which is not called yet. */
async function prove(browser: Browser, account: string): Promise<URL> {
  const begun = await begin(browser);
  expect(begun.status).toBe(200);
  const url = new URL(String(begun.json['url']));
  url.searchParams.set('login_hint', account);
  const last = await browser.agent.follow(url.href, (to) => to.pathname.startsWith('/sign-in/callback'));
  if (last.location === null) throw new Error(`${last.status} ${last.body}`);
  return last.location;
}

async function link(browser: Browser, account: string) {
  return browser.agent.get((await prove(browser, account)).href);
}

interface Item {
  readonly id: string;
  readonly subject: string;
  readonly provider: string | null;
  readonly proof: string;
}
const accountsOf = async (browser: Browser): Promise<readonly Item[]> =>
  (await browser.get('/v1/me/accounts')).json['items'] as Item[];
const subjects = async (browser: Browser) => (await accountsOf(browser)).map((one) => one.subject);

/** Signs in at the contractors' provider. */
async function enter(account: string, agent: UserAgent = createUserAgent()) {
  const query = new URLSearchParams({ return: '/', provider: 'contractors', hint: account });
  const last = await agent.follow(`${base}/sign-in/browser?${query}`, arrived);
  return { status: last.status, body: last.body, browser: browserOf(agent, base) };
}
const whoIs = async (browser: Browser) => ((await browser.get('/v1/me')).json['person'] as { key: string }).key;

describe('linking an account', () => {
  test('by signing in there; it is listed with its proof, and signs in its person', async () => {
    const ana = await world.signIn('ana');
    const list = await ana.get('/v1/me/accounts');
    expect(list.json['providers']).toEqual([{ name: 'contractors', title: 'Northwind', signsIn: true }]);
    expect((await enter('nw-1')).status).toBe(403);
    const done = await link(ana, 'nw-1');
    expect([done.status, done.location?.href]).toEqual([303, `${base}/me#accounts`]);
    expect(await accountsOf(ana)).toMatchObject([
      { subject: 'ana', provider: 'your company', proof: 'directory' },
      { subject: 'nw-1', provider: 'Northwind', proof: 'sign-in' },
    ]);
    const { status, browser } = await enter('nw-1');
    expect([status, await whoIs(browser)]).toEqual([303, 'ana']);
    // Again is no second one.
    expect((await link(ana, 'nw-1')).status).toBe(303);
    expect(await subjects(ana)).toEqual(['ana', 'nw-1']);
  });

  test('asks the provider anew, and takes a fresh sign-in here', async () => {
    const ana = await world.signIn('ana');
    const url = new URL(String((await begin(ana)).json['url']));
    expect(url.origin).toBe(northwind.issuer);
    expect(url.searchParams.get('prompt')).toBe('login');
    expect(url.searchParams.get('redirect_uri')).toBe(`${base}/sign-in/callback/contractors`);
  });

  test('an account of another person is a conflict: nobody is named, and it signs in its owner', async () => {
    const [ana, bo] = [await world.signIn('ana'), await world.signIn('bo')];
    expect((await link(ana, 'nw-2')).status).toBe(303);
    const refused = await link(bo, 'nw-2');
    expect(refused.status).toBe(403);
    expect(refused.body).toContain('was proven to be another person');
    expect(refused.body).toContain('Ask an administrator');
    expect(refused.body).not.toMatch(/\bana\b|Ana/);
    expect(await subjects(bo)).toEqual(['bo']);
    expect(await whoIs(bo)).toBe('bo');
    expect(await whoIs((await enter('nw-2')).browser)).toBe('ana');
  });

  test('an account that the directory gives to somebody, also to one who has left, is not taken', async () => {
    const bo = await world.signIn('bo');
    for (const account of ['nw-ines', 'nw-iris']) {
      const refused = await link(bo, account);
      expect([refused.status, refused.body]).toEqual([403, expect.stringContaining('another person')]);
    }
    expect(await subjects(bo)).toEqual(['bo']);
  });

  test('unlinking ends what signed in by it, and it stays nobody else’s', async () => {
    const [ana, bo] = [await world.signIn('ana'), await world.signIn('bo')];
    await link(ana, 'nw-3');
    const { browser } = await enter('nw-3');
    const line = await atCommandLine(browser.agent, 'nw-3');
    expect((await whoAmI(base, line.access)).status).toBe(200);
    const id = (await accountsOf(ana)).find((one) => one.subject === 'nw-3')?.id ?? '';
    expect((await bo.change('DELETE', `/v1/me/accounts/${id}`)).status).toBe(404);
    expect((await ana.change('DELETE', `/v1/me/accounts/${id}`)).status).toBe(200);
    expect((await browser.get('/v1/me')).status).toBe(401);
    expect((await whoAmI(base, line.access)).status).toBe(401);
    expect((await askForTokens(base, { grant_type: 'refresh_token', refresh_token: line.refresh })).status).toBe(400);
    expect((await ana.get('/v1/me')).status).toBe(200);
    expect((await enter('nw-3')).status).toBe(403);
    expect((await link(bo, 'nw-3')).status).toBe(403);
    // Its own person proves it again.
    expect((await link(ana, 'nw-3')).status).toBe(303);
    expect((await enter('nw-3')).status).toBe(303);
  });
});

async function atCommandLine(agent: UserAgent, hint: string) {
  const { url, verifier, redirectUri } = newAttempt(base, { login_hint: hint });
  const last = await agent.follow(url, isCallback);
  const code = last.location?.searchParams.get('code') ?? '';
  const { body } = await redeemCode(base, { code, verifier, redirectUri });
  return { access: String(body['access_token']), refresh: String(body['refresh_token']) };
}

describe('signing in at a further provider', () => {
  test('an account that the directory gives somebody signs them in, and nobody who has left', async () => {
    const { status, browser } = await enter('nw-ines');
    expect([status, await whoIs(browser)]).toEqual([303, 'ines']);
    const left = await enter('nw-iris');
    expect([left.status, left.body]).toEqual([
      403,
      expect.stringContaining('it is nobody’s in the directory of Curfew'),
    ]);
  });

  test.each(['ana', 'bo'])(
    '"%s" there is nobody here by that name, nor by an address that somebody has',
    async (account) => {
      const agent = createUserAgent();
      expect((await enter(account, agent)).status).toBe(403);
      expect(agent.cookie(host, SESSION)).toBeNull();
    },
  );

  test('who signed in there last begins there again, also for a fresh sign-in and a command line', async () => {
    const { browser } = await enter('nw-ines');
    const fresh = await browser.agent.get(`${base}/sign-in/browser?fresh=1`);
    expect(fresh.location?.origin).toBe(northwind.issuer);
    const line = await atCommandLine(browser.agent, 'nw-ines');
    expect(await (await whoAmI(base, line.access)).json()).toMatchObject({ person: { key: 'ines' } });
    // Whoever chooses the company's own is back there.
    await walk(browser.agent, `${base}`, 'ana', '/');
    const query = new URLSearchParams({ provider: 'oidc', hint: 'ana' });
    await browser.agent.follow(`${base}/sign-in/browser?${query}`, arrived);
    expect(await whoIs(browser)).toBe('ana');
    const again = await browser.agent.get(`${base}/sign-in/browser`);
    expect(again.location?.origin).toBe(world.idp?.issuer);
  });

  test('a provider that is not configured is none', async () => {
    for (const name of ['evil', '', '__proto__', 'contractors/../oidc'])
      expect(
        (await createUserAgent().get(`${base}/sign-in/browser?${new URLSearchParams({ provider: name })}`)).status,
      ).toBe(404);
    const ana = await world.signIn('ana');
    for (const name of ['oidc', 'evil', '']) expect((await begin(ana, name)).status).toBe(404);
  });
});

describe('attacks', () => {
  let ana: Browser;
  let bo: Browser;
  beforeEach(async () => {
    [ana, bo] = [await world.signIn('ana'), await world.signIn('bo')];
  });

  test('linking does not begin without the header of our own page, nor at a command line', async () => {
    const body = { provider: 'contractors' };
    const csrf = String((await bo.get('/v1/me')).json['csrf']);
    for (const headers of [
      {},
      { origin: base },
      { origin: 'https://evil.example', 'x-curfew-csrf': csrf },
      { origin: base, 'x-curfew-csrf': csrf },
    ]) {
      const answer = await ana.change('POST', '/v1/me/accounts', body, headers);
      expect([answer.status, answer.json['code']]).toEqual([403, 'csrf']);
      expect(answer.headers.get('set-cookie')).toBeNull();
    }
    expect((await ana.get('/v1/me/accounts?provider=contractors')).json['url']).toBeUndefined();
    const { access } = await atCommandLine(createUserAgent(), 'ana');
    const answer = await fetch(`${base}/v1/me/accounts`, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { authorization: `Bearer ${access}`, 'content-type': 'application/json' },
    });
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([422, null]);
  });

  test('an answer that is planted in another browser links nothing, whatever that one has begun', async () => {
    const way = await prove(bo, 'nw-4');
    expect((await ana.agent.get(way.href)).status).toBe(400);
    for (let begun = 0; begun < 6; begun += 1) await begin(ana);
    expect((await ana.agent.get(way.href)).status).toBe(400);
    expect([await subjects(ana), await subjects(bo)]).toEqual([expect.not.arrayContaining(['nw-4']), ['bo']]);
  });

  test('a cookie that is planted with its answer links to nobody but who began: the session is another', async () => {
    const way = await prove(bo, 'nw-4');
    const slot = String(way.searchParams.get('state'))[3];
    const pending = `curfew-sign-in-${slot}=${bo.agent.cookie(host, `curfew-sign-in-${slot}`)}`;
    const own = `${SESSION}=${ana.agent.cookie(host, SESSION)}`;
    for (const cookie of [`${pending}; ${own}`, pending, `${pending}; ${SESSION}=${'A'.repeat(43)}`]) {
      const answer = await fetch(way, { redirect: 'manual', headers: { cookie } });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(await answer.text()).not.toContain('Nobody was signed in');
    }
    expect(await subjects(ana)).not.toContain('nw-4');
    expect(await subjects(bo)).toEqual(['bo']);
  });

  test('somebody else who has signed in meanwhile in the same browser does not get the account', async () => {
    const way = await prove(ana, 'nw-5');
    await walk(ana.agent, base, 'bo', '/');
    const answer = await ana.agent.get(way.href);
    // By chance, the later sign-in took the place of the cookie that the link had: then there is nothing left to go on with.
    expect([400, 403]).toContain(answer.status);
    if (answer.status === 403) expect(answer.body).toContain('somebody else signed in');
    expect(await subjects(bo)).toEqual(['bo']);
    expect((await enter('nw-5')).status).toBe(403);
  });

  test('an answer for a link opens no session, one for a sign-in links nothing, and each works once', async () => {
    const way = await prove(ana, 'nw-6');
    const before = ana.agent.cookie(host, SESSION);
    expect((await ana.agent.get(way.href)).status).toBe(303);
    expect(ana.agent.cookie(host, SESSION)).toBe(before);
    expect((await ana.agent.get(way.href)).status).toBe(400);
    const query = new URLSearchParams({ provider: 'contractors', hint: 'nw-4' });
    const signIn = await bo.agent.follow(`${base}/sign-in/browser?${query}`, arrived);
    expect(signIn.status).toBe(403);
    expect(await subjects(bo)).toEqual(['bo']);
  });

  test('an answer of one provider is not taken where another’s is expected (mix-up)', async () => {
    const way = await prove(ana, 'nw-4');
    const elsewhere = new URL(way);
    elsewhere.pathname = '/sign-in/callback';
    const answer = await ana.agent.get(elsewhere.href);
    expect([answer.status, answer.body]).toEqual([400, expect.stringContaining('another sign-in provider')]);
    const own = createUserAgent();
    const first = await own.follow(`${base}/sign-in/browser?hint=ana`, (to) => to.pathname === '/sign-in/callback');
    const moved = new URL(first.location?.href ?? '');
    moved.pathname = '/sign-in/callback/contractors';
    expect((await own.get(moved.href)).status).toBe(400);
    // Its own place, with the issuer of the other (RFC 9207).
    const again = await prove(ana, 'nw-4');
    again.searchParams.set('iss', String(world.idp?.issuer));
    expect((await ana.agent.get(again.href)).status).toBe(400);
    // The same for a command line.
    const line = createUserAgent();
    const begun = await line.follow(
      newAttempt(base, { login_hint: 'ana' }).url,
      (to) => to.pathname === '/sign-in/callback',
    );
    const crossed = new URL(begun.location?.href ?? '');
    crossed.pathname = '/sign-in/callback/contractors';
    expect((await line.get(crossed.href)).status).toBe(400);
    expect(await subjects(ana)).not.toContain('nw-4');
  });

  test('back from a link leads to a page of ours', async () => {
    for (const to of ['//evil.example', 'https://evil.example', '/\\evil.example']) {
      const begun = await ana.change('POST', '/v1/me/accounts', { provider: 'contractors', return: to });
      const url = new URL(String(begun.json['url']));
      url.searchParams.set('login_hint', 'nw-6');
      const last = await ana.agent.follow(url.href, arrived);
      expect([last.status, last.location?.href]).toEqual([303, `${base}/`]);
    }
  });
});
