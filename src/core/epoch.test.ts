import { describe, expect, test } from 'vitest';
import { judgeEpoch, type Found, type Witness } from './epoch.ts';
import { instant } from './time.ts';

const NOW = instant(1_000_000_000);
const PLACE = { cluster: '7', timeline: 3, database: '5', table: '16400' };
const WITNESS: Witness = { epoch: 'a', number: 4, size: 100, root: 'ff', seenAt: instant(NOW - 1_000) };
const FOUND: Found = {
  epoch: { id: 'a', number: 4, beganAt: instant(1) },
  lived: PLACE,
  lives: PLACE,
  rootAtWitness: 'ff',
  now: NOW,
};
const other = (id: string, number: number) => ({ epoch: { id, number, beganAt: instant(1) } });

const judged = (witness: Witness | null, found: Partial<Found>) => {
  const verdict = judgeEpoch(witness, { ...FOUND, ...found });
  return verdict.kind === 'restored' ? verdict.cause : verdict.kind;
};

describe('by what was seen', () => {
  test.each([
    ['the same log, perhaps longer', WITNESS, {}, 'same'],
    ['nobody has seen anything', null, { rootAtWitness: null }, 'same'],
    ['nothing was signed yet', { ...WITNESS, size: 0, root: '' }, { rootAtWitness: null }, 'same'],
    ['a shorter log', WITNESS, { rootAtWitness: null }, 'log-went-back'],
    ['another log of that length', WITNESS, { rootAtWitness: 'ee' }, 'log-went-back'],
    ['an older epoch, though its log agrees', WITNESS, other('z', 3), 'log-went-back'],
    ['another epoch of the same number', WITNESS, other('z', 4), 'log-went-back'],
    ['a later epoch, which somebody has begun', WITNESS, { ...other('b', 5), rootAtWitness: null }, 'same'],
  ] as const)('%s', (_, witness, found, answer) => {
    expect(judged(witness, found)).toBe(answer);
  });
});

describe('by where it lives', () => {
  const lives = (change: Partial<typeof PLACE>) => ({ lives: { ...PLACE, ...change } });
  test.each(['cluster', 'database', 'table'] as const)('another %s is a copy, whatever was seen', (what) => {
    for (const witness of [WITNESS, null]) expect(judged(witness, lives({ [what]: '99' }))).toBe('copied');
  });

  test('another timeline alone is no restore to whoever saw all of the log lately', () => {
    expect(judged(WITNESS, lives({ timeline: 4 }))).toBe('moved');
    expect(judged(null, lives({ timeline: 4 }))).toBe('another-timeline');
    expect(judged({ ...WITNESS, seenAt: instant(NOW - 600_001) }, lives({ timeline: 4 }))).toBe('another-timeline');
    expect(judged(WITNESS, { ...lives({ timeline: 4 }), rootAtWitness: null })).toBe('log-went-back');
    expect(judged(WITNESS, { ...lives({ timeline: 4 }), ...other('b', 5) })).toBe('another-timeline');
  });

  test('what it does not say is no difference, and is written down once it says so', () => {
    const silent = { cluster: null, timeline: null, database: null, table: null };
    expect(judged(WITNESS, { lives: silent })).toBe('same');
    expect(judged(WITNESS, { lived: silent })).toBe('moved');
  });
});
