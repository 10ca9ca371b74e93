import { expect, test } from 'vitest';
import { countWords, readSearch, withCloud, withWords } from './shown.ts';

test('what the address says is a text of a sensible length and a cloud that there is, or nothing', () => {
  expect(readSearch({ q: 'invoice', evil: 1 })).toEqual({ q: 'invoice' });
  expect(readSearch({ q: { a: 1 }, provider: 'ibm' })).toEqual({});
  expect(readSearch({ q: 'x'.repeat(999), provider: 'gcp' })).toEqual({ q: 'x'.repeat(200), provider: 'gcp' });
});

test('what is looked for changes one by one', () => {
  expect(withWords({ q: 'a', provider: 'aws' }, '')).toEqual({ provider: 'aws' });
  expect(withCloud({ q: 'a', provider: 'aws' }, 'all')).toEqual({ q: 'a' });
  expect(withCloud({ q: 'a' }, 'azure')).toEqual({ q: 'a', provider: 'azure' });
});

test('what was not read yet is said', () => {
  expect(countWords(200, 5_000)).toBe('5000 roles on targets, 200 of them read so far');
  expect(countWords(3, 3)).toBe('3 roles on targets');
  expect(countWords(1, 1)).toBe('1 role on a target');
});
