import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SUITES, type Suite } from './suites.ts';

/**
 * `npm test`: types, style, then each suite within its budget. `npm test -- unit sql` runs only those suites.
 * The last line is always `N passed, N failed, N skipped`, and every skipped test is printed with its reason.
 */

interface Counts {
  passed: number;
  failed: number;
  readonly skipped: string[];
}

/** The part of vitest's JSON report that is read here. */
interface Report {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const FILES: Readonly<Record<string, string>> = { unit: '{src,simulators,tools}/**/*.test.ts' };

function main(names: readonly string[]): number {
  const unknown = names.find((name) => !SUITES.some((suite) => suite.name === name));
  if (unknown !== undefined)
    return say(`There is no suite "${unknown}". There are: ${SUITES.map((suite) => suite.name).join(', ')}.`, 2);
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 24)
    return say(`This runs on Node ${process.versions.node}; the repository pins 24. Run "npm rebuild node" once.`, 1);

  const counts: Counts = { passed: 0, failed: 0, skipped: [] };
  if (names.length === 0) {
    step(counts, 'types', ['tsc', '-p', 'tsconfig.json']);
    step(counts, 'style', ['eslint', '.', '--max-warnings', '0']);
    step(counts, 'format', ['prettier', '--check', '--log-level', 'warn', '.']);
  }
  for (const suite of SUITES) if (names.length === 0 || names.includes(suite.name)) runSuite(suite, counts);
  if (counts.skipped.length > 0) console.log(`\nSkipped:\n${counts.skipped.map((line) => `  ${line}`).join('\n')}`);
  console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped.length} skipped`);
  return counts.failed === 0 ? 0 : 1;
}

/** Runs a tool that only succeeds or fails; it counts as one test. */
function step(counts: Counts, name: string, command: readonly string[]): void {
  const started = Date.now();
  const result = run(command);
  const good = result.status === 0;
  console.log(`${good ? 'ok  ' : 'FAIL'} ${name.padEnd(11)} ${seconds(started)}`);
  if (good) counts.passed += 1;
  else {
    counts.failed += 1;
    console.log(result.output);
  }
}

function runSuite(suite: Suite, counts: Counts): void {
  const started = Date.now();
  if (globSync(FILES[suite.name] ?? `tests/${suite.name}/**/*.test.ts`, { cwd: ROOT }).length === 0) {
    counts.failed += 1;
    return console.log(`FAIL ${suite.name.padEnd(11)} has no test file`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'curfew-tests-'));
  const file = join(folder, 'report.json');
  const args = [
    'vitest',
    'run',
    '--project',
    suite.name,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${file}`,
  ];
  const result = run(args, suite.budgetMinutes * 60_000 * 2);
  const report = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Report) : null;
  rmSync(folder, { recursive: true, force: true });
  const tests = (report?.testResults ?? []).flatMap((one) => one.assertionResults);
  const passed = tests.filter((test) => test.status === 'passed').length;
  const failed = tests.filter((test) => test.status === 'failed').length;
  const skipped = tests.filter((test) => ['skipped', 'pending', 'todo', 'disabled'].includes(test.status));
  const late = Date.now() - started > suite.budgetMinutes * 60_000;
  // A file that could not be loaded, an error outside every test, or no test at all is a failure too.
  const broken = failed === 0 && (report === null || result.status !== 0 || tests.length === 0);
  counts.passed += passed;
  counts.failed += failed + (broken ? 1 : 0) + (late ? 1 : 0);
  counts.skipped.push(...skipped.map((test) => `${suite.name}: ${test.fullName}`));
  const good = failed === 0 && !broken && !late;
  console.log(
    `${good ? 'ok  ' : 'FAIL'} ${suite.name.padEnd(11)} ${seconds(started)} of ${suite.budgetMinutes} min, ${passed} passed, ${failed} failed, ${skipped.length} skipped`,
  );
  if (late)
    console.log(`     ${suite.name} took longer than its budget of ${suite.budgetMinutes} min (tools/suites.ts)`);
  if (failed > 0 || broken) console.log(result.output);
}

function run(command: readonly string[], timeoutMs = 600_000): { status: number | null; output: string } {
  const [program = '', ...args] = command;
  const result = spawnSync(join(ROOT, 'node_modules', '.bin', program), args, {
    cwd: ROOT,
    encoding: 'utf8',
    timeout: timeoutMs,
    maxBuffer: 256 * 1024 * 1024,
    env: { ...process.env, FORCE_COLOR: '0', NO_COLOR: '1' },
  });
  return { status: result.status, output: `${result.stdout}${result.stderr}` };
}

function seconds(started: number): string {
  return `${((Date.now() - started) / 1000).toFixed(1)} s`.padStart(8);
}

function say(text: string, code: number): number {
  console.error(text);
  return code;
}

process.exit(main(process.argv.slice(2)));
