import { expect, test } from 'vitest';
import { asIfSaid, bodyOf, commandLine, readDraft, stillMissing, type Asked } from './draft.ts';

const asked: Asked = { role: 'invoice-reader', target: 'aws/prod', duration: '15m', reason: '', ticket: '', at: null };
const rule = { reasonMin: 10, ticket: 'jira', mfaMaxAgeMs: null };

test('an address that anybody may have written gives a draft of known texts only', () => {
  const search = {
    q: 'x',
    role: 'r',
    ticket: 42,
    evil: 'y',
    target: { a: 1 },
    duration: '',
    __proto__: { reason: 'z' },
  };
  expect(readDraft(search)).toEqual({ q: 'x', role: 'r', ticket: '42' });
  expect(readDraft({ reason: 'a'.repeat(9_000) }).reason).toHaveLength(2_000);
});

test('what is empty is not sent', () => {
  expect(bodyOf({ ...asked, reason: '  ' })).toEqual({
    items: [{ role: 'invoice-reader', target: 'aws/prod' }],
    duration: '15m',
  });
  expect(bodyOf({ ...asked, reason: ' why ', ticket: 'A-1', at: '2026-11-22T10:00:00.000Z' })).toMatchObject({
    reason: 'why',
    ticket: 'A-1',
    startsAt: '2026-11-22T10:00:00.000Z',
  });
});

test('what is missing is said by field, in characters that people count', () => {
  expect(stillMissing(asked, rule)).toEqual({ reason: 'Say why.', ticket: 'The rule asks for a ticket (jira).' });
  expect(stillMissing({ reason: '👩🏽‍🚀 abc', ticket: 'A-1' }, rule).reason).toBe('Say a little more: 2 more characters.');
  expect(stillMissing({ reason: 'long enough', ticket: 'A-1' }, rule)).toEqual({});
});

test('the preview stands in for what is missing only', () => {
  expect(asIfSaid(asked, rule)).toMatchObject({ reason: expect.stringMatching(/^x+$/) as string, ticket: 'PREVIEW-1' });
  const said = { ...asked, reason: 'long enough', ticket: 'A-1' };
  expect(asIfSaid(said, rule)).toEqual(said);
});

test('a reason from a link cannot leave its quotes', () => {
  expect(commandLine({ ...asked, reason: `it's; rm -rf ~ $(id)` })).toBe(
    `curfew request invoice-reader --on aws/prod --for 15m --reason 'it'\\''s; rm -rf ~ $(id)' --wait`,
  );
  expect(commandLine({ ...asked, role: '$(id)' })).toContain(`request '$(id)' --on`);
});
