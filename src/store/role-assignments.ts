import type { CurfewRole } from '../core/administration.ts';
import type { PersonId } from '../core/ids.ts';
import { toIso, type Instant } from '../core/time.ts';
import type { Db, Trx } from './schema.ts';

/** Somebody who holds a role of Curfew itself now. `appointedBy` and `confirmedBy` are `null` for the first admin. */
export interface RoleHolder {
  readonly person: PersonId;
  /** The person that all of the same human are counted as. */
  readonly human: PersonId;
  /** Directory key. */
  readonly key: string;
  readonly role: CurfewRole;
  readonly since: Instant;
  readonly appointedBy: PersonId | null;
  readonly confirmedBy: PersonId | null;
}

/** The roles of Curfew itself that somebody holds now. */
export async function rolesOf(db: Db | Trx, person: PersonId): Promise<readonly CurfewRole[]> {
  const rows = await db
    .selectFrom('role_assignment')
    .select('role')
    .where('person_id', '=', person)
    .where('until', 'is', null)
    .orderBy('role', 'desc')
    .execute();
  return rows.map(({ role }) => role);
}

/** Everybody who holds a role now, longest first. */
export async function roleHolders(db: Db | Trx): Promise<readonly RoleHolder[]> {
  const rows = await db
    .selectFrom('role_assignment')
    .innerJoin('person', 'person.id', 'role_assignment.person_id')
    .leftJoin('person_alias', 'person_alias.person_id', 'role_assignment.person_id')
    .selectAll('role_assignment')
    .select(['person.directory_key as key', 'person_alias.same_as'])
    .where('until', 'is', null)
    .orderBy('since')
    .orderBy('person.id')
    .execute();
  return rows.map((row) => ({
    person: row.person_id,
    human: row.same_as ?? row.person_id,
    key: row.key,
    role: row.role,
    since: row.since,
    appointedBy: row.appointed_by,
    confirmedBy: row.confirmed_by,
  }));
}

/** Whether anybody is or ever was an admin. */
export async function hadAdmin(db: Db | Trx): Promise<boolean> {
  const row = await db
    .selectFrom('role_assignment')
    .select('person_id')
    .where('role', '=', 'admin')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/** Keeps everybody else from changing who is an admin until the transaction ends: of two who go, the second sees that the first has gone. */
export async function lockAdmins(trx: Trx): Promise<void> {
  await trx
    .selectFrom('role_assignment')
    .select('person_id')
    .where('role', '=', 'admin')
    .where('until', 'is', null)
    .orderBy('person_id')
    .forUpdate()
    .execute();
}

export async function beginRole(
  trx: Trx,
  held: Pick<RoleHolder, 'person' | 'role' | 'since' | 'appointedBy' | 'confirmedBy'>,
): Promise<void> {
  await trx
    .insertInto('role_assignment')
    .values({
      person_id: held.person,
      role: held.role,
      since: toIso(held.since),
      appointed_by: held.appointedBy,
      confirmed_by: held.confirmedBy,
    })
    .execute();
}

export async function endRole(trx: Trx, person: PersonId, role: CurfewRole, at: Instant): Promise<void> {
  await trx
    .updateTable('role_assignment')
    .set({ until: toIso(at) })
    .where('person_id', '=', person)
    .where('role', '=', role)
    .where('until', 'is', null)
    .execute();
}
