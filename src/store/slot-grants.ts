import { sql } from 'kysely';
import type { GrantId } from '../core/ids.ts';
import type { SlotKey } from '../core/slot.ts';
import type { Instant } from '../core/time.ts';
import { toGrant, type GrantRecord } from './grants.ts';
import type { Db, Trx } from './schema.ts';

/** The states of the grants that stand on a slot, except one: what the slot must still hold when that one ends. */
export async function othersOnSlot(db: Db | Trx, slot: SlotKey, except: GrantId): Promise<readonly GrantRecord[]> {
  const rows = await db
    .selectFrom('grant')
    .selectAll()
    .where('slot', '=', slot)
    // As the index of live grants on a slot says it.
    .where(sql<boolean>`state in ('activating', 'active', 'ending')`)
    .where('id', '<>', except)
    .orderBy('id')
    .execute();
  return rows.map(toGrant);
}

/** What a grant waits for that would begin on a shared slot while an earlier call may land there. */
export const UNSETTLED = 'an earlier call may still land on the same slot';

/** What a grant waits for without anybody knowing how long: it looks again soon, which says nothing about when it begins. */
export const ENDING_THERE = 'an earlier grant is still being ended on the same slot';
export const AT_WORK_THERE = 'another grant is at work on the same slot';
/** Another process has the right to write in a place of the cloud that only one may write. */
export const WRITES_THERE = 'somebody else writes there';

/** Lets those look again who wait to begin on a shared slot: the call that they wait for was answered, long before it counts as given up. */
export async function wakeUnsettled(db: Db | Trx, slot: SlotKey): Promise<void> {
  await db
    .updateTable('grant')
    .set({ due_at: sql<string>`app_now()` })
    .where('slot', '=', slot)
    .where('state', '=', 'scheduled')
    .where('due_at', '>', sql<Instant>`app_now()`)
    .where('last_fault', '=', `waiting: ${UNSETTLED}`)
    .execute();
}

/**
 * What is being taken away of the native role of a grant on its target, by whatever method, and does not end by itself; at most a thousand:
 * nobody could name more in one place of a cloud.
 */
export async function endingOnRole(
  db: Db | Trx,
  { id, definition, provider }: Pick<GrantRecord, 'id' | 'definition' | 'provider'>,
): Promise<readonly GrantRecord[]> {
  const native = sql<string | null>`definition -> 'role' -> ${provider}::text ->> 'role'`;
  const rows = await db
    .selectFrom('grant')
    .selectAll()
    .where('target', '=', definition.target.key)
    .where(sql<boolean>`${native} is not distinct from (select ${native} from "grant" where id = ${id})`)
    .where(sql<boolean>`(end_cause <> 'expired' or bound_until > ends_at)`)
    // As its index says it.
    .where(sql<boolean>`state = 'ending'`)
    .orderBy('ending_since')
    .orderBy('id')
    .limit(1_000)
    .execute();
  return rows.map(toGrant);
}
