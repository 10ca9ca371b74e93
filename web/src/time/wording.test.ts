import { expect, test } from 'vitest';
import type { AccessRequest, Grant } from '../data/api.ts';
import { grantState, proofHeadline, requestState, residualLine, survivesLine } from './wording.ts';

const END = Date.parse('2026-11-22T10:00:00Z');
const active = { status: 'active', endsAt: '2026-11-22T10:00:00.000Z', waits: null } as const;

test('active until its end and not a moment longer; ended is only what the server says', () => {
  expect(grantState(active, END - 1).word).toBe('active');
  expect(grantState(active, END).word).toBe('ending…');
  expect(grantState(active, END + 86_400_000).word).toBe('ending…');
  expect(grantState({ ...active, status: 'ended' }, END).word).toBe('ended');
});

test('what survives is said with its bound, and that there is none', () => {
  expect(residualLine({ maxMs: 0 })).toBe('Nothing survives its end.');
  expect(residualLine({ maxMs: 5_000 })).toContain('5 seconds');
  expect(residualLine({ maxMs: null })).toContain('nobody can say for how long');
});

const proof = (gone: boolean, brief: string) =>
  ({
    kind: 'observed',
    at: '2026-11-22T10:00:00.000Z',
    evidence: {},
    gone,
    brief,
    words: '',
    keptUntil: null,
  }) as const;

test('gone is said of what is gone; of a grant in a place that somebody else needs only that it has ended', () => {
  const residual = { maxMs: 0, words: '' };
  expect(proofHeadline(proof(true, 'seen in the cloud'))).toBe('Proven gone.');
  expect(survivesLine({ proof: proof(true, 'seen in the cloud'), residual })).toBe('Nothing survives its end.');
  for (const brief of ['standing access remains', 'another grant keeps the access']) {
    expect(proofHeadline(proof(false, brief))).toBe(`Ended, ${brief}.`);
    expect(survivesLine({ proof: proof(false, brief), residual })).toBe('The access itself is still there.');
  }
});

const came = (id: string, status: Grant['status'], retryOf: string | null = null): Grant =>
  ({ ...active, id, status, retryOf }) as Grant;
const approved = (grants: readonly Grant[], extension: string | null = null) =>
  ({
    status: 'approved',
    extends: extension === null ? null : { status: extension },
    grants,
  }) as unknown as AccessRequest;

test.each([
  ['nothing yet', approved([]), 'approved', 'good'],
  ['access that is used', approved([came('1', 'active')]), 'active', 'good'],
  ['access that is over', approved([came('1', 'ended')]), 'ended', 'quiet'],
  ['access that never began', approved([came('1', 'failed')]), 'failed', 'bad'],
  ['a second try', approved([came('1', 'failed'), came('2', 'active', '1')]), 'active', 'good'],
  ['two of which one failed', approved([came('1', 'active'), came('2', 'failed')]), 'active, failed', 'bad'],
  ['two that are over', approved([came('1', 'ended'), came('2', 'ended')]), 'ended', 'quiet'],
  ['a later end that is being written', approved([came('1', 'active')], 'writing'), 'approved', 'good'],
  ['a later end, and its access is over', approved([came('1', 'ended')], 'extended'), 'ended', 'quiet'],
  ['no later end', approved([came('1', 'ended')], 'ended-first'), 'approved, not extended', 'bad'],
] as const)('an approved request says what came of it: %s', (_, request, word, tone) => {
  expect(requestState(request, END - 1)).toEqual({ word, tone });
});

test('what has reached its end is not called active by a list either, and what was never approved has no access to speak of', () => {
  expect(requestState(approved([came('1', 'active')]), END).word).toBe('ending…');
  expect(requestState({ ...approved([came('1', 'ended')]), status: 'lapsed' }, END).word).toBe('lapsed');
});
