import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { apiUnderTest, type ApiUnderTest } from '../api-under-test.ts';
import { PROBLEMS } from '../problems.ts';
import { PORTAL_PATHS } from './portal.ts';

let api: ApiUnderTest | null = null;
const folders: string[] = [];
afterEach(async () => {
  await api?.close();
  api = null;
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const get = async (url: string, headers = {}) => {
  if (api === null) throw new Error('no API runs');
  return api.as(null, { method: 'GET', url, headers });
};

/** A folder with a portal as small as can be. */
function built(): string {
  const folder = mkdtempSync(join(tmpdir(), 'curfew-portal-'));
  folders.push(folder);
  mkdirSync(join(folder, 'portal'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html><div id="root"></div>');
  writeFileSync(join(folder, 'portal', 'index-Ab3_-9xZ.js'), 'run();');
  writeFileSync(join(folder, 'portal', 'index-Ab3_-9xZ.js.br'), 'smaller');
  writeFileSync(join(folder, 'portal', 'theme.js'), 'look();');
  return folder;
}

test('the portal answers at its own addresses, and may be kept by nobody', async () => {
  api = await apiUnderTest({}, { portalDir: built() });
  for (const path of PORTAL_PATHS) {
    const answer = await get(path.replace(/:\w+/, 'some-1'));
    expect(answer.statusCode, path).toBe(200);
    expect(answer.body, path).toContain('<div id="root">');
    expect(answer.headers['cache-control'], path).toBe('no-cache');
    expect(answer.headers['content-security-policy'], path).toContain("style-src 'self'");
    expect(answer.headers['content-security-policy'], path).not.toContain('unsafe');
  }
});

test.each([
  '/v1/nothing',
  '/oauth/nothing',
  '/sign-in/nothing',
  '/docs/nothing',
  '/nothing',
  '/requests/a/b',
  '/portal/',
])('never with a page at %s', async (url) => {
  api = await apiUnderTest({}, { portalDir: built() });
  const answer = await get(url);
  expect(answer.statusCode).toBeGreaterThanOrEqual(400);
  expect(answer.body).not.toContain('<div id="root">');
});

const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };

test.each(['/nothere', '/stop', '/requests/a/b', '/nothere?q=v1.json'])(
  'a browser at %s reads the page of the portal that says so, with 404; a program reads a problem',
  async (url) => {
    api = await apiUnderTest({}, { portalDir: built() });
    const answer = await get(url, BROWSER);
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8']);
    expect(answer.body).toContain('<div id="root">');
    expect(answer.headers['content-security-policy']).toContain("style-src 'self'");
    expect((await get(url)).json()).toMatchObject({ status: 404, code: 'not-found' });
    const sent = await api.as(null, { method: 'POST', url, headers: BROWSER });
    expect([sent.statusCode, sent.body.includes('<div id="root">')]).toEqual([404, false]);
  },
);

test.each([
  '/v1/nothing',
  '/docs/nothing',
  '/portal/nothing.js',
  '/assets/nothing.css',
  '/.well-known/nothing',
  '/x.json',
])('what belongs to programs is a problem for a browser too: %s', async (url) => {
  api = await apiUnderTest({}, { portalDir: built() });
  const answer = await get(url, BROWSER);
  expect(answer.statusCode).toBeGreaterThanOrEqual(400);
  expect(answer.headers['content-type']).toContain('application/problem+json');
});

test('without a portal a browser reads the problem too', async () => {
  api = await apiUnderTest({}, { portalDir: '/nowhere' });
  expect((await get('/nothere', BROWSER)).json()).toMatchObject({ status: 404, code: 'not-found' });
});

test('files named by their content are kept for ever, others are asked for again; the smallest form that is understood is sent', async () => {
  api = await apiUnderTest({}, { portalDir: built() });
  const kept = await get('/portal/index-Ab3_-9xZ.js');
  expect([kept.body, kept.headers['cache-control']]).toEqual(['run();', 'public, max-age=31536000, immutable']);
  expect((await get('/portal/theme.js')).headers['cache-control']).toBe('no-cache');
  const small = await get('/portal/index-Ab3_-9xZ.js', { 'accept-encoding': 'gzip, br' });
  expect([small.body, small.headers['content-encoding']]).toEqual(['smaller', 'br']);
  expect(small.headers['cache-control']).toContain('immutable');
});

test.each(['/portal/../index.html', '/portal/..%2findex.html', '/portal/%2e%2e/index.html', '/portal/nothing.js'])(
  'nothing outside its folder is a file of it: %s',
  async (url) => {
    api = await apiUnderTest({}, { portalDir: built() });
    const answer = await get(url);
    expect(answer.statusCode).toBeGreaterThanOrEqual(400);
    expect(answer.json()).toMatchObject({ code: expect.any(String) as string });
  },
);

test('where nobody has built it, the page says how, and the rest works', async () => {
  api = await apiUnderTest();
  const answer = await get('/');
  expect([answer.statusCode, answer.headers['content-type']]).toEqual([503, 'text/html; charset=utf-8']);
  expect(answer.body).toContain('npm run build:web');
  for (const [, asset] of answer.body.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g))
    expect((await get(String(asset))).statusCode, asset).toBe(200);
});

test('every problem has its page, and what is no problem has none', async () => {
  api = await apiUnderTest();
  for (const [code, { title }] of Object.entries(PROBLEMS)) {
    const answer = await get(`/docs/problems/${code}`);
    expect(answer.headers['content-type'], code).toMatch(/^text\/html/);
    expect(answer.body, code).toContain(`<title>${title}`);
  }
  for (const code of ['nope', '..%2f..%2fpackage.json', '__proto__']) {
    expect((await get(`/docs/problems/${code}`)).statusCode, code).toBe(404);
  }
});
