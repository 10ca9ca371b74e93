import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startFakeServer } from '../tests/e2e/cli-fake-server.ts';
import { distribution, type Bench, type BenchResult, type BenchRow } from './types.ts';

const run = promisify(execFile);
const LAUNCHER = fileURLToPath(new URL('../bin/curfew', import.meta.url));
const CREDS = ['creds', 'aws', '--role', 'log-reader', '--on', 'aws/prod'];
const BUDGET = 'p50 <= 120 ms';

/** `curfew creds aws` as `aws` runs it: a whole process, from the launcher to its end. */
export const bench: Bench = {
  name: 'creds-aws',
  title: 'curfew creds aws, warm, as a whole process',
  async run(options: { readonly quick: boolean }): Promise<BenchResult> {
    const home = mkdtempSync(join(tmpdir(), 'curfew-bench-'));
    const server = await startFakeServer();
    const env = { PATH: process.env['PATH'] ?? '', HOME: home, CURFEW_SERVER: server.url };
    const curfew = (args: readonly string[]) => run(LAUNCHER, [...args], { env });
    try {
      await curfew(['login', '--as', 'ana']);
      await curfew(['request', 'log-reader', '--on', 'aws/prod', '--for', '60m', '--reason', 'Measure the command']);
      await curfew(CREDS);
      const samples = options.quick ? 15 : 100;
      const cached = await measure(samples, () => curfew(CREDS));
      const checked = await measure(
        samples,
        () => curfew(CREDS),
        () => forgetCheck(home),
      );
      if (server.state.issued !== 1) throw new Error('the warm runs were not warm');
      return {
        rows: [
          row('from the cache', cached, 'nobody is asked'),
          row('from the cache, the server asked', checked, 'every 30 s at most; the server is on this machine'),
        ],
      };
    } finally {
      await server.close();
      rmSync(home, { recursive: true, force: true });
    }
  },
};

/** Makes the cache forget when the server was asked last, so that it is asked again. */
function forgetCheck(home: string): void {
  const folder = join(home, '.cache/curfew/creds');
  for (const name of readdirSync(folder)) {
    const file = join(folder, name);
    const stored = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...stored, checkedAt: 0 }));
  }
}

async function measure(samples: number, work: () => Promise<unknown>, before = () => {}): Promise<readonly number[]> {
  const timesMs: number[] = [];
  for (let index = 0; index < samples + 3; index += 1) {
    before();
    const startedAt = performance.now();
    await work();
    // The first ones fill the file caches of the system.
    if (index >= 3) timesMs.push(performance.now() - startedAt);
  }
  return timesMs;
}

function row(name: string, timesMs: readonly number[], note: string): BenchRow {
  return { name, unit: 'ms', ...distribution(timesMs), budget: BUDGET, note };
}
