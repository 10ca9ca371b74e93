import type { Compilable, QueryCreator } from 'kysely';
import type { Schema, Trx } from './schema.ts';

/** What to build the next statement from, so that it also does a second thing to another table: one round trip instead of two. */
export function besides(trx: Trx, other: (query: QueryCreator<Schema>) => Compilable): QueryCreator<Schema> {
  // The name of the other statement is not a table that the next one may read, so its type stays as it was.
  return trx.with('besides', other as never) as unknown as QueryCreator<Schema>;
}
