import type { PersonId } from '../core/ids.ts';
import type { Db, Trx } from './schema.ts';

/** A role on a target, by their names in the rules. */
export interface FavouriteRow {
  readonly role: string;
  readonly target: string;
}

/** In the order that the person gave them. */
export async function favouritesOf(db: Db, person: PersonId): Promise<readonly FavouriteRow[]> {
  return db
    .selectFrom('favourite')
    .select(['role', 'target'])
    .where('person_id', '=', person)
    .orderBy('ordinal')
    .execute();
}

/**
 * Puts a list in the place of the one that a person had. Two at once wait for each other at the person's row, so that the
 * list is one of the two and no mixture.
 */
export async function replaceFavourites(trx: Trx, person: PersonId, items: readonly FavouriteRow[]): Promise<void> {
  await trx.selectFrom('person').select('id').where('id', '=', person).forUpdate().execute();
  await trx.deleteFrom('favourite').where('person_id', '=', person).execute();
  if (items.length === 0) return;
  await trx
    .insertInto('favourite')
    .values(items.map(({ role, target }, ordinal) => ({ person_id: person, ordinal, role, target })))
    .execute();
}
