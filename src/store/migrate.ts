import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { sql, type Kysely } from 'kysely';

interface Migration {
  readonly name: string;
  readonly text: string;
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
 * Brings the schema up to date: forward only, each migration once, all in one transaction. Refuses a database that was
 * migrated by a newer version, or by a migration whose text has changed since, instead of guessing.
 */
export async function migrate<Tables>(db: Kysely<Tables>): Promise<readonly string[]> {
  const known = migrations();
  return db.transaction().execute(async (trx) => {
    // Two nodes that start together: the second waits, then finds everything applied. Key: the ASCII of "curfew".
    await sql`select pg_advisory_xact_lock(109343055013239)`.execute(trx);
    await sql`create table if not exists schema_migration (
      name text constraint schema_migration_pk primary key, checksum text not null, applied_at timestamptz not null)`.execute(
      trx,
    );
    const { rows } = await sql<{ name: string; checksum: string }>`select name, checksum from schema_migration`.execute(
      trx,
    );
    const applied = new Map(rows.map((row) => [row.name, row.checksum]));
    for (const name of applied.keys()) {
      if (!known.some((migration) => migration.name === name)) {
        throw new Error(
          `The database was migrated by a newer Curfew (${name}). Start that version, or restore an older backup.`,
        );
      }
    }
    const done: string[] = [];
    for (const migration of known) {
      const checksum = applied.get(migration.name);
      if (checksum === migration.checksum) continue;
      if (checksum !== undefined) {
        throw new Error(
          `Migration ${migration.name} differs from the one that was applied. Migrations are never edited; add a new one.`,
        );
      }
      for (const statement of statements(migration.text)) await sql.raw(statement).execute(trx);
      await sql`insert into schema_migration values (${migration.name}, ${migration.checksum}, clock_timestamp())`.execute(
        trx,
      );
      done.push(migration.name);
    }
    return done;
  });
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
