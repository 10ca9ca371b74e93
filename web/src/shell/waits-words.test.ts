import { expect, test } from 'vitest';
import { waitsWords } from './waits-words.ts';

test('the number at a page is spoken as well', () => {
  expect(waitsWords(0, false)).toBeNull();
  expect(waitsWords(1, false)).toEqual({ count: '1', words: '1 waits for you' });
  expect(waitsWords(3, false)).toEqual({ count: '3', words: '3 wait for you' });
  expect(waitsWords(1_000, true)).toEqual({ count: '1000+', words: 'more than 1000 wait for you' });
});
