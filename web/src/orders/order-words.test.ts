import { expect, test } from 'vitest';
import {
  beyondWords,
  confirmerWords,
  orderState,
  progressOf,
  progressWords,
  secondWords,
  survivorWords,
  timeToZero,
  whatOf,
  zeroWords,
} from './order-words.ts';

const NOTHING = { sessions: 0, until: null, standing: 0 };
const NOON = '2026-11-22T12:00:00.000Z';
const NOW = Date.parse(NOON) - 60_000;
const person = { key: 'ana', name: 'Ana Ribeiro' };

test('what goes on although it is gone is said, and nothing where nothing does', () => {
  const at = (time: string) => `at ${time}`;
  expect(survivorWords(NOTHING, NOW, at)).toEqual([]);
  expect(survivorWords({ sessions: 2, until: NOON, standing: 1 }, NOW, at)).toEqual([
    `Sessions of 2 of them could not be cut and may go on until at ${NOON}; no new ones can be made.`,
    '1 of them had access from before Curfew, which remains.',
  ]);
  expect(survivorWords({ sessions: 2, until: NOON, standing: 0 }, Date.parse(NOON), at)).toEqual([]);
});

test('nothing is called gone that goes on, in a list either', () => {
  const order = {
    counts: { live: 0, ending: 0, gone: 4 },
    reach: 'all',
    status: 'done',
    stopsNew: true,
    asksUntil: null,
  } as const;
  const survives = { sessions: 2, until: NOON, standing: 1 };
  expect(progressWords({ ...order, survives }, NOW)).toBe(
    '1 of 4 proven gone, 2 with sessions that may go on, 1 from before Curfew stays',
  );
  expect(orderState({ ...order, survives }, NOW)).toEqual({ word: 'all over, some access stays', tone: 'waiting' });
  const sessions = { ...survives, standing: 0 };
  expect(orderState({ ...order, survives: sessions }, NOW)).toEqual({
    word: 'all over, sessions go on',
    tone: 'waiting',
  });
  // Sessions run out, and what was there before does not.
  const later = Date.parse(NOON);
  expect(progressWords({ ...order, survives: sessions }, later)).toBe('4 of 4 proven gone');
  expect(orderState({ ...order, survives: sessions }, later).tone).toBe('good');
  expect(orderState({ ...order, survives }, later).word).toBe('all over, some access stays');
});

test('what an order stops is said whole', () => {
  expect(whatOf({ kind: 'all', person: null, target: null })).toBe('All access of everybody');
  expect(whatOf({ kind: 'person', person, target: null })).toBe('All access of Ana Ribeiro (ana)');
  expect(whatOf({ kind: 'target', person: null, target: 'aws/prod' })).toBe('All access on aws/prod');
});

test('what an order has not reached yet is left; what is beyond its reach is said beside it', () => {
  const counts = { live: 2, ending: 1, gone: 3 };
  const ending = { counts, reach: 'all', status: 'ending', survives: NOTHING } as const;
  expect(progressOf(ending, NOW)).toMatchObject({ told: 6, gone: 3, beyond: 0, part: 0.5 });
  expect(progressWords(ending, NOW)).toBe('3 of 6 proven gone');
  expect(progressOf({ ...ending, reach: 'own' }, NOW)).toMatchObject({ told: 4, gone: 3, beyond: 2, part: 0.25 });
  const partly = {
    counts: { live: 2, ending: 0, gone: 3 },
    reach: 'own',
    status: 'partly',
    survives: NOTHING,
  } as const;
  expect(progressOf(partly, NOW)).toMatchObject({ told: 3, gone: 3, beyond: 2, part: 0 });
  expect(progressWords(partly, NOW)).toBe('3 of 3 proven gone, 2 live');
});

test('an order that waits has ended nothing, and one over nothing says so', () => {
  const none = { counts: { live: 0, ending: 0, gone: 0 }, reach: 'own', status: 'done', survives: NOTHING } as const;
  const waits = { ...none, counts: { ...none.counts, live: 4 }, reach: 'none', status: 'waiting' } as const;
  expect(progressWords(waits, NOW)).toBe('4 live');
  expect(progressWords(none, NOW)).toBe('nothing was held');
});

test('only what is proven gone is good, and what still stops people says so', () => {
  const state = (status: 'done' | 'partly' | 'lapsed', stopsNew: boolean, asksUntil: string | null = null) =>
    orderState({ status, stopsNew, asksUntil, survives: NOTHING }, NOW);
  expect(state('done', true)).toEqual({ word: 'all gone, and nothing starts', tone: 'good' });
  expect(state('partly', true, '2026-11-22T10:00:00.000Z').word).toBe('the rest needs a second person');
  expect(state('partly', true)).toEqual({ word: 'not all of it', tone: 'waiting' });
  expect(state('lapsed', false).tone).toBe('quiet');
});

test('a time to zero has one unit while it is short', () => {
  expect(timeToZero(61_240)).toBe('61.2 s');
  expect(timeToZero(250_000)).toBe('4 min 10 s');
});

test('a time to zero says from when it runs', () => {
  const at = (seconds: number) => new Date(Date.parse(NOON) + seconds * 1_000).toISOString();
  const order = { orderedAt: NOON, startedAt: NOON, confirmedAt: null, finishedAt: at(65.7) };
  expect(zeroWords(order, false)).toBe('from the order until the last of it was proven gone.');
  expect(zeroWords(order, true)).toBe('from the order until the last of it was over.');
  const confirmed = { ...order, startedAt: at(53.3), confirmedAt: at(53.3), finishedAt: at(119) };
  expect(zeroWords(confirmed, false)).toBe(
    'from the confirmation until the last of it was proven gone; 119.0 s from the order.',
  );
  expect(zeroWords({ ...confirmed, startedAt: at(60) }, false)).toMatch(/^from when it was widened until/);
});

test('why there was no second person is said as it was', () => {
  const order = { asksUntil: '2026-11-22T12:15:00.000Z', reach: 'none', orderedAt: NOON, liftedAt: null } as const;
  const ORDERED = Date.parse(NOON);
  expect(secondWords(order, ORDERED)).toBe('nobody yet');
  expect(secondWords({ ...order, asksUntil: null }, ORDERED)).toBe('nobody, in the 15 minutes there were');
  const lifted = { ...order, asksUntil: null, liftedAt: '2026-11-22T12:00:09.000Z' };
  expect(secondWords(lifted, ORDERED)).toBe('nobody, before it was lifted');
  expect(secondWords({ ...lifted, liftedAt: '2026-11-22T12:15:00.000Z' }, ORDERED)).toBe(
    'nobody, in the 15 minutes there were',
  );
});

test('what is beyond the reach of an order says what can be done, which is nothing once it was lifted', () => {
  expect(beyondWords({ asksUntil: NOON, status: 'partly' }, 1)).toBe('it ends when a second person confirms.');
  expect(beyondWords({ asksUntil: null, status: 'partly' }, 2)).toContain('Give the order again');
  expect(beyondWords({ asksUntil: null, status: 'lifted' }, 2)).toBe('nobody confirmed it before it was lifted.');
});

test('the second person is asked for by name, as long as something waits for one', () => {
  const bo = { key: 'bo', name: 'Bo Sandberg' };
  const confirmers = { people: [person, bo], more: 0 };
  expect(confirmerWords({ confirmers, status: 'waiting' }, 'bo')).toBe('Needs Ana Ribeiro (ana) or you.');
  expect(confirmerWords({ confirmers: { ...confirmers, more: 3 }, status: 'partly' }, '')).toBe(
    'Needs Ana Ribeiro (ana), Bo Sandberg (bo) or one of 3 others who answer for a role or a target.',
  );
  expect(confirmerWords({ confirmers: { people: [bo], more: 1 }, status: 'partly' }, '')).toBe(
    'Needs Bo Sandberg (bo) or another who answers for a role or a target.',
  );
  expect(confirmerWords({ confirmers, status: 'done' }, '')).toBeNull();
  expect(confirmerWords({ confirmers: { people: [], more: 0 }, status: 'lapsed' }, '')).toBeNull();
  expect(confirmerWords({ confirmers: null, status: 'waiting' }, '')).toBeNull();
});
