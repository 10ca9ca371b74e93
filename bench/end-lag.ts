import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { systemClock } from '../src/platform/clock.ts';
import { openPostgres } from '../src/store/database.ts';
import type { Db } from '../src/store/schema.ts';
import { startPostgres } from '../tests/sql/postgres.ts';
import { engineOver, keepSequencing } from './engine-over.ts';
import { APART_MS, FULL, QUICK, type Load } from './end-lag-load.ts';
import { PEERS } from './end-lag-peers.ts';
import { endSooner, insertLiveGrants, patiently } from './live-grants.ts';
import { recordingProvider } from './recording-provider.ts';
import { distribution, type Bench, type BenchRow } from './types.ts';

const run = promisify(execFile);
const PEER_NODE = fileURLToPath(new URL('./end-lag-peer-node.ts', import.meta.url));

/** From the end of a grant to the call that leaves for the cloud, with a million others live. The cloud answers at once. */
export const bench: Bench = {
  name: 'end-lag',
  title: 'From endsAt to the call that takes the access away',
  async run({ quick }) {
    const load = quick ? QUICK : FULL;
    const server = await startPostgres();
    const rows: BenchRow[] = [];
    try {
      const connectionString = await server.createDatabase();
      const database = await openPostgres(connectionString);
      const patient = patiently(connectionString);
      try {
        rows.push(...(await measure(database.db, patient, load)));
      } finally {
        await patient.destroy();
        await database.close();
      }
      for (const peer of Object.keys(PEERS))
        rows.push(...(await rowsOfPeer(peer, await server.createDatabase(), load)));
      return { rows };
    } finally {
      await server.stop();
    }
  },
};

/** A peer that fails costs its own rows, and says why. */
async function rowsOfPeer(peer: string, connectionString: string, load: Load): Promise<readonly BenchRow[]> {
  try {
    const { stdout } = await run(process.execPath, [PEER_NODE, peer, connectionString, JSON.stringify(load)], {
      timeout: 900_000,
    });
    return JSON.parse(stdout) as readonly BenchRow[];
  } catch (error) {
    console.error(`  ${peer} could not be measured: ${String(error).slice(0, 500)}`);
    return [];
  }
}

async function measure(db: Db, patient: Db, load: Load): Promise<readonly BenchRow[]> {
  await insertLiveGrants(patient, load.live);
  const trickleMs = load.trickle.count * load.trickle.everyMs;
  const [trickle, looked, removed] = await endSooner(patient, [
    { inMs: 2 * APART_MS, ...load.trickle },
    { inMs: trickleMs + 3 * APART_MS, everyMs: 0, count: load.burst },
    { inMs: trickleMs + 10 * APART_MS, everyMs: 0, count: load.burst },
  ]);
  if (trickle === undefined || looked === undefined || removed === undefined) throw new Error('nothing is due');
  // What is due at once and is proven by looking; everything else must be removed first.
  const { provider, observed, revoked } = recordingProvider((grant) => !looked.has(grant));
  const stop = new AbortController();
  const running = [engineOver(db, provider).run(stop.signal), keepSequencing(db, stop.signal)];
  const rows: BenchRow[] = [];
  const of = `${load.live.toLocaleString('en')} live`;
  await until(() => [...trickle.keys()].every((id) => revoked.has(id)), 180_000);
  const budget = 'p50 <= 10 ms, p99 <= 100 ms';
  const everyMs = `one every ${load.trickle.everyMs} ms`;
  rows.push({ name: `first look, ${of}, ${everyMs}`, unit: 'ms', ...distribution(lags(trickle, observed)) });
  rows.push({ name: `removal, ${of}, ${everyMs}`, unit: 'ms', budget, ...distribution(lags(trickle, revoked)) });
  rows.push(...(await burstRows(db, `${looked.size} at once, one look proves it`, 'look', looked, observed)));
  rows.push(...(await burstRows(db, `${removed.size} at once, look, remove, look`, 'removal', removed, revoked)));
  stop.abort();
  await Promise.all(running);
  return rows;
}

async function burstRows(
  db: Db,
  name: string,
  call: string,
  due: ReadonlyMap<string, number>,
  called: ReadonlyMap<string, number>,
): Promise<readonly BenchRow[]> {
  const before = process.cpuUsage();
  await until(() => [...due.keys()].every((id) => called.has(id)), 180_000);
  const { user, system } = process.cpuUsage(before);
  const calls: BenchRow = {
    name: `${name}: ${call} out`,
    unit: 'ms',
    budget: 'max <= 5,000 ms',
    ...distribution(lags(due, called)),
    note: `this process used ${((user + system) / 1_000 / due.size).toFixed(2)} ms on a processor for each`,
  };
  const ids = [...due.keys()];
  for (;;) {
    const { rows } = await sql<{ ms: number | null }>`
      select (extract(epoch from ended_at) * 1000)::float8 as ms from "grant" where id = any(${ids})`.execute(db);
    if (rows.every(({ ms }) => ms !== null)) {
      const due0 = Math.min(...due.values());
      const proven = distribution(rows.map(({ ms }) => (ms ?? Number.NaN) - due0));
      return [calls, { name: `${name}: proof recorded`, unit: 'ms', ...proven }];
    }
    await systemClock.sleep(500);
  }
}

function lags(due: ReadonlyMap<string, number>, called: ReadonlyMap<string, number>): readonly number[] {
  return [...due].map(([id, at]) => (called.get(id) ?? Number.NaN) - at);
}

async function until(done: () => boolean, atMostMs: number): Promise<void> {
  for (const end = performance.now() + atMostMs; !done();) {
    if (performance.now() > end) throw new Error('what was due was not called in time');
    await systemClock.sleep(200);
  }
}
