import type { PersonId } from '../core/ids.ts';
import { toIso, type Instant } from '../core/time.ts';
import { isAnyOf } from './columns.ts';
import type { Db, Trx } from './schema.ts';

/** Returns the pseudonymous id of a directory person, making one at first sight. `fresh` is used only then. */
export async function personIdFor(trx: Trx, key: string, fresh: PersonId, now: Instant): Promise<PersonId> {
  const known = await findPersonId(trx, key);
  if (known !== null) return known;
  await trx
    .insertInto('person')
    .values({ id: fresh, directory_key: key, first_seen_at: toIso(now) })
    .onConflict((conflict) => conflict.constraint('person_directory_key_is_unique').doNothing())
    .execute();
  return (await findPersonId(trx, key)) ?? fresh;
}

/** The ids of some directory people by key, made at first sight. */
export async function personIdsFor(
  trx: Trx,
  keys: readonly string[],
  fresh: () => PersonId,
  now: Instant,
): Promise<ReadonlyMap<string, PersonId>> {
  const known = async () => {
    const rows = await trx
      .selectFrom('person')
      .select(['id', 'directory_key'])
      .where(isAnyOf('directory_key', keys))
      .execute();
    return new Map(rows.map((row) => [row.directory_key, row.id]));
  };
  const found = await known();
  const unseen = keys.filter((key) => !found.has(key));
  if (unseen.length === 0) return found;
  await trx
    .insertInto('person')
    .values(unseen.map((key) => ({ id: fresh(), directory_key: key, first_seen_at: toIso(now) })))
    .onConflict((conflict) => conflict.constraint('person_directory_key_is_unique').doNothing())
    .execute();
  return known();
}

/** The pseudonymous id of a directory person, or `null` for somebody never seen. */
export async function findPersonId(db: Db | Trx, key: string): Promise<PersonId | null> {
  const row = await db.selectFrom('person').select('id').where('directory_key', '=', key).executeTakeFirst();
  return row?.id ?? null;
}

/** Directory keys of people by pseudonymous id. */
export async function personKeys(db: Db | Trx, ids: readonly PersonId[]): Promise<ReadonlyMap<PersonId, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('person')
    .select(['id', 'directory_key'])
    .where(isAnyOf('id', [...new Set(ids)]))
    .execute();
  return new Map(rows.map((row) => [row.id, row.directory_key]));
}

/** The pseudonymous ids of directory people; who was never seen is left out. */
export async function findPersonIds(db: Db | Trx, keys: readonly string[]): Promise<readonly PersonId[]> {
  if (keys.length === 0) return [];
  const rows = await db.selectFrom('person').select('id').where(isAnyOf('directory_key', keys)).execute();
  return rows.map(({ id }) => id);
}
