import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requestAccess } from '../src/operations/request-access.ts';
import { openEmbedded, openPostgres, type Database } from '../src/store/database.ts';
import { startPostgres } from '../tests/sql/postgres.ts';
import { acmeBroker } from './acme-broker.ts';
import { keepSequencing } from './engine-over.ts';
import { distribution, type Bench, type BenchRow } from './types.ts';

/** A role that its rule gives without anybody's approval, and somebody who may ask for it. */
const ASKED = { person: 'ana', role: 'build-log-reader', target: 'aws/staging' };

/** From the request to the active grant, with everything that is ours: rules, ledger, database, engine. The cloud answers at once. */
export const bench: Bench = {
  name: 'activation',
  title: 'Request to active, automatic approval, without the cloud’s own time',
  async run({ quick }) {
    const count = quick ? 30 : 400;
    const rows: BenchRow[] = [];
    const folder = mkdtempSync(join(tmpdir(), 'curfew-bench-'));
    const embedded = await openEmbedded(join(folder, 'database'));
    try {
      rows.push({
        name: 'embedded, on disk',
        unit: 'ms',
        budget: 'p50 <= 30 ms',
        ...distribution(await measure(embedded, count)),
      });
    } finally {
      await embedded.close();
      rmSync(folder, { recursive: true, force: true });
    }
    const server = await startPostgres();
    const postgres = await openPostgres(await server.createDatabase());
    try {
      rows.push({
        name: 'PostgreSQL',
        unit: 'ms',
        budget: 'p50 <= 10 ms, p99 <= 50 ms',
        ...distribution(await measure(postgres, count)),
      });
    } finally {
      await postgres.close();
      await server.stop();
    }
    return { rows };
  },
};

/** Milliseconds of each request, one after the other, with the engine and the ledger's sequencer running beside. */
async function measure(database: Database, count: number): Promise<readonly number[]> {
  const { world, engine, actor: signedIn } = await acmeBroker(database);
  const actor = await signedIn(ASKED.person);
  const stop = new AbortController();
  const running = engine.run(stop.signal);
  const sequencing = keepSequencing(database.db, stop.signal);
  const samples: number[] = [];
  const warmUp = 10;
  for (let n = 0; n < count + warmUp; n += 1) {
    const active = new Promise<void>((resolve) => {
      const quit = world.changes.subscribe((change) => {
        if (change.kind !== 'grant') return;
        seen += 1;
        if (seen < 2) return;
        quit();
        resolve();
      });
      let seen = 0;
    });
    const started = performance.now();
    const asked = await requestAccess(world, actor, {
      items: [{ role: ASKED.role, target: ASKED.target }],
      durationMs: 900_000,
      reason: 'Why did the nightly build fail?',
    });
    if (!asked.ok) throw new Error(`the request was refused: ${asked.refusal.detail}`);
    await active;
    if (n >= warmUp) samples.push(performance.now() - started);
  }
  stop.abort();
  await Promise.all([running, sequencing]);
  return samples;
}
