import canonicalize from 'canonicalize';
import { expect, test } from 'vitest';
import type { Target } from '../core/target.ts';
import { hashOf, isSignedFor, meaningOf, readDocument, type ApprovalDocument } from './decision-document.ts';

const PROD: Target = {
  key: 'aws/prod',
  provider: 'aws',
  kind: 'account',
  native: '444455556666',
  description: 'Production on AWS',
  labels: { env: 'prod' },
  parent: null,
  owners: ['group:platform-leads'],
};
const ITEM = { role: 'reader', target: 'aws/prod', tier: 1 };
const MEANING = meaningOf(undefined, PROD);

/** What is read of a document with some fields, of which only those that tell its form matter here. */
const read = (fields: Partial<Record<keyof ApprovalDocument, unknown>>) =>
  readDocument('curfew.approval', canonicalize({ kind: 'curfew.approval', verdict: 'approve', ...fields }) ?? '');

test('what a target means is where access to it lands, and neither its words nor its name', () => {
  const words = { ...PROD, key: 'aws/live', description: 'Live', labels: {}, parent: 'aws/acme', owners: [] };
  expect(meaningOf(undefined, words)).toEqual(MEANING);
  for (const other of [{ provider: 'gcp' }, { kind: 'organization' }, { native: '999988887777' }] as const)
    expect(meaningOf(undefined, { ...PROD, ...other }).targetDefinition).not.toBe(MEANING.targetDefinition);
  // As docs/verify-approval.md has it made by hand.
  const place = '{"kind":"account","native":"444455556666","provider":"aws"}';
  expect(MEANING.targetDefinition).toBe(hashOf(JSON.parse(place)));
});

test('what nobody knows by its name means nothing that anything known means', () => {
  expect(meaningOf(undefined, undefined)).toEqual({ definition: hashOf({}), targetDefinition: hashOf({}) });
});

test('every item of version 2 says where its target is, and none of version 1', () => {
  const [older, newer] = [
    { ...ITEM, definition: MEANING.definition },
    { ...ITEM, ...MEANING },
  ];
  expect(read({ v: 2, items: [newer, newer] })).not.toBeNull();
  expect(read({ v: 1, items: [older] })).not.toBeNull();
  for (const items of [[older], [newer, older], [{ ...newer, targetDefinition: null }], [null], 'items'])
    expect(read({ v: 2, items }), JSON.stringify(items)).toBeNull();
  expect(read({ v: 1, items: [newer] })).toBeNull();
  for (const v of [0, 3, '2', null]) expect(read({ v, items: [newer] })).toBeNull();
});

test('a proposal of version 2 says what it changes, and one of version 1 does not', () => {
  const proposal = (fields: object) =>
    readDocument('curfew.proposal', canonicalize({ kind: 'curfew.proposal', verdict: 'approve', ...fields }) ?? '');
  const change = { action: 'appoint', person: 'per_bo', role: 'auditor' };
  expect(proposal({ v: 2, change })).toMatchObject({ change });
  expect(proposal({ v: 1 })).not.toBeNull();
  for (const wrong of [{ v: 1, change }, { v: 2 }, { v: 2, change: null }, { v: 2, change: 'all' }, { v: 3, change }])
    expect(proposal(wrong), JSON.stringify(wrong)).toBeNull();
});

test('a signature is for its role and its target; of version 1 for its role, wherever', () => {
  const other = { definition: MEANING.definition, targetDefinition: hashOf('elsewhere') };
  const newer = { ...ITEM, ...MEANING };
  expect([isSignedFor(newer, MEANING), isSignedFor(newer, other)]).toEqual([true, false]);
  const older = { ...ITEM, definition: MEANING.definition };
  expect([isSignedFor(older, MEANING), isSignedFor(older, other)]).toEqual([true, true]);
  expect(isSignedFor(older, { ...MEANING, definition: hashOf('another role') })).toBe(false);
});
