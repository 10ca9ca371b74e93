import { expect, test } from 'vitest';
import type { AccessRequest, Grant } from '../data/api.ts';
import { grantNews, requestNews, tabSign, takenAwayBy, waitingNews } from './news-words.ts';

const ana = { key: 'ana', name: 'Ana' };
const bo = { key: 'bo', name: 'Bo' };
const END = '2026-11-22T10:00:00.000Z';
const LATER = '2026-11-22T10:30:00.000Z';

const grant = (more: Partial<Grant> = {}): Grant =>
  ({
    ...{
      id: 'grt_a',
      request: 'req_a',
      role: 'reader',
      target: 'aws/prod',
      status: 'active',
      endsAt: END,
      cause: null,
    },
    ...{ triesAgain: false, retryOf: null },
    ...more,
  }) as Grant;
const request = (more: Partial<AccessRequest> = {}): AccessRequest =>
  ({
    ...{ id: 'req_a', status: 'pending', requester: ana, items: [{ role: 'reader', target: 'aws/prod' }] },
    ...{ decisions: [], extends: null, lapseCause: null },
    ...more,
  }) as AccessRequest;
const title = (before: Partial<Grant>, after: Partial<Grant>, others: readonly Grant[] = []): string | undefined =>
  grantNews(grant(before), grant(after), others)?.title;

test('the holder is told what becomes of a grant', () => {
  expect(title({ status: 'activating' }, {})).toBe('You have access');
  // What starts at once is seen first when it has started.
  expect(grantNews(null, grant(), [])?.title).toBe('You have access');
  expect(grantNews(null, grant({ status: 'ended', cause: 'revoked' }), [])).toBeNull();
  expect(title({}, { endsAt: LATER })).toBe('It was extended');
  expect(title({}, {})).toBeUndefined();
  // One gave it back oneself, and its time was known.
  expect(title({}, { status: 'ending', cause: 'returned' })).toBeUndefined();
  expect(title({}, { status: 'ending', cause: 'expired' })).toBeUndefined();
});

test('what was taken away is told once, whether it is ending still or over already', () => {
  const taken = grantNews(grant(), grant({ status: 'ending', cause: 'revoked' }), []);
  expect(taken).toEqual({
    key: 'grt_a revoked',
    title: 'Taken away',
    text: 'reader on aws/prod',
    request: 'req_a',
    bySomebody: true,
  });
  expect(grantNews(grant(), grant({ status: 'ended', cause: 'revoked' }), [])?.key).toBe(taken?.key);
  expect(title({ status: 'ending', cause: 'revoked' }, { status: 'ended', cause: 'revoked' })).toBeUndefined();
});

test('what failed is told, and not what is tried once more', () => {
  const failing = { status: 'ending', cause: 'failed' } as const;
  const failed = { status: 'failed', cause: 'failed' } as const;
  expect(title({ status: 'activating' }, failed)).toBe('It could not be started');
  expect(title(failing, failed)).toBe('It could not be started');
  expect(title(failed, failed)).toBeUndefined();
  expect(title({ ...failing, triesAgain: true }, failed)).toBeUndefined();
  expect(title({ status: 'activating' }, failed, [grant({ id: 'grt_b', retryOf: 'grt_a' })])).toBeUndefined();
});

test('the requester is told how it was decided, and that an extension came to nothing', () => {
  const said = (after: Partial<AccessRequest>, before: Partial<AccessRequest> = {}, me = 'ana'): string | undefined =>
    requestNews(request(before), request(after), me)?.title;
  const decisions = [{ by: bo }] as unknown as AccessRequest['decisions'];
  expect(said({ status: 'approved', decisions })).toBe('Approved by Bo (bo)');
  expect(said({ status: 'approved' })).toBe('Approved');
  expect(said({ status: 'denied', decisions }, {}, 'bo')).toBe('Denied');
  expect(said({ status: 'lapsed', lapseCause: 'grant-ended' })).toBe('The access ended before it was decided');
  expect(said({})).toBeUndefined();
  const extension = (status: NonNullable<AccessRequest['extends']>['status']) =>
    ({ status: 'approved', extends: { grant: 'grt_a', until: LATER, status } }) as const;
  expect(said(extension('refused'), extension('writing'))).toBe('It was not extended');
  expect(said(extension('ended-first'), extension('writing'))).toBe('It ended before it could be extended');
  // That its end is later is told of the grant.
  expect(said(extension('extended'), extension('writing'))).toBeUndefined();
});

test('what begins to wait for me is told one by one, and of many at once in one', () => {
  const [a, b] = [request(), request({ id: 'req_b', extends: { grant: 'grt_a', until: LATER, status: 'pending' } })];
  expect(waitingNews([a], [a])).toEqual([]);
  expect(waitingNews([a, b], [a])).toEqual([]);
  expect(waitingNews([], [a, b])).toEqual([
    { key: 'req_a waits', title: 'Ana (ana) asks for access', text: 'reader on aws/prod', request: 'req_a' },
    { key: 'req_b waits', title: 'Ana (ana) asks to keep access', text: 'reader on aws/prod', request: 'req_b' },
  ]);
  const many = ['c', 'd', 'e', 'f'].map((id) => request({ id }));
  expect(waitingNews([a], [a, ...many]).map((news) => news.title)).toEqual(['4 more requests wait for you']);
});

test('who took it away is whom the timeline names, and never the holder or Curfew itself', () => {
  const entry = (kind: string, actor: string) => ({ at: END, kind, actor, text: '' });
  const timeline = [
    entry('request.submitted', 'Ana'),
    entry('grant.ending', 'Bo'),
    entry('grant.ending', 'Ana'),
    entry('grant.ended', 'Curfew (engine)'),
  ];
  expect(takenAwayBy(timeline, 'Ana')).toBe('Bo');
  expect(takenAwayBy(timeline.slice(2), 'Ana')).toBeNull();
});

test('a tab says what waits and what is left, in minutes: a tab that is not looked at is told the time once a minute', () => {
  expect(tabSign(0, null)).toBe('');
  expect(tabSign(2, null)).toBe('(2)');
  expect(tabSign(0, 119_000)).toBe('1 min');
  expect(tabSign(1, 59_000)).toBe('(1) <1 min');
  expect(tabSign(0, 3 * 3_600_000)).toBe('3 h');
  expect(tabSign(0, -1)).toBe('');
});
