import { expect, test } from 'vitest';
import type { Proposal } from '../data/administration.ts';
import { changeOf, effectsOf } from './proposal-words.ts';

const ana = { key: 'ana', name: 'Ana Ribeiro' };
const bo = { key: 'bo', name: 'Bo Sandberg' };
const proposed = {
  id: 'prp_x',
  person: ana,
  reason: 'why',
  proposedBy: bo,
  proposedAt: '',
  lapsesAt: '',
  mayConfirm: true,
  confirmers: [ana],
  mayRefuse: true,
  changesVersion: 'v',
};

test('a change of roles says what somebody gets, and what not', () => {
  const appoint: Proposal = { ...proposed, action: 'appoint', role: 'admin' };
  expect(changeOf(appoint)).toBe('Appoint Ana Ribeiro (ana) as admin');
  expect(effectsOf(appoint).join(' ')).toContain('approve no access');
  expect(changeOf({ ...proposed, action: 'dismiss', role: 'auditor' })).toBe('Dismiss Ana Ribeiro (ana) as auditor');
});

test('a merge names both by their keys, and everything that it takes away', () => {
  const merge = {
    ...proposed,
    action: 'merge' as const,
    other: { key: 'ana2', name: 'Ana Ribeiro' },
    grants: 'end' as const,
    losesRequests: [{ id: 'req_x', person: bo, items: [{ role: 'r', target: 't' }] }],
    losesGrants: [{ id: 'grt_x', person: bo, role: 'g', target: 't', endsAt: null }],
    widensOrders: [{ id: 'rev_x', person: bo, to: ana, ends: 2 }],
  };
  expect(changeOf(merge)).toBe('Count Ana Ribeiro (ana2) as Ana Ribeiro (ana)');
  expect(effectsOf(merge).slice(1)).toEqual([
    'A request of Bo Sandberg (bo) loses an approval: r on t.',
    'Access of Bo Sandberg (bo) ends: g on t.',
    'The order rev_x, which stops access of Bo Sandberg (bo), stops that of Ana Ribeiro (ana) too: 2 live now, which it ends; it withdraws requests, and holds back starts while it stands.',
  ]);
  expect(effectsOf({ ...merge, grants: 'keep' })[2]).toContain('runs on');
  expect(effectsOf({ ...merge, losesRequests: [], losesGrants: [], widensOrders: [] }).slice(1)).toEqual([
    'No request and no live access loses an approval.',
  ]);
});

test('an account that passes on says for whom it does not count any more', () => {
  const account = { id: 'lnk_x', issuer: 'idp', subject: 'ana@x', provenFor: [ana], signsIn: true, claimedBy: bo };
  const release: Proposal = { ...proposed, action: 'release', account };
  expect(changeOf(release)).toBe('Let the account ana@x pass on');
  expect(effectsOf(release)).toEqual([
    'It is an account at idp.',
    'It was proven for Ana Ribeiro (ana), which does not count any more.',
    'It does not sign Ana Ribeiro (ana) in any more.',
    'Bo Sandberg (bo) claims it.',
  ]);
  expect(effectsOf({ ...release, person: ana, account: { ...account, claimedBy: ana } })[3]).toBe(
    'The directory gives Ana Ribeiro (ana) another account there, which signs them in once this one has passed on.',
  );
});
