import {
  CompiledQuery,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
} from 'kysely';
import type { Db, Schema } from '../../../src/store/schema.ts';
import { never, type Life } from '../kernel/life.ts';
import type { Prng } from '../kernel/prng.ts';
import type { Storm } from '../kernel/storm.ts';
import { isWrite, type DatabaseServer } from './database-server.ts';
import type { Mishaps } from './mishaps.ts';

/** Connects a node to the database, through everything that can go wrong on the way. */
export function connect(storm: Storm, server: DatabaseServer, life: Life, mishaps: Mishaps, prng: Prng): Db {
  const driver = new FaultyDriver(storm, server, life, mishaps, prng);
  return new Kysely<Schema>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driver,
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}

/** Stands in every error that the simulation made up; any other error is the broker's own. */
export const SIMULATED = 'simulated';

/** An error as PostgreSQL or its client would throw it. */
function databaseError(code: string, message: string): Error {
  return Object.assign(new Error(`${SIMULATED}: ${message}`), { code });
}

class FaultyDriver implements Driver {
  readonly #storm: Storm;
  readonly #server: DatabaseServer;
  readonly #life: Life;
  readonly #mishaps: Mishaps;
  readonly #prng: Prng;

  constructor(storm: Storm, server: DatabaseServer, life: Life, mishaps: Mishaps, prng: Prng) {
    this.#storm = storm;
    this.#server = server;
    this.#life = life;
    this.#mishaps = mishaps;
    this.#prng = prng;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    await this.#mishaps.beforeWait();
    await this.#storm.scheduler.yield(this.#life);
    const { database } = this.#storm.weather;
    const isDown = this.#storm.within(database.down);
    if (isDown || this.#prng.chance(database.failBefore)) {
      this.#storm.strike('database-down', this.#life.name);
      if (isDown) throw databaseError('57P03', 'the database system is not accepting connections');
      throw databaseError('08006', 'connection failure');
    }
    return new FaultyConnection(this);
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    own(connection).begin();
    await this.#server.begin(this.#life.name);
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    own(connection).inTransaction = false;
    const { database } = this.#storm.weather;
    // PostgreSQL answers so without an error.
    if (own(connection).aborted) return this.#server.rollback();
    if (this.#mishaps.diesNow('died-in-transaction')) {
      await this.#server.rollback();
      return this.#die('with a transaction open');
    }
    if (this.#prng.chance(database.failCommit)) {
      this.#storm.strike('commit-failed', this.#life.name);
      await this.#server.rollback();
      throw databaseError('40001', 'could not serialize access');
    }
    await this.#server.commit();
    if (this.#mishaps.diesNow('died-after-commit')) return this.#die('right after a commit');
    if (this.#prng.chance(database.loseCommitAnswer)) {
      this.#storm.marks.hit('commit-answer-lost');
      this.#storm.strike('commit-answer-lost', this.#life.name);
      this.#storm.trace.note(this.#life.name, 'commit happened, its answer was lost');
      throw databaseError('08006', 'connection closed while waiting for the answer to a commit');
    }
    await this.#answer(database.delay);
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    own(connection).inTransaction = false;
    await this.#server.rollback();
  }

  async releaseConnection(): Promise<void> {}

  async destroy(): Promise<void> {}

  async execute<R>(query: CompiledQuery, connection: FaultyConnection): Promise<QueryResult<R>> {
    const { database } = this.#storm.weather;
    const { inTransaction } = connection;
    if (inTransaction && connection.aborted)
      throw databaseError('25P02', 'current transaction is aborted, commands ignored until end of transaction block');
    if (inTransaction && this.#prng.chance(database.failStatement)) {
      connection.aborted = true;
      this.#storm.marks.hit('statement-failed');
      this.#storm.strike('statement-failed', this.#life.name);
      throw databaseError('40P01', 'deadlock detected');
    }
    if (isWrite(query.sql) && this.#storm.within(database.full)) {
      connection.aborted = inTransaction;
      this.#storm.marks.hit('database-full');
      this.#storm.strike('database-full', this.#life.name);
      throw databaseError('53100', 'could not extend file: No space left on device');
    }
    const result = (await this.#server.execute(query, this.#life.name, inTransaction)) as QueryResult<R>;
    // Within a transaction only its commit matters: until then nothing has happened.
    if (inTransaction) {
      if (query.sql.includes('"lease_until" >') && result.rows.length === 0)
        this.#storm.marks.hit('lease-lost-at-record');
      return result;
    }
    if (this.#mishaps.diesNow(null)) return this.#die('right after a statement');
    if (this.#prng.chance(database.loseAnswer)) {
      this.#storm.strike('database-answer-lost', this.#life.name);
      throw databaseError('08006', 'connection closed by the server');
    }
    // Much more seldom than for commits: a lane of the engine makes a dozen statements a second, and would only stand still.
    await this.#answer(database.delay / 20);
    return result;
  }

  /** An answer may take its time on the way, and meanwhile the world goes on. */
  async #answer(delayed: number): Promise<void> {
    const { database } = this.#storm.weather;
    if (!this.#prng.chance(delayed)) return;
    const delayMs = this.#prng.int(this.#prng.pick([1, database.delayMs * 0.7]), database.delayMs);
    this.#storm.strike('database-slow', this.#life.name);
    if (delayMs > 5_000) this.#storm.trace.note(this.#life.name, `the database's answer takes ${delayMs} ms`);
    await this.#storm.scheduler.until(this.#life, this.#storm.scheduler.now + delayMs);
  }

  #die(how: string): Promise<never> {
    this.#storm.trace.note(this.#life.name, `dies ${how}`);
    this.#life.die();
    return never();
  }
}

class FaultyConnection implements DatabaseConnection {
  inTransaction = false;
  /** A statement of the transaction has failed: the database ignores the others, and only rolls back. */
  aborted = false;
  readonly #driver: FaultyDriver;

  constructor(driver: FaultyDriver) {
    this.#driver = driver;
  }

  begin(): void {
    this.inTransaction = true;
    this.aborted = false;
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return this.#driver.execute<R>(query, this);
  }

  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('nothing in the broker streams queries');
  }
}

function own(connection: DatabaseConnection): FaultyConnection {
  if (!(connection instanceof FaultyConnection)) throw new Error('a connection of somebody else');
  return connection;
}
