import { describe, expect, test } from 'vitest';
import {
  REQUEST_EVENTS,
  REQUEST_STATES,
  transitionRequest,
  type RequestEvent,
  type RequestRefusal,
  type RequestState,
} from './request.ts';
import { instant } from './time.ts';

const LAPSES = instant(5_000);
const EARLY = instant(4_999);

const STATES: Readonly<Record<RequestState['kind'], RequestState>> = {
  pending: { kind: 'pending', lapsesAt: LAPSES },
  approved: { kind: 'approved', decidedAt: EARLY },
  denied: { kind: 'denied', decidedAt: EARLY, by: 'approver' },
  withdrawn: { kind: 'withdrawn', decidedAt: EARLY },
  lapsed: { kind: 'lapsed', decidedAt: EARLY, cause: 'nobody-decided' },
};

const event = (kind: RequestEvent['kind']): RequestEvent => (kind === 'deny' ? { kind, by: 'approver' } : { kind });

type Answer = RequestState['kind'] | RequestRefusal['kind'];

/** Every state against every event: before `lapsesAt`, and at it. */
const TABLE: Readonly<
  Record<RequestState['kind'], Record<RequestEvent['kind'], readonly [before: Answer, from: Answer]>>
> = {
  pending: {
    approve: ['approved', 'lapsed'],
    deny: ['denied', 'lapsed'],
    withdraw: ['withdrawn', 'withdrawn'],
    lapse: ['not-yet', 'lapsed'],
    'lose-grant': ['lapsed', 'lapsed'],
    'begin-epoch': ['lapsed', 'lapsed'],
  },
  approved: decided(),
  denied: decided(),
  withdrawn: decided(),
  lapsed: decided(),
};

function decided(): Record<RequestEvent['kind'], readonly [Answer, Answer]> {
  const no = ['already-decided', 'already-decided'] as const;
  return { approve: no, deny: no, withdraw: no, lapse: no, 'lose-grant': no, 'begin-epoch': no };
}

describe.each(REQUEST_STATES)('a request that is %s', (state) => {
  test.each(REQUEST_EVENTS)('%s', (kind) => {
    const answers = [EARLY, LAPSES].map((now) => {
      const outcome = transitionRequest(STATES[state], event(kind), now);
      return outcome.ok ? outcome.value.kind : outcome.refusal.kind;
    });
    expect(answers).toEqual(TABLE[state][kind]);
  });
});

describe('what a decision says', () => {
  test('it has the moment of the decision', () => {
    for (const kind of ['approve', 'deny', 'withdraw', 'lose-grant', 'begin-epoch'] as const) {
      expect(transitionRequest(STATES.pending, event(kind), EARLY)).toMatchObject({
        ok: true,
        value: { decidedAt: EARLY },
      });
    }
  });

  test('a denial says whether a person or a rule said no', () => {
    for (const by of ['approver', 'policy'] as const) {
      expect(transitionRequest(STATES.pending, { kind: 'deny', by }, EARLY)).toEqual({
        ok: true,
        value: { kind: 'denied', decidedAt: EARLY, by },
      });
    }
  });

  test('an approval that comes too late is refused, even if nobody has swept the request yet', () => {
    expect(transitionRequest(STATES.pending, { kind: 'approve' }, LAPSES)).toEqual({
      ok: false,
      refusal: { kind: 'lapsed', lapsedAt: LAPSES },
    });
  });

  test('a second decision is told what the first one was', () => {
    expect(transitionRequest(STATES.denied, { kind: 'approve' }, EARLY)).toEqual({
      ok: false,
      refusal: { kind: 'already-decided', state: 'denied' },
    });
  });

  test.each([
    ['lapse', 'nobody-decided'],
    ['lose-grant', 'grant-ended'],
    ['begin-epoch', 'new-epoch'],
  ] as const)('what lapses by %s keeps why: %s', (kind, cause) => {
    expect(transitionRequest(STATES.pending, { kind }, LAPSES)).toEqual({
      ok: true,
      value: { kind: 'lapsed', decidedAt: LAPSES, cause },
    });
  });

  test('a lapse before its time is told when', () => {
    expect(transitionRequest(STATES.pending, { kind: 'lapse' }, EARLY)).toEqual({
      ok: false,
      refusal: { kind: 'not-yet', lapsesAt: LAPSES },
    });
  });
});
