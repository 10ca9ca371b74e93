import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { afterEach, expect, test } from 'vitest';
import { migrate, migrations, type Migration } from '../../src/store/migrate.ts';
import { eachDatabase } from './harness.ts';

const step = (name: string, text: string): Migration => ({
  name,
  text,
  checksum: createHash('sha256').update(text).digest('hex'),
});
const FIRST = step('9001_first.sql', 'create table step_first (at int);');
const BROKEN = step('9002_second.sql', 'create table step_second (at int);\nselect nothing from nowhere;');
const SECOND = step('9002_second.sql', 'create table step_second (at int);');

eachDatabase('migrations', (current) => {
  afterEach(async () => {
    for (const statement of [
      'drop table if exists step_first, step_second',
      `delete from schema_migration where name like '9%'`,
    ])
      await sql.raw(statement).execute(current().db);
  });
  const tables = async () => {
    const { rows } = await sql<{ name: string }>`
      select tablename as name from pg_tables where tablename like 'step_%' order by 1`.execute(current().db);
    return rows.map(({ name }) => name);
  };

  test('are there each by itself: what dies in between goes on with the next at the next start', async () => {
    const { db } = current();
    await expect(migrate(db, [...migrations(), FIRST, BROKEN])).rejects.toThrow('nowhere');
    expect(await tables()).toEqual(['step_first']);
    expect(await migrate(db, [...migrations(), FIRST, SECOND])).toEqual([SECOND.name]);
    expect(await tables()).toEqual(['step_first', 'step_second']);
    expect(await migrate(db, [...migrations(), FIRST, SECOND])).toEqual([]);
  });

  test('are each applied once, in their order, by nodes that start together', async () => {
    const { db, kind } = current();
    // Slow, so that the others come while it is under way.
    const first = step(FIRST.name, `select pg_sleep(0.3);\n${FIRST.text}`);
    const known = [...migrations(), first, step(SECOND.name, 'create table step_second as select * from step_first;')];
    const done = await Promise.all([migrate(db, known), migrate(db, known), migrate(db, known)]);
    expect(done.flat().sort(), kind).toEqual([FIRST.name, SECOND.name]);
  });

  test('of a newer version, and those that were edited, are refused before anything is done', async () => {
    const { db } = current();
    await migrate(db, [...migrations(), FIRST]);
    await expect(migrate(db)).rejects.toThrow('by a newer Curfew (9001_first.sql)');
    const edited = step(FIRST.name, `${FIRST.text}\n-- edited`);
    await expect(migrate(db, [...migrations(), edited, SECOND])).rejects.toThrow(
      'differs from the one that was applied',
    );
    expect(await tables()).toEqual(['step_first']);
  });
});
