import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, inject } from 'vitest';
import { sql } from 'kysely';
import { Client } from 'pg';
import { openEmbedded, openPostgres, type Database } from '../../src/store/database.ts';

/** An embedded database of its own with every table, all empty; or one on PostgreSQL, where tests run without embedded ones. */
export function testEmbedded(): Promise<Database> {
  if (!inject('templates').kinds.includes('embedded')) return testPostgres();
  return openEmbedded(undefined, { loadDataDir: new Blob([readFileSync(inject('templates').embedded)]) });
}

/** The connection string of a database of its own on PostgreSQL, with every table, all empty. */
export async function createTestPostgres(): Promise<string> {
  const template = new URL(inject('templates').postgres);
  const own = new URL(template);
  own.pathname = `/curfew_${randomUUID().replaceAll('-', '')}`;
  const maintenance = new URL(template);
  maintenance.pathname = '/postgres';
  const client = new Client({ connectionString: maintenance.href });
  await client.connect();
  try {
    await client.query(`create database ${own.pathname.slice(1)} template ${template.pathname.slice(1)}`);
  } finally {
    await client.end();
  }
  return own.href;
}

/** A database of its own on PostgreSQL with every table, all empty. */
export async function testPostgres(): Promise<Database> {
  return openPostgres(await createTestPostgres());
}

/** Runs the same tests on the embedded database and on real PostgreSQL; every table is empty before each test. */
export function eachDatabase(name: string, tests: (current: () => Database) => void): void {
  describe.each(inject('templates').kinds)(`${name} (%s)`, (kind) => {
    let database: Database;
    beforeAll(async () => {
      database = await (kind === 'embedded' ? testEmbedded() : testPostgres());
    }, 120_000);
    afterAll(() => (database as Database | undefined)?.close(), 60_000);
    beforeEach(() => emptyAll(database));
    tests(() => database);
  });
}

/** Empties every table except the fixed rows of transitions and migrations. */
export async function emptyAll(database: Database): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select quote_ident(tablename) as name from pg_tables
    where schemaname = 'public' and tablename not in ('schema_migration', 'request_transition', 'grant_transition')`.execute(
    database.db,
  );
  // Nothing to delete in most of them, which is many times faster than TRUNCATE's new files for each table and index.
  // The ledger's own guards refuse it, and rows refer to each other; a test database switches triggers off for this one
  // transaction.
  await database.db.transaction().execute(async (trx) => {
    await sql.raw(`set local session_replication_role = replica`).execute(trx);
    await sql.raw(rows.map((row) => `delete from ${row.name}`).join('; ')).execute(trx);
  });
}
