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
  [{}, 'proved that the access is gone (its time is over; proof: seen in the cloud)'],
  [{ standingAccessRemains: true }, 'ended the grant (its time is over): standing access remains'],
  [{ neededByOthersUntil: UNTIL }, `ended the grant (its time is over): another grant keeps the access until ${UNTIL}`],
  [
    { boundUntil: UNTIL },
    `proved that the access is gone (its time is over; proof: seen in the cloud); the latest end that was on its way into the cloud: ${UNTIL}`,
  ],
])('the end of a grant with the evidence %o', (evidence, words) => {
  expect(said('grant.ended', { cause: 'expired', proof: 'observed', evidence })).toBe(words);
});

test.each([
  [{}, 'could not make it usable (proof that nothing is left: seen in the cloud)'],
  [{ standingAccessRemains: true }, 'could not make it usable (standing access remains)'],
  [{ neededByOthersUntil: UNTIL }, `could not make it usable (another grant keeps the access until ${UNTIL})`],
])('a start that failed with the evidence %o', (evidence, words) => {
  expect(said('grant.failed', { cause: 'failed', proof: 'observed', evidence })).toBe(words);
});

test.each<[EventKind, EntryBody['facts'], string]>([
  ['request.denied', { by: 'approver' }, 'denied it'],
  ['request.denied', { by: 'policy' }, 'refused it, because the rules have changed'],
  ['request.approved', {}, 'approved it: everybody whom the rules need has said yes'],
  ['request.approved', { automatic: true }, 'approved it, because the rules need nobody for it'],
  ['request.withdrawn', { revocation: 'rev_a' }, 'closed the request, because an order stops this access (rev_a)'],
  ['grant.ending', { cause: 'revoked' }, 'is taking the access away (somebody took it away)'],
  ['grant.ending', { cause: 'expired' }, 'is taking the access away (its time is over)'],
  [
    'finding.raised',
    { finding: 'end-was-edited' },
    'found what needs attention: somebody changed the end of the access in the cloud',
  ],
  ['finding.raised', { finding: 'of-later' }, 'found what needs attention: of-later'],
  [
    'administration.proposed',
    { action: 'appoint', role: 'admin', signed: false },
    'proposed to appoint somebody as admin, without a passkey',
  ],
  ['administration.proposed', { action: 'merge', signed: true }, 'proposed to count two persons as one human'],
  ['administration.confirmed', { action: 'merge' }, 'confirmed to count two persons as one human'],
])('%s with %o needs no inside knowledge', (kind, facts, words) => {
  expect(said(kind, facts)).toBe(words);
});
