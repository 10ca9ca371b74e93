import { PGlite, type PGliteOptions } from '@electric-sql/pglite';
import { Kysely, PGliteDialect, sql } from 'kysely';
import { Pool, types } from 'pg';
import { instant, type Instant } from '../core/time.ts';
import { PipelinedDialect } from './pipelined-dialect.ts';
import { migrate } from './migrate.ts';
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

/**
 * Opens the embedded database. `dataDir` undefined keeps everything in memory. The caller holds the lock on the folder
 * (`src/platform/folder-lock.ts`): PGlite does not lock it, and a second process would destroy committed rows.
 */
export async function openEmbedded(dataDir?: string, options: PGliteOptions = {}): Promise<Database> {
  const lite = await PGlite.create({
    ...options,
    ...(dataDir === undefined ? {} : { dataDir }),
    parsers: { ...options.parsers, [TIMESTAMPTZ]: parseTimestamp, [INT8]: Number },
  });
  const db = new Kysely<Schema>({ dialect: new PGliteDialect({ pglite: lite }) });
  await migrate(db);
  return { db, kind: 'embedded', close: () => db.destroy() };
}

/** Opens PostgreSQL by a connection string. */
export async function openPostgres(connectionString: string, poolSize = 10): Promise<Database> {
  const pool = new Pool({
    connectionString,
    max: poolSize,
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
  const db = new Kysely<Schema>({ dialect: new PipelinedDialect(pool) });
  try {
    await migrate(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  return { db, kind: 'postgres', close: () => db.destroy() };
}

/** The database's clock: the one that leases, deadlines and the ledger go by. */
export async function appNow(db: Db | Trx): Promise<Instant> {
  const { rows } = await sql<{ now: Instant }>`select app_now() as now`.execute(db);
  const now = rows[0]?.now;
  if (now === undefined) throw new Error('app_now() returned nothing');
  return now;
}
