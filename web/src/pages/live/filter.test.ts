import { expect, test } from 'vitest';
import { fits, tally } from './filter.ts';

const ana = { key: 'ana', name: 'Ana Ribeiro' };
const bo = { key: 'bo', name: 'Bo Sandberg' };
const grant = { person: ana, role: 'invoice-reader', target: 'aws/prod', provider: 'aws', tier: 2 as const };

test('every word has to occur somewhere, and the tier has to be the chosen one', () => {
  expect(fits(grant, '', 'all')).toBe(true);
  expect(fits(grant, 'RIBEIRO prod', 'all')).toBe(true);
  expect(fits(grant, 'ribeiro staging', 'all')).toBe(false);
  expect(fits(grant, 'ribeiro', '2')).toBe(true);
  expect(fits(grant, 'ribeiro', '0')).toBe(false);
});

test('what is over is not counted as power', () => {
  const all = [
    { person: ana, status: 'active' as const },
    { person: ana, status: 'ending' as const },
    { person: bo, status: 'ended' as const },
    { person: bo, status: 'scheduled' as const },
  ];
  expect(tally(all, 4, 'ana')).toBe('2 held by 1 person, 2 by you.');
  expect(tally(all, 1, 'hal')).toBe('2 held by 1 person. 1 of 4 rows are shown.');
});
