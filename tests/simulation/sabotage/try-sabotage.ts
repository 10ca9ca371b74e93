import type { CheckerName } from '../checkers/violations.ts';
import { inParallel } from '../in-parallel.ts';
import type { Outcome } from '../simulate.ts';
import type { Sabotage } from './patch-source.ts';

/** What became of a sabotage. */
export type Verdict = { readonly sabotage: Sabotage } & (
  | {
      readonly kind: 'caught';
      readonly seed: number;
      /** The first seed that was tried, and whether it was chosen because it is known to show the bug. */
      readonly from: number;
      readonly chosen: boolean;
      readonly checker: CheckerName;
      readonly text: string;
    }
  | { readonly kind: 'by-another-checker'; readonly seed: number; readonly checker: CheckerName; readonly text: string }
  | { readonly kind: 'missed'; readonly seeds: number }
);

/** Lets the sabotaged broker run through seeds in a process of its own, until a promise is seen broken. */
export async function trySabotage(
  sabotage: Sabotage,
  options: { readonly seeds: number; readonly from?: number },
): Promise<Verdict> {
  const outcomes: Outcome[] = [];
  const from = options.from ?? sabotage.seed;
  await inParallel({
    from,
    seeds: options.seeds,
    jobs: 1,
    extra: ['--sabotage', sabotage.name, '--stop'],
    onOutcome: (outcome) => outcomes.push(outcome),
  });
  const outcome = outcomes.find((one) => one.violations.length > 0);
  const first = outcome?.violations[0];
  if (outcome === undefined || first === undefined) return { sabotage, kind: 'missed', seeds: outcomes.length };
  const { checker, text } = first;
  const kind = sabotage.caughtBy.includes(checker) ? 'caught' : 'by-another-checker';
  return { sabotage, kind, seed: outcome.seed, from, chosen: options.from === undefined, checker, text };
}
