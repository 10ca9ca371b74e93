import { expect, test } from 'vitest';
import { countWords, providersOf, readSearch, shownOf } from './shown.ts';

const items = [{ provider: 'gcp' }, { provider: 'aws' }, { provider: 'aws' }];

test('what the address says is a text of a sensible length, or nothing', () => {
  expect(readSearch({ q: 'invoice', evil: 1 })).toEqual({ q: 'invoice' });
  expect(readSearch({ q: { a: 1 } })).toEqual({});
  expect(readSearch({ q: 'x'.repeat(999) }).q).toHaveLength(200);
});

test('one cloud is shown, or all; a choice that nothing fits hides nothing', () => {
  expect(providersOf(items)).toEqual(['aws', 'gcp']);
  expect(shownOf(items, 'aws')).toHaveLength(2);
  expect(shownOf(items, 'all')).toHaveLength(3);
  expect(shownOf(items, 'azure')).toHaveLength(3);
});

test('what the server left out is said', () => {
  expect(countWords(200, 200, 5_000)).toContain('of 5000');
  expect(countWords(2, 3, 3)).toBe('2 of 3 roles on targets');
  expect(countWords(3, 3, 3)).toBe('3 roles on targets');
});
