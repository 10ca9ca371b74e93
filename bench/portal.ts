import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { openPostgres } from '../src/store/database.ts';
import { markInstallation } from '../src/store/installation.ts';
import type { Db } from '../src/store/schema.ts';
import { chromiumOrReason } from '../tests/browser/chromium.ts';
import { makeHome } from '../tests/e2e/cli-harness.ts';
import { freePorts } from '../tests/free-ports.ts';
import { startPostgres } from '../tests/sql/postgres.ts';
import { buildPortal } from '../tools/build-portal.ts';
import { FIRST_LOAD_LIMIT } from '../tools/portal-size.ts';
import { insertLiveGrants, patiently } from './live-grants.ts';
import { accountName, LARGE, writeLargeAcme } from './portal-rules.ts';
import { decidedElsewhere } from './portal-stream.ts';
import { keystrokes, lookAround, shownAfter, signedIn, sortAndSift, type SignedIn } from './portal-visits.ts';
import { distribution, type Bench, type BenchRow } from './types.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const NODE = fileURLToPath(new URL('./portal-node.ts', import.meta.url));
const GRANTS = 10_000;

/** The portal in Chromium, beside a broker in a process of its own: a large company, everything over loopback on this machine. */
export const bench: Bench = {
  name: 'portal',
  title: `The portal in Chromium: ${GRANTS.toLocaleString('en')} live grants, ${LARGE.targets.toLocaleString('en')} targets`,
  async run({ quick }) {
    const browser = await chromiumOrReason();
    if (typeof browser === 'string') {
      console.log(`  Skipped. ${browser}`);
      return { rows: [] };
    }
    await buildPortal();
    const folder = mkdtempSync(join(tmpdir(), 'curfew-bench-'));
    const server = await startPostgres();
    let broker: ChildProcess | null = null;
    try {
      const connectionString = await server.createDatabase();
      await fill(connectionString);
      writeLargeAcme(join(folder, 'rules'));
      const port = await freePorts(2);
      broker = await start([connectionString, join(folder, 'data'), join(folder, 'rules'), String(port)]);
      const base = `http://localhost:${port}`;
      await askForSome(base);
      const ana = await signedIn(browser, base, 'ana');
      // Who sees everybody's.
      const fay = await signedIn(browser, base, 'fay');
      const bo = await signedIn(browser, base, 'bo');
      return { rows: await measure({ ana, bo, fay }, quick) };
    } finally {
      await browser.close();
      broker?.kill('SIGKILL');
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function measure(
  { ana, bo, fay: auditor }: Readonly<Record<'ana' | 'bo' | 'fay', SignedIn>>,
  quick: boolean,
): Promise<readonly BenchRow[]> {
  const visits = quick ? 3 : 25;
  const home = await shownAfter(ana, '/', '[role=timer]', visits);
  const live = await shownAfter(auditor, '/live', 'tbody [role=row]', quick ? 2 : 10);
  const javascript = home.scripts.map((path) => statSync(join(ROOT, 'web/dist', `${path}.gz`)).size);
  const loaded = javascript.reduce((sum, bytes) => sum + bytes, 0) / 1_000;
  const typed = await keystrokes(ana, wordsToType(quick ? 5 : 40));
  const pressed = [...(await lookAround(ana, quick ? 1 : 5)), ...(await sortAndSift(auditor, quick ? 1 : 5))];
  const decided = await decidedElsewhere({ asks: ana, decides: bo, audits: auditor }, quick ? 3 : 25);
  return [
    {
      name: 'JavaScript of the first visit, gzipped',
      unit: 'kB',
      budget: `<= ${FIRST_LOAD_LIMIT / 1_000} kB`,
      ...distribution([loaded]),
      note: `${home.scripts.length} files, as the browser asked for them`,
    },
    row(
      'first visit of the home page until it can be used',
      '<= 1 s',
      home.readyMs,
      'nothing cached, signed in already, with access to show',
    ),
    row(
      'live access until its first rows stand there',
      '<= 1 s',
      live.readyMs,
      'nothing cached; all 10,000 come after',
    ),
    row('keystroke to result in the search', '<= 100 ms', typed.shownMs, 'to the frame that shows it'),
    row('of which the answer to what was typed, over loopback', '', typed.answerMs, 'for every letter'),
    row(
      'interaction',
      'p75 <= 100 ms',
      pressed,
      'Event Timing: from the key or press to the next frame; steps of 8 ms',
    ),
    row(
      'decision elsewhere to the frame that shows it, to whoever asked',
      '<= 1 s',
      decided.ownMs,
      'from the moment in which the other one sends it; over the event stream',
    ),
    row(
      'the same to an auditor, whom it does not concern',
      '',
      decided.othersMs,
      'while little else happens; where something happens all the time, up to 8 s by design',
    ),
  ];
}

function row(name: string, budget: string, samples: readonly number[], note: string): BenchRow {
  const p75 = samples.toSorted((one, other) => one - other)[Math.ceil(0.75 * samples.length) - 1] ?? Number.NaN;
  return { name, unit: 'ms', budget, ...distribution(samples), note: `p75 ${p75.toFixed(0)} ms; ${note}` };
}

/** Numbers of accounts, spread over all of them; what was typed before its last letter fits ten others. */
function wordsToType(count: number): readonly string[] {
  const step = Math.floor(LARGE.targets / count);
  return Array.from({ length: count }, (_, n) => accountName(n * step + 7).slice('aws/'.length));
}

async function fill(connectionString: string): Promise<void> {
  // Migrates.
  await (await openPostgres(connectionString, 1)).close();
  const db = patiently(connectionString);
  try {
    await markInstallation(db, true);
    await insertLiveGrants(db, GRANTS);
    await spread(db);
  } finally {
    await db.destroy();
  }
}

/** As `insertLiveGrants` has them, all are of one role on one target, and from one moment that is finer than any that a broker writes. */
async function spread(db: Db): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`set local session_replication_role = replica`.execute(trx);
    await sql`
      update "grant" set role = each.role, target = each.target, starts_at = date_trunc('milliseconds', starts_at) - n * interval '1 millisecond',
        definition = jsonb_set(jsonb_set(jsonb_set(definition, '{role,name}', to_jsonb(each.role)), '{target,key}', to_jsonb(each.target)),
          '{role,tier}', to_jsonb(each.tier))
      from (
        select id, 'operator-' || (n % ${LARGE.roles}::integer) as role, 'aws/a' || lpad((n % ${LARGE.targets}::integer)::text, 4, '0') as target,
          2 + n % 2 as tier, n
        from (select id, row_number() over (order by id) as n from "grant") as numbered
      ) as each
      where "grant".id = each.id`.execute(trx);
  });
  await sql`vacuum analyze "grant"`.execute(db);
}

/** Requests of Ana's own, which she opens and closes. */
async function askForSome(base: string): Promise<void> {
  const home = makeHome(base);
  try {
    for (const args of [
      ['login', '--as', 'ana'],
      ...['15m', '20m', '25m'].map((length) => ['request', 'build-log-reader', '--on', 'aws/staging', '--for', length]),
    ]) {
      const { code, stderr } = await home.run(args);
      if (code !== 0) throw new Error(`curfew ${args.join(' ')}: ${stderr}`);
    }
  } finally {
    home.remove();
  }
}

function start(args: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [NODE, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    child.stdout.once('data', () => resolve(child));
    child.once('exit', (code) => reject(new Error(`the broker ended with ${code}`)));
  });
}
