import { sql } from 'kysely';
import type { PersonId } from '../core/ids.ts';
import { isAnyOf } from './columns.ts';
import { IS_LIVE } from './grants.ts';
import type { Db } from './schema.ts';

/** How many humans other than `person` hold some roles on their targets now, by `role target`; what nobody holds is not in it. */
export async function heldBeside(
  db: Db,
  person: PersonId,
  items: readonly { readonly role: string; readonly target: string }[],
): Promise<ReadonlyMap<string, number>> {
  const targets = items.map(({ target }) => target);
  const roles = items.map(({ role }) => role);
  const { rows } = await sql<{ readonly role: string; readonly target: string; readonly n: number }>`
    with held as (
      select role, target, coalesce(same_as, "grant".person_id) as human
      from "grant" left join person_alias on person_alias.person_id = "grant".person_id
      where ${IS_LIVE} and ${isAnyOf('target', targets)} and ${isAnyOf('role', roles)})
    select role, target, count(distinct human)::integer as n from held
    where human <> coalesce((select same_as from person_alias where person_id = ${person}), ${person})
    group by role, target`.execute(db);
  return new Map(rows.map(({ role, target, n }) => [`${role} ${target}`, n]));
}
