import { expect, test } from 'vitest';
import { PACE } from '../../src/engine/ports.ts';
import { ProviderFault, type FaultKind } from '../../src/providers/contract.ts';
import type { Database } from '../../src/store/database.ts';
import { bench, pastItsEnd } from './engine-bench.ts';
import { fakeProvider } from './fake-provider.ts';
import { eachDatabase } from './harness.ts';
import { scheduledGrant } from './rows.ts';

/** What becomes of a removal: a fault, or an answer after which the access is still there. */
type Outcome = FaultKind | 'still-there' | 'cannot-say';

/** A grant whose time is over in a cloud that takes nothing away, and by which means it is tried. */
async function ending(database: Database) {
  const provider = fakeProvider({ byConstruction: false });
  const rungs: number[] = [];
  let outcome: Outcome = 'still-there';
  let looks = 0;
  const inner = provider.observe.bind(provider);
  Object.assign(provider, {
    revoke: async (_binding: unknown, _ending: unknown, rung: number) => {
      rungs.push(rung);
      if (outcome !== 'still-there' && outcome !== 'cannot-say') throw new ProviderFault(outcome, 'it did not work');
    },
    observe: async (...asked: Parameters<typeof inner>) => {
      looks += 1;
      // The look before the removal, and the one after it.
      if (outcome === 'cannot-say' && looks % 2 === 0) throw new ProviderFault('unreachable', 'no answer');
      return inner(...asked);
    },
  });
  const { engine, found, state, hurry } = bench(database, provider);
  const id = await scheduledGrant(database);
  await engine.pass('starts');
  await pastItsEnd(database, id);
  looks = 0;
  return {
    found,
    state: () => state(id),
    /** Tries so often, and says by which rungs. */
    async tries(times: number, what: Outcome): Promise<readonly number[]> {
      outcome = what;
      rungs.length = 0;
      for (let n = 0; n < times; n += 1) {
        await engine.pass('ends');
        await hurry();
      }
      return [...rungs];
    },
  };
}

const FIVE = Array.from({ length: PACE.attemptsPerRung }, () => 0);

eachDatabase('the means by which access is taken away', (current) => {
  test('the next one is tried when this one keeps failing in a way that the next may mend, for ever, and somebody is told', async () => {
    for (const what of ['forbidden-to-us', 'invalid', 'still-there'] as const) {
      const { tries, found, state } = await ending(current());
      expect(await tries(7, what)).toEqual([...FIVE, 1, 1]);
      expect(found).toEqual(['access-not-provably-gone']);
      expect(await state()).toBe('ending');
      // There is none after the last.
      expect(await tries(5, what)).toEqual([1, 1, 1, 1, 1]);
    }
  });

  test('a fault that passes is no reason for a stronger one; somebody is told all the same', async () => {
    const { tries, found } = await ending(current());
    for (const what of ['unknown-outcome', 'throttled', 'unreachable', 'conflict', 'cannot-say'] as const)
      expect(await tries(6, what)).toEqual([...FIVE, 0]);
    expect(found).toEqual(['access-not-provably-gone', 'access-not-provably-gone', 'access-not-provably-gone']);
    // What counts is counted from its own beginning.
    expect(await tries(6, 'forbidden-to-us')).toEqual([...FIVE, 1]);
    // And is not forgotten because of what passes.
    expect(await tries(2, 'throttled')).toEqual([1, 1]);
  });

  test('the next one is tried as well when it has never been known for ten minutes what this one did', async () => {
    const { tries } = await ending(current());
    const { unknownCountsAfter, attemptsPerRung } = PACE;
    const waited = unknownCountsAfter + attemptsPerRung;
    const expected = Array.from({ length: waited + 3 }, (_, n) => (n < waited ? 0 : 1));
    expect(await tries(waited + 3, 'unknown-outcome')).toEqual(expected);
    // What certainly did nothing, or strikes every means alike, does not count however long it lasts.
    const other = await ending(current());
    expect(new Set(await other.tries(waited + 3, 'unreachable'))).toEqual(new Set([0]));
  }, 60_000);
});
