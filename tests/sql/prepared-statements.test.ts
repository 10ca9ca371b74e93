import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { eachDatabase } from './harness.ts';

eachDatabase('prepared statements', (database) => {
  const ask = () => sql<{ a: number }>`select * from prepared_here where a = ${1}`.execute(database().db);

  test('what comes again and again is prepared, and answers the same', async () => {
    const { db } = database();
    const again = (n: number) => sql<{ n: number }>`select ${n}::int4 * 2 as n`.execute(db);
    for (let n = 1; n <= 5; n += 1) expect((await again(n)).rows).toEqual([{ n: n * 2 }]);
    const { rows } = await sql<{ statement: string }>`select statement from pg_prepared_statements`.execute(db);
    expect(rows.map(({ statement }) => statement)).toContain('select $1::int4 * 2 as n');
  });

  test('a statement that fails in a transaction spoils neither the next transaction nor its own plan', async () => {
    const { db } = database();
    const divide = (by: number) => sql<{ n: number }>`select 10 / ${by}::int4 as n`.execute(db);
    for (let n = 1; n <= 3; n += 1) await divide(n);
    await expect(divide(0)).rejects.toMatchObject({ code: '22012' });
    const failing = db.transaction().execute(async (trx) => {
      await sql`select 10 / ${0}::int4 as n`.execute(trx);
    });
    await expect(failing).rejects.toMatchObject({ code: '22012' });
    expect((await divide(5)).rows).toEqual([{ n: 2 }]);
  });

  test('a schema that another node migrates meanwhile costs a statement at most', async () => {
    const { db } = database();
    await sql`create table prepared_here (a int4)`.execute(db);
    await sql`insert into prepared_here values (1)`.execute(db);
    for (let n = 0; n < 4; n += 1) await ask();
    await sql`alter table prepared_here add column b text default 'new'`.execute(db);
    await expect(ask()).rejects.toMatchObject({ code: '0A000' });
    expect((await ask()).rows).toEqual([{ a: 1, b: 'new' }]);
    for (let n = 0; n < 4; n += 1) expect((await ask()).rows).toHaveLength(1);
  });
});
