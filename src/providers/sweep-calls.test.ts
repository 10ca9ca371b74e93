import { expect, test } from 'vitest';
import { instant } from '../core/time.ts';
import { rotated, turnAt } from './sweep-calls.ts';

const START = Date.UTC(2026, 10, 22);
const of = (length: number): readonly number[] => Array.from({ length }, (_, index) => index);

test('a list begins elsewhere at each turn, and is always whole', () => {
  const turn = turnAt(instant(START));
  expect(rotated([], turn, 'places')).toEqual([]);
  expect(rotated([1], turn, 'places')).toEqual([1]);
  const firsts = of(50).map((more) => rotated(of(10), turn + more, 'places')[0]);
  expect([...new Set(firsts)].sort()).toEqual(of(10));
  expect([...rotated(of(10), turn, 'places')].sort()).toEqual(of(10));
});

test.each([10_000, 60_000, 240_000, 300_000, 3_600_000])(
  'runs %i ms apart that get through one account and a tenth of its identities reach them all in all accounts',
  (everyMs) => {
    for (const accounts of [1, 2, 4, 5, 6, 24]) {
      const reached = new Set<string>();
      for (const run of of(accounts * 10 * 12)) {
        const turn = turnAt(instant(START + run * everyMs));
        const [account] = rotated(of(accounts), turn, 'accounts');
        for (const place of rotated(of(200), turn, 'places').slice(0, 20)) reached.add(`${account} ${place}`);
      }
      expect([accounts, reached.size]).toEqual([accounts, accounts * 200]);
    }
  },
);
