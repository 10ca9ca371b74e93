import type { JsonObject } from '../core/json.ts';
import { toIso, type Instant } from '../core/time.ts';
import { at } from './columns.ts';
import type { Db } from './schema.ts';

/** What is known about an Idempotency-Key. */
export type KeyUse =
  /** The key is ours now: do the work, then {@link keepAnswer} or {@link releaseKey}. */
  | { readonly kind: 'reserved' }
  /** Somebody is at it, or died at it. */
  | { readonly kind: 'taken'; readonly fingerprint: string; readonly since: Instant }
  | { readonly kind: 'answered'; readonly fingerprint: string; readonly status: number; readonly answer: JsonObject };

/** Reserves a key of a person, or says what it was used for. Of two callers at one instant exactly one reserves. */
export async function reserveKey(
  db: Db,
  person: string,
  key: string,
  fingerprint: string,
  now: Instant,
): Promise<KeyUse> {
  // Twice at most: the row can vanish between the two statements when its owner releases it.
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const inserted = await db
      .insertInto('idempotency')
      .values({ person_id: person, key, fingerprint, created_at: toIso(now) })
      .onConflict((conflict) => conflict.constraint('idempotency_pk').doNothing())
      .executeTakeFirst();
    if ((inserted.numInsertedOrUpdatedRows ?? 0n) > 0n) return { kind: 'reserved' };
    const row = await db
      .selectFrom('idempotency')
      .selectAll()
      .where('person_id', '=', person)
      .where('key', '=', key)
      .executeTakeFirst();
    if (row === undefined) continue;
    if (row.status === null || row.response === null)
      return { kind: 'taken', fingerprint: row.fingerprint, since: row.created_at };
    return { kind: 'answered', fingerprint: row.fingerprint, status: row.status, answer: row.response };
  }
  return { kind: 'taken', fingerprint, since: now };
}

/** Keeps the answer, which later callers with the same key get instead of a second execution. */
export async function keepAnswer(
  db: Db,
  person: string,
  key: string,
  status: number,
  answer: JsonObject,
): Promise<void> {
  await db
    .updateTable('idempotency')
    .set({ status, response: JSON.stringify(answer) })
    .where('person_id', '=', person)
    .where('key', '=', key)
    .execute();
}

/** Gives a key back whose work was not done, so that it can be tried again. */
export async function releaseKey(db: Db, person: string, key: string): Promise<void> {
  await db
    .deleteFrom('idempotency')
    .where('person_id', '=', person)
    .where('key', '=', key)
    .where('status', 'is', null)
    .execute();
}

/** Forgets keys that were first used before `before`. */
export async function forgetKeys(db: Db, before: Instant): Promise<void> {
  await db.deleteFrom('idempotency').where('created_at', '<', at(before)).execute();
}
