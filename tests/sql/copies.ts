import { sql } from 'kysely';
import type { Database } from '../../src/store/database.ts';

/** All rows of a database, as a backup has them. */
export type Copy = ReadonlyMap<string, string>;

/** Copies all rows. The place where they live is not copied, as with the files of a volume that are put back where they were. */
export async function copyOf({ db }: Database): Promise<Copy> {
  const copy = new Map<string, string>();
  for (const table of await tables({ db })) {
    const { rows } = await sql<{ rows: string }>`
      select coalesce(jsonb_agg(to_jsonb(one)), '[]')::text as rows from ${sql.table(table)} one`.execute(db);
    copy.set(table, rows[0]?.rows ?? '[]');
  }
  return copy;
}

/** Puts a copy in the place of what is there. Guards and keys are triggers, which a restore switches off as well. */
export async function restore({ db }: Pick<Database, 'db'>, copy: Copy): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`set local session_replication_role = replica`.execute(trx);
    await sql.raw([...copy.keys()].map((table) => `delete from "${table}"`).join('; ')).execute(trx);
    for (const [table, rows] of copy) {
      const columns = sql.raw(await storedColumns({ db: trx }, table));
      await sql`insert into ${sql.table(table)} (${columns}) overriding system value
        select ${columns} from jsonb_populate_recordset(null::${sql.table(table)}, ${rows}::jsonb)`.execute(trx);
    }
  });
}

/** All columns but those that the database makes of the others. */
async function storedColumns({ db }: Pick<Database, 'db'>, table: string): Promise<string> {
  const { rows } = await sql<{ columns: string }>`
    select string_agg(quote_ident(attname), ', ' order by attnum) as columns from pg_attribute
    where attrelid = ${`public."${table}"`}::regclass and attnum > 0 and not attisdropped and attgenerated = ''`.execute(
    db,
  );
  return rows[0]?.columns ?? '';
}

async function tables({ db }: Pick<Database, 'db'>): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`
    select tablename as name from pg_tables where schemaname = 'public' order by tablename`.execute(db);
  return rows.map(({ name }) => name);
}
