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

export async function findSubjectKey(db: Db | Trx, person: PersonId): Promise<Uint8Array | null> {
  const row = await db.selectFrom('subject_key').select('wrapped').where('person_id', '=', person).executeTakeFirst();
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

export async function deleteSubjectKey(trx: Trx, person: PersonId): Promise<void> {
  await trx.deleteFrom('subject_key').where('person_id', '=', person).execute();
}
