import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GRANT_EVENTS, transitionGrant, type GrantEvent, type GrantState } from './grant.ts';
import { desiredBinding, slotKey } from './slot.ts';
import type { RequestId } from './ids.ts';
import { instant, type Instant } from './time.ts';

const NOW = instant(0);
const LIVE: GrantState = {
  kind: 'active',
  usableAt: NOW,
  activatedAt: NOW,
  endsAt: instant(5_000),
  boundUntil: instant(5_000),
  extended: 0,
  extension: null,
};

/** One thing that happens to one of three grants that share a slot. */
const step = fc.record({
  grant: fc.nat(2),
  waitMs: fc.nat(400),
  kind: fc.constantFrom(...GRANT_EVENTS),
  laterMs: fc.integer({ min: 1, max: 2_000 }),
  durationMs: fc.integer({ min: 1, max: 2_000 }),
});

const LIMITS = { maxDurationMs: 4_000, extensions: 2, latestEndAt: null };

function event(kind: GrantEvent['kind'], durationMs: number, until: Instant): GrantEvent {
  if (kind === 'start') return { kind, durationMs, latestEndAt: null };
  if (kind === 'want-extension') {
    return { kind, extension: { request: 'req_aaaaaaaaaaaaaaaaaaaa' as RequestId, until }, limits: LIMITS };
  }
  return kind === 'prove-gone' ? { kind, proof: { kind: 'observed', at: NOW, evidence: {} } } : { kind };
}

describe('a shared slot', () => {
  test('is held over any history exactly as long as a live grant needs it, until the latest of their ends', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const grants: GrantState[] = Array.from({ length: 3 }, () => ({ kind: 'scheduled', startsAt: NOW }));
        // The model knows nothing of states: a grant holds from its start until the first thing that ends it.
        const holds = new Map<number, number>();
        const wanted = new Map<number, number>();
        let now = NOW;
        for (const { grant, waitMs, kind, durationMs, laterMs } of steps) {
          now = instant(now + waitMs);
          const before = grants[grant];
          if (before === undefined) continue;
          const until = instant(('endsAt' in before ? before.endsAt : now) + laterMs);
          const outcome = transitionGrant(before, event(kind, durationMs, until), now);
          if (outcome.ok) {
            grants[grant] = outcome.value;
            if (kind === 'start') holds.set(grant, now + durationMs);
            else if (kind === 'want-extension') wanted.set(grant, until);
            // From here on the later end may stand there, so nobody may write an earlier one over it.
            else if (kind === 'write-extension') holds.set(grant, wanted.get(grant) ?? Number.NaN);
            else if (kind === 'drop-extension' && 'endsAt' in before) holds.set(grant, before.endsAt);
            else if (kind !== 'usable' && kind !== 'extended') holds.delete(grant);
          }
          // One whose time is over needs nothing, whether somebody has written that down or not.
          const needed = [...holds.values()].filter((endsAt) => endsAt > now);
          expect(desiredBinding(grants, now)).toEqual(
            needed.length === 0 ? { present: false } : { present: true, endsAt: Math.max(...needed) },
          );
        }
      }),
      { numRuns: 300 },
    );
  });

  test('is not taken from a live grant by another that ends', () => {
    const over: readonly GrantState[] = [
      {
        kind: 'ending',
        cause: 'revoked',
        since: NOW,
        activatedAt: NOW,
        endsAt: instant(9_000),
        boundUntil: instant(9_000),
      },
      { kind: 'ended', cause: 'expired', endedAt: NOW, proof: { kind: 'observed', at: NOW, evidence: {} } },
      { kind: 'failed', endedAt: NOW, proof: { kind: 'observed', at: NOW, evidence: {} } },
      { kind: 'scheduled', startsAt: instant(9_000) },
    ];
    expect(desiredBinding([...over, LIVE, ...over], NOW)).toEqual({ present: true, endsAt: 5_000 });
    expect(desiredBinding(over, NOW)).toEqual({ present: false });
  });

  test('is kept for a later end from the moment that it may stand there, and no longer when it came to nothing', () => {
    const extension = { request: 'req_aaaaaaaaaaaaaaaaaaaa' as RequestId, until: instant(8_000) };
    const later = { ...LIVE, boundUntil: instant(8_000) };
    expect(desiredBinding([{ ...LIVE, extension }], NOW)).toEqual({ present: true, endsAt: 5_000 });
    expect(desiredBinding([{ ...later, extension }], NOW)).toEqual({ present: true, endsAt: 8_000 });
    expect(desiredBinding([later], NOW)).toEqual({ present: true, endsAt: 5_000 });
    expect(desiredBinding([{ ...later, extension }, LIVE], NOW)).toEqual({ present: true, endsAt: 8_000 });
    expect(desiredBinding([LIVE, { ...later, extension }], NOW)).toEqual({ present: true, endsAt: 8_000 });
  });

  test('that nobody uses is empty', () => {
    expect(desiredBinding([], NOW)).toEqual({ present: false });
  });

  test('is not kept by one whose time is over, though nobody has written that down', () => {
    expect(desiredBinding([LIVE], instant(4_999))).toEqual({ present: true, endsAt: 5_000 });
    expect(desiredBinding([LIVE], instant(5_000))).toEqual({ present: false });
  });
});

describe('the key of a slot', () => {
  test('is made from the names of the cloud', () => {
    expect(slotKey('aws', 'assume-role', ['grt_x'])).toBe('aws:assume-role:grt_x');
  });

  test('is another one for other names, whatever characters they have', () => {
    const names = fc.array(fc.string({ unit: fc.constantFrom('a', ',', ':', '%', '/', ' ', 'é'), maxLength: 4 }), {
      minLength: 1,
      maxLength: 3,
    });
    fc.assert(
      fc.property(names, names, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b);
        expect(slotKey('aws', 'm', a) === slotKey('aws', 'm', b)).toBe(same);
      }),
      { numRuns: 1_000 },
    );
    expect(slotKey('aws', 'm', ['a:b'])).not.toBe(slotKey('aws', 'm:a', ['b']));
    expect(slotKey('aws', 'm', ['a'])).not.toBe(slotKey('azure', 'm', ['a']));
  });
});
