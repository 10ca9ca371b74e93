import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { startAwsSimulator } from '../simulators/aws/server.ts';
import { systemClock } from '../src/platform/clock.ts';
import { openPostgres } from '../src/store/database.ts';
import { markInstallation } from '../src/store/installation.ts';
import type { Db } from '../src/store/schema.ts';
import { freePorts } from '../tests/free-ports.ts';
import { BROKER_ROLE, contractWorld, EXTERNAL_ID } from '../tests/contract/aws-world.ts';
import { startPostgres } from '../tests/sql/postgres.ts';
import { endSooner, giveBack, insertLiveGrants, patiently } from './live-grants.ts';
import { nowMs } from './recording-provider.ts';
import { distribution, type Bench, type BenchRow } from './types.ts';

const NODE = fileURLToPath(new URL('./restart-node.ts', import.meta.url));
/** Grants whose end has passed while no broker ran. */
const OVERDUE = 100;
/** And some that were given back right before: each is taken away at AWS by a denial. */
const GIVEN_BACK = 10;
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
    const cloud = await startAwsSimulator({ port: 0, world: contractWorld });
    try {
      const connectionString = await server.createDatabase();
      // Migrates.
      await (await openPostgres(connectionString, 1)).close();
      const db = patiently(connectionString);
      try {
        await markInstallation(db, true);
        await insertLiveGrants(db, live);
        const starts: Start[] = [];
        const where = { db, connectionString, folder, aws: cloud.url };
        // This one makes its keys and compiles its code first, as the first start after an installation does.
        const cold = await startOnce(where, 0);
        for (let n = 0; n < (quick ? 2 : 5); n += 1) starts.push(await startOnce(where, quick ? 2_000 : WATCHED_MS));
        return { rows: rowsOf(starts, cold, live) };
      } finally {
        await db.destroy();
      }
    } finally {
      await cloud.close();
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** One start: milliseconds from before the process was made, and memory in MiB. */
interface Start {
  /** Until the engine began the first end that was overdue, and the last of them. */
  readonly firstMs: number;
  readonly allMs: number;
  /** Until AWS had the first call that takes access away, and the last. */
  readonly callMs: number;
  readonly callsMs: number;
  /** Time on a processor until all that was overdue had ended. */
  readonly cpuMs: number;
  readonly rssMiB: readonly number[];
  readonly peakMiB: number;
}

interface Where {
  readonly db: Db;
  readonly connectionString: string;
  readonly folder: string;
  /** Address of the simulated AWS. */
  readonly aws: string;
}

async function startOnce({ db, connectionString, folder, aws }: Where, watchedMs: number): Promise<Start> {
  const [overdue] = await endSooner(db, [{ inMs: 0, everyMs: 0, count: OVERDUE }]);
  const ids = [...(overdue?.keys() ?? [])];
  await giveBack(db, GIVEN_BACK);
  const port = await freePorts(1);
  const startedAt = nowMs();
  const child = spawn(process.execPath, [NODE, connectionString, folder, String(port), aws, BROKER_ROLE, EXTERNAL_ID], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // As bin/curfew does: a broker that starts again finds its code compiled.
    env: { PATH: process.env['PATH'], HOME: folder, NODE_COMPILE_CACHE: join(folder, 'compiled') },
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  try {
    const ended = await endsOf(db, ids, child, () => said);
    const calls = await denials(aws, startedAt);
    const cpuMs = cpuTime(child);
    const rssMiB: number[] = [];
    for (const end = performance.now() + watchedMs; performance.now() < end; await systemClock.sleep(500))
      rssMiB.push(memory(child, 'VmRSS'));
    return {
      firstMs: Math.min(...ended) - startedAt,
      allMs: Math.max(...ended) - startedAt,
      callMs: Math.min(...calls) - startedAt,
      callsMs: Math.max(...calls) - startedAt,
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

/** When AWS had the calls that deny what was given back, by this machine's clock; ends of one role at the same moment are one write. */
async function denials(aws: string, since: number): Promise<readonly number[]> {
  for (const end = performance.now() + 60_000; performance.now() < end; await systemClock.sleep(100)) {
    const journal = (await (await fetch(`${aws}/_sim/journal`)).json()) as readonly { action: string; at: string }[];
    const calls = journal.filter(({ action }) => action === 'PutRolePolicy').map(({ at }) => Date.parse(at));
    const ours = calls.filter((at) => at >= since);
    if (ours.length > 0) return ours;
  }
  throw new Error('what was given back was not taken away within a minute');
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

function rowsOf(starts: readonly Start[], cold: Start, live: number): readonly BenchRow[] {
  const of = `${live.toLocaleString('en')} live`;
  return [
    {
      name: `process made to the first removal call at AWS, ${of}`,
      unit: 'ms',
      budget: 'max <= 2,000 ms',
      ...distribution(starts.map((start) => start.callMs)),
      note: `of ${GIVEN_BACK} given back before; the very first start, which compiles its code and makes its keys: ${cold.callMs.toFixed(0)} ms`,
    },
    {
      name: `process made to the first overdue end, ${of}`,
      unit: 'ms',
      budget: 'max <= 2,000 ms',
      ...distribution(starts.map((start) => start.firstMs)),
      note: 'the whole broker: API, sign-in, rules, AWS SDK; code compiled before; what ends by itself needs no call',
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
