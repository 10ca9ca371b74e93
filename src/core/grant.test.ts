import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GRANT_EVENTS, transitionGrant, type GrantEvent, type GrantState } from './grant.ts';
import { instant } from './time.ts';

const START = instant(1_000);
const END = instant(901_000);
const RUNNING = { activatedAt: START, endsAt: END };
const PROOF = { kind: 'observed', at: END, evidence: {} } as const;

const STATES = {
  scheduled: { kind: 'scheduled', startsAt: START },
  activating: { kind: 'activating', ...RUNNING },
  active: { kind: 'active', usableAt: START, ...RUNNING },
  ending: { kind: 'ending', cause: 'returned', since: START, ...RUNNING },
  'ending (failed)': { kind: 'ending', cause: 'failed', since: START, ...RUNNING },
  ended: { kind: 'ended', cause: 'expired', endedAt: END, proof: PROOF },
  failed: { kind: 'failed', endedAt: END, proof: PROOF },
} as const satisfies Record<string, GrantState>;

const event = (kind: GrantEvent['kind']): GrantEvent =>
  kind === 'start'
    ? { kind, durationMs: 900_000, latestEndAt: null }
    : kind === 'prove-gone'
      ? { kind, proof: PROOF }
      : { kind };

/** Every state against every event, before and at the end; a dash is a refusal. */
const TABLE: Record<keyof typeof STATES, Record<GrantEvent['kind'], readonly [before: string, atEnd: string]>> = {
  scheduled: {
    start: ['activating', 'activating'],
    usable: ['-', '-'],
    expire: ['-', '-'],
    return: ['ended', 'ended'],
    revoke: ['ended', 'ended'],
    fail: ['failed', 'failed'],
    'prove-gone': ['-', '-'],
  },
  activating: {
    start: ['-', '-'],
    usable: ['active', '-'],
    expire: ['-', 'ending'],
    return: ['ending', 'ending'],
    revoke: ['ending', 'ending'],
    fail: ['ending', 'ending'],
    'prove-gone': ['-', '-'],
  },
  active: {
    start: ['-', '-'],
    usable: ['-', '-'],
    expire: ['-', 'ending'],
    return: ['ending', 'ending'],
    revoke: ['ending', 'ending'],
    fail: ['-', '-'],
    'prove-gone': ['-', '-'],
  },
  ending: {
    start: ['-', '-'],
    usable: ['-', '-'],
    expire: ['-', '-'],
    return: ['-', '-'],
    revoke: ['-', '-'],
    fail: ['-', '-'],
    'prove-gone': ['ended', 'ended'],
  },
  'ending (failed)': {
    start: ['-', '-'],
    usable: ['-', '-'],
    expire: ['-', '-'],
    return: ['-', '-'],
    revoke: ['-', '-'],
    fail: ['-', '-'],
    'prove-gone': ['failed', 'failed'],
  },
  ended: {
    start: ['-', '-'],
    usable: ['-', '-'],
    expire: ['-', '-'],
    return: ['-', '-'],
    revoke: ['-', '-'],
    fail: ['-', '-'],
    'prove-gone': ['-', '-'],
  },
  failed: {
    start: ['-', '-'],
    usable: ['-', '-'],
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

test('a grant does not start before its time', () => {
  expect(transitionGrant(STATES.scheduled, event('start'), instant(START - 1))).toEqual({
    ok: false,
    refusal: { kind: 'not-yet', dueAt: START },
  });
});

const anyEvent: fc.Arbitrary<GrantEvent> = fc.oneof(
  fc.record({
    kind: fc.constant('start' as const),
    durationMs: fc.integer({ min: 1, max: 7_200_000 }),
    latestEndAt: fc.option(fc.nat(10_000_000).map(instant)),
  }),
  fc.constantFrom(...GRANT_EVENTS.filter((kind) => kind !== 'start')).map(event),
);

test('whatever happens: the end never moves, is within the duration and the window, and over means proven', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(anyEvent, fc.nat(1_000_000))), (steps) => {
      let state: GrantState = STATES.scheduled;
      let now = START;
      let end: number | null = null;
      for (const [step, waitMs] of steps) {
        now = instant(now + waitMs);
        const before: GrantState = state;
        const outcome = transitionGrant(before, step, now);
        if (!outcome.ok) continue;
        state = outcome.value;
        if (before.kind === 'ended' || before.kind === 'failed') throw new Error('something happened after the end');
        if (step.kind === 'start' && state.kind === 'activating') {
          end = state.endsAt;
          expect(state.endsAt).toBeLessThanOrEqual(now + step.durationMs);
          if (step.latestEndAt !== null) expect(state.endsAt).toBeLessThanOrEqual(Math.max(step.latestEndAt, 0));
        }
        if ('endsAt' in state) expect(state.endsAt).toBe(end);
        if (state.kind === 'ended' || state.kind === 'failed') expect(state.proof.kind).toBeDefined();
        if (state.kind === 'active') expect(now).toBeLessThan(state.endsAt);
      }
    }),
  );
});
