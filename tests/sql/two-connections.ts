import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import { sql } from 'kysely';
import type { Database } from '../../src/store/database.ts';
import type { Db, Trx } from '../../src/store/schema.ts';
import { emptyAll, testPostgres } from './harness.ts';

/** Real PostgreSQL, where transactions can wait for each other; the embedded database has a single connection. */
export interface TwoConnections {
  readonly database: Database;
  /**
   * Interleaves two pieces of work: the transaction of `first` has done all it does and is held open before its commit until `second`
   * waits for it, or is done without waiting. `whileWaiting` happens in between, and only where `second` waits.
   */
  interleave<First, Second>(
    first: (db: Db) => Promise<First>,
    second: (db: Db) => Promise<Second>,
    whileWaiting?: () => Promise<void>,
  ): Promise<Interleaved<First, Second>>;
  /** Moves `app_now()` into the future: deadlines pass, leases run out. */
  skipAhead(ms: number): Promise<void>;
}

interface Interleaved<First, Second> {
  readonly first: First;
  readonly second: Second;
  /** The statement in which `second` waited for `first`; `null` when it did not. */
  readonly waitedIn: string | null;
}

/** Statements that wait for a row before anything is decided on it, unlike a write that waits when it is too late. */
export const LOCKING_READ = /^(select|with "locked").* for (update|no key update|share|key share)/s;

/** Describes tests on two connections; every table is empty and the clock is right before each test. */
export function onTwoConnections(name: string, tests: (current: () => TwoConnections) => void): void {
  describe(`${name} (two connections on postgres)`, () => {
    let database: Database;
    beforeAll(async () => {
      database = await testPostgres();
      await sql`create schema test`.execute(database.db);
      await sql`create table test.clock as select interval '0' as ahead`.execute(database.db);
      await sql`
        create or replace function app_now() returns timestamptz language sql volatile
        as $$ select clock_timestamp() + ahead from test.clock $$`.execute(database.db);
    }, 120_000);
    afterAll(() => (database as Database | undefined)?.close(), 60_000);
    const setClock = async (ms: number) => {
      await sql`update test.clock set ahead = ${ms} * interval '1 millisecond'`.execute(database.db);
    };
    beforeEach(async () => {
      await emptyAll(database);
      await setClock(0);
    });
    tests(() => ({
      database,
      skipAhead: setClock,
      interleave: (first, second, whileWaiting) => interleave(database.db, first, second, whileWaiting),
    }));
  });
}

async function interleave<First, Second>(
  db: Db,
  first: (db: Db) => Promise<First>,
  second: (db: Db) => Promise<Second>,
  whileWaiting: () => Promise<void> = async () => {},
): Promise<Interleaved<First, Second>> {
  const open = Promise.withResolvers<number>();
  const letGo = Promise.withResolvers<undefined>();
  const running = first(
    holding(db, async (trx) => {
      open.resolve(await backendOf(trx));
      await letGo.promise;
    }),
  );
  const holder = await Promise.race([
    open.promise,
    running.then(() => {
      throw new Error('the first work opened no transaction');
    }),
  ]);
  let isOver = false;
  const other = second(db).finally(() => (isOver = true));
  // Looked at below, where it is awaited; until then a rejection is nobody's fault.
  other.catch(() => {});
  try {
    let waitedIn: string | null = null;
    // Each look is a round trip to the database, so that this does not spin.
    while (waitedIn === null && !isOver) waitedIn = await waitingFor(db, holder);
    if (waitedIn !== null) await whileWaiting();
    letGo.resolve(undefined);
    const [one, two] = await Promise.all([running, other]);
    return { first: one, second: two, waitedIn };
  } finally {
    letGo.resolve(undefined);
    await Promise.allSettled([running, other]);
  }
}

/** The same database, whose transactions stay open before their commit until `hold` is done. */
function holding(db: Db, hold: (trx: Trx) => Promise<void>): Db {
  const transaction = () => ({
    execute: <Result>(work: (trx: Trx) => Promise<Result>): Promise<Result> =>
      db.transaction().execute(async (trx) => {
        const result = await work(trx);
        await hold(trx);
        return result;
      }),
  });
  return new Proxy(db, {
    get(target, name) {
      if (name === 'transaction') return transaction;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

async function backendOf(trx: Trx): Promise<number> {
  const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx);
  return rows[0]?.pid ?? 0;
}

/**
 * The statement of whoever waits for a backend. `query` and the waiting are read one after the other, so that a single
 * look may show the statement before the one that waits; what two looks agree on has been waiting since the first.
 */
async function waitingFor(db: Db, holder: number): Promise<string | null> {
  const look = async () => {
    const { rows } = await sql<{ query: string }>`
      select query from pg_stat_activity where datname = current_database() and ${holder} = any(pg_blocking_pids(pid))`.execute(
      db,
    );
    return rows[0]?.query.trim() ?? null;
  };
  const first = await look();
  return first !== null && first === (await look()) ? first : null;
}
