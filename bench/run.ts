import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Bench, BenchRow } from './types.ts';

/**
 * `npm run bench`: measures, prints a table, and writes the same as JSON to bench/results/. It never judges: budgets are
 * printed beside the figures, and no test asserts a time.
 */

const FOLDER = fileURLToPath(new URL('./', import.meta.url));

async function load(): Promise<readonly Bench[]> {
  const files = readdirSync(FOLDER).filter(
    (name) =>
      name.endsWith('.ts') &&
      name !== 'run.ts' &&
      readFileSync(join(FOLDER, name), 'utf8').includes('export const bench'),
  );
  const modules = await Promise.all(files.sort().map(async (name) => (await import(`./${name}`)) as { bench: Bench }));
  return modules.map((module) => module.bench);
}

const USAGE = `Measures, prints a table, and writes the same as JSON to bench/results/.

  npm run bench -- [NAME ...] [--list] [--quick] [--json FILE]

  NAME     only these (default: all)
  --list   say what there is, and measure nothing
  --quick  few samples: to see that it works, not how fast
  --json   another file than bench/results/COMMIT.json
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      list: { type: 'boolean' },
      quick: { type: 'boolean' },
      json: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) {
    console.log(USAGE);
    return 0;
  }
  const benches = await load();
  if (values.list === true) {
    for (const bench of benches) console.log(`${bench.name.padEnd(14)} ${bench.title}`);
    return 0;
  }
  const unknown = positionals.find((name) => !benches.some((bench) => bench.name === name));
  if (unknown !== undefined) {
    console.error(`There is no bench "${unknown}". There are: ${benches.map((bench) => bench.name).join(', ')}.`);
    return 2;
  }
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    commit: commit(),
    quick: values.quick === true,
  };
  console.log(
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}, commit ${machine.commit}\n`,
  );
  const results: { name: string; title: string; rows: readonly BenchRow[] }[] = [];
  for (const bench of benches) {
    if (positionals.length > 0 && !positionals.includes(bench.name)) continue;
    console.log(bench.title);
    const { rows } = await bench.run({ quick: values.quick === true });
    print(rows);
    results.push({ name: bench.name, title: bench.title, rows });
  }
  const file = values.json ?? join(FOLDER, 'results', `${machine.commit}.json`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ machine, results }, null, 2)}\n`);
  console.log(`Written to ${file}`);
  return 0;
}

function print(rows: readonly BenchRow[]): void {
  const width = Math.max(...rows.map((row) => row.name.length), 4);
  const heads = ['p50', 'p90', 'p99', 'max'].map((head) => head.padStart(10)).join('');
  console.log(`  ${'what'.padEnd(width)}${heads}  unit        samples  budget`);
  for (const row of rows) {
    const figures = [row.p50, row.p90, row.p99, row.max].map((figure) => rounded(figure).padStart(10)).join('');
    console.log(
      `  ${row.name.padEnd(width)}${figures}  ${row.unit.padEnd(10)}${String(row.samples).padStart(9)}  ${row.budget ?? ''}`,
    );
    if (row.note !== undefined) console.log(`  ${' '.repeat(width)}  ${row.note}`);
  }
  console.log('');
}

function rounded(figure: number): string {
  return figure >= 100 ? figure.toFixed(0) : figure >= 10 ? figure.toFixed(1) : figure.toFixed(2);
}

function commit(): string {
  try {
    const options = { cwd: FOLDER, encoding: 'utf8' } as const;
    const dirty = execFileSync('git', ['status', '--porcelain'], options).trim() !== '';
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], options).trim() + (dirty ? '-dirty' : '');
  } catch {
    return 'unknown';
  }
}

process.exit(await main());
