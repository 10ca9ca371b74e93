import { afterAll, beforeAll, expect, test } from 'vitest';
import { askForTokens, signIn as signInAtCommandLine, whoAmI } from './api-user-agent.ts';
import { SESSION, startBrowserWorld, type Answer, type BrowserWorld } from './browser-world.ts';

let world: BrowserWorld;
let base: string;
beforeAll(async () => {
  world = await startBrowserWorld();
  base = world.base;
});
afterAll(() => world.close());

interface Item {
  readonly id: string;
  readonly kind: string;
  readonly current: boolean;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly expiresAt: string;
  readonly agent: string;
}

const itemsOf = (answer: Answer): readonly Item[] => answer.json['items'] as Item[];

test('people see where they are signed in, at browsers and at command lines, and nobody else does', async () => {
  const one = await world.signIn('ana');
  await world.signIn('ana');
  await signInAtCommandLine(base, 'ana');
  const bo = await world.signIn('bo');
  const items = itemsOf(await one.get('/v1/me/sessions'));
  expect(items.map((item) => item.kind).sort()).toEqual(['browser', 'browser', 'cli']);
  expect(items.filter((item) => item.current)).toHaveLength(1);
  for (const item of items) {
    expect(item.id).toMatch(/^ses_[a-z2-7]{20}$/);
    expect(Date.parse(item.expiresAt) - Date.parse(item.createdAt)).toBeCloseTo(12 * 3_600_000, -4);
    expect(item.lastUsedAt >= item.createdAt).toBe(true);
  }
  expect(itemsOf(await bo.get('/v1/me/sessions'))).toHaveLength(1);
});

test('a command line sees itself as the current one', async () => {
  const { accessToken } = await signInAtCommandLine(base, 'bo');
  const answer = await fetch(`${base}/v1/me/sessions`, { headers: { authorization: `Bearer ${accessToken}` } });
  const { items } = (await answer.json()) as { items: Item[] };
  expect(items.filter((item) => item.current).map((item) => item.kind)).toEqual(['cli']);
});

test('a session is ended from another machine, and refused from the next request on', async () => {
  const [here, there] = [await world.signIn('ana'), await world.signIn('ana')];
  const id = itemsOf(await there.get('/v1/me/sessions')).find((item) => item.current)?.id ?? '';
  expect((await here.change('DELETE', `/v1/me/sessions/${id}`)).json).toEqual({ ended: true });
  expect((await there.get('/v1/me')).status).toBe(401);
  expect((await here.get('/v1/me')).status).toBe(200);
  expect((await here.change('DELETE', `/v1/me/sessions/${id}`)).status).toBe(404);
});

test('a sign-in of the command line is ended from a browser: its token and its refresh token are worth nothing at once', async () => {
  const here = await world.signIn('bo');
  const before = new Set(itemsOf(await here.get('/v1/me/sessions')).map((item) => item.id));
  const { accessToken, refreshToken } = await signInAtCommandLine(base, 'bo');
  const id = itemsOf(await here.get('/v1/me/sessions')).find((item) => !before.has(item.id))?.id ?? '';
  expect((await whoAmI(base, accessToken)).status).toBe(200);
  expect((await here.change('DELETE', `/v1/me/sessions/${id}`)).status).toBe(200);
  expect((await whoAmI(base, accessToken)).status).toBe(401);
  expect(await askForTokens(base, { grant_type: 'refresh_token', refresh_token: refreshToken })).toMatchObject({
    status: 400,
    body: { error: 'invalid_grant' },
  });
});

test('a command line signs itself out with its token', async () => {
  const { accessToken } = await signInAtCommandLine(base, 'bo');
  const headers = { authorization: `Bearer ${accessToken}` };
  expect((await fetch(`${base}/v1/me/sign-out`, { method: 'POST', headers })).status).toBe(200);
  expect((await whoAmI(base, accessToken)).status).toBe(401);
});

test("404 for another person's session, and for what is no id; nothing ends", async () => {
  const [ana, bo] = [await world.signIn('ana'), await world.signIn('bo')];
  const { accessToken } = await signInAtCommandLine(base, 'ana');
  const ids = itemsOf(await ana.get('/v1/me/sessions')).map((item) => item.id);
  expect(ids.length).toBeGreaterThan(1);
  for (const id of [...ids, `ses_${'a'.repeat(20)}`, 'ses_x', '%2e%2e', `per_${'a'.repeat(20)}`])
    expect((await bo.change('DELETE', `/v1/me/sessions/${id}`)).status, id).toBe(404);
  expect((await ana.get('/v1/me')).status).toBe(200);
  expect((await whoAmI(base, accessToken)).status).toBe(200);
});

test('ending the session of this browser takes the cookie back', async () => {
  const here = await world.signIn('ana');
  const id = itemsOf(await here.get('/v1/me/sessions')).find((item) => item.current)?.id ?? '';
  await here.change('DELETE', `/v1/me/sessions/${id}`);
  expect(here.agent.cookie(new URL(base).host, SESSION)).toBeNull();
});

test('an event stream ends when its session is signed out in another tab', async () => {
  const here = await world.signIn('ana');
  const cookie = `${SESSION}=${here.agent.cookie(new URL(base).host, SESSION)}`;
  const stream = await fetch(`${base}/v1/events`, { headers: { cookie } });
  const reader = stream.body?.getReader();
  expect(stream.status).toBe(200);
  await reader?.read();
  await here.change('POST', '/v1/me/sign-out', {});
  const started = performance.now();
  for (let chunk = await reader?.read(); chunk?.done === false; chunk = await reader?.read());
  // At once, and not only at the next heartbeat.
  expect(performance.now() - started).toBeLessThan(10_000);
});
