import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { isOver, needsBinding } from '../../src/core/grant.ts';
import type { GrantId } from '../../src/core/ids.ts';
import type { Instant } from '../../src/core/time.ts';
import { findBinding } from '../../src/store/bindings.ts';
import { MAY_LAND_MS, type Mishap } from './shared-cloud.ts';
import { MINUTE, SLOT, sharedSlot, type SharedSlot } from './shared-slot-steps.ts';

describe('grants of one person on one place, by two roles', () => {
  const slot = sharedSlot();
  let here: SharedSlot;
  beforeEach(() => {
    here = slot();
  });

  test('in any history: nobody is ended by another, and nothing outlives the last', { timeout: 120_000 }, async () => {
    const mishap: fc.Arbitrary<Mishap> = fc.oneof(
      fc.constant({ kind: 'refused' } as const),
      fc.constant({ kind: 'answer-lost' } as const),
      fc.integer({ min: 0, max: MAY_LAND_MS - 5_000 }).map((afterMs) => ({ kind: 'lands-late', afterMs }) as const),
    );
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant('ask' as const),
          minutes: fc.integer({ min: 1, max: 12 }),
          role: fc.constantFrom('invoice-reader', 'invoice-auditor'),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constantFrom('return' as const, 'revoke' as const), which: fc.nat(7) }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 240_000 }) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant('extend' as const),
          which: fc.nat(7),
          minutes: fc.integer({ min: 1, max: 9 }),
        }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('mishap' as const), mishap }) },
      // One goes as another comes, and the call that takes away does not go well.
      { weight: 2, arbitrary: fc.record({ do: fc.constant('swap' as const), mishap, which: fc.nat(7) }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.array(step, { minLength: 4, maxLength: 12, size: 'max' }),
        async (standing, history) => {
          await here.begin();
          const model: Model = { ended: new Set(), promised: new Map() };
          if (standing) here.cloud.places.set(SLOT, null);
          for (const one of history) {
            if (one.do === 'ask') await here.ask(one.minutes * MINUTE, one.role);
            else if (one.do === 'wait') await here.pass(one.ms);
            else if (one.do === 'mishap') here.cloud.mishaps.push(one.mishap);
            else {
              const id = here.grants[one.which % here.grants.length];
              if (id === undefined) continue;
              if (one.do === 'extend') await here.extend(one.minutes * MINUTE, id);
              else {
                if (one.do === 'swap') here.cloud.mishaps.push(one.mishap);
                model.ended.add(id);
                await here.end(id, one.do === 'swap' ? 'return' : one.do);
                if (one.do === 'swap') await here.ask(10 * MINUTE);
              }
            }
            await holds(standing, model);
          }
          here.cloud.mishaps.length = 0;
          for (let n = 0; n < 40; n += 1) {
            await here.pass(MINUTE);
            await holds(standing, model);
          }
          expect((await here.everybody()).filter(({ state }) => !isOver(state))).toEqual([]);
          expect(here.cloud.places.has(SLOT)).toBe(standing);
        },
      ),
      { numRuns: 25 },
    );
  });

  /** What the test has done itself, and until when each holder has been told that they have access. */
  interface Model {
    readonly ended: Set<GrantId>;
    readonly promised: Map<GrantId, Instant>;
  }

  /**
   * The naive model: whoever is told that they have access has it until that end, unless they themselves are ended; the place is held exactly
   * as long as somebody needs it; and what stood there before stands for ever.
   */
  const holds = async (standing: boolean, { ended, promised }: Model) => {
    const rows = await here.everybody();
    for (const { id, state } of rows) {
      if (ended.has(id)) continue;
      if (state.kind === 'active') promised.set(id, state.endsAt);
      else expect(promised.get(id) ?? 0).toBeLessThanOrEqual(here.time.now());
    }
    const active = rows.filter((one) => one.state.kind === 'active');
    if (standing) return expect(here.cloud.places.get(SLOT)).toBeNull();
    if (active.length > 0) {
      const latest = Math.max(...active.map((one) => one.endsAt ?? 0));
      expect(here.cloud.places.get(SLOT) ?? 0).toBeGreaterThanOrEqual(latest);
    }
    if (here.cloud.places.has(SLOT)) {
      expect(rows.some((one) => needsBinding(one.state) || one.state.kind === 'ending')).toBe(true);
      const { writtenUntil } = await findBinding(here.database.db, SLOT);
      expect(here.cloud.places.get(SLOT) ?? 0).toBeLessThanOrEqual(writtenUntil ?? 0);
    }
  };
});
