import { expect, test } from 'vitest';
import { heldWords } from './held-words.ts';

const NOW = Date.parse('2026-11-22T10:00:00Z');
const grant = (status: 'active' | 'ending' | 'scheduled', minutes: number | null) => ({
  status,
  waits: null,
  endsAt: minutes === null ? null : new Date(NOW + minutes * 60_000).toISOString(),
});

test.each([
  ['nothing', [], null],
  ['what is planned', [grant('scheduled', null)], null],
  ['one', [grant('active', 12)], { count: 1, left: '12:00', sentence: '1 active, the first ends in 12 minutes' }],
  // Given back early: its end was to come, and does not any more.
  ['one that was given back', [grant('ending', 12)], { count: 1, left: 'ending…', sentence: '1 ending' }],
  [
    'one whose time has come, before the server has said so',
    [grant('active', 0)],
    { count: 1, left: 'ending…', sentence: '1 ending' },
  ],
  [
    'one that is ending before two that are not',
    [grant('ending', 5), grant('active', 12), grant('active', 90)],
    { count: 3, left: '12:00', sentence: '2 active, the first ends in 12 minutes, 1 ending' },
  ],
] as const)('the counter shows and says the same of %s', (_, grants, words) => {
  expect(heldWords(grants, NOW)).toEqual(words);
});
