import { expect, test } from 'vitest';
import { stillMissing, whatItTakes, whyUnsignable } from './what-it-takes.ts';

const NOTHING = { reasonMin: 0, ticket: null, mfaMaxAgeMs: null };

test('each requirement is a sentence, and none where there is none', () => {
  expect(whatItTakes({ requirements: NOTHING, needsSignature: false })).toEqual([]);
  const requirements = { reasonMin: 10, ticket: 'jira', mfaMaxAgeMs: 900_000 };
  expect(whatItTakes({ requirements, needsSignature: true })).toEqual([
    'A reason of at least 10 characters.',
    'A ticket (jira), which nothing looks up yet.',
    'A second factor at your sign-in, at most 15 minutes ago.',
    'A passkey: whoever agrees signs with theirs.',
  ]);
});

test('whoever lacks a passkey is named once, however many steps wait for them', () => {
  const [rami, bo] = [
    { key: 'rami', name: 'Rami Haddad' },
    { key: 'bo', name: 'Bo Sandberg' },
  ];
  expect(whyUnsignable({ unsignable: [] })).toBeNull();
  expect(whyUnsignable({ unsignable: [{ step: 'a', without: [rami] }] })).toContain(': Rami Haddad has none.');
  const both = [
    { step: 'a', without: [rami, bo] },
    { step: 'b', without: [rami] },
  ];
  expect(whyUnsignable({ unsignable: both })).toContain(': Rami Haddad, Bo Sandberg have none.');
});

test('what is missing is said by field, in characters that people count', () => {
  const rule = { reasonMin: 10, ticket: 'jira', mfaMaxAgeMs: null };
  expect(stillMissing({ reason: '', ticket: '' }, rule)).toEqual({
    reason: 'Say why.',
    ticket: 'The rule asks for a ticket (jira).',
  });
  expect(stillMissing({ reason: '👩🏽‍🚀 abc', ticket: 'A-1' }, rule).reason).toBe('Say a little more: 2 more characters.');
  expect(stillMissing({ reason: 'long enough', ticket: 'A-1' }, rule)).toEqual({});
});
