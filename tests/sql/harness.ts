import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { sql } from 'kysely';
import { openEmbedded, openPostgres, type Database } from '../../src/store/database.ts';
import { startPostgres, type TestPostgres } from './postgres.ts';

/** Runs the same tests on the embedded database and on real PostgreSQL; every table is empty before each test. */
export function eachDatabase(name: string, tests: (current: () => Database) => void): void {
  describe.each(['embedded', 'postgres'] as const)(`${name} (%s)`, (kind) => {
    let database: Database;
    let server: TestPostgres | null = null;
    beforeAll(async () => {
      if (kind === 'embedded') {
        database = await openEmbedded();
      } else {
        server = await startPostgres();
        database = await openPostgres(await server.createDatabase());
      }
    }, 120_000);
    afterAll(async () => {
      await (database as Database | undefined)?.close();
      await server?.stop();
    }, 60_000);
    beforeEach(() => truncateAll(database));
    tests(() => database);
  });
}

/** Empties every table except the fixed rows of transitions and migrations. */
export async function truncateAll(database: Database): Promise<void> {
  const { rows } = await sql<{ name: string }>`
    select quote_ident(tablename) as name from pg_tables
    where schemaname = 'public' and tablename not in ('schema_migration', 'request_transition', 'grant_transition')`.execute(
    database.db,
  );
  if (rows.length === 0) return;
  // The ledger's own guards refuse TRUNCATE; a test database switches triggers off for this one transaction.
  await database.db.transaction().execute(async (trx) => {
    await sql.raw(`set local session_replication_role = replica`).execute(trx);
    await sql.raw(`truncate ${rows.map((row) => row.name).join(', ')} cascade`).execute(trx);
  });
}
