import { expect, test } from 'vitest';
import {
  asIfSaid,
  bodyOf,
  commandLine,
  itemsOf,
  linkOf,
  readDraft,
  timeOf,
  timesMissing,
  withItems,
  type Asked,
} from './draft.ts';

const invoices = { role: 'invoice-reader', target: 'aws/prod' };
const builds = { role: 'build-log-reader', target: 'aws/staging' };
const asked: Asked = { items: [invoices], duration: '15m', reason: '', ticket: '', at: null };
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

test('the preview stands in for what is missing only', () => {
  expect(asIfSaid(asked, rule)).toMatchObject({ reason: expect.stringMatching(/^x+$/) as string, ticket: 'PREVIEW-1' });
  const said = { ...asked, reason: 'long enough', ticket: 'A-1' };
  expect(asIfSaid(said, rule)).toEqual(said);
});

test('a reason from a link cannot leave its quotes', () => {
  expect(commandLine({ ...asked, reason: `it's; rm -rf ~ $(id)` })).toBe(
    `curfew request invoice-reader --on aws/prod --for 15m --reason 'it'\\''s; rm -rf ~ $(id)' --wait`,
  );
  expect(commandLine({ ...asked, items: [{ ...invoices, role: '$(id)' }] })).toContain(`request '$(id)' --on`);
});

test('several things stand in the address and in the command as the command line writes them, each once', () => {
  const draft = withItems({ duration: '15m', q: 'x' }, [invoices, builds]);
  expect(draft).toEqual({ duration: '15m', q: 'x', ...invoices, also: 'build-log-reader@aws/staging' });
  expect(itemsOf(draft)).toEqual([invoices, builds]);
  expect(withItems(draft, [builds])).toEqual({ duration: '15m', q: 'x', ...builds });
  expect(withItems(draft, [])).toEqual({ duration: '15m', q: 'x' });
  expect(bodyOf({ ...asked, items: [invoices, builds] }).items).toEqual([invoices, builds]);
  expect(commandLine({ ...asked, items: [invoices, { ...builds, target: 'a b' }] })).toBe(
    `curfew request invoice-reader@aws/prod 'build-log-reader@a b' --for 15m --wait`,
  );
});

test('a link that anybody may have written gives no broken, doubled or endless items', () => {
  expect(itemsOf({ ...invoices, also: ' @x y@ z invoice-reader@aws/prod a@b@c a@b@c ' })).toEqual([
    invoices,
    { role: 'a', target: 'b@c' },
  ]);
  const endless = Array.from({ length: 99 }, (_, n) => `r${n}@t`).join(' ');
  expect(itemsOf({ ...invoices, also: endless })).toHaveLength(20);
  expect(itemsOf({ role: 'invoice-reader', also: 'a@b' })).toEqual([]);
});

test('who wants it later has to say when, whatever an address names as a time', () => {
  expect(timeOf('2026-11-22T10:00Z')).toBe('2026-11-22T10:00:00.000Z');
  expect([timeOf(undefined), timeOf(''), timeOf('tomorrow')]).toEqual([null, null, null]);
  const [at, now] = ['2026-11-22T10:00:00.000Z', Date.parse('2026-11-22T10:01:00.000Z')];
  expect(timesMissing('45m', false, null, now)).toEqual({});
  expect(timesMissing('45m', true, at, now)).toEqual({});
  expect(timesMissing('45m', true, null, now)).toEqual({ at: expect.stringContaining('Say when') });
  expect(timesMissing('a while', false, null, now)).toEqual({ duration: 'Write it as 15m, 1h or 1h30m.' });
  expect(timesMissing('45m', true, at, now + 1)).toEqual({ at: expect.stringContaining('has passed') });
});

test('a link for a colleague carries everything but the reason', () => {
  expect(linkOf('https://curfew.example/request?role=a&target=b&reason=Secret+plan&duration=45m')).toBe(
    'https://curfew.example/request?role=a&target=b&duration=45m',
  );
});
