import { spawn } from 'node:child_process';
import { closeSync, existsSync, globSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SuiteReport } from './suite-reporter.ts';
import { CHECKS, SUITES, type Suite } from './suites.ts';

/**
 * `npm test`: types, style, then each suite within its budget. `npm test -- unit sql` runs only those suites.
 * The last line is always `N passed, N failed, N skipped`, and every skipped test is printed with its reason.
 */

interface Counts {
  passed: number;
  failed: number;
  readonly skipped: string[];
}

interface Outcome {
  readonly good: boolean;
  readonly output: string;
}

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const FILES: Readonly<Record<string, string>> = { unit: '{src,web/src,simulators,tools}/**/*.test.ts' };
/** By its path: the older compiler, which typescript-eslint needs, has a program of the same name (ADR 1). */
const TSC = ['node', 'node_modules/typescript-7/bin/tsc', '-p'];
/** A program that takes longer hangs. Far more than any suite's budget: a busy machine is slow, and what it finds must still be heard. */
const HANGS_MS = 600_000;
/** How long a program may take to stop by itself once it is told to. */
const GRACE_MS = 15_000;

async function main(names: readonly string[]): Promise<number> {
  const unknown = names.find((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown !== undefined)
    return say(`There is no suite "${unknown}". There are: ${SUITES.map((suite) => suite.name).join(', ')}.`, 2);
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 24)
    return say(`This runs on Node ${process.versions.node}; the repository pins 24. Run "npm rebuild node" once.`, 1);

  const started = Date.now();
  const counts: Counts = { passed: 0, failed: 0, skipped: [] };
  const wanted = SUITES.filter(({ name }) => names.length === 0 || names.includes(name));
  const begun = new Map<string, Promise<void>>();
  const begin = (beside: string): void => {
    for (const suite of wanted)
      if (suite.name === beside || suite.beside === beside)
        begun.set(suite.name, begun.get(suite.name) ?? runSuite(suite, counts));
  };
  if (names.length === 0) {
    begin(CHECKS);
    // Style needs one processor for as long as the others take.
    await Promise.all([
      step(counts, 'style', ['eslint', '.', '--max-warnings', '0']),
      (async () => {
        await step(counts, 'types', [...TSC, 'tsconfig.json']);
        await step(counts, 'portal', [...TSC, 'web/tsconfig.json']);
        await step(counts, 'format', ['prettier', '--check', '--log-level', 'warn', '.']);
      })(),
    ]);
  }
  for (const { name } of wanted) {
    begin(name);
    await begun.get(name);
  }
  if (counts.skipped.length > 0) console.log(`\nSkipped:\n${counts.skipped.map((line) => `  ${line}`).join('\n')}`);
  console.log(`\nTook ${seconds(started).trim()} on Node ${process.versions.node}.`);
  console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped.length} skipped`);
  return counts.failed === 0 ? 0 : 1;
}

/** Runs a tool that only succeeds or fails; it counts as one test. */
async function step(counts: Counts, name: string, command: readonly string[]): Promise<void> {
  const started = Date.now();
  const { good, output } = await run(command);
  console.log(`${good ? 'ok  ' : 'FAIL'} ${name.padEnd(11)} ${seconds(started)}`);
  if (good) counts.passed += 1;
  else {
    counts.failed += 1;
    console.log(output);
  }
}

async function runSuite(suite: Suite, counts: Counts): Promise<void> {
  const started = Date.now();
  if (globSync(FILES[suite.name] ?? `tests/${suite.name}/**/*.test.ts`, { cwd: ROOT }).length === 0) {
    counts.failed += 1;
    return console.log(`FAIL ${suite.name.padEnd(11)} has no test file`);
  }
  const budgetMs = suite.budgetMinutes * 60_000;
  const { report, outcome } = await vitest(suite);
  const { passed, failed, skipped } = report ?? { passed: 0, failed: 0, skipped: [] };
  const late = Date.now() - started > budgetMs;
  const problems = brokenOutsideTests(report, outcome);
  counts.passed += passed;
  counts.failed += failed + problems.length;
  counts.skipped.push(
    ...skipped.map((test) => `${suite.name}: ${test.name}: ${test.reason ?? 'the test gives no reason'}`),
  );
  const good = failed === 0 && problems.length === 0;
  console.log(
    `${good ? 'ok  ' : 'FAIL'} ${suite.name.padEnd(11)} ${seconds(started)} of ${suite.budgetMinutes} min, ${passed} passed, ${failed} failed, ${skipped.length} skipped`,
  );
  // Said, not failed: a busy machine is no defect. Whoever made the suite slower sees it here.
  if (late) console.log(`     ${suite.name}: longer than its budget of ${suite.budgetMinutes} min (tools/suites.ts)`);
  for (const problem of problems) console.log(`     ${suite.name}: ${problem}`);
  if (failed > 0 || !outcome.good) console.log(outcome.output);
}

/** What makes a suite fail although no test says so: each counts as a failed test. */
function brokenOutsideTests(report: SuiteReport | null, outcome: Outcome): readonly string[] {
  if (report === null) return ['it ended without a report'];
  const problems = [...report.broken];
  if (!report.complete) problems.push('it was interrupted');
  if (report.passed + report.failed === 0 && report.skipped.length === 0) problems.push('it ran no test');
  if (!outcome.good && report.failed === 0 && problems.length === 0) problems.push('vitest says that it failed');
  return problems;
}

async function vitest({
  name,
  atOnce,
}: Suite): Promise<{ readonly report: SuiteReport | null; readonly outcome: Outcome }> {
  const folder = mkdtempSync(join(tmpdir(), 'curfew-tests-'));
  const file = join(folder, 'report.json');
  try {
    const reporters = ['--reporter=dot', '--reporter=./tools/suite-reporter.ts'];
    const args = ['vitest', 'run', '--project', name, '--silent=passed-only', '--allowOnly=false', ...reporters];
    // Vitest would leave one processor idle.
    args.push(`--maxWorkers=${atOnce ?? availableParallelism()}`);
    const outcome = await run(args, { CURFEW_SUITE_REPORT: file });
    const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as SuiteReport) : null;
    return { report, outcome };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Runs a program of `node_modules/.bin`. Its output goes to a file, not to a pipe: a process that it leaves behind would
 * hold a pipe open, and we would wait for ever.
 */
async function run(command: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'curfew-tests-'));
  const file = join(folder, 'output');
  const output = openSync(file, 'w');
  const [program = '', ...args] = command;
  const child = spawn(join(ROOT, 'node_modules', '.bin', program), args, {
    cwd: ROOT,
    stdio: ['ignore', output, output],
    env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1', ...env },
  });
  const tell = setTimeout(() => child.kill('SIGTERM'), HANGS_MS);
  const force = setTimeout(() => child.kill('SIGKILL'), HANGS_MS + GRACE_MS);
  try {
    const status = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', resolve);
    });
    return { good: status === 0, output: readFileSync(file, 'utf8') };
  } finally {
    clearTimeout(tell);
    clearTimeout(force);
    closeSync(output);
    rmSync(folder, { recursive: true, force: true });
  }
}

function seconds(started: number): string {
  return `${((Date.now() - started) / 1000).toFixed(1)} s`.padStart(8);
}

function say(text: string, code: number): number {
  console.error(text);
  return code;
}

process.exitCode = await main(process.argv.slice(2));
