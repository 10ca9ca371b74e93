import {
  CompiledQuery,
  DefaultQueryExecutor,
  Kysely,
  PostgresDialect,
  PostgresDriver,
  type ConnectionProvider,
  type DatabaseConnection,
  type TransactionSettings,
} from 'kysely';
import type { Pool } from 'pg';

/**
 * Kysely over a pool in pipeline mode: BEGIN leaves together with the first statement, and the statements of a transaction leave without
 * waiting for one another's answers, in the order in which they are called (`together`). Kysely alone sends each when the one before it
 * has been answered, because most drivers cannot do otherwise.
 */
export function openPipelined<Tables>(pool: Pool): Kysely<Tables> {
  const driver = new PipelinedDriver({ pool });
  const dialect = new (class extends PostgresDialect {
    override createDriver(): PostgresDriver {
      return driver;
    }
  })({ pool });
  const queued = new Kysely<Tables>({ dialect });
  const connections: ConnectionProvider = {
    provideConnection: (consumer, options) => queued.getExecutor().provideConnection(consumer, options),
  };
  const executor = new PipelinedExecutor(dialect.createQueryCompiler(), dialect.createAdapter(), connections);
  return new Kysely<Tables>({ config: { dialect }, dialect, driver, executor });
}

class PipelinedExecutor extends DefaultQueryExecutor {
  /** Called with the one connection of a transaction behind a queue; what is made of it goes past the queue. */
  override withConnectionProvider(queued: ConnectionProvider): DefaultQueryExecutor {
    let connection: Promise<DatabaseConnection> | null = null;
    return super.withConnectionProvider({
      async provideConnection(consumer) {
        connection ??= queued.provideConnection(async (only) => only);
        return consumer(await connection);
      },
    });
  }
}

class PipelinedDriver extends PostgresDriver {
  readonly #begun = new WeakMap<DatabaseConnection, Promise<unknown>>();

  override async beginTransaction(connection: DatabaseConnection, settings: TransactionSettings): Promise<void> {
    if (settings.isolationLevel !== undefined || settings.accessMode !== undefined) {
      await super.beginTransaction(connection, settings);
      this.#begun.delete(connection);
      return;
    }
    const begun = connection.executeQuery(CompiledQuery.raw('begin'));
    // The statement behind it fails as well then, and the commit says why.
    begun.catch(() => {});
    this.#begun.set(connection, begun);
  }

  override async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await this.#begun.get(connection);
    await super.commitTransaction(connection);
  }
}
