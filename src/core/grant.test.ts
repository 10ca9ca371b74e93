import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  GRANT_EVENTS,
  GRANT_STATES,
  isOver,
  needsBinding,
  transitionGrant,
  type GrantEvent,
  type GrantState,
} from './grant.ts';
import type { RequestId } from './ids.ts';
import { instant } from './time.ts';

const START = instant(1_000);
const END = instant(901_000);
const RUNNING = { activatedAt: START, endsAt: END, boundUntil: END };
const LATER = instant(END + 600_000);
const EXTENSION = { request: 'req_aaaaaaaaaaaaaaaaaaaa' as RequestId, until: LATER };
const LIMITS = { maxDurationMs: 1_800_000, extensions: 1, latestEndAt: null };
const PROOF = { kind: 'observed', at: END, evidence: {} } as const;

const STATES = {
  scheduled: { kind: 'scheduled', startsAt: START },
  activating: { kind: 'activating', ...RUNNING },
  active: { kind: 'active', usableAt: START, extended: 0, extension: null, ...RUNNING },
  'active (to be extended)': { kind: 'active', usableAt: START, extended: 0, extension: EXTENSION, ...RUNNING },
  ending: { kind: 'ending', cause: 'returned', since: START, ...RUNNING },
  'ending (failed)': { kind: 'ending', cause: 'failed', since: START, ...RUNNING },
  ended: { kind: 'ended', cause: 'expired', endedAt: END, proof: PROOF },
  failed: { kind: 'failed', endedAt: END, proof: PROOF },
} as const satisfies Record<string, GrantState>;

const event = (kind: GrantEvent['kind']): GrantEvent => {
  if (kind === 'start') return { kind, durationMs: 900_000, latestEndAt: null };
  if (kind === 'want-extension') return { kind, extension: EXTENSION, limits: LIMITS };
  return kind === 'prove-gone' ? { kind, proof: PROOF } : { kind };
};

/** Every state against every event, before and at the end; a dash is a refusal. */
const TABLE: Record<keyof typeof STATES, Record<GrantEvent['kind'], readonly [before: string, atEnd: string]>> = {
  scheduled: {
    start: ['activating', 'activating'],
    usable: ['-', '-'],
    'want-extension': ['-', '-'],
    'write-extension': ['-', '-'],
    extended: ['-', '-'],
    'drop-extension': ['-', '-'],
    expire: ['-', '-'],
    return: ['ended', 'ended'],
    revoke: ['ended', 'ended'],
    fail: ['failed', 'failed'],
    'prove-gone': ['-', '-'],
  },
  activating: {
    start: ['-', '-'],
    usable: ['active', '-'],
    'want-extension': ['-', '-'],
    'write-extension': ['-', '-'],
    extended: ['-', '-'],
    'drop-extension': ['-', '-'],
    expire: ['-', 'ending'],
    return: ['ending', 'ending'],
    revoke: ['ending', 'ending'],
    fail: ['ending', 'ending'],
    'prove-gone': ['-', '-'],
  },
  active: {
    start: ['-', '-'],
    usable: ['-', '-'],
    'want-extension': ['active', '-'],
    'write-extension': ['-', '-'],
    extended: ['-', '-'],
    'drop-extension': ['-', '-'],
    expire: ['-', 'ending'],
    return: ['ending', 'ending'],
    revoke: ['ending', 'ending'],
    fail: ['-', '-'],
    'prove-gone': ['-', '-'],
  },
  'active (to be extended)': {
    start: ['-', '-'],
    usable: ['-', '-'],
    'want-extension': ['-', '-'],
    'write-extension': ['active', '-'],
    extended: ['-', '-'],
    'drop-extension': ['active', '-'],
    expire: ['-', 'ending'],
    return: ['ending', 'ending'],
    revoke: ['ending', 'ending'],
    fail: ['-', '-'],
    'prove-gone': ['-', '-'],
  },
  ending: {
    start: ['-', '-'],
    usable: ['-', '-'],
    'want-extension': ['-', '-'],
    'write-extension': ['-', '-'],
    extended: ['-', '-'],
    'drop-extension': ['-', '-'],
    expire: ['-', '-'],
    return: ['-', '-'],
    revoke: ['-', '-'],
    fail: ['-', '-'],
    'prove-gone': ['ended', 'ended'],
  },
  'ending (failed)': {
    start: ['-', '-'],
    usable: ['-', '-'],
    'want-extension': ['-', '-'],
    'write-extension': ['-', '-'],
    extended: ['-', '-'],
    'drop-extension': ['-', '-'],
    expire: ['-', '-'],
    return: ['-', '-'],
    revoke: ['-', '-'],
    fail: ['-', '-'],
    'prove-gone': ['failed', 'failed'],
  },
  ended: {
    start: ['-', '-'],
    usable: ['-', '-'],
    'want-extension': ['-', '-'],
    'write-extension': ['-', '-'],
    extended: ['-', '-'],
    'drop-extension': ['-', '-'],
    expire: ['-', '-'],
    return: ['-', '-'],
    revoke: ['-', '-'],
    fail: ['-', '-'],
    'prove-gone': ['-', '-'],
  },
  failed: {
    start: ['-', '-'],
    usable: ['-', '-'],
    'want-extension': ['-', '-'],
    'write-extension': ['-', '-'],
    extended: ['-', '-'],
    'drop-extension': ['-', '-'],
    expire: ['-', '-'],
    return: ['-', '-'],
    revoke: ['-', '-'],
    fail: ['-', '-'],
    'prove-gone': ['-', '-'],
  },
};

describe.each(Object.keys(TABLE) as (keyof typeof STATES)[])('a grant that is %s', (name) => {
  test.each(GRANT_EVENTS)('%s', (kind) => {
    const outcomes = [START, END].map((now) => {
      const outcome = transitionGrant(STATES[name], event(kind), now);
      return outcome.ok ? outcome.value.kind : '-';
    });
    expect(outcomes).toEqual(TABLE[name][kind]);
  });
});

describe('what a transition carries', () => {
  test('a grant does not start before its time', () => {
    expect(transitionGrant(STATES.scheduled, event('start'), instant(START - 1))).toEqual({
      ok: false,
      refusal: { kind: 'not-yet', dueAt: START },
    });
  });

  test('a grant does not expire before its end', () => {
    expect(transitionGrant(STATES.active, event('expire'), instant(END - 1))).toEqual({
      ok: false,
      refusal: { kind: 'not-yet', dueAt: END },
    });
  });

  test.each([
    [null, 900_000],
    [900_001, 900_000],
    [899_999, 899_999],
    [1, 1],
  ] as const)('with a window that closes after %s ms the grant ends after %d ms', (windowMs, ms) => {
    const latestEndAt = windowMs === null ? null : instant(START + windowMs);
    const outcome = transitionGrant(STATES.scheduled, { kind: 'start', durationMs: 900_000, latestEndAt }, START);
    expect(outcome).toEqual({
      ok: true,
      value: { kind: 'activating', activatedAt: START, endsAt: START + ms, boundUntil: START + ms },
    });
  });

  test.each([
    ['expire', 'expired'],
    ['return', 'returned'],
    ['revoke', 'revoked'],
    ['fail', 'failed'],
  ] as const)(
    '%s of a grant in flight: it is ending, its cause is %s, and nothing else of it changes',
    (kind, cause) => {
      expect(transitionGrant(STATES.activating, event(kind), END)).toEqual({
        ok: true,
        value: { kind: 'ending', cause, since: END, ...RUNNING },
      });
    },
  );

  test('the cause and the proof stand in what is over', () => {
    expect(transitionGrant(STATES.ending, event('prove-gone'), END)).toEqual({
      ok: true,
      value: { kind: 'ended', cause: 'returned', endedAt: END, proof: PROOF },
    });
    expect(transitionGrant(STATES['ending (failed)'], event('prove-gone'), END)).toEqual({
      ok: true,
      value: { kind: 'failed', endedAt: END, proof: PROOF },
    });
  });

  test('what never started is over at once, and the proof says why that is known', () => {
    const proof = { kind: 'never-provisioned', at: START, evidence: {} };
    expect(['return', 'revoke', 'fail'].map((kind) => after('scheduled', kind as GrantEvent['kind']))).toEqual([
      { kind: 'ended', cause: 'returned', endedAt: START, proof },
      { kind: 'ended', cause: 'revoked', endedAt: START, proof },
      { kind: 'failed', endedAt: START, proof },
    ]);
  });

  test('a refusal says what was tried where', () => {
    expect(transitionGrant(STATES.ended, event('usable'), END)).toEqual({
      ok: false,
      refusal: { kind: 'not-in-this-state', state: 'ended', event: 'usable' },
    });
  });

  function after(name: keyof typeof STATES, kind: GrantEvent['kind']): GrantState | null {
    const outcome = transitionGrant(STATES[name], event(kind), START);
    return outcome.ok ? outcome.value : null;
  }
});

test('which states need something in the cloud, and which are over', () => {
  const names = Object.keys(STATES) as (keyof typeof STATES)[];
  expect(names.filter((name) => needsBinding(STATES[name]))).toEqual([
    'activating',
    'active',
    'active (to be extended)',
  ]);
  expect(names.filter((name) => isOver(STATES[name]))).toEqual(['ended', 'failed']);
  expect(new Set(names.map((name) => STATES[name].kind))).toEqual(new Set(GRANT_STATES));
});

describe('whatever happens, in whatever order', () => {
  const anyEvent: fc.Arbitrary<GrantEvent> = fc.oneof(
    fc.record({
      kind: fc.constant('start' as const),
      durationMs: fc.integer({ min: 1, max: 7_200_000 }),
      latestEndAt: fc.option(fc.integer({ min: START, max: 10_000_000 }).map(instant)),
    }),
    fc.record({
      kind: fc.constant('want-extension' as const),
      extension: fc.record({
        request: fc.constant(EXTENSION.request),
        until: fc.integer({ min: START, max: 4_000_000 }).map(instant),
      }),
      limits: fc.record({
        maxDurationMs: fc.integer({ min: 1, max: 3_600_000 }),
        extensions: fc.nat(3),
        latestEndAt: fc.option(fc.integer({ min: START, max: 4_000_000 }).map(instant)),
      }),
    }),
    fc.constantFrom(...GRANT_EVENTS.filter((kind) => kind !== 'start' && kind !== 'want-extension')).map(event),
  );
  const history = fc.array(fc.tuple(anyEvent, fc.nat(1_000_000)), { maxLength: 30 });

  /** Calls `check` for every transition that happens in a history. */
  function each(
    steps: readonly (readonly [GrantEvent, number])[],
    check: (before: GrantState, step: GrantEvent, next: GrantState, now: number) => void,
  ): void {
    let state: GrantState = STATES.scheduled;
    let now = START;
    for (const [step, waitMs] of steps) {
      now = instant(now + waitMs);
      const outcome = transitionGrant(state, step, now);
      if (!outcome.ok) continue;
      check(state, step, outcome.value, now);
      state = outcome.value;
    }
  }

  test('the end lies within the duration and the window, and only an extension moves it: to the time that was decided, within what the rules allow from activation, after the cloud was told', () => {
    fc.assert(
      fc.property(history, (steps) => {
        each(steps, (before, step, next, now) => {
          if (step.kind === 'start' && 'endsAt' in next) {
            expect(next.activatedAt).toBe(now);
            expect(next.endsAt).toBe(Math.min(now + step.durationMs, step.latestEndAt ?? Number.POSITIVE_INFINITY));
          }
          if (!('endsAt' in before) || !('endsAt' in next)) return;
          expect(next.activatedAt).toBe(before.activatedAt);
          expect(next.boundUntil).toBeGreaterThanOrEqual(Math.max(before.boundUntil, next.endsAt));
          if (step.kind !== 'extended') return expect(next.endsAt).toBe(before.endsAt);
          expect(before.kind === 'active' && before.extension?.until).toBe(next.endsAt);
          expect(now).toBeLessThan(before.endsAt);
          expect(before.boundUntil).toBeGreaterThanOrEqual(next.endsAt);
        });
      }),
    );
  });

  test('nothing becomes usable at or past its end', () => {
    fc.assert(
      fc.property(history, (steps) => {
        each(steps, (_before, _step, next, now) => {
          if (next.kind === 'active') expect(now).toBeLessThan(next.endsAt);
        });
      }),
    );
  });

  test('what was dispatched is over only by a proof from outside, and what is over stays so', () => {
    fc.assert(
      fc.property(history, (steps) => {
        each(steps, (before, step, next) => {
          expect(isOver(before)).toBe(false);
          if (!isOver(next)) return;
          if (before.kind === 'scheduled') expect(next).toMatchObject({ proof: { kind: 'never-provisioned' } });
          else expect([before.kind, step.kind, 'proof' in next && next.proof]).toEqual(['ending', 'prove-gone', PROOF]);
        });
      }),
    );
  });
});
