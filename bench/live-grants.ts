import { Kysely, PostgresDialect, sql, type QueryResult, type RawBuilder } from 'kysely';
import { Pool } from 'pg';
import type { Db, Schema } from '../src/store/schema.ts';
import { ROLE, TARGET } from '../tests/sql/rows.ts';

/** People among whom the grants are spread, `bench-0` and following in the directory. */
export const PEOPLE = 10_000;

/** Hex digits to the alphabet of ids: 80 random-looking bits, the same for the same number. */
const body = (of: string) => `translate(substr(md5(${of}), 1, 20), '0189', 'ghij')`;

/** A connection to a migrated database that gives up on no statement: filling it takes longer than a broker would wait. */
export function patiently(connectionString: string): Db {
  const pool = new Pool({ connectionString, max: 1 });
  pool.on('error', () => {});
  return new Kysely<Schema>({ dialect: new PostgresDialect({ pool }) });
}

/**
 * Fills an empty database with active grants, as if they had been asked for, approved and activated, and brings its statistics up
 * to date as an installation's autovacuum would have. They end between one and nine hours from now. Foreign keys and triggers are
 * switched off for the time of the insert, so the role of the connection must be a superuser.
 */
export async function insertLiveGrants(db: Db, count: number): Promise<void> {
  const definition = JSON.stringify({ role: ROLE, target: TARGET });
  await db.transaction().execute(async (trx) => {
    await sql`set local session_replication_role = replica`.execute(trx);
    await sql`insert into policy_version (version, loaded_at, sources) values ('bench', app_now(), '[]')`.execute(trx);
    await sql`
      insert into person (id, directory_key, first_seen_at)
      select 'per_' || ${sql.raw(body("'person' || n"))}, 'bench-' || n, app_now()
      from generate_series(0, ${PEOPLE - 1}::integer) as n`.execute(trx);
    await sql`
      insert into request (id, person_id, state, prior_state, reason, duration_ms, question, decision, policy_version,
        created_at, lapses_at, decided_at)
      select 'req_' || ${sql.raw(body("'request' || n"))}, 'per_' || ${sql.raw(body(`'person' || (n % ${PEOPLE})`))},
        'approved', 'pending', 'Measure the engine', 36000000, jsonb_build_object('requester', 'bench-' || (n % ${PEOPLE}::integer)),
        '{ "steps": [] }', 'bench', now(), now() + interval '1 day', now()
      from generate_series(1, ${count}::integer) as n`.execute(trx);
    await sql`
      insert into request_item (request_id, ordinal, role, target)
      select 'req_' || ${sql.raw(body("'request' || n"))}, 0, ${ROLE.name}, ${TARGET.key}
      from generate_series(1, ${count}::integer) as n`.execute(trx);
    await sql`
      insert into binding (slot, provider, method, last_call_at)
      select 'aws:assume-role:grt_' || ${sql.raw(body("'grant' || n"))}, 'aws', 'assume-role', now()
      from generate_series(1, ${count}::integer) as n`.execute(trx);
    await sql`
      insert into "grant" (id, request_id, ordinal, person_id, slot, role, target, provider, method, principal, duration_ms,
        definition, state, prior_state, starts_at, activated_at, usable_at, ends_at, bound_until, due_at)
      select 'grt_' || ${sql.raw(body("'grant' || n"))}, 'req_' || ${sql.raw(body("'request' || n"))}, 0,
        'per_' || ${sql.raw(body(`'person' || (n % ${PEOPLE})`))}, 'aws:assume-role:grt_' || ${sql.raw(body("'grant' || n"))},
        ${ROLE.name}, ${TARGET.key}, 'aws', 'assume-role', 'ana', 36000000, ${definition}::jsonb, 'active', 'activating',
        began, began, began, ends, ends, ends
      from (
        select n, now() - interval '1 hour' as began, now() + interval '1 hour' + (n % 28800) * interval '1 second' as ends
        from generate_series(1, ${count}::integer) as n
      ) as each`.execute(trx);
  });
  await sql`vacuum analyze`.execute(db);
}

/** Changes rows past the guard by which the latest end that was ever written only grows. */
function asIfBornSo<Row>(db: Db, change: RawBuilder<Row>): Promise<QueryResult<Row>> {
  return db.transaction().execute(async (trx) => {
    await sql`set local session_replication_role = replica`.execute(trx);
    return change.execute(trx);
  });
}

/** When grants are to end: `count` of them, the first `inMs` from now, one every `everyMs` (0: all at once). */
export interface Ends {
  readonly inMs: number;
  readonly everyMs: number;
  readonly count: number;
}

/**
 * Gives some of the grants an earlier end, as if they had had it from the start. The series take different grants. Returns
 * the ends in epoch milliseconds by grant, for each series.
 */
export async function endSooner(db: Db, series: readonly Ends[]): Promise<readonly ReadonlyMap<string, number>[]> {
  const found: ReadonlyMap<string, number>[] = [];
  for (const { inMs, everyMs, count } of series) {
    const { rows } = await asIfBornSo(
      db,
      sql<{ id: string; ms: number }>`
      with soon as (
        select id, (row_number() over () - 1) as place
        from (select id from "grant" where due_at > now() + interval '50 minutes' order by id limit ${count}) as chosen
      )
      update "grant" set ends_at = end_at, bound_until = end_at, due_at = end_at
      from (select id, now() + ${inMs} * interval '1 millisecond' + place * ${everyMs} * interval '1 millisecond' as end_at from soon) as each
      where "grant".id = each.id
      returning "grant".id, (extract(epoch from due_at) * 1000)::float8 as ms`,
    );
    found.push(new Map(rows.map(({ id, ms }) => [id, ms])));
  }
  await sql`vacuum analyze "grant"`.execute(db);
  return found;
}

/** Lets some of the grants be given back a moment ago, as if whoever took it down had died then. */
export async function giveBack(db: Db, count: number): Promise<readonly string[]> {
  const { rows } = await asIfBornSo(
    db,
    sql<{ id: string }>`
      update "grant" set state = 'ending', prior_state = 'active', ending_since = now(), end_cause = 'returned', due_at = now()
      where id in (select id from "grant" where state = 'active' and due_at > now() + interval '50 minutes' order by id desc limit ${count})
      returning id`,
  );
  return rows.map(({ id }) => id);
}
