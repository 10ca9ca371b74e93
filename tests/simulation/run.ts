import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { CHUNK, inParallel } from './in-parallel.ts';
import { sabotages } from './sabotage/sabotages.ts';
import { patchSource } from './sabotage/patch-source.ts';
import type { Outcome } from './simulate.ts';
import { Summary } from './summary.ts';

/** So many seeds take every path of interest, judge every law, and strike with every fault. */
const MANY = 200;

const USAGE = `Lets the real broker run in simulated worlds, each of which is made by a seed, and checks every promise.

  npm run simulate -- [--seeds N] [--from S] [--jobs N] [--verbose] [--marks] [--json] [--sabotage NAME]

  --seeds     how many seeds (default 100)
  --from      the first seed (default 1)
  --jobs      processes side by side (default 2; 1 with --verbose)
  --verbose   print everything that happens
  --marks     fail if no seed took a path of interest, judged a law, or struck a grant in some state with some fault;
              ${MANY} seeds and more are held to that by themselves
  --json      one line of JSON for each seed, and nothing else
  --stop      stop at the first seed that fails
  --restores  not storms, but histories in which the database is put back to older copies (one process)
  --sabotage  put a deliberate bug into the broker first; see npm run sabotage
`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    jobs: { type: 'string' },
    verbose: { type: 'boolean', default: false },
    marks: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    stop: { type: 'boolean', default: false },
    restores: { type: 'boolean', default: false },
    sabotage: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(USAGE);
} else {
  process.exitCode = await main();
}

async function main(): Promise<number> {
  const seeds = wholeNumber(values.seeds, 'seeds');
  const from = wholeNumber(values.from, 'from');
  const alone = values.verbose || values.restores || seeds === 1;
  const jobs = values.jobs === undefined ? (alone ? 1 : 2) : wholeNumber(values.jobs, 'jobs');
  const began = performance.now();
  let failed = 0;
  const summary = new Summary();
  const onOutcome = (outcome: Outcome) => {
    if (!values.restores) summary.add(outcome);
    if (values.json) console.log(JSON.stringify(outcome));
    if (outcome.violations.length === 0) {
      if (values.verbose) console.log(`seed ${outcome.seed} holds; trace ${outcome.digest}`);
      return;
    }
    failed += 1;
    if (!values.json) console.log(describe(outcome));
  };
  if (jobs > 1 || (seeds > CHUNK && !alone)) {
    const extra = [
      ...(values.sabotage === undefined ? [] : ['--sabotage', values.sabotage]),
      ...(values.stop ? ['--stop'] : []),
    ];
    await inParallel({ from, seeds, jobs, extra, onOutcome });
  } else {
    await here(from, seeds, onOutcome);
  }
  if (values.json) return failed > 0 ? 1 : 0;
  const seconds = (performance.now() - began) / 1_000;
  console.log(
    `${seeds} seeds from ${from}: ${seeds - failed} hold, ${failed} fail; ${(seeds / seconds).toFixed(2)} seeds/s, commit ${commit()}`,
  );
  if (values.restores) return failed > 0 ? 1 : 0;
  const missed = summary.missed();
  if (seeds > 1 || values.marks) console.log(summary.text());
  if (missed.length > 0 && (seeds > 1 || values.marks))
    console.log('In no seed:\n' + missed.map((what) => `  ${what}`).join('\n'));
  const thin = summary.thin();
  if (thin.length > 0) console.log('Too little happened:\n' + thin.map((what) => `  ${what}`).join('\n'));
  // A broker with a bug in it, and a run that stops at the first fault, owe nobody that everything happens.
  const whole = values.sabotage === undefined && !values.stop;
  const demanding = values.marks || (seeds >= MANY && whole);
  return failed > 0 || (demanding && missed.length > 0) || (whole && thin.length > 0) ? 1 : 0;
}

async function here(from: number, seeds: number, onOutcome: (outcome: Outcome) => void): Promise<void> {
  const sabotage = sabotages.find((one) => one.name === values.sabotage);
  if (values.sabotage !== undefined && sabotage === undefined)
    throw new Error(`there is no sabotage "${values.sabotage}"`);
  const patch = sabotage === undefined ? null : patchSource(sabotage);
  // Only now, so that the sabotaged source is what gets loaded.
  const { openLaboratory, simulate } = await import('./simulate.ts');
  const { restored } = await import('./restore/restored.ts');
  patch?.verify();
  const laboratory = await openLaboratory();
  for (let seed = from; seed < from + seeds; seed += 1) {
    const print = values.verbose ? (line: string) => console.log(line) : null;
    const restores = values.restores || sabotage?.restores === true;
    const outcome = restores
      ? (await restored(laboratory, seed)).outcome
      : await simulate(laboratory, seed, print, sabotage?.weather);
    if (restores) outcome.lastEvents.forEach((line) => print?.(line));
    onOutcome(outcome);
    if (values.stop && outcome.violations.length > 0) break;
  }
  await laboratory.base.close();
}

function describe(outcome: Outcome): string {
  const { seed, violations } = outcome;
  const sabotage = values.sabotage === undefined ? '' : ` --sabotage ${values.sabotage}`;
  return [
    '',
    `SEED ${seed} FAILS after ${(outcome.virtualMs / 1_000).toFixed(1)} s of virtual time (commit ${commit()})`,
    ...violations.slice(0, 5).map((violation) => `  ${violation.checker}: ${violation.text}`),
    `  again: npm run simulate -- --seeds 1 --from ${seed} --verbose${sabotage}${values.restores ? ' --restores' : ''}`,
    '  the last events:',
    ...outcome.lastEvents.map((line) => `    ${line.slice(0, 240)}`),
    '',
  ].join('\n');
}

function commit(): string {
  try {
    const head = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const changed = execFileSync('git', ['status', '--porcelain', '--', 'src', 'tests/simulation'], {
      encoding: 'utf8',
    });
    return head.trim() + (changed.trim() === '' ? '' : ' with uncommitted changes');
  } catch {
    return 'unknown';
  }
}

function wholeNumber(text: string, name: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} takes a whole number, not "${text}"`);
  return Number(text);
}
