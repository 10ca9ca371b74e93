import { expect, test } from 'vitest';
import type { EventKind } from '../ledger/entry.ts';
import { entryWords, type EntryBody } from './entry-words.ts';

const said = (kind: EventKind, facts: EntryBody['facts']): string =>
  entryWords({
    kind,
    at: '2026-11-22T10:00:00.000Z',
    actor: { kind: 'system', id: 'engine' },
    subjects: {},
    facts,
  });

const UNTIL = '2026-11-22T10:30:00.000Z';

test.each([
  [{}, 'proved that the access is gone (expired; proof: observed)'],
  [{ standingAccessRemains: true }, 'ended the grant (expired): standing access remains'],
  [{ neededByOthersUntil: UNTIL }, `ended the grant (expired): another grant keeps the access until ${UNTIL}`],
  [
    { boundUntil: UNTIL },
    `proved that the access is gone (expired; proof: observed); the latest end that was on its way into the cloud: ${UNTIL}`,
  ],
])('the end of a grant with the evidence %o', (evidence, words) => {
  expect(said('grant.ended', { cause: 'expired', proof: 'observed', evidence })).toBe(words);
});

test.each([
  [{}, 'could not make it usable (proof that nothing is left: observed)'],
  [{ standingAccessRemains: true }, 'could not make it usable (standing access remains)'],
  [{ neededByOthersUntil: UNTIL }, `could not make it usable (another grant keeps the access until ${UNTIL})`],
])('a start that failed with the evidence %o', (evidence, words) => {
  expect(said('grant.failed', { cause: 'failed', proof: 'observed', evidence })).toBe(words);
});
