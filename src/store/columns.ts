import { sql, type ColumnType, type RawBuilder } from 'kysely';
import type { JsonObject } from '../core/json.ts';
import { toIso, type Instant } from '../core/time.ts';

/** `timestamptz`: read as an {@link Instant}, written as RFC 3339 text. */
export type Timestamp = ColumnType<Instant, string, string>;
export type NullableTimestamp = ColumnType<Instant | null, string | null | undefined, string | null>;
/** A moment to compare a `timestamptz` column with. */
export function at(moment: Instant): RawBuilder<Instant> {
  return sql<Instant>`${toIso(moment)}::timestamptz`;
}

/**
 * That a column has one of these values: one statement however many there are, unlike `in (…)`, which is another for each length and would
 * be prepared as many times (`prepared-client.ts`).
 */
export function isAnyOf(column: string, values: readonly string[] | readonly number[]): RawBuilder<boolean> {
  return sql<boolean>`${sql.ref(column)} = any(${values})`;
}

/** Where something stands in a list that is ordered by a time, newest first, and by the id where times are equal. */
export interface Place<Id extends string> {
  readonly at: Instant;
  readonly id: Id;
}

/** That a row comes behind a place in such a list. */
export function comesAfter({ at: moment, id }: Place<string>, column: string): RawBuilder<boolean> {
  return sql<boolean>`(${sql.ref(column)}, id) < (${at(moment)}, ${id})`;
}

/** `jsonb`: read parsed, written as text. */
export type JsonColumn<Shape = JsonObject> = ColumnType<Shape, string, string>;
export type NullableJson<Shape = JsonObject> = ColumnType<Shape | null, string | null | undefined, string | null>;

/** The moment that lies so far ahead of the database's clock, to be written into a `timestamptz`. */
export function fromNow(ms: number): RawBuilder<string> {
  return sql<string>`app_now() + ${ms} * interval '1 millisecond'`;
}

/** Most rows of one INSERT with its values: the wire counts parameters with 16 bits, and longer lists come from outside. */
const ROWS_AT_ONCE = 1_000;

/** Rows in parts that one INSERT can carry, in their order. */
export function* inParts<Row>(rows: readonly Row[]): Generator<readonly Row[]> {
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) yield rows.slice(from, from + ROWS_AT_ONCE);
}
