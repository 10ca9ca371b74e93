import { afterEach, expect, test, vi } from 'vitest';
import { apiUnderTest, yes, type ApiUnderTest } from '../api-under-test.ts';
import type { LedgerReads } from '../ledger-port.ts';

let api: ApiUnderTest | null = null;
afterEach(async () => {
  await api?.close();
  api = null;
});

const ledger = (has: Partial<LedgerReads>): LedgerReads => ({
  entries: () => yes([]),
  checkpoints: () => yes([]),
  latestCheckpoint: () => yes(null),
  proof: () => yes(null),
  personal: () => yes(null),
  reconciliation: () => yes({ rows: [], nextAfter: null }),
  ...has,
});

test('200: entries with their bytes untouched, and where to go on', async () => {
  const body = '{"v":1,"b":"é \\u2028"}';
  const entries = vi.fn<LedgerReads['entries']>(() =>
    yes([
      { seq: 41, body, leaf: 'aa' },
      { seq: 42, body: null, leaf: 'bb' },
    ]),
  );
  api = await apiUnderTest({}, { ledger: ledger({ entries }) });
  const answer = await api.as('ana', { method: 'GET', url: '/v1/audit/entries?from=41&limit=10' });
  expect(answer.json()).toEqual({
    items: [
      { seq: 41, body, leaf: 'aa' },
      { seq: 42, body: null, leaf: 'bb' },
    ],
    nextFrom: 43,
  });
  expect(entries).toHaveBeenCalledWith(expect.objectContaining({ key: 'ana' }), 41, 10);
});

test('the end of the log says to go on from the same place', async () => {
  api = await apiUnderTest({}, { ledger: ledger({}) });
  expect((await api.as('ana', { method: 'GET', url: '/v1/audit/entries?from=42' })).json()).toEqual({
    items: [],
    nextFrom: 42,
  });
});

test('200: checkpoints, the newest as a note, a proof, and the states that must be explained', async () => {
  api = await apiUnderTest(
    {},
    {
      ledger: ledger({
        checkpoints: () => yes([{ size: 7, note: 'note' }]),
        latestCheckpoint: () => yes('curfew.local/log\n7\nroot=\n\n— curfew sig\n'),
        proof: () => yes({ seq: 3, size: 7, leaf: 'aa', hashes: ['bb'], checkpoint: 'note' }),
        reconciliation: () =>
          yes({
            rows: [{ kind: 'grant', id: 'grt_1', state: 'active', endsAt: '2026-11-21T06:00:00.000Z' }],
            nextAfter: 'grt_1',
          }),
      }),
    },
  );
  expect((await api.as('ana', { method: 'GET', url: '/v1/audit/checkpoints' })).json()).toEqual({
    items: [{ size: 7, note: 'note' }],
    nextFrom: null,
  });
  const note = await api.as('ana', { method: 'GET', url: '/v1/audit/checkpoint' });
  expect(note.headers['content-type']).toBe('text/plain; charset=utf-8');
  expect(note.body).toBe('curfew.local/log\n7\nroot=\n\n— curfew sig\n');
  expect((await api.as('ana', { method: 'GET', url: '/v1/audit/proof/3' })).json()).toMatchObject({
    seq: 3,
    hashes: ['bb'],
  });
  expect((await api.as('ana', { method: 'GET', url: '/v1/audit/reconciliation?limit=1' })).json()).toEqual({
    items: [{ kind: 'grant', id: 'grt_1', state: 'active', endsAt: '2026-11-21T06:00:00.000Z' }],
    nextAfter: 'grt_1',
  });
});

test('200: personal values with their salts; 404 where there is nothing that one may see', async () => {
  const opening = { field: 'reason', person: 'per_1', salt: '00'.repeat(32), value: 'Check the export' };
  const personal = vi.fn<LedgerReads['personal']>((_, seq) => yes(seq === 3 ? [opening] : null));
  api = await apiUnderTest({}, { ledger: ledger({ personal }) });
  const answer = await api.as('ana', { method: 'GET', url: '/v1/audit/personal/3' });
  expect(answer.json()).toEqual({ items: [opening] });
  expect(answer.headers['cache-control']).toBe('no-store');
  expect(personal).toHaveBeenCalledWith(expect.objectContaining({ key: 'ana' }), 3);
  expect((await api.as('ana', { method: 'GET', url: '/v1/audit/personal/4' })).statusCode).toBe(404);
  expect((await api.as(null, { method: 'GET', url: '/v1/audit/personal/3' })).statusCode).toBe(401);
});

test('404 for what no checkpoint covers, 422 for what is no number, 401 without a token', async () => {
  api = await apiUnderTest({}, { ledger: ledger({}) });
  expect((await api.as('ana', { method: 'GET', url: '/v1/audit/proof/9' })).statusCode).toBe(404);
  expect((await api.as('ana', { method: 'GET', url: '/v1/audit/checkpoint' })).statusCode).toBe(404);
  for (const query of ['from=-1', 'from=x', 'limit=1001']) {
    expect((await api.as('ana', { method: 'GET', url: `/v1/audit/entries?${query}` })).statusCode, query).toBe(422);
  }
  expect((await api.as(null, { method: 'GET', url: '/v1/audit/entries' })).statusCode).toBe(401);
});
