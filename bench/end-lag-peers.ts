import { readFileSync } from 'node:fs';
import { Logger, run as runGraphile, runMigrations } from 'graphile-worker';
import { Pool } from 'pg';
import { PgBoss } from 'pg-boss';
import { systemClock } from '../src/platform/clock.ts';
import { freshDeadlines, type Load } from './end-lag-load.ts';
import { nowMs } from './recording-provider.ts';
import { distribution, type BenchRow } from './types.ts';

/**
 * The same timers as jobs of the two job libraries that keep theirs in PostgreSQL, for scale. Not like for like: their handlers do
 * nothing but note the time, where an end is claimed, recorded twice in a signed log and looked for in the cloud; and what they do with
 * a deadline is bounded by how often they poll, which is set to the shortest that each documents or bears (500 ms; 100 ms).
 * Each runs in a process of its own (`end-lag-peer-node.ts`) that ends with the measurement, so nothing is stopped here.
 */
export const PEERS = { 'pg-boss': withPgBoss, 'graphile-worker': withGraphile } as const;
export type Peer = keyof typeof PEERS;

const QUEUE = 'end';
/** Jobs that are sent ahead with one statement. */
const CHUNK = 10_000;

async function withPgBoss(connectionString: string, load: Load): Promise<readonly BenchRow[]> {
  const boss = new PgBoss({ connectionString, supervise: false, schedule: false });
  boss.on('error', () => {});
  await boss.start();
  await boss.createQueue(QUEUE);
  for (let from = 0; from < load.live; from += CHUNK) {
    const startAfter = (n: number) => new Date(Date.now() + 3_600_000 + (n % 28_800) * 1_000);
    const jobs = Array.from({ length: Math.min(CHUNK, load.live - from) }, (_, n) => ({ startAfter: startAfter(n) }));
    await boss.insert(QUEUE, jobs);
  }
  const pool = new Pool({ connectionString, max: 1 });
  await pool.query('vacuum analyze');
  await pool.end();
  const due = freshDeadlines(load);
  await boss.insert(
    QUEUE,
    due.all.map(({ key, at }) => ({ data: { key }, startAfter: new Date(at) })),
  );
  const started = new Map<string, number>();
  // Batches, as its documentation advises for many small jobs; a full one is followed by the next at once.
  const options = { batchSize: 100, pollingIntervalSeconds: 0.5, burstWhenBatchFull: true };
  await boss.work<{ key?: string }>(QUEUE, options, async (jobs) => {
    for (const { data } of jobs) if (data.key !== undefined) started.set(data.key, nowMs());
  });
  return rowsOf(`pg-boss ${versionOf('pg-boss')}, polls every 500 ms`, due, started);
}

async function withGraphile(connectionString: string, load: Load): Promise<readonly BenchRow[]> {
  await runMigrations({ connectionString });
  const pool = new Pool({ connectionString, max: 12 });
  pool.on('error', () => {});
  pool.on('connect', (client) => void client.on('error', () => {}));
  for (let from = 0; from < load.live; from += CHUNK) {
    await pool.query(
      `select from graphile_worker.add_jobs(array(
           select row('end', '{}'::json, null, now() + interval '1 hour' + (n % 28800) * interval '1 second', null, null, null, null
           )::graphile_worker.job_spec from generate_series(1, $1::integer) as n))`,
      [Math.min(CHUNK, load.live - from)],
    );
  }
  await pool.query('vacuum analyze');
  const due = freshDeadlines(load);
  await pool.query(
    `select from graphile_worker.add_jobs(array(
         select row('end', json_build_object('key', key), null, to_timestamp(at / 1000.0), null, null, null, null
         )::graphile_worker.job_spec from unnest($1::text[], $2::float8[]) as each (key, at)))`,
    [due.all.map(({ key }) => key), due.all.map(({ at }) => at)],
  );
  const started = new Map<string, number>();
  await runGraphile({
    pgPool: pool,
    concurrency: 8,
    pollInterval: 100,
    noHandleSignals: true,
    logger: new Logger(() => () => {}),
    taskList: {
      end: async (payload) => {
        const { key } = payload as { key?: string };
        if (key !== undefined) started.set(key, nowMs());
      },
    },
  });
  return rowsOf(`graphile-worker ${versionOf('graphile-worker')}, polls every 100 ms`, due, started);
}

async function rowsOf(
  name: string,
  due: ReturnType<typeof freshDeadlines>,
  started: ReadonlyMap<string, number>,
): Promise<readonly BenchRow[]> {
  for (const end = performance.now() + 300_000; started.size < due.all.length; await systemClock.sleep(200)) {
    if (performance.now() > end) throw new Error(`${name} did not start all of its jobs`);
  }
  const lags = (some: typeof due.all) => some.map(({ key, at }) => (started.get(key) ?? Number.NaN) - at);
  return [
    { name: `${name}: trickle`, unit: 'ms', ...distribution(lags(due.trickle)) },
    { name: `${name}: ${due.burst.length} at once`, unit: 'ms', ...distribution(lags(due.burst)) },
  ];
}

function versionOf(name: string): string {
  const file = new URL(`../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
