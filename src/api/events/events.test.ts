import { afterEach, expect, test, vi } from 'vitest';
import type { ApiOperations } from '../operations-port.ts';
import { NOW, apiUnderTest, GRANT_VIEW, yes, type ApiUnderTest } from '../api-under-test.ts';

let api: ApiUnderTest | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

async function listen(
  headers: Record<string, string> = {},
): Promise<{ answer: Response; until: (text: string) => Promise<string> }> {
  if (api?.app.server.listening === false) await api.app.listen({ port: 0, host: '127.0.0.1' });
  const answer = await fetch(`${api?.app.listeningOrigin}/v1/events`, { headers });
  const reader = answer.body?.getReader();
  let seen = '';
  return {
    answer,
    async until(text) {
      while (!seen.includes(text)) {
        const chunk = await reader?.read();
        if (chunk === undefined || chunk.done) return `${seen}<end>`;
        seen += new TextDecoder().decode(chunk.value);
      }
      return seen;
    },
  };
}

const LIVE_VIEW = { ...GRANT_VIEW, mayEnd: false };

test('200: a page of live access with the time of the server; 401 without a token, and open where it is public', async () => {
  const listLive = vi.fn<ApiOperations['listLive']>(() => yes({ items: [LIVE_VIEW], nextCursor: 'a/b' }));
  api = await apiUnderTest({ listLive });
  const answer = await api.as('ana', { method: 'GET', url: '/v1/live' });
  expect(answer.json()).toEqual({ items: [LIVE_VIEW], nextCursor: 'a/b', now: '2026-11-21T06:00:00.000Z' });
  await api.as('ana', { method: 'GET', url: '/v1/live?cursor=a/b&limit=7' });
  expect(listLive.mock.calls).toEqual([
    [expect.objectContaining({ key: 'ana' }), { cursor: null, limit: 200 }],
    [expect.objectContaining({ key: 'ana' }), { cursor: 'a/b', limit: 7 }],
  ]);
  expect((await api.as('ana', { method: 'GET', url: '/v1/live?limit=201' })).statusCode).toBe(422);
  const ids = ['a', 'b'].map((letter) => `grt_${letter.repeat(20)}`);
  await api.as('ana', { method: 'GET', url: `/v1/live?ids=${ids.join()}` });
  expect(listLive.mock.calls.at(-1)).toEqual([expect.anything(), { cursor: null, limit: 200, ids }]);
  for (const bad of ['', 'grt_x', `${ids.join()},`, Array.from({ length: 101 }, () => ids[0]).join()])
    expect((await api.as('ana', { method: 'GET', url: `/v1/live?ids=${bad}` })).statusCode, bad).toBe(422);
  expect((await api.as(null, { method: 'GET', url: '/v1/live' })).statusCode).toBe(401);
  await api.close();
  api = await apiUnderTest({ listLive }, { publicLive: true });
  expect((await api.as(null, { method: 'GET', url: '/v1/live' })).statusCode).toBe(200);
});

test('429 for the eleventh stream of one person, as a problem; another person still finds room', async () => {
  api = await apiUnderTest();
  const address = await api.app.listen({ port: 0, host: '127.0.0.1' });
  const open = (who: string) => fetch(`${address}/v1/events`, { headers: { authorization: `Bearer ${who}` } });
  const streams = await Promise.all(Array.from({ length: 10 }, () => open('ana')));
  expect(streams.map((stream) => stream.status)).toEqual(Array.from({ length: 10 }, () => 200));
  const refused = await open('ana');
  expect(refused.status).toBe(429);
  expect(refused.headers.get('content-type')).toBe('application/problem+json');
  expect(refused.headers.get('retry-after')).toBe('30');
  expect(await refused.json()).toMatchObject({ code: 'too-many-streams' });
  expect((await open('bo')).status).toBe(200);
});

test('a change reaches an open stream, which carries the headers of every answer', async () => {
  api = await apiUnderTest();
  const { answer, until } = await listen({ authorization: 'Bearer ana' });
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  expect(answer.headers.get('cache-control')).toBe('no-store');
  api.publish({ kind: 'grant', id: 'grt_1', at: NOW });
  expect(await until('grt_1')).toContain(
    'event: change\ndata: {"kind":"grant","id":"grt_1","at":"2026-11-21T06:00:00.000Z"}',
  );
});

test('whoever comes back reads everything again, whatever id they show', async () => {
  api = await apiUnderTest();
  const { until } = await listen({ authorization: 'Bearer ana' });
  expect(await until('connected')).toMatch(/^id: 1$/m);
  for (const id of ['1', 'deadbeef-99', 'nonsense']) {
    const again = await listen({ authorization: 'Bearer ana', 'last-event-id': id });
    expect(await again.until('resync'), id).toContain('event: resync\ndata: {}');
  }
});

test('where others may look on, they hear of access alone, and whoever is signed in hears what they may see', async () => {
  api = await apiUnderTest({}, { publicLive: true });
  const [stranger, ana] = [await listen(), await listen({ authorization: 'Bearer ana' })];
  const forged = await listen({ authorization: 'Bearer eve' });
  const stale = await listen({ cookie: 'other=1' });
  expect([stranger, ana, forged, stale].map(({ answer }) => answer.status)).toEqual([200, 200, 401, 200]);
  api.publish({ kind: 'request', id: 'req_1', at: NOW });
  api.publish({ kind: 'grant', id: 'grt_1', at: NOW });
  expect(await ana.until('grt_1')).toContain('req_1');
  for (const { until } of [stranger, stale]) expect(await until('grt_1')).not.toContain('req_1');
});

test('closing the server ends open streams instead of waiting for them', async () => {
  api = await apiUnderTest({}, { publicLive: true });
  const { until } = await listen();
  await until('connected');
  const begun = performance.now();
  await api.close();
  expect(await until('never')).toMatch(/<end>$/);
  expect(performance.now() - begun).toBeLessThan(5_000);
  api = null;
});

test('401 as a problem, not as a stream', async () => {
  api = await apiUnderTest();
  const { answer } = await listen();
  expect(answer.status).toBe(401);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
});
