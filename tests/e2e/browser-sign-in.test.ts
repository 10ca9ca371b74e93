import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signIn as signInAtCommandLine, createUserAgent, walkToCode } from './api-user-agent.ts';
import { browserOf, SESSION, startBrowserWorld, walk, walkToCallback, type BrowserWorld } from './browser-world.ts';

let world: BrowserWorld;
let base: string;
let host: string;
beforeAll(async () => {
  world = await startBrowserWorld();
  base = world.base;
  host = new URL(base).host;
});
afterAll(() => world.close());

describe('signing in at a browser', () => {
  test('ends at the page that was asked for, with a cookie that the API takes', async () => {
    const agent = createUserAgent({
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0',
    });
    const last = await walk(agent, base, 'ana', '/requests/req_1?tab=log#calls');
    expect([last.status, last.location?.href]).toEqual([303, `${base}/requests/req_1?tab=log#calls`]);
    const browser = browserOf(agent, base);
    const me = await browser.get('/v1/me');
    expect(me.json).toMatchObject({ person: { key: 'ana' }, via: 'web', csrf: expect.stringMatching(/^[\w-]{43}$/) });
    const lasts = Date.parse(String(me.json['sessionEndsAt'])) - Date.parse(String(me.json['signedInAt']));
    expect(lasts).toBe(12 * 3_600_000);
  });

  test('keeps the cookie from scripts and from what other sites send, and takes back the one of the way', async () => {
    const browser = await world.signIn('ana');
    const lines = browser.agent.cookies().filter((line) => line.startsWith('curfew'));
    for (const line of lines) expect(line).toMatch(/; Path=\/; Max-Age=\d+.*; HttpOnly; SameSite=Lax$/);
    expect(lines.filter((line) => line.startsWith('curfew=')).length).toBe(1);
    for (const slot of [0, 1, 2, 3]) expect(browser.agent.cookie(host, `curfew-sign-in-${slot}`)).toBeNull();
  });

  test('works in several tabs at once, and a way back works once', async () => {
    const agent = createUserAgent();
    const ways = [];
    for (let tab = 0; tab < 2; tab += 1) ways.push(await walkToCallback(agent, base, 'ana', `/tab/${tab}`));
    const slots = new Set(ways.map((way) => way.searchParams.get('state')?.slice(0, 4)));
    const answers = [];
    for (const way of ways) answers.push(await agent.get(way.href));
    // Two tabs may share a slot, one time in four: the later one counts then.
    expect(answers.filter((one) => one.status === 303).length).toBe(slots.size);
    const again = await agent.get(ways[1]?.href ?? '');
    expect(again.status).toBe(400);
    expect(again.body).toContain('Sign in again');
  });

  test('is refused to who is not in the directory, with no cookie', async () => {
    const agent = createUserAgent();
    const last = await walk(agent, base, 'eve', '/');
    expect(last.status).toBe(403);
    expect(last.body).toContain('it is nobody’s in the directory of Curfew');
    expect(agent.cookie(host, SESSION)).toBeNull();
  });
});

describe('a change by cookie', () => {
  test('needs the header and our own origin', async () => {
    const browser = await world.signIn('ana');
    const csrf = String((await browser.get('/v1/me')).json['csrf']);
    const other = String((await (await world.signIn('bo')).get('/v1/me')).json['csrf']);
    const bad: Record<string, string>[] = [
      {},
      { origin: base },
      { 'x-curfew-csrf': csrf },
      { origin: 'https://evil.example', 'x-curfew-csrf': csrf },
      { origin: 'null', 'x-curfew-csrf': csrf },
      { origin: `${base}.evil.example`, 'x-curfew-csrf': csrf },
      { origin: base, 'x-curfew-csrf': other },
      { origin: base, 'x-curfew-csrf': '' },
    ];
    for (const headers of bad) {
      const answer = await browser.change('POST', '/v1/me/sign-out', {}, headers);
      expect([answer.status, answer.json['code']], JSON.stringify(headers)).toEqual([403, 'csrf']);
    }
    expect((await browser.get('/v1/me')).status).toBe(200);
    expect((await browser.change('POST', '/v1/requests/preview', {})).status).toBe(422);
  });

  test('signs out: the cookie goes, and is worth nothing to who kept it', async () => {
    const browser = await world.signIn('ana');
    const kept = browser.agent.cookie(host, SESSION) ?? '';
    expect((await browser.change('POST', '/v1/me/sign-out', {})).json).toEqual({ signedOut: true });
    expect(browser.agent.cookie(host, SESSION)).toBeNull();
    expect((await browser.get('/v1/me')).status).toBe(401);
    const copy = await fetch(`${base}/v1/me`, { headers: { cookie: `${SESSION}=${kept}` } });
    expect(copy.status).toBe(401);
  });
});

describe('attacks on the way', () => {
  test.each([
    '//evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    'https://evil.example',
    'https:evil.example',
    '/.//evil.example',
    '/x/..//evil.example',
    '/\tevil',
    '/%0d%0aset-cookie:%20curfew=x/../..//evil.example',
    '/\r\nset-cookie: curfew=x',
    'javascript:alert(1)',
    'evil.example',
    '/@evil.example/..//evil.example',
    '/sign-in/browser?return=/',
    '/oauth/authorize',
    `/${'x'.repeat(801)}`,
  ])('the way back never leads elsewhere: %j', async (asked) => {
    const last = await walk(createUserAgent(), base, 'ana', asked);
    expect([last.status, last.location?.href]).toEqual([303, `${base}/`]);
  });

  test.each(['/%2f%2fevil.example', '/%5cevil.example', '/%0d%0ax', '/?u=//evil.example', '/@evil.example'])(
    'what stays encoded stays a path of ours: %j',
    async (asked) => {
      const last = await walk(createUserAgent(), base, 'ana', asked);
      expect(last.location?.origin).toBe(base);
      expect(last.headers.get('location')).toBe(`${base}${asked}`);
    },
  );

  test('an answer that is planted in another browser signs nobody in, also when that one has begun too', async () => {
    const way = await walkToCallback(createUserAgent(), base, 'bo');
    const stranger = createUserAgent();
    expect((await stranger.get(way.href)).status).toBe(400);
    const victim = createUserAgent();
    for (let begun = 0; begun < 8; begun += 1) await walkToCallback(victim, base, 'ana');
    expect((await victim.get(way.href)).status).toBe(400);
    for (const agent of [stranger, victim]) expect(agent.cookie(host, SESSION)).toBeNull();
  });

  test('a cookie that was planted before is not the session afterwards (fixation)', async () => {
    const attacker = await world.signIn('bo');
    const planted = attacker.agent.cookie(host, SESSION) ?? '';
    const victim = createUserAgent({});
    const way = await walkToCallback(victim, base, 'ana');
    const state = way.searchParams.get('state') ?? '';
    const own = `curfew-sign-in-${state[3]}=${victim.cookie(host, `curfew-sign-in-${state[3]}`)}`;
    const answer = await fetch(way, { redirect: 'manual', headers: { cookie: `${own}; ${SESSION}=${planted}` } });
    const fresh = answer.headers.getSetCookie().find((line) => line.startsWith(`${SESSION}=`)) ?? '';
    expect(answer.status).toBe(303);
    expect(fresh).not.toContain(planted);
    // And the planted one is over: nothing of it goes on beside the new one.
    expect((await attacker.get('/v1/me')).status).toBe(401);
  });

  test('two cookies of one name are none: somebody planted one', async () => {
    const browser = await world.signIn('ana');
    const token = browser.agent.cookie(host, SESSION) ?? '';
    const me = (cookie: string) => fetch(`${base}/v1/me`, { headers: { cookie } });
    expect((await me(`${SESSION}=${token}`)).status).toBe(200);
    expect((await me(`${SESSION}=${token}; ${SESSION}=${'A'.repeat(43)}`)).status).toBe(401);
  });

  test('an answer for the command line opens no session, and one for a browser gives the command line no code', async () => {
    const way = await walkToCallback(createUserAgent(), base, 'ana');
    const cross = new URL(way);
    cross.searchParams.set('state', String(cross.searchParams.get('state')).replace(/^web\d\./, ''));
    expect((await createUserAgent().get(cross.href)).status).toBe(400);
    expect((await walkToCode(base, 'ana')).code).not.toBe('');
  });

  test.each([
    ['another issuer (RFC 9207)', (url: URL) => url.searchParams.set('iss', 'https://evil.example')],
    ['no issuer', (url: URL) => url.searchParams.delete('iss')],
    ['a code that is none', (url: URL) => url.searchParams.set('code', 'x')],
    ['another state', (url: URL) => url.searchParams.set('state', `web0.${'x'.repeat(43)}`)],
    ['a state of another shape', (url: URL) => url.searchParams.set('state', 'web')],
  ])('refuses an answer with %s', async (_name, change) => {
    const agent = createUserAgent();
    const way = await walkToCallback(agent, base, 'ana');
    change(way);
    const answer = await agent.get(way.href);
    expect([answer.status, answer.location]).toEqual([400, null]);
    expect(agent.cookie(host, SESSION)).toBeNull();
  });
});

test('a bearer token needs no header, and has no csrf', async () => {
  const { accessToken } = await signInAtCommandLine(base, 'ana');
  const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' };
  const me = (await (await fetch(`${base}/v1/me`, { headers })).json()) as Record<string, unknown>;
  expect(me).toMatchObject({ via: 'cli', csrf: null });
  expect((await fetch(`${base}/v1/requests/preview`, { method: 'POST', body: '{}', headers })).status).toBe(422);
});

test('neither log nor answer holds a token', async () => {
  const browser = await world.signIn('ana');
  const token = browser.agent.cookie(host, SESSION) ?? '';
  const me = await browser.get('/v1/me');
  await browser.change('POST', '/v1/me/sign-out', {});
  expect(JSON.stringify(world.lines)).not.toContain(token);
  expect(me.body).not.toContain(token);
});
