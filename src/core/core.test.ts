import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { GrantState } from './grant.ts';
import { parseId } from './ids.ts';
import { REQUEST_EVENTS, transitionRequest, type RequestEvent, type RequestState } from './request.ts';
import { desiredBinding, slotKey } from './slot.ts';
import { formatDuration, fromIso, instant, parseDuration, toIso } from './time.ts';

describe('durations', () => {
  test('what is printed is parsed again, to the second', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000 }), (seconds) => {
        expect(parseDuration(formatDuration(seconds * 1_000))).toBe(seconds * 1_000);
      }),
    );
  });

  test.each(['', '1.5y', '1.5h', '-5m', '5', 'm', '15M', '1m1h', ' 15m', '0x10m', '9999999d'])(
    '"%s" is no duration',
    (text) => {
      expect(parseDuration(text)).toBeNull();
    },
  );

  test.each([
    ['15m', 900_000],
    ['1h30m', 5_400_000],
    ['2d', 172_800_000],
    ['90s', 90_000],
    ['0m', 0],
  ] as const)('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });
});

test('a time is written and read without loss, and only with a zone', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (ms) => {
      expect(fromIso(toIso(instant(ms)))).toBe(ms);
    }),
  );
  for (const text of ['2026-11-21', '2026-11-21T06:00:00', 'tomorrow', '2026-13-01T00:00:00Z'])
    expect(fromIso(text)).toBeNull();
  expect(() => instant(Number.NaN)).toThrow(RangeError);
});

test('an id is its prefix and twenty characters, and nothing else', () => {
  expect(parseId('req', 'req_abcdefghijklmnopqrst')).toBe('req_abcdefghijklmnopqrst');
  for (const text of [
    'grt_abcdefghijklmnopqrst',
    'req_abc',
    'req_ABCDEFGHIJKLMNOPQRST',
    "req_abcdefghijklmnopqrs'",
    '',
  ])
    expect(parseId('req', text)).toBeNull();
});

describe('requests', () => {
  const LAPSE = instant(5_000);
  const event = (kind: RequestEvent['kind']): RequestEvent => (kind === 'deny' ? { kind, by: 'approver' } : { kind });
  const kindAfter = (state: RequestState, kind: RequestEvent['kind'], now: number): string => {
    const outcome = transitionRequest(state, event(kind), instant(now));
    return outcome.ok ? outcome.value.kind : outcome.refusal.kind;
  };

  test('a pending one is decided in time, and lapses after', () => {
    const pending: RequestState = { kind: 'pending', lapsesAt: LAPSE };
    expect(REQUEST_EVENTS.map((kind) => kindAfter(pending, kind, 4_999))).toEqual([
      'approved',
      'denied',
      'withdrawn',
      'not-yet',
    ]);
    expect(REQUEST_EVENTS.map((kind) => kindAfter(pending, kind, 5_000))).toEqual([
      'lapsed',
      'lapsed',
      'withdrawn',
      'lapsed',
    ]);
    expect(transitionRequest(pending, { kind: 'approve' }, LAPSE).ok).toBe(false);
  });

  test.each(['approved', 'withdrawn', 'lapsed'] as const)('one that is %s stays so', (kind) => {
    for (const each of REQUEST_EVENTS)
      expect(kindAfter({ kind, decidedAt: LAPSE }, each, 9_000)).toBe('already-decided');
  });

  test('one that is denied stays so', () => {
    for (const each of REQUEST_EVENTS)
      expect(kindAfter({ kind: 'denied', decidedAt: LAPSE, by: 'policy' }, each, 9_000)).toBe('already-decided');
  });
});

describe('slots', () => {
  const state = fc
    .tuple(fc.constantFrom('scheduled', 'activating', 'active', 'ending', 'ended'), fc.nat(1_000))
    .map(([kind, end]): GrantState => {
      const running = { activatedAt: instant(0), endsAt: instant(end + 1) };
      const proof = { kind: 'observed', at: instant(0), evidence: {} } as const;
      if (kind === 'scheduled') return { kind, startsAt: instant(end) };
      if (kind === 'activating') return { kind, ...running };
      if (kind === 'active') return { kind, usableAt: instant(0), ...running };
      if (kind === 'ending') return { kind, cause: 'expired', since: instant(0), ...running };
      return { kind: 'ended', cause: 'expired', endedAt: instant(end), proof };
    });

  test('a slot is held exactly as long as a live grant needs it, until the latest of their ends', () => {
    fc.assert(
      fc.property(fc.array(state), (grants) => {
        const ends = grants.flatMap((grant) =>
          grant.kind === 'active' || grant.kind === 'activating' ? [grant.endsAt] : [],
        );
        expect(desiredBinding(grants)).toEqual(
          ends.length === 0 ? { present: false } : { present: true, endsAt: Math.max(...ends) },
        );
      }),
    );
  });

  test('one grant that ends never takes a slot from another that lives', () => {
    fc.assert(
      fc.property(fc.array(state, { minLength: 1 }), (grants) => {
        const live: GrantState = {
          kind: 'active',
          usableAt: instant(0),
          activatedAt: instant(0),
          endsAt: instant(5_000),
        };
        expect(desiredBinding([...grants, live]).present).toBe(true);
      }),
    );
  });

  test('names with separators in them do not collide', () => {
    expect(slotKey('aws', 'm', ['a,b'])).not.toBe(slotKey('aws', 'm', ['a', 'b']));
    expect(slotKey('aws', 'm', ['a:b'])).not.toBe(slotKey('aws', 'm:a', ['b']));
  });
});
