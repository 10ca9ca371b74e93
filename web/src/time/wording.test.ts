import { expect, test } from 'vitest';
import { grantState, proofHeadline, residualLine, survivesLine } from './wording.ts';

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
