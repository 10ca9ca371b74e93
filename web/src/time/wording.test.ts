import { expect, test } from 'vitest';
import { grantState, residualLine } from './wording.ts';

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
