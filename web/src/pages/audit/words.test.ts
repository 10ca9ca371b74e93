import { expect, test } from 'vitest';
import { aboutOf, factRows, readAuditSearch, readSeq, verdictWords } from './words.ts';

test('a number from an address is a number or nothing', () => {
  expect([readSeq('42'), readSeq('-1'), readSeq('1e9'), readSeq('x'), readSeq('9'.repeat(20))]).toEqual([
    42,
    null,
    null,
    null,
    null,
  ]);
});

test('only what was recomputed and signed is called verified', () => {
  const words = (inTree: boolean, signature: 'holds' | 'broken' | 'unknown') =>
    verdictWords({ inTree, signature }, 100).state.word;
  expect(words(true, 'holds')).toBe('verified to #99');
  expect(words(true, 'unknown')).toBe('in the tree');
  expect([words(false, 'holds'), words(false, 'unknown'), words(true, 'broken')]).toEqual(
    Array.from({ length: 3 }, () => 'does not hold'),
  );
});

test('an address looks for texts of a sensible length only', () => {
  expect(readAuditSearch({ q: 'ana', kind: 'grant', evil: {} })).toEqual({ q: 'ana', kind: 'grant' });
  expect(readAuditSearch({ q: 7, kind: '' })).toEqual({});
  expect([aboutOf(undefined), aboutOf('grant'), aboutOf('grant.ended')]).toEqual(['all', 'grant', '']);
});

test('what only machines read stands apart', () => {
  const signature = 'A'.repeat(86);
  expect(factRows({ tier: 0, items: ['a@b', 'c@d'], signature, evidence: { at: 1 } })).toEqual({
    short: [
      ['tier', '0'],
      ['items', 'a@b, c@d'],
      ['evidence', '{"at":1}'],
    ],
    long: [['signature', signature]],
  });
});
