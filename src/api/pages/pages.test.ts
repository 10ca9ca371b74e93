import { afterEach, expect, test } from 'vitest';
import { apiUnderTest, type ApiUnderTest } from '../api-under-test.ts';
import { parseBaseUrl } from '../../identity/base-url.ts';
import { PROBLEMS } from '../problems.ts';

let api: ApiUnderTest | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

const page = async (url: string) => (await api?.as(null, { method: 'GET', url }))?.body ?? '';

test('the first page of the demo shows live access and the commands; nothing in it is inline', async () => {
  api = await apiUnderTest({}, { publicLive: true, demo: { people: [] } });
  const html = await page('/');
  expect(html).toContain('<div id="live">');
  expect(html).toContain('./bin/curfew login --as ana');
  expect(html).not.toMatch(/<script(?![^>]*src=)|<style|style=|\son\w+=/);
  for (const [, asset] of html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) {
    expect((await api.as(null, { method: 'GET', url: String(asset) })).statusCode, asset).toBe(200);
  }
});

test('a demo at another address says so in the commands, which would go to the usual one otherwise', async () => {
  const base = parseBaseUrl('http://localhost:7600');
  api = await apiUnderTest({}, { publicLive: true, demo: { people: [] }, base });
  const html = String((await api.as(null, { method: 'GET', url: '/', headers: { host: 'localhost:7600' } })).body);
  expect(html).toContain('./bin/curfew login --as ana --server http://localhost:7600');
  expect(html).toContain('./bin/curfew --profile bo login --as bo --server http://localhost:7600');
});

test('elsewhere it shows nobody anything without a sign-in: no list, no script, 401 from the endpoints', async () => {
  api = await apiUnderTest();
  const html = await page('/');
  expect(html).not.toContain('id="live"');
  expect(html).not.toContain('<script');
  expect(html).toContain('curfew login --server http://localhost:7420');
  expect((await api.as(null, { method: 'GET', url: '/v1/live' })).statusCode).toBe(401);
});

test('every problem has its page, and what is no problem has none', async () => {
  api = await apiUnderTest();
  for (const [code, { title }] of Object.entries(PROBLEMS)) {
    const answer = await api.as(null, { method: 'GET', url: `/docs/problems/${code}` });
    expect(answer.headers['content-type'], code).toMatch(/^text\/html/);
    expect(answer.body, code).toContain(`<title>${title}`);
  }
  for (const code of ['nope', '..%2f..%2fpackage.json', '__proto__']) {
    expect((await api.as(null, { method: 'GET', url: `/docs/problems/${code}` })).statusCode, code).toBe(404);
  }
});
