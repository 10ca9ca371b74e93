import { createHash } from 'node:crypto';
import { Client, type ClientConfig, type QueryResult } from 'pg';

/** A statement is prepared when it comes for the third time: what is asked once at the start may never come again. */
const WORTH_PREPARING = 3;
/**
 * A statement with more values than any has that is about one thing inserts a list of rows, and is another for each length. Below this
 * there are few enough lengths of the few statements that do.
 */
const MOST_VALUES = 32;
/** A connection of the server keeps what it prepared in memory until it closes. */
const MOST_PREPARED = 300;

/** Which statements are prepared under what name, and how often the others came; one for all connections of a pool. */
export class PreparedNames {
  readonly #names = new Map<string, string>();
  #seen = new Map<string, number>();

  /** Undefined: not worth it, or too many are prepared already. `values`: how many the statement has. */
  nameOf(text: string, values: number): string | undefined {
    if (values > MOST_VALUES) return undefined;
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size >= MOST_PREPARED) return known;
    const times = (this.#seen.get(text) ?? 0) + 1;
    if (times < WORTH_PREPARING) {
      if (this.#seen.size >= 10 * MOST_PREPARED) this.#seen = new Map();
      this.#seen.set(text, times);
      return undefined;
    }
    const name = createHash('sha256').update(text).digest('hex').slice(0, 32);
    this.#seen.delete(text);
    this.#names.set(text, name);
    return name;
  }
}

/**
 * A client of node-postgres that prepares the statements which come again and again: the database parses and plans them once for a
 * connection instead of every time. It serves Kysely, which calls `query` with a text and its parameters and awaits the answer.
 */
export function preparingClient(names: PreparedNames): new (config?: string | ClientConfig) => Client {
  class PreparingClient extends Client {
    override query(...called: readonly unknown[]): never {
      const [text, values] = called;
      const ask = super.query.bind(this) as (...given: readonly unknown[]) => unknown;
      const name =
        typeof text === 'string' && isFilled(values) && called.length === 2
          ? names.nameOf(text, values.length)
          : undefined;
      if (name === undefined) return ask(...called) as never;
      const answer = ask({ name, text, values }) as Promise<QueryResult>;
      return answer.catch((error: unknown) => {
        // Another node migrated the schema beneath this connection. Its plans are worth nothing; the next connection makes new ones.
        if (isStalePlan(error)) void this.end().catch(() => {});
        throw error;
      }) as never;
    }
  }
  return PreparingClient;
}

function isFilled(values: unknown): values is readonly unknown[] {
  return Array.isArray(values) && values.length > 0;
}

/**
 * "cached plan must not change result type" (RevalidateCachedQuery in PostgreSQL's plancache.c), or a pooler in between gave this connection
 * another session, which does not know what was prepared (26000), or knows it already (42P05).
 */
function isStalePlan(error: unknown): boolean {
  if (!(error instanceof Error && 'code' in error)) return false;
  if (error.code === '26000' || error.code === '42P05') return true;
  return error.code === '0A000' && error.message.includes('cached plan');
}
