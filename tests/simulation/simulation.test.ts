import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { LAWS } from './checkers/violations.ts';
import { LEAST } from './kernel/least.ts';
import { MARKS } from './kernel/marks.ts';
import { inParallel } from './in-parallel.ts';
import { openLaboratory, simulate, type Laboratory, type Outcome } from './simulate.ts';
import { sabotages } from './sabotage/sabotages.ts';
import { trySabotage } from './sabotage/try-sabotage.ts';

/** What every `npm test` has time for; `npm run simulate -- --seeds 1000` and `npm run sabotage` go on from here. */
const SEEDS = 100;

/** Paths that more seeds than these are needed for: `npm run simulate -- --marks --seeds 200` demands them all. */
const RARE: ReadonlySet<string> = new Set([
  'expired-while-activating',
  'activation-failed',
  'request-withdrawn',
  'tightened-at-decision',
  'tightened-at-start',
  'approval-set-aside',
  'cloud-down',
  'forbidden-to-us',
  'next-rung',
  'wish-kept',
  'extension-refused',
  'tried-again',
  'extension-unconfirmed',
  'start-beside-order',
  'written-together',
  'order-lifted-early',
  'schedule-hindered',
  'unassigned-by-hand',
  'revocations-full',
  'swept',
]);

/** Some of the bugs that one of the first seeds shows; all of them are for `npm run sabotage`. */
const QUICK: ReadonlySet<string> = new Set([
  'trust-the-reply',
  'entry-twice',
  'expired-bindings-stay',
  'one-approval-too-few',
]);

describe('a seeded world', () => {
  let laboratory: Laboratory;
  beforeAll(async () => {
    laboratory = await openLaboratory();
  }, 60_000);
  afterAll(() => laboratory.base.close());

  test('happens again in exactly the same way', async () => {
    const [one, other] = [await simulate(laboratory, 7), await simulate(laboratory, 7)];
    expect(one.events).toBeGreaterThan(100);
    expect(one.grants).toBeGreaterThan(0);
    expect(other.digest).toBe(one.digest);
  });

  test('happens in the same way alone, after others, and when the database plans its statements otherwise', async () => {
    await simulate(laboratory, 55);
    const { digest } = await simulate(laboratory, 56);
    const fresh = await openLaboratory();
    try {
      expect((await simulate(fresh, 56)).digest).toBe(digest);
      // What is in no order comes in another one: a run before has the same effect, because the session keeps its prepared statements.
      for (const set of ['seqscan = on', 'indexscan = off', 'hashjoin = off'])
        await sql.raw(`set enable_${set}`).execute(fresh.base.db);
      expect((await simulate(fresh, 56)).digest).toBe(digest);
    } finally {
      await fresh.base.close();
    }
  }, 180_000);
});

test(`every promise holds in ${SEEDS} of them, and the paths that matter were taken`, async () => {
  const outcomes: Outcome[] = [];
  await inParallel({ from: 1, seeds: SEEDS, jobs: 2, onOutcome: (outcome) => outcomes.push(outcome) });
  const failing = outcomes.filter((outcome) => outcome.violations.length > 0);
  expect(
    failing.map(
      ({ seed, violations }) => `npm run simulate -- --seeds 1 --from ${seed} --verbose: ${violations[0]?.text ?? ''}`,
    ),
  ).toEqual([]);
  expect(outcomes).toHaveLength(SEEDS);
  const marks = new Set(outcomes.flatMap((outcome) => Object.keys(outcome.marks)));
  expect(Object.keys(MARKS).filter((mark) => !RARE.has(mark) && !marks.has(mark))).toEqual([]);
  const judged = new Set(outcomes.flatMap((outcome) => Object.keys(outcome.judged)));
  expect(Object.keys(LAWS).filter((law) => !judged.has(law))).toEqual([]);
  const tooLittle = outcomes.filter(
    ({ steps, grants, overlaps, faults }) =>
      steps < LEAST.steps || grants < LEAST.grants || overlaps < LEAST.overlaps || faults < LEAST.faults,
  );
  expect(tooLittle.map(({ seed }) => seed)).toEqual([]);
});

describe('a deliberate bug is seen', () => {
  const quick = sabotages.filter((one) => QUICK.has(one.name));

  test('which is still called so', () => {
    expect(quick.map(({ name }) => name).sort()).toEqual([...QUICK].sort());
  });

  test.concurrent.each(quick.map((sabotage) => [sabotage.what, sabotage] as const))('%s', async (_, sabotage) => {
    const verdict = await trySabotage(sabotage, { seeds: 8 });
    expect(verdict.kind).toBe('caught');
  });
});
