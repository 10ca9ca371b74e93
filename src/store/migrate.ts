import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { sql, type Kysely, type Transaction } from 'kysely';

/** A step of the schema, as it stands in a file of its own. */
export interface Migration {
  /** Of the file: `0001_spine.sql`. */
  readonly name: string;
  readonly text: string;
  /** SHA-256 of the text, hex. */
  readonly checksum: string;
}

/** Reads the numbered migrations that ship with the code, in order. */
export function migrations(): readonly Migration[] {
  const folder = new URL('./migrations/', import.meta.url);
  return readdirSync(folder)
    .filter((name) => /^\d{4}_[a-z0-9-]+\.sql$/.test(name))
    .sort()
    .map((name) => {
      const text = readFileSync(new URL(name, folder), 'utf8');
      return { name, text, checksum: createHash('sha256').update(text).digest('hex') };
    });
}

/**
 * Brings the schema up to date: forward only, each migration once and in a transaction of its own, so that what one of them locks is free
 * again before the next begins: older nodes may be at work meanwhile. What dies in between goes on at the next start. No node works before
 * every migration is there. Returns the names of those that this call applied.
 *
 * Throws at a database that was migrated by a newer version, or by a migration whose text has changed since, instead of guessing.
 *
 * @param known in the order in which they are applied.
 */
export async function migrate<Tables>(
  db: Kysely<Tables>,
  known: readonly Migration[] = migrations(),
): Promise<readonly string[]> {
  const done: string[] = [];
  for (;;) {
    const name = await db.transaction().execute((trx) => applyNext(trx, known));
    if (name === null) return done;
    done.push(name);
  }
}

/** How the schema of a database differs from ours, in words; `null`: it does not. Changes nothing. */
export async function unlikeOurs<Tables>(
  db: Kysely<Tables>,
  known: readonly Migration[] = migrations(),
): Promise<string | null> {
  const { rows: tables } = await sql<{ there: boolean }>`
    select to_regclass('schema_migration') is not null as there`.execute(db);
  if (tables[0]?.there !== true) return 'nothing of Curfew is in it';
  const { rows } = await sql<{ name: string; checksum: string }>`select name, checksum from schema_migration`.execute(
    db,
  );
  const missing = known.find(({ name }) => rows.every((row) => row.name !== name));
  if (missing !== undefined) return `${missing.name} was not applied`;
  const other = rows.find(({ name, checksum }) => known.every((one) => one.name !== name || one.checksum !== checksum));
  return other === undefined ? null : `${other.name} is not of this version`;
}

/** Applies the first of the migrations that is not there yet. Returns its name; `null`: all are there. */
async function applyNext<Tables>(trx: Transaction<Tables>, known: readonly Migration[]): Promise<string | null> {
  // Two nodes that start together: the second waits, then finds that one applied, and goes on behind it. Key: the ASCII of "curfew".
  await sql`select pg_advisory_xact_lock(109343055013239)`.execute(trx);
  await sql`create table if not exists schema_migration (
    name text constraint schema_migration_pk primary key, checksum text not null, applied_at timestamptz not null)`.execute(
    trx,
  );
  // Read behind the lock and in every transaction: another node may have applied some since the last one.
  const { rows } = await sql<{ name: string; checksum: string }>`select name, checksum from schema_migration`.execute(
    trx,
  );
  for (const { name, checksum } of rows) {
    const migration = known.find((one) => one.name === name);
    if (migration === undefined)
      throw new Error(
        `The database was migrated by a newer Curfew (${name}). Start that version, or restore an older backup.`,
      );
    if (migration.checksum !== checksum)
      throw new Error(
        `Migration ${name} differs from the one that was applied. Migrations are never edited; add a new one.`,
      );
  }
  const next = known.find(({ name }) => rows.every((row) => row.name !== name));
  if (next === undefined) return null;
  for (const statement of statements(next.text)) await sql.raw(statement).execute(trx);
  await sql`insert into schema_migration values (${next.name}, ${next.checksum}, clock_timestamp())`.execute(trx);
  return next.name;
}

/** Splits a migration at the semicolons that end a line outside `$$ … $$`; PGlite prepares one statement at a time. */
function statements(text: string): readonly string[] {
  const found: string[] = [];
  let current = '';
  let quoted = false;
  for (const line of text.split('\n')) {
    current += `${line}\n`;
    if ((line.split('$$').length - 1) % 2 === 1) quoted = !quoted;
    if (!quoted && line.trimEnd().endsWith(';') && !line.trimStart().startsWith('--')) {
      found.push(current);
      current = '';
    }
  }
  if (current.replace(/--.*$/gm, '').trim() !== '') found.push(current);
  return found;
}
