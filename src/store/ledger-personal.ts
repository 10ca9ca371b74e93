import type { PersonId } from '../core/ids.ts';
import type { Db, Trx } from './schema.ts';

export interface SealedField {
  readonly entryId: string;
  readonly field: string;
  readonly subject: PersonId;
  readonly sealed: Uint8Array;
}

export async function insertPersonal(trx: Trx, field: SealedField): Promise<void> {
  await trx
    .insertInto('ledger_personal')
    .values({ entry_id: field.entryId, field: field.field, person_id: field.subject, sealed: field.sealed })
    .execute();
}

export async function personalOf(db: Db | Trx, entryIds: readonly string[]): Promise<readonly SealedField[]> {
  if (entryIds.length === 0) return [];
  const rows = await db
    .selectFrom('ledger_personal')
    .selectAll()
    .where('entry_id', 'in', [...entryIds])
    .execute();
  return rows.map((row) => ({ entryId: row.entry_id, field: row.field, subject: row.person_id, sealed: row.sealed }));
}

/** The wrapped keys of some persons; of an erased person there is none. */
export async function findSubjectKeys(
  db: Db | Trx,
  persons: readonly PersonId[],
): Promise<ReadonlyMap<PersonId, Uint8Array>> {
  if (persons.length === 0) return new Map();
  const rows = await db
    .selectFrom('subject_key')
    .selectAll()
    .where('person_id', 'in', [...persons])
    .execute();
  return new Map(rows.map((row) => [row.person_id, row.wrapped]));
}

/** The key of a person to seal something under. Erasing the person waits until this transaction is over. */
export async function holdSubjectKey(trx: Trx, person: PersonId): Promise<Uint8Array | null> {
  const row = await trx
    .selectFrom('subject_key')
    .select('wrapped')
    .where('person_id', '=', person)
    .forKeyShare()
    .executeTakeFirst();
  return row?.wrapped ?? null;
}

/** Keeps a wrapped key unless another transaction was first. */
export async function keepSubjectKey(trx: Trx, person: PersonId, wrapped: Uint8Array): Promise<void> {
  await trx
    .insertInto('subject_key')
    .values({ person_id: person, wrapped })
    .onConflict((conflict) => conflict.constraint('subject_key_pk').doNothing())
    .execute();
}

/** Deletes a person's key, then everything sealed under it: in this order, so that the key's row lock waits for writers. */
export async function deleteSubject(trx: Trx, person: PersonId): Promise<void> {
  await trx.deleteFrom('subject_key').where('person_id', '=', person).execute();
  await trx.deleteFrom('ledger_personal').where('person_id', '=', person).execute();
}
