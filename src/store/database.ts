import { PGlite, type PGliteOptions } from '@electric-sql/pglite';
import { sql } from 'kysely';
import { Pool, types, type PoolConfig } from 'pg';
import { instant, type Instant } from '../core/time.ts';
import { EmbeddedSocket } from './embedded-socket.ts';
import { migrate } from './migrate.ts';
import { openPipelined } from './pipelined.ts';
import { PreparedNames, preparingClient } from './prepared-client.ts';
import type { Db, Schema, Trx } from './schema.ts';

/** An open database with its schema up to date. */
export interface Database {
  readonly db: Db;
  /** `embedded` has one connection: transactions queue, and row locks exclude nobody. */
  readonly kind: 'embedded' | 'postgres';
  close(): Promise<void>;
}

const TIMESTAMPTZ = 1184;
const INT8 = 20;

/** `2026-11-21 06:00:00.123456+00` to an Instant; microseconds are cut off. */
function parseTimestamp(text: string): Instant {
  return instant(Date.parse(text.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00')));
}

/** Who PGlite is unless told otherwise; a name that it does not know ends it. */
const LITE = { user: 'postgres', database: 'postgres' };

/**
 * Opens the embedded database. `dataDir` undefined keeps everything in memory. The caller holds the lock on the folder
 * (`src/platform/folder-lock.ts`): PGlite does not lock it, and a second process would destroy committed rows.
 */
export async function openEmbedded(dataDir?: string, options: PGliteOptions = {}): Promise<Database> {
  const lite = await PGlite.create({ ...options, ...(dataDir === undefined ? {} : { dataDir }) });
  const { db, close } = connectLite(lite);
  await migrate(db);
  // It has no autovacuum, so nobody ever counts its rows: a plan that was made while a table was small, and read all of it, is kept until
  // the process ends. What has an index is read by it. And since no count of rows tells one value from another, a statement is planned once
  // and not for each of them: a tenth of all that a simulated world costs.
  await lite.exec('set enable_seqscan = off; set plan_cache_mode = force_generic_plan');
  return { db, kind: 'embedded', close };
}

/** Opens a database that is there, embedded or by its connection string, and leaves its schema as it is. */
export async function openAsItIs(place: string | { readonly folder: string }): Promise<Pick<Database, 'db' | 'close'>> {
  if (typeof place === 'string') {
    const db = connect({ connectionString: place, max: 2, query_timeout: LONGEST_STATEMENT_MS });
    return { db, close: () => db.destroy() };
  }
  return connectLite(await PGlite.create({ dataDir: place.folder }));
}

/** A connection that a firewall has forgotten, or a server that hangs, is given up after this time instead of never. */
const LONGEST_STATEMENT_MS = 15_000;
const LONGEST_CONNECT_MS = 5_000;

/** Opens PostgreSQL by a connection string. A statement without an answer, or a transaction without a statement, is given up after `longestMs`. */
export async function openPostgres(
  connectionString: string,
  poolSize = 10,
  longestMs = LONGEST_STATEMENT_MS,
): Promise<Database> {
  // A migration may take as long as it takes.
  const migrating = connect({ connectionString, max: 1 });
  try {
    await migrate(migrating);
  } finally {
    await migrating.destroy();
  }
  const limits = { query_timeout: longestMs, idle_in_transaction_session_timeout: longestMs };
  const db = connect({ connectionString, max: poolSize, ...limits });
  return { db, kind: 'postgres', close: () => db.destroy() };
}

function connectLite(lite: PGlite): Pick<Database, 'db' | 'close'> {
  const db = connect({
    stream: () => new EmbeddedSocket(lite),
    ...LITE,
    max: 1,
    idleTimeoutMillis: 0,
    connectionTimeoutMillis: 0,
  });
  const close = async () => {
    await db.destroy();
    await lite.close();
  };
  return { db, close };
}

function connect(to: PoolConfig): Db {
  const pool = new Pool({
    Client: preparingClient(new PreparedNames()),
    connectionTimeoutMillis: LONGEST_CONNECT_MS,
    ...to,
    // Statements of a transaction that need nothing from one another leave together, in the order in which they were called.
    pipeline: true,
    application_name: 'curfew',
    types: {
      getTypeParser: (oid, format) => {
        if (oid === TIMESTAMPTZ) return parseTimestamp;
        if (oid === INT8) return Number;
        return types.getTypeParser(oid, format as 'text');
      },
    },
  });
  // A connection that dies while idle must not take the process with it; the next query reports the fault.
  pool.on('error', () => {});
  // Nor may one that dies while somebody holds it between two statements: the next statement reports it.
  pool.on('connect', (client) => void client.on('error', () => {}));
  return openPipelined<Schema>(pool);
}

/** The database's clock: the one that leases, deadlines and the ledger go by. */
export async function appNow(db: Db | Trx): Promise<Instant> {
  const { rows } = await sql<{ now: Instant }>`select app_now() as now`.execute(db);
  const now = rows[0]?.now;
  if (now === undefined) throw new Error('app_now() returned nothing');
  return now;
}
