import { expect, test } from 'vitest';
import type { AccessRequest, Grant } from '../../data/api.ts';
import { stagesOf } from './stages.ts';

const NOW = Date.parse('2026-11-22T10:00:00Z');
const END = '2026-11-22T10:15:00.000Z';

const grant = (over: Partial<Grant>): Grant =>
  ({
    id: 'grt',
    retryOf: null,
    status: 'active',
    endsAt: END,
    usableAt: null,
    startsAt: END,
    endedAt: null,
    waits: null,
    proof: null,
    ...over,
  }) as Grant;

const request = (over: Partial<AccessRequest>): AccessRequest =>
  ({
    status: 'approved',
    createdAt: '2026-11-22T09:59:00.000Z',
    decidedAt: null,
    decisions: [],
    steps: [],
    deniedBy: null,
    grants: [],
    ...over,
  }) as unknown as AccessRequest;

const states = (over: Partial<AccessRequest>, now = NOW): string =>
  stagesOf(request(over), now)
    .map(({ state }) => state)
    .join(' ');

test.each([
  ['waits', { status: 'pending' }, 'done now later later'],
  ['is denied', { status: 'denied', deniedBy: 'policy' }, 'done bad never never'],
  ['is withdrawn', { status: 'withdrawn' }, 'done bad never never'],
  ['lapsed', { status: 'lapsed' }, 'done bad never never'],
  [
    'lapsed, for longer',
    { status: 'lapsed', grants: [grant({ status: 'ended', endedAt: END })] },
    'done bad never never',
  ],
  ['starts', { grants: [grant({ status: 'activating', endsAt: null })] }, 'done done now later'],
  ['is used', { grants: [grant({})] }, 'done done now later'],
  ['is ending', { grants: [grant({ status: 'ending' })] }, 'done done done now'],
  ['is over', { grants: [grant({ status: 'ended', endedAt: END })] }, 'done done done done'],
  ['failed', { grants: [grant({ status: 'failed', endedAt: END })] }, 'done done bad done'],
] as const)('a request that %s', (_, over, expected) => {
  expect(states(over as Partial<AccessRequest>)).toBe(expected);
});

test.each([
  [
    'a second try that starts',
    [
      { id: 'a', status: 'failed' },
      { id: 'b', retryOf: 'a', status: 'activating', endsAt: null },
    ],
    'now',
    'starting…',
    null,
  ],
  [
    'a second try that is used',
    [
      { id: 'a', status: 'failed' },
      { id: 'b', retryOf: 'a', usableAt: END },
    ],
    'now',
    'usable',
    END,
  ],
  [
    'a second try that failed too',
    [
      { id: 'a', status: 'failed' },
      { id: 'b', retryOf: 'a', status: 'failed' },
    ],
    'bad',
    'could not be started',
    null,
  ],
  [
    'one that failed beside one that is used',
    [
      { id: 'a', status: 'failed' },
      { id: 'b', usableAt: END },
    ],
    'now',
    '1 could not be started, 1 usable',
    END,
  ],
  [
    'one that starts beside one that is used',
    [
      { id: 'a', usableAt: END },
      { id: 'b', status: 'activating' },
    ],
    'now',
    '1 usable, 1 starting…',
    null,
  ],
  [
    'one that failed beside one that is over',
    [
      { id: 'a', status: 'ended', usableAt: END },
      { id: 'b', status: 'failed' },
    ],
    'done',
    '1 was usable, 1 could not be started',
    END,
  ],
  [
    'two that are planned',
    [
      { id: 'a', status: 'scheduled', startsAt: '2026-11-22T12:00:00.000Z' },
      { id: 'b', status: 'scheduled' },
    ],
    'now',
    'planned',
    END,
  ],
] as const)('%s stands in the stage of the access', (_, grants, state, note, at) => {
  const all = grants.map((one) => grant(one as Partial<Grant>));
  expect(stagesOf(request({ grants: all }), NOW)[2]).toEqual({ name: 'Access', state, note, at });
});

test('one of two grants that is left keeps the request from being over', () => {
  const grants = [grant({ status: 'ended', endedAt: END }), grant({})];
  expect(states({ grants })).toBe('done done now later');
});

test('when the time has come, and nobody has said so yet, it is ending and not over', () => {
  const after = Date.parse(END) + 1;
  expect(stagesOf(request({ grants: [grant({})] }), after).at(-1)).toMatchObject({
    state: 'now',
    note: 'ending…, until it is proven gone',
  });
});

test('that it is gone is said only where all of it is', () => {
  const over = (gone: boolean, brief: string): Grant =>
    grant({ status: 'ended', endedAt: END, proof: { gone, brief } as Grant['proof'] });
  const note = (...grants: readonly Grant[]) => stagesOf(request({ grants: [...grants] }), NOW).at(-1)?.note;
  const seen = over(true, 'seen in the cloud');
  expect(note(seen)).toBe('proven gone');
  expect(note(seen, over(false, 'standing access remains'))).toBe('standing access remains');
  expect(note(over(false, 'another grant keeps the access'), seen)).toBe('another grant keeps the access');
});

test.each([
  ['nobody-decided', 'nobody decided'],
  ['grant-ended', 'the access ended first'],
  ['new-epoch', 'lapsed at a restore of the database'],
] as const)('a request that lapsed (%s) says why', (lapseCause, note) => {
  expect(stagesOf(request({ status: 'lapsed', lapseCause }), NOW)[1]).toMatchObject({ state: 'bad', note });
});
