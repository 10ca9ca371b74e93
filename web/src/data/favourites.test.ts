import { expect, test } from 'vitest';
import { toggled } from './favourites.ts';

const READER = { role: 'reader', target: 'aws/prod' };
const LOGS = { role: 'logs', target: 'aws/prod' };

test('what is not there comes last, what is there goes, and the rest stays in its order', () => {
  expect(toggled([READER], LOGS)).toEqual([READER, LOGS]);
  expect(toggled([READER, LOGS], READER)).toEqual([LOGS]);
  expect(toggled([READER], { ...READER, target: 'aws/staging' })).toHaveLength(2);
});

test('only the names are kept of a thing that has more', () => {
  expect(toggled([], { ...READER, tier: 2 } as typeof READER)).toEqual([READER]);
});
