import { expect, test } from 'vitest';
import { orderState, progressOf, progressWords, survivorWords, timeToZero, whatOf } from './order-words.ts';

const person = { key: 'ana', name: 'Ana Ribeiro' };

test('what goes on although it is gone is said, and nothing where nothing does', () => {
  const at = (time: string) => `at ${time}`;
  expect(survivorWords({ sessions: 0, until: null, standing: 0 }, at)).toEqual([]);
  expect(survivorWords({ sessions: 2, until: 'noon', standing: 1 }, at)).toEqual([
    'Sessions of 2 of them could not be cut and may go on until at noon; no new ones can be made.',
    '1 of them had access from before Curfew, which remains.',
  ]);
});

test('what an order stops is said whole', () => {
  expect(whatOf({ kind: 'all', person: null, target: null })).toBe('All access of everybody');
  expect(whatOf({ kind: 'person', person, target: null })).toBe('All access of Ana Ribeiro (ana)');
  expect(whatOf({ kind: 'target', person: null, target: 'aws/prod' })).toBe('All access on aws/prod');
});

test('what an order has not reached yet is left; what is beyond its reach is said beside it', () => {
  const counts = { live: 2, ending: 1, gone: 3 };
  const ending = { counts, reach: 'all', status: 'ending' } as const;
  expect(progressOf(ending)).toEqual({ told: 6, gone: 3, beyond: 0, part: 0.5 });
  expect(progressWords(ending)).toBe('3 of 6 proven gone');
  expect(progressOf({ ...ending, reach: 'own' })).toEqual({ told: 4, gone: 3, beyond: 2, part: 0.25 });
  const partly = { counts: { live: 2, ending: 0, gone: 3 }, reach: 'own', status: 'partly' } as const;
  expect(progressOf(partly)).toEqual({ told: 3, gone: 3, beyond: 2, part: 0 });
  expect(progressWords(partly)).toBe('3 of 3 proven gone, 2 live');
});

test('an order that waits has ended nothing, and one over nothing says so', () => {
  expect(progressWords({ counts: { live: 4, ending: 0, gone: 0 }, reach: 'none', status: 'waiting' })).toBe('4 live');
  expect(progressWords({ counts: { live: 0, ending: 0, gone: 0 }, reach: 'own', status: 'done' })).toBe(
    'nothing was held',
  );
});

test('only what is proven gone is good, and what still stops people says so', () => {
  const state = (status: 'done' | 'partly' | 'lapsed', stopsNew: boolean, asksUntil: string | null = null) =>
    orderState({ status, stopsNew, asksUntil });
  expect(state('done', true)).toEqual({ word: 'all gone, and nothing starts', tone: 'good' });
  expect(state('partly', true, '2026-11-22T10:00:00.000Z').word).toBe('the rest needs a second person');
  expect(state('partly', true)).toEqual({ word: 'not all of it', tone: 'waiting' });
  expect(state('lapsed', false).tone).toBe('quiet');
});

test('a time to zero has one unit while it is short', () => {
  expect(timeToZero(61_240)).toBe('61.2 s');
  expect(timeToZero(250_000)).toBe('4 min 10 s');
});
