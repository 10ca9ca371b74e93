import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { transitionGrant, type ExtensionLimits, type GrantState } from './grant.ts';
import type { RequestId } from './ids.ts';
import { instant } from './time.ts';

const START = instant(1_000);
const END = instant(901_000);
const LATER = instant(END + 600_000);
const EXTENSION = { request: 'req_aaaaaaaaaaaaaaaaaaaa' as RequestId, until: LATER };
const LIMITS = { maxDurationMs: 1_800_000, extensions: 1, latestEndAt: null };
const ACTIVE = {
  kind: 'active',
  usableAt: START,
  extended: 0,
  extension: null,
  activatedAt: START,
  endsAt: END,
  boundUntil: END,
} as const satisfies GrantState;
const WANTED = { ...ACTIVE, extension: EXTENSION };

describe('an extension', () => {
  const wanted = (until: number, limits: Partial<ExtensionLimits> = {}, state: GrantState = ACTIVE) =>
    transitionGrant(
      state,
      { kind: 'want-extension', extension: { ...EXTENSION, until: instant(until) }, limits: { ...LIMITS, ...limits } },
      START,
    );

  test.each([
    ['that is not later', END, {}, { kind: 'beyond-limits', latest: START + 1_800_000 }],
    [
      'past what the rules allow from activation',
      START + 1_800_001,
      {},
      { kind: 'beyond-limits', latest: START + 1_800_000 },
    ],
    [
      'past what the rules allow, in a window that is longer',
      START + 1_800_001,
      { latestEndAt: instant(START + 1_900_000) },
      { kind: 'beyond-limits', latest: START + 1_800_000 },
    ],
    ['past a window', LATER, { latestEndAt: instant(LATER - 1) }, { kind: 'beyond-limits', latest: LATER - 1 }],
    ['when none is left', LATER, { extensions: 0 }, { kind: 'no-extension-left', extensions: 0 }],
  ] as const)('%s is refused', (_, until, limits, refusal) => {
    expect(wanted(until, limits)).toEqual({ ok: false, refusal });
  });

  test('goes as far as the rules and the window allow, and leaves the end alone until the cloud has it', () => {
    expect(wanted(START + 1_800_000)).toMatchObject({ ok: true, value: { endsAt: END, boundUntil: END } });
    expect(wanted(LATER, { latestEndAt: LATER })).toMatchObject({ ok: true });
  });

  test('never moves the bound back: an earlier one that came to nothing may still stand in the cloud', () => {
    const bounded = { ...WANTED, boundUntil: instant(LATER + 1) };
    expect(transitionGrant(bounded, { kind: 'write-extension' }, START)).toMatchObject({
      ok: true,
      value: { boundUntil: LATER + 1 },
    });
  });

  test('is one at a time', () => {
    expect(wanted(LATER, { extensions: 9 }, WANTED)).toMatchObject({ ok: false });
  });

  test('is the bound from the moment it leaves, and the end once the cloud has it', () => {
    const told = transitionGrant(WANTED, { kind: 'write-extension' }, START);
    expect(told).toMatchObject({ ok: true, value: { endsAt: END, boundUntil: LATER, extended: 0 } });
    if (!told.ok) return;
    expect(transitionGrant(told.value, { kind: 'extended' }, START)).toEqual({
      ok: true,
      value: { ...ACTIVE, endsAt: LATER, boundUntil: LATER, extended: 1 },
    });
    expect(transitionGrant(told.value, { kind: 'return' }, START)).toMatchObject({
      ok: true,
      value: { kind: 'ending', endsAt: END, boundUntil: LATER },
    });
    expect(transitionGrant(told.value, { kind: 'extended' }, END)).toMatchObject({ ok: false });
  });

  /** Mostly what leads to another end, so that many histories get there more than once. */
  const MOST = { maxDurationMs: 3_000_000, extensions: 3, latestEndAt: null };
  const lively = fc.array(
    fc.tuple(
      fc.oneof(
        {
          weight: 1,
          arbitrary: fc.constantFrom({ kind: 'drop-extension' as const }, { kind: 'expire' as const }),
        },
        {
          weight: 4,
          arbitrary: fc.constantFrom({ kind: 'write-extension' as const }, { kind: 'extended' as const }),
        },
        {
          weight: 4,
          arbitrary: fc.integer({ min: START, max: 4_000_000 }).map((until) => ({
            kind: 'want-extension' as const,
            extension: { ...EXTENSION, until: instant(until) },
            limits: MOST,
          })),
        },
      ),
      fc.nat(20_000),
    ),
    { minLength: 10, maxLength: 60 },
  );

  test('the end never lies beyond what the rules allow altogether, nor is it moved more often than they say', () => {
    fc.assert(
      fc.property(lively, (steps) => {
        let state: GrantState = ACTIVE;
        let now = START;
        for (const [step, waitMs] of steps) {
          now = instant(now + waitMs);
          const outcome = transitionGrant(state, step, now);
          if (!outcome.ok) continue;
          state = outcome.value;
          if (state.kind !== 'active') return;
          expect(state.extended).toBeLessThanOrEqual(MOST.extensions);
          expect(state.endsAt - state.activatedAt).toBeLessThanOrEqual(MOST.maxDurationMs);
          expect(state.boundUntil - state.activatedAt).toBeLessThanOrEqual(MOST.maxDurationMs);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('is given as often as the rules say, and not once more', () => {
    let state: GrantState = ACTIVE;
    const ask = (until: number) =>
      transitionGrant(
        state,
        { kind: 'want-extension', extension: { ...EXTENSION, until: instant(until) }, limits: MOST },
        START,
      );
    const take = (outcome: ReturnType<typeof transitionGrant>) => {
      if (!outcome.ok) throw new Error(outcome.refusal.kind);
      state = outcome.value;
    };
    for (let n = 1; n <= MOST.extensions; n += 1) {
      take(ask(END + n));
      take(transitionGrant(state, { kind: 'write-extension' }, START));
      take(transitionGrant(state, { kind: 'extended' }, START));
      expect(state).toMatchObject({ endsAt: END + n, extended: n });
    }
    expect(ask(END + MOST.extensions + 1)).toMatchObject({
      ok: false,
      refusal: { kind: 'no-extension-left', extensions: MOST.extensions },
    });
  });
});
