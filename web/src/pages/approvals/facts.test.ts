import { expect, test } from 'vitest';
import type { AccessRequest } from '../../data/api.ts';
import { byUrgency } from '../../data/approvals.ts';
import {
  afterwards,
  beforeWords,
  endIfNow,
  howTheyWent,
  lengthWords,
  neighbour,
  saidWords,
  stanceOf,
  untilWords,
  yesOf,
} from './facts.ts';

const NOW = Date.parse('2026-11-22T10:00:00Z');
const minutes = (n: number): string => new Date(NOW + n * 60_000).toISOString();
const ana = { key: 'ana', name: 'Ana' };
const bo = { key: 'bo', name: 'Bo' };

function request(id: string, more: Partial<AccessRequest> = {}): AccessRequest {
  return {
    id,
    status: 'pending',
    requester: ana,
    items: [
      {
        role: 'invoice-reader',
        target: 'aws/prod',
        tier: 2,
        description: null,
        labels: {},
        grant: null,
        plan: null,
        residual: null,
      },
    ],
    reason: 'why',
    ticket: null,
    duration: '15m',
    durationMs: 15 * 60_000,
    grantedDurationMs: null,
    needsSignature: false,
    mayDecide: true,
    startsAt: null,
    createdAt: minutes(-1),
    lapsesAt: minutes(60),
    decidedAt: null,
    deniedBy: null,
    lapseCause: null,
    policyVersion: 'v',
    rulesVersion: 'v',
    stale: [],
    steps: [],
    decisions: [],
    reasons: [],
    grants: [],
    extends: null,
    next: '',
    ...more,
  };
}

test('what lapses first comes first', () => {
  const queue = byUrgency([
    request('c', { lapsesAt: minutes(30) }),
    request('b', { lapsesAt: minutes(5) }),
    request('a', { lapsesAt: minutes(30), createdAt: minutes(-9) }),
  ]);
  expect(queue.map(({ id }) => id)).toEqual(['b', 'a', 'c']);
});

test('one can decide what waits, is of somebody else, and was not decided by oneself', () => {
  const yes = {
    by: bo,
    verdict: 'approve' as const,
    comment: null,
    at: minutes(-1),
    durationMs: null,
    signed: false,
    setAside: false,
  };
  expect(stanceOf(request('r'), 'bo', NOW).kind).toBe('open');
  expect(stanceOf(request('r'), 'ana', NOW).kind).toBe('own');
  expect(stanceOf(request('r', { decisions: [yes] }), 'bo', NOW)).toEqual({ kind: 'said', at: minutes(-1) });
  expect(stanceOf(request('r', { decisions: [yes] }), 'hal', NOW).kind).toBe('open');
  expect(stanceOf(request('r', { decisions: [{ ...yes, setAside: true }] }), 'bo', NOW).kind).toBe('open');
  expect(stanceOf(request('r', { mayDecide: false }), 'hal', NOW).kind).toBe('others');
  expect(stanceOf(request('r', { status: 'approved' }), 'bo', NOW).kind).toBe('over');
  // The server has not said so yet, but its time is over.
  expect(stanceOf(request('r', { lapsesAt: minutes(0) }), 'bo', NOW).kind).toBe('over');
});

test('the end counts from the start, and the start is not before now', () => {
  expect(endIfNow(request('r'), NOW)).toBe(NOW + 15 * 60_000);
  expect(endIfNow(request('r', { grantedDurationMs: 5 * 60_000 }), NOW)).toBe(NOW + 5 * 60_000);
  expect(endIfNow(request('r', { startsAt: minutes(60) }), NOW)).toBe(NOW + 75 * 60_000);
  expect(endIfNow(request('r', { startsAt: minutes(-60) }), NOW)).toBe(NOW + 15 * 60_000);
  const extension = { grant: 'grt', until: minutes(42), status: 'pending' as const };
  expect(endIfNow(request('r', { extends: extension }), NOW)).toBe(NOW + 42 * 60_000);
});

test('of an extension it is said by how much it moves the end, from when to when, and not for how long it is asked', () => {
  const at = (time: number): string => new Date(time).toISOString().slice(11, 16);
  const hour = { durationMs: 60 * 60_000, extends: { grant: 'grt', until: minutes(90), status: 'pending' as const } };
  expect(lengthWords(request('r'), at)).toBe('15 minutes');
  expect(lengthWords(request('r', { grantedDurationMs: 5 * 60_000 }), at)).toBe(
    '5 minutes as agreed so far; 15 minutes were asked for',
  );
  expect(lengthWords(request('r', hour), at)).toBe('1 hour longer: until 11:30 instead of 10:30');
  // What is agreed on is shorter, and comes earlier; what is moved stays the same.
  const agreed = { ...hour, grantedDurationMs: 45 * 60_000, extends: { ...hour.extends, until: minutes(75) } };
  expect(lengthWords(request('r', agreed), at)).toBe(
    '45 minutes longer as agreed so far; 1 hour were asked for: until 11:15 instead of 10:30',
  );
});

test('how earlier requests went is counted', () => {
  const ended = (['approved', 'denied', 'approved'] as const).map((status) => ({ status }));
  expect(howTheyWent(ended)).toBe('2 approved, 1 denied');
});

test('j and k stop at the ends of the queue, and begin at its first', () => {
  const queue = [{ id: 'a' }, { id: 'b' }];
  expect(neighbour(queue, null, 1)).toBe('a');
  expect(neighbour(queue, 'a', 1)).toBe('b');
  expect(neighbour(queue, 'b', 1)).toBe('b');
  expect(neighbour(queue, 'a', -1)).toBe('a');
  expect(neighbour([], 'a', 1)).toBeNull();
});

test('from what was decided, and is in the queue no more, j and k go on where it stood', () => {
  const queue = [{ id: 'a' }, { id: 'c' }, { id: 'd' }];
  expect([neighbour(queue, 'b', 1, 1), neighbour(queue, 'b', -1, 1)]).toEqual(['c', 'a']);
  expect([neighbour(queue, 'e', 1, 3), neighbour(queue, 'e', -1, 3)]).toEqual(['d', 'd']);
  // Nothing stood anywhere: it was opened by a link, and waits for somebody else.
  expect(neighbour(queue, 'x', 1)).toBe('a');
});

test('what somebody said is told with what they made of it', () => {
  expect(saidWords({ verdict: 'deny', durationMs: null, signed: false, setAside: false })).toBe('no');
  expect(saidWords({ verdict: 'approve', durationMs: null, signed: false, setAside: false })).toBe('yes');
  expect(saidWords({ verdict: 'approve', durationMs: 15 * 60_000, signed: true, setAside: false })).toBe(
    'yes, for at most 15 minutes, signed with a passkey',
  );
  expect(saidWords({ verdict: 'approve', durationMs: 60_000, signed: false, setAside: false }, true)).toBe(
    'yes, for at most 1 minute longer',
  );
  expect(saidWords({ verdict: 'approve', durationMs: null, signed: false, setAside: true })).toBe(
    'yes, which does not count: what it was for has changed since',
  );
});

test('what survives is said of each item, the worst of them included', () => {
  const soon = { role: 'reader', target: 'aws/prod', residual: { maxMs: 5_000, words: 'caches' } };
  const unknown = { role: 'admin', target: 'aws/prod', residual: { maxMs: null, words: 'tokens' } };
  const gone = { role: 'gone', target: 'aws/dev', residual: null };
  expect(afterwards([soon])).toEqual([
    { name: 'Afterwards', line: 'What can survive its end is gone 5 seconds later.', words: 'caches' },
  ]);
  expect(afterwards([soon, unknown, gone])).toEqual([
    { name: 'After reader on aws/prod', line: 'What can survive its end is gone 5 seconds later.', words: 'caches' },
    {
      name: 'After admin on aws/prod',
      line: 'Something can survive its end, and nobody can say for how long.',
      words: 'tokens',
    },
    { name: 'After gone on aws/dev', line: 'Nobody can say what survives its end.', words: '' },
  ]);
});

test.each([
  ['active', null, ', until 10:54'],
  ['ending', null, ''],
  ['ended', '10:28', ', until 10:28'],
  ['failed', null, ''],
] as const)('of access that is %s, only an end that is true stands beside it', (status, endedAt, words) => {
  expect(untilWords({ status, endsAt: '10:54', endedAt }, (time) => time)).toBe(words);
});

test('a word goes with a whole yes as with a shorter one, and an empty one with none', () => {
  expect(yesOf(null, undefined)).toEqual({});
  expect(yesOf('  ', undefined)).toEqual({});
  expect(yesOf(' Mind the load. ', undefined)).toEqual({ comment: 'Mind the load.' });
  expect(yesOf('Mind the load.', 900_000)).toEqual({ comment: 'Mind the load.', durationMs: 900_000 });
});

test('what was asked before of this kind is counted, and said to be the first where it is', () => {
  const at = (time: string): string => time.slice(11, 16);
  const one = request('r');
  expect(beforeWords(one, { items: [], nextCursor: null }, at)).toBe(
    'The first of this kind by Ana (ana), as far as you may see.',
  );
  expect(beforeWords(one, { items: [], nextCursor: 'a' }, at)).toContain('among the newest');
  const before = [request('a', { status: 'approved' }), request('b', { status: 'denied' })];
  expect(beforeWords(one, { items: before, nextCursor: 'a' }, at)).toBe(
    '2 and more of this kind: 1 approved, 1 denied; the last 09:59.',
  );
});
