import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { systemClock } from '../src/platform/clock.ts';
import { openPostgres } from '../src/store/database.ts';
import { markInstallation } from '../src/store/installation.ts';
import type { Db } from '../src/store/schema.ts';
import { freePorts } from '../tests/free-ports.ts';
import { startPostgres } from '../tests/sql/postgres.ts';
import { endSooner, insertLiveGrants, patiently } from './live-grants.ts';
import { nowMs } from './recording-provider.ts';
import { distribution, type Bench, type BenchRow } from './types.ts';

const NODE = fileURLToPath(new URL('./restart-node.ts', import.meta.url));
/** Grants whose end has passed while no broker ran. */
const OVERDUE = 100;
/** How long a broker is watched after it has begun to end what is overdue. */
const WATCHED_MS = 20_000;

/** A whole broker process starts over a million live grants, some of them overdue. */
export const bench: Bench = {
  name: 'restart',
  title: 'A broker starts with a million live grants',
  async run({ quick }) {
    const live = quick ? 20_000 : 1_000_000;
    const server = await startPostgres();
    const folder = mkdtempSync(join(tmpdir(), 'curfew-bench-'));
    try {
      const connectionString = await server.createDatabase();
      // Migrates.
      await (await openPostgres(connectionString, 1)).close();
      const db = patiently(connectionString);
      try {
        await markInstallation(db, true);
        await insertLiveGrants(db, live);
        const starts: Start[] = [];
        // The first one makes keys and fills the caches.
        await startOnce(db, connectionString, folder, 0);
        for (let n = 0; n < (quick ? 2 : 5); n += 1)
          starts.push(await startOnce(db, connectionString, folder, quick ? 2_000 : WATCHED_MS));
        return { rows: rowsOf(starts, live) };
      } finally {
        await db.destroy();
      }
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** One start: milliseconds from before the process was made, and memory in MiB. */
interface Start {
  readonly firstMs: number;
  readonly allMs: number;
  /** Time on a processor until all that was overdue had ended. */
  readonly cpuMs: number;
  readonly rssMiB: readonly number[];
  readonly peakMiB: number;
}

async function startOnce(db: Db, connectionString: string, folder: string, watchedMs: number): Promise<Start> {
  const [overdue] = await endSooner(db, [{ inMs: 0, everyMs: 0, count: OVERDUE }]);
  const ids = [...(overdue?.keys() ?? [])];
  const port = await freePorts(1);
  const startedAt = nowMs();
  const child = spawn(process.execPath, [NODE, connectionString, folder, String(port)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // As bin/curfew does: a broker that starts again finds its code compiled.
    env: { PATH: process.env['PATH'], HOME: folder, NODE_COMPILE_CACHE: join(folder, 'compiled') },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  try {
    const ended = await endsOf(db, ids, child, () => said);
    const cpuMs = cpuTime(child);
    const rssMiB: number[] = [];
    for (const end = performance.now() + watchedMs; performance.now() < end; await systemClock.sleep(500))
      rssMiB.push(memory(child, 'VmRSS'));
    return {
      firstMs: Math.min(...ended) - startedAt,
      allMs: Math.max(...ended) - startedAt,
      cpuMs,
      rssMiB,
      peakMiB: memory(child, 'VmHWM'),
    };
  } finally {
    await stop(child);
  }
}

/**
 * When the engine began to end each of them, right before the provider is asked, in epoch milliseconds by the database's clock, which is
 * this machine's. Their proof comes later: a session counts as gone when no clock of the cloud can still take it for valid.
 */
async function endsOf(db: Db, ids: readonly string[], child: ChildProcess, said: () => string) {
  for (const end = performance.now() + 60_000; performance.now() < end; await systemClock.sleep(100)) {
    if (child.exitCode !== null) throw new Error(`the broker stopped: ${said()}`);
    const { rows } = await sql<{ ms: number | null }>`
      select (extract(epoch from ending_since) * 1000)::float8 as ms from "grant" where id = any(${[...ids]}::text[])`.execute(
      db,
    );
    const ended = rows.flatMap(({ ms }) => (ms === null ? [] : [ms]));
    if (ended.length === ids.length) return ended;
  }
  throw new Error(`what was overdue did not end within a minute: ${said()}`);
}

function memory(child: ChildProcess, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${child.pid ?? 0}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
}

/** User and system time of a process so far, in milliseconds: fields 14 and 15 of proc(5), in hundredths of a second. */
function cpuTime(child: ChildProcess): number {
  const stat = readFileSync(`/proc/${child.pid ?? 0}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return (Number(user) + Number(system)) * 10;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}

function rowsOf(starts: readonly Start[], live: number): readonly BenchRow[] {
  const of = `${live.toLocaleString('en')} live`;
  return [
    {
      name: `process made to the first overdue end, ${of}`,
      unit: 'ms',
      budget: 'max <= 2,000 ms',
      ...distribution(starts.map((start) => start.firstMs)),
      note: 'the whole broker: API, sign-in, rules, AWS SDK; code compiled before',
    },
    { name: `the same, the last of ${OVERDUE}`, unit: 'ms', ...distribution(starts.map((start) => start.allMs)) },
    { name: 'time on a processor until then', unit: 'ms', ...distribution(starts.map((start) => start.cpuMs)) },
    {
      name: `memory of the process (RSS), ${of}`,
      unit: 'MiB',
      budget: 'max <= 300 MiB',
      ...distribution(starts.flatMap((start) => start.rssMiB)),
    },
    { name: 'its peak', unit: 'MiB', ...distribution(starts.map((start) => start.peakMiB)) },
  ];
}
