import { afterAll, beforeAll, expect, test } from 'vitest';
import { sabotages } from '../sabotage/sabotages.ts';
import { trySabotage } from '../sabotage/try-sabotage.ts';
import { openLaboratory, type Laboratory } from '../simulate.ts';
import type { HistoryCounts } from './history.ts';
import { restored } from './restored.ts';

/** `npm run simulate -- --restores --seeds 200` goes on from here. */
const SEEDS = 10;

let laboratory: Laboratory;
beforeAll(async () => {
  laboratory = await openLaboratory();
}, 60_000);
afterAll(() => laboratory.base.close());

test(`in ${SEEDS} histories with restores every promise holds, and what matters happened in them`, async () => {
  const sums: Partial<Record<keyof HistoryCounts, number>> = {};
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { outcome, counts } = await restored(laboratory, seed);
    expect(outcome.violations, `npm run simulate -- --restores --seeds 1 --from ${seed} --verbose`).toEqual([]);
    for (const [what, count] of Object.entries(counts) as [keyof HistoryCounts, number][])
      sums[what] = (sums[what] ?? 0) + count;
  }
  expect(Object.entries(sums).filter(([, count]) => count === 0)).toEqual([]);
});

test('a deliberate bug in a new epoch is seen', async () => {
  const bug = sabotages.find(({ name }) => name === 'epoch-keeps-pending');
  expect(bug).toBeDefined();
  if (bug !== undefined) expect((await trySabotage(bug, { seeds: 8 })).kind).toBe('caught');
});
