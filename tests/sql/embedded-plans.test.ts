import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RequestId } from '../../src/core/ids.ts';
import type { Database } from '../../src/store/database.ts';
import { findGrant, grantsOfRequests } from '../../src/store/grants.ts';
import { claimDue, nextDueInMs, peekDueEnds } from '../../src/store/leases.ts';
import { testEmbedded } from './harness.ts';
import { scheduledGrant } from './rows.ts';

const LATER = 3_000;

let database: Database;
beforeAll(async () => {
  database = await testEmbedded();
});
afterAll(() => database.close());

/** Twenty letters of the alphabet of ids for each number. */
const body = (of: string) => sql.raw(`translate(substr(md5('${of}' || n), 1, 20), '0189', 'ghij')`);

/** Grants of an hour from now, like the one that is there. No setting is touched: some make the database plan everything anew. */
async function multiply(): Promise<void> {
  const copies = (table: string, changed: ReturnType<typeof sql>) =>
    sql`
      insert into ${sql.id(table)} select made.*
      from (select * from ${sql.id(table)} limit 1) as one, generate_series(1, ${LATER}::integer) as n,
        jsonb_populate_record(one::${sql.id(table)}, ${changed}) as made`.execute(database.db);
  const [request, slot] = [sql`'req_' || ${body('request')}`, sql`'slot-' || n`];
  await copies('request', sql`jsonb_build_object('id', ${request})`);
  await copies('request_item', sql`jsonb_build_object('request_id', ${request})`);
  await copies('binding', sql`jsonb_build_object('slot', ${slot})`);
  const due = sql`app_now() + interval '1 hour'`;
  await copies(
    'grant',
    sql`jsonb_build_object('id', 'grt_' || ${body('grant')}, 'request_id', ${request}, 'slot', ${slot},
      'starts_at', ${due}, 'due_at', ${due})`,
  );
}

/** How many rows of all grants were read one after the other. */
async function rowsWalked(): Promise<number> {
  await sql`select pg_stat_force_next_flush()`.execute(database.db);
  const { rows } = await sql<{ walked: number }>`
    select seq_tup_read::integer as walked from pg_stat_user_tables where relname = 'grant'`.execute(database.db);
  return rows[0]?.walked ?? expect.fail('the table has statistics');
}

test('what the engine asks again and again is found by an index, though the plan was made while there was one grant', async () => {
  const { db } = database;
  const id = await scheduledGrant(database);
  const { request } = (await findGrant(db, id)) ?? expect.fail('the grant is there');
  const asked: Readonly<Record<string, () => Promise<unknown>>> = {
    'the claim of ends': () => claimDue(db, 'ends', 'one', 10_000, 10),
    'the claim of starts': () => claimDue(db, 'starts', 'one', 10_000, 10),
    'the next end': () => nextDueInMs(db, 'ends'),
    'the next start': () => nextDueInMs(db, 'starts'),
    'ends that are due': () => peekDueEnds(db, 10),
    'a grant': () => findGrant(db, id),
    'the grants of a request': () => grantsOfRequests(db, [request]),
    'the grants of no request': () => grantsOfRequests(db, ['req_aaaaaaaaaaaaaaaaaaaa' as RequestId]),
  };
  // As often as it takes until a plan is made once for all times.
  for (let times = 0; times < 12; times += 1) for (const ask of Object.values(asked)) await ask();
  await multiply();
  const walked: Record<string, number> = {};
  for (const [what, ask] of Object.entries(asked)) {
    const before = await rowsWalked();
    await ask();
    walked[what] = (await rowsWalked()) - before;
  }
  expect(walked).toEqual(Object.fromEntries(Object.keys(asked).map((what) => [what, 0])));
  expect(await grantsOfRequests(db, [request])).toMatchObject([{ id }]);
});
