import { sql, type RawBuilder } from 'kysely';
import type { PersonId } from '../core/ids.ts';
import { toIso, type Instant } from '../core/time.ts';
import { inParts, isAnyOf } from './columns.ts';
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
  for (const part of inParts(unseen))
    await trx
      .insertInto('person')
      .values(part.map((key) => ({ id: fresh(), directory_key: key, first_seen_at: toIso(now) })))
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

/** The person that all of the same human are counted as: somebody themself, unless they were merged with another. */
export async function humanOf(db: Db | Trx, person: PersonId): Promise<PersonId> {
  const row = await db.selectFrom('person_alias').select('same_as').where('person_id', '=', person).executeTakeFirst();
  return row?.same_as ?? person;
}

/** Whether two persons are one human. */
export async function areOneHuman(db: Db | Trx, one: PersonId, other: PersonId): Promise<boolean> {
  return one === other || (await humanOf(db, one)) === (await humanOf(db, other));
}

/** How many humans some persons are, each under the name that all of the same human are counted as. */
export async function humansAmong(db: Db | Trx, persons: readonly PersonId[]): Promise<ReadonlySet<PersonId>> {
  return new Set((await humansOf(db, persons)).values());
}

/** The person that all of the same human are counted as, for each of some. */
export async function humansOf(db: Db | Trx, persons: readonly PersonId[]): Promise<ReadonlyMap<PersonId, PersonId>> {
  if (persons.length === 0) return new Map();
  const rows = await db
    .selectFrom('person_alias')
    .select(['person_id', 'same_as'])
    .where(isAnyOf('person_id', [...new Set(persons)]))
    .execute();
  const named = new Map(rows.map((row) => [row.person_id, row.same_as]));
  return new Map(persons.map((person) => [person, named.get(person) ?? person]));
}

/** Everybody who is the same human as a person, that one among them, sorted. */
export async function allOfHuman(db: Db | Trx, person: PersonId): Promise<readonly PersonId[]> {
  const { rows } = await idsOfHuman(person).execute(db);
  return rows.map(({ id }) => id).sort();
}

/** That a row (`person_id`) is of somebody, under whichever of the ids that were merged. Holds of whoever is merged from then on. */
export function isOfHuman(person: PersonId): RawBuilder<boolean> {
  // An array, so that an index which begins with the person finds the rows.
  return sql<boolean>`person_id = any(array(${idsOfHuman(person)}))`;
}

function idsOfHuman(person: PersonId): RawBuilder<{ readonly id: PersonId }> {
  return sql`
    with human as (select coalesce((select same_as from person_alias where person_id = ${person}), ${person}) as id)
    select id from human union all select alias.person_id from person_alias as alias join human on alias.same_as = human.id`;
}

/** Makes whoever merges two persons wait until the transaction ends, so that no chain comes about. */
export async function lockMerges(trx: Trx): Promise<void> {
  await sql`lock table person_alias in share row exclusive mode`.execute(trx);
}

/**
 * Writes that two persons are one human. Everybody who was one with either is one with both. Returns false when they were one already.
 * `by`, `confirmedBy`: the two who say so.
 */
export async function mergeHumans(
  trx: Trx,
  merging: { keep: PersonId; merge: PersonId; by: PersonId; confirmedBy: PersonId; now: Instant },
): Promise<boolean> {
  const { keep, merge, by, confirmedBy, now } = merging;
  await lockMerges(trx);
  const [human, other] = [await humanOf(trx, keep), await humanOf(trx, merge)];
  if (human === other) return false;
  await trx.updateTable('person_alias').set({ same_as: human }).where('same_as', '=', other).execute();
  await trx
    .insertInto('person_alias')
    .values({ person_id: other, same_as: human, merged_at: toIso(now), merged_by: by, confirmed_by: confirmedBy })
    .execute();
  return true;
}

/** Makes whoever else decides what account a person has wait until the transaction ends. Behind the lock of the account. */
export async function lockPerson(trx: Trx, person: PersonId): Promise<void> {
  // What only refers to the person does not wait.
  await sql`select from person where id = ${person} for no key update`.execute(trx);
}

/** Everybody who has an id, with whether they are known to have left. */
export async function everybodySeen(
  db: Db | Trx,
): Promise<readonly { readonly id: PersonId; readonly key: string; readonly left: boolean }[]> {
  const rows = await db.selectFrom('person').select(['id', 'directory_key', 'left_at']).orderBy('id').execute();
  return rows.map((row) => ({ id: row.id, key: row.directory_key, left: row.left_at !== null }));
}

/** Which of some are known to have left. */
export async function leftAmong(db: Db | Trx, persons: readonly PersonId[]): Promise<ReadonlySet<PersonId>> {
  const rows = await db
    .selectFrom('person')
    .select('id')
    .where(isAnyOf('id', [...persons]))
    .where('left_at', 'is not', null)
    .execute();
  return new Set(rows.map(({ id }) => id));
}

/** Writes that somebody has left, or is back (`null`). */
export async function saveLeft(trx: Trx, ids: readonly PersonId[], at: Instant | null): Promise<void> {
  await trx
    .updateTable('person')
    .set({ left_at: at === null ? null : toIso(at) })
    .where(isAnyOf('id', ids))
    .execute();
}

/** Those who have left and still wait for something or, if that ends, hold something that nobody told to end. */
export async function leftWithAccess(db: Db, endsWhatTheyHold: boolean): Promise<readonly PersonId[]> {
  const { rows } = await sql<{ id: PersonId }>`
    select id from person where left_at is not null and (
      exists (select from request where person_id = person.id and state = 'pending')
      or ${endsWhatTheyHold} and exists (select from "grant" where person_id = person.id
        and (state in ('scheduled', 'activating', 'active') or (tries_again and state = 'ending'))))
    order by id limit 100`.execute(db);
  return rows.map((row) => row.id);
}
