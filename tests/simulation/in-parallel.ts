import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './simulate.ts';

/**
 * Seeds that a process takes at once: few, so that one with long runs does not keep the others waiting at the end, and because the memory of
 * its database only grows, by some 8 MB a seed.
 */
export const CHUNK = 25;

const RUN = fileURLToPath(new URL('./run.ts', import.meta.url));

export interface ParallelOptions {
  readonly from: number;
  readonly seeds: number;
  readonly jobs: number;
  /** Further arguments for each process. With `--stop` the first seed that fails is the last. */
  readonly extra?: readonly string[];
  readonly onOutcome: (outcome: Outcome) => void;
}

/**
 * Lets seeds happen in several processes side by side, each with a database of its own. Rejects when a process ends
 * without having told the outcome of all of its seeds: a run that crashed did not hold.
 */
export async function inParallel(options: ParallelOptions): Promise<void> {
  const end = options.from + options.seeds;
  let next = options.from;
  const stops = options.extra?.includes('--stop') === true;
  const worker = async (): Promise<void> => {
    while (next < end) {
      const from = next;
      const seeds = Math.min(CHUNK, Math.ceil(options.seeds / options.jobs), end - from);
      next += seeds;
      if ((await runChunk(from, seeds, options)) === 'failed' && stops) next = end;
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, worker));
}

async function runChunk(from: number, seeds: number, options: ParallelOptions): Promise<'held' | 'failed'> {
  const arguments_ = ['--from', String(from), '--seeds', String(seeds), '--jobs', '1', '--json'];
  const child = spawn(process.execPath, [RUN, ...arguments_, ...(options.extra ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => (complaints = (complaints + chunk.toString()).slice(-4_000)));
  const closed = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  let told = 0;
  let failed = false;
  for await (const line of createInterface({ input: child.stdout })) {
    told += 1;
    const outcome = JSON.parse(line) as Outcome;
    failed ||= outcome.violations.length > 0;
    options.onOutcome(outcome);
  }
  const code = await closed;
  const stopped = failed && options.extra?.includes('--stop') === true;
  if (told < seeds && !stopped) {
    throw new Error(
      `the process for seeds ${from} to ${from + seeds - 1} ended with ${code} after ${told}:\n${complaints}`,
    );
  }
  return failed ? 'failed' : 'held';
}
