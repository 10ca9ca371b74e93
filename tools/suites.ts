/** A suite of `npm test` and how many minutes it may take, so that all of them together stay under fifteen. */
export interface Suite {
  readonly name: string;
  readonly what: string;
  readonly budgetMinutes: number;
  /** Test files at once, where they mostly wait for clocks; otherwise as many as there are processors. */
  readonly atOnce?: number;
  /** What it begins with, because it mostly waits for clocks: the checks that are no tests, or another suite. */
  readonly beside?: string;
}

/** Types, style and format, which come first. */
export const CHECKS = 'checks';

/** In the order in which they run: what fails fastest comes first. */
export const SUITES: readonly Suite[] = [
  { name: 'unit', what: 'pure code, beside which it stands, and the rules of the house', budgetMinutes: 0.5 },
  { name: 'sql', what: 'the same SQL on the embedded database and on PostgreSQL', budgetMinutes: 2 },
  {
    name: 'contract',
    what: 'one contract for every provider, over HTTP',
    budgetMinutes: 2,
    atOnce: 8,
    beside: CHECKS,
  },
  { name: 'simulation', what: 'the broker under a virtual clock, and deliberate bugs', budgetMinutes: 3.5 },
  { name: 'e2e', what: 'API, command line and demo as processes', budgetMinutes: 2, atOnce: 5 },
  { name: 'clients', what: 'the real aws and others, skipped where absent', budgetMinutes: 1.75, atOnce: 4 },
  { name: 'browser', what: 'the portal in Chromium, skipped where that cannot start', budgetMinutes: 3, atOnce: 3 },
];
