import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readFileSync } from 'node:fs';
import { ok, refused } from '../core/result.ts';
import { after } from '../core/time.ts';
import { parseId } from '../core/ids.ts';
import type { RecognisedSession } from '../operations/browser-sessions.ts';
import { apiUnderTest, NOW, personId, type ApiUnderTest } from './api-under-test.ts';
import type { ApiOperations } from './operations-port.ts';

const SESSION_ID = parseId('ses', `ses_${'s'.repeat(20)}`);
if (SESSION_ID === null) throw new Error('no id');

const SESSION: RecognisedSession = {
  id: SESSION_ID,
  person: personId('ana'),
  key: 'ana',
  csrf: 'the-right-value',
  signedInAt: NOW,
  endsAt: after(NOW, 3_600_000),
  authenticatedAt: null,
  mfaAt: null,
  offered: null,
};

const recogniseSession = vi.fn<ApiOperations['recogniseSession']>((token) =>
  Promise.resolve(
    token === 'good'
      ? ok(SESSION)
      : token === 'zoe'
        ? ok({ ...SESSION, key: 'zoe' })
        : token === 'old'
          ? ok({ ...SESSION, offered: 'younger' })
          : refused('unknown session'),
  ),
);
const endSessionOfLeaver = vi.fn<ApiOperations['endSessionOfLeaver']>(() => Promise.resolve());

let api: ApiUnderTest;
beforeAll(async () => {
  // Nothing else may be reached: an operation that is would fail the test with another answer.
  api = await apiUnderTest({ recogniseSession, endSessionOfLeaver });
});
afterAll(() => api.close());

const OURS = 'http://localhost:7420';

/** Every route that is not read, from the description of the API: one that is added later is here by itself. */
const document = JSON.parse(readFileSync(new URL('../../docs/openapi.json', import.meta.url), 'utf8')) as {
  paths: Record<string, Record<string, unknown>>;
};
const CHANGES = Object.entries(document.paths)
  .filter(([path]) => path.startsWith('/v1/'))
  .flatMap(([path, methods]) => Object.keys(methods).map((method) => [method.toUpperCase(), path] as const))
  .filter(([method]) => method !== 'GET');

test('there are changes to protect', () => {
  expect(CHANGES.length).toBeGreaterThan(12);
});

describe.each(CHANGES)('%s %s by cookie', (method, path) => {
  const url = path.replaceAll(/\{\w+\}/g, `req_${'r'.repeat(20)}`);
  test.each([
    ['neither header nor origin', {}],
    ['no header', { origin: OURS }],
    ['the header of nobody', { origin: OURS, 'x-curfew-csrf': 'another-value' }],
    ['no origin', { 'x-curfew-csrf': SESSION.csrf }],
    ['a foreign origin', { origin: 'https://evil.example', 'x-curfew-csrf': SESSION.csrf }],
    ['an origin that begins like ours', { origin: `${OURS}.evil.example`, 'x-curfew-csrf': SESSION.csrf }],
    ['our host in another scheme', { origin: 'https://localhost:7420', 'x-curfew-csrf': SESSION.csrf }],
  ])('is refused with %s', async (_name, headers) => {
    for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
      const answer = await api.app.inject({
        method: method as 'POST',
        url,
        headers: { cookie: 'curfew=good', 'content-type': type, ...headers },
        payload: '{}',
      });
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([403, 'csrf']);
    }
  });
});

/** Every way to read the log: each writes who read it. */
const LOGGED = Object.keys(document.paths).filter((path) => path.startsWith('/v1/audit/'));

test('there are ways to read the log', () => {
  expect(LOGGED.length).toBeGreaterThan(6);
});

describe.each(LOGGED)('reading %s by cookie', (path) => {
  const url = path.replaceAll(/\{\w+\}/g, '5');
  const read = async (method: 'GET' | 'HEAD', headers: Record<string, string>) => {
    const answer = await api.app.inject({ method, url, headers: { cookie: 'curfew=good', ...headers } });
    return answer.statusCode;
  };
  test.each([
    ['a link on a foreign page', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }],
    ['a link on a host beside ours', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate' }],
    ['a link in a mail or a typed address', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }],
    ['a browser that does not say', {}],
    ['the header of nobody', { 'x-curfew-csrf': 'another-value', 'sec-fetch-site': 'same-origin' }],
    ['a page that says that nobody did anything', { 'x-curfew-unattended': '1' }],
  ])('is refused from %s', async (_name, headers) => {
    for (const method of ['GET', 'HEAD'] as const) expect(await read(method, headers), method).toBe(403);
    const problem = (await api.app.inject({ url, headers: { cookie: 'curfew=good', ...headers } })).json<object>();
    expect(problem).toMatchObject({ code: 'csrf', detail: expect.stringMatching(/^Whoever reads the log/) });
  });

  test('is taken from our own page', async () => {
    // The log of this test is not to be read: what is let in fails there.
    expect(await read('GET', { 'x-curfew-csrf': SESSION.csrf })).toBe(500);
  });
});

describe('a cookie', () => {
  const me = (cookie: string, headers = {}) =>
    api.app.inject({ method: 'GET', url: '/v1/me', headers: { cookie, ...headers } });

  test('is taken for reading, and says what a change needs', async () => {
    expect((await me('curfew=good')).json()).toMatchObject({ via: 'web', csrf: SESSION.csrf });
    expect((await me('curfew=other')).statusCode).toBe(401);
    expect((await me('__Host-curfew=good')).statusCode).toBe(401);
  });

  test('does not help a bearer token that is wrong', async () => {
    expect((await me('curfew=good', { authorization: 'Bearer eve' })).statusCode).toBe(401);
  });

  test('is replaced when it is time', async () => {
    const answer = await me('curfew=old');
    expect(answer.headers['set-cookie']).toBe('curfew=younger; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax');
    expect((await me('curfew=good')).headers['set-cookie']).toBeUndefined();
  });

  test('is used by what somebody does: not by what a page reads by itself, nor by the stream of changes', async () => {
    const unattended = { 'x-curfew-unattended': '1' };
    const lastUse = () => recogniseSession.mock.lastCall?.[1];
    await me('curfew=good');
    expect(lastUse()).toBe(true);
    expect((await me('curfew=good', unattended)).statusCode).toBe(200);
    expect(lastUse()).toBe(false);
    await me('curfew=good', { 'x-curfew-unattended': '0' });
    expect(lastUse()).toBe(true);
    // Whoever changes something was there, whatever is said.
    const change = { cookie: 'curfew=good', origin: OURS, 'x-curfew-csrf': 'another-value', ...unattended };
    const refused = await api.app.inject({ method: 'POST', url: '/v1/me/sign-out', headers: change });
    expect([refused.statusCode, lastUse()]).toEqual([403, true]);
    expect((await api.app.inject({ url: '/v1/events', headers: { cookie: 'curfew=other' } })).statusCode).toBe(401);
    expect(lastUse()).toBe(false);
  });

  test('of somebody who has left ends', async () => {
    expect((await me('curfew=zoe')).statusCode).toBe(401);
    expect(endSessionOfLeaver).toHaveBeenCalledWith(SESSION_ID);
  });
});
