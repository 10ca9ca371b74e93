import type { PersonId } from '../core/ids.ts';
import { inParts, isAnyOf } from './columns.ts';
import type { Db, Trx } from './schema.ts';

/** A personal value of an entry, sealed under the key of the person it is about. */
export interface SealedField {
  readonly entryId: string;
  readonly field: string;
  readonly subject: PersonId;
  readonly sealed: Uint8Array;
}

/** What was sealed for an entry, by field. */
export async function personalOf(db: Db | Trx, entryId: string): Promise<readonly SealedField[]> {
  const rows = await db
    .selectFrom('ledger_personal')
    .selectAll()
    .where('entry_id', '=', entryId)
    .orderBy('field')
    .execute();
  return rows.map((row) => ({ entryId: row.entry_id, field: row.field, subject: row.person_id, sealed: row.sealed }));
}

/** The wrapped keys of some persons; whose key is gone is left out. */
export async function findSubjectKeys(
  db: Db | Trx,
  persons: readonly PersonId[],
): Promise<ReadonlyMap<PersonId, Uint8Array>> {
  if (persons.length === 0) return new Map();
  const rows = await db.selectFrom('subject_key').selectAll().where(isAnyOf('person_id', persons)).execute();
  return new Map(rows.map((row) => [row.person_id, row.wrapped]));
}

/** Keeps wrapped keys, each unless another transaction was first. */
export async function keepSubjectKeys(
  trx: Trx,
  keys: readonly { readonly person: PersonId; readonly wrapped: Uint8Array }[],
): Promise<void> {
  for (const part of inParts(keys))
    await trx
      .insertInto('subject_key')
      .values(part.map(({ person, wrapped }) => ({ person_id: person, wrapped })))
      .onConflict((conflict) => conflict.constraint('subject_key_pk').doNothing())
      .execute();
}
