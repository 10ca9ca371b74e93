import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createEngine, type Engine } from '../src/engine/engine.ts';
import { parseDirectory } from '../src/identity/directory/yaml-directory.ts';
import { createAppend } from '../src/ledger/append.ts';
import { createSigner } from '../src/ledger/note.ts';
import { sequence } from '../src/ledger/sequencer.ts';
import { createChanges } from '../src/operations/changes.ts';
import { recheckGrant } from '../src/operations/recheck-grant.ts';
import { openRules } from '../src/operations/reload-rules.ts';
import { requestAccess } from '../src/operations/request-access.ts';
import { signIn } from '../src/operations/sign-in.ts';
import type { Actor, World } from '../src/operations/world.ts';
import { systemClock } from '../src/platform/clock.ts';
import { makeEd25519Pem } from '../src/platform/key-files.ts';
import { silentLog } from '../src/platform/log.ts';
import { systemRandom } from '../src/platform/random.ts';
import { readSourceFiles } from '../src/platform/source-files.ts';
import { parseTargets } from '../src/posture/inventory.ts';
import { appNow, openEmbedded, openPostgres, type Database } from '../src/store/database.ts';
import { fakeProvider } from '../tests/sql/fake-provider.ts';
import { startPostgres } from '../tests/sql/postgres.ts';
import { distribution, type Bench, type BenchRow } from './types.ts';

const ACME = fileURLToPath(new URL('../examples/acme/', import.meta.url));
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
  const { world, engine, actor } = await assemble(database);
  const stop = new AbortController();
  const running = engine.run(stop.signal);
  const signer = createSigner('bench/log', makeEd25519Pem());
  const sequencing = (async () => {
    while (!stop.signal.aborted) {
      await sequence(database.db, signer, await appNow(database.db));
      await systemClock.sleep(250, stop.signal);
    }
  })();
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

async function assemble(database: Database): Promise<{ world: World; engine: Engine; actor: Actor }> {
  const providers = new Map([['aws' as const, fakeProvider()]]);
  const rules = await openRules(
    {
      read: () => readSourceFiles(ACME),
      parseTargets,
      parseDirectory,
      available: new Set(providers.keys()),
      lastInForce: async () => null,
    },
    () => systemClock.now(),
  );
  if (!rules.ok) throw new Error('the rules of the bench are unsound');
  const append = createAppend(systemRandom.bytes(32), systemRandom);
  const changes = createChanges();
  const world: World = {
    db: database.db,
    clock: systemClock,
    random: systemRandom,
    rules: rules.value,
    providers,
    changes,
    log: silentLog,
    append,
    wake: (what) => engine.wake(what),
    endUnrecorded: async () => {},
    lapsesAfterMs: 3_600_000,
    maxPending: 20,
  };
  const engine: Engine = createEngine({
    db: database.db,
    clock: systemClock,
    random: systemRandom,
    node: 'bench',
    providers,
    recheck: (grant) => recheckGrant(world, grant),
    append,
    publish: (change) => changes.publish(change),
    log: silentLog,
  });
  const person = await signIn(world, { subject: ASKED.person, email: null, emailVerified: false });
  if (!person.ok) throw new Error('nobody can sign in');
  return { world, engine, actor: { person: person.value, key: ASKED.person, context: { via: 'api' } } };
}
