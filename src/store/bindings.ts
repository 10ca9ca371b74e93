import { sql } from 'kysely';
import type { GrantId } from '../core/ids.ts';
import type { SlotKey } from '../core/slot.ts';
import type { Instant } from '../core/time.ts';
import { fromNow } from './columns.ts';
import type { Db, Trx } from './schema.ts';

/** What a step says about the call that writes: one leaves right after this is committed, or the one noted before was answered. */
export type CallNote = { readonly kind: 'leaving'; readonly callTimeoutMs: number } | { readonly kind: 'answered' };

/** The columns of a binding that remember a call. */
export function columnsOfCall(note: CallNote, rung = 0) {
  return note.kind === 'leaving'
    ? { last_call_at: fromNow(note.callTimeoutMs), absent_since: null, rung }
    : { last_call_at: fromNow(0) };
}

/**
 * Remembers, before it is dispatched, that a call which writes is about to leave for the cloud, and that it is given up within
 * `callTimeoutMs`. What was seen before says nothing any more.
 */
export async function noteCall(db: Db | Trx, slot: SlotKey, rung: number, callTimeoutMs: number): Promise<void> {
  await db
    .updateTable('binding')
    .set(columnsOfCall({ kind: 'leaving', callTimeoutMs }, rung))
    .where('slot', '=', slot)
    .execute();
}

/** Whether no call that writes can ever have had an effect on a slot. */
export async function isUntouched(db: Db, slot: SlotKey): Promise<boolean> {
  const row = await db.selectFrom('binding').select('last_call_at').where('slot', '=', slot).executeTakeFirst();
  return row?.last_call_at === null;
}

/** Takes the note of a call back that certainly did nothing, if there was none before it and the claim still holds. */
export async function unnoteCall(
  db: Db,
  grant: { readonly id: GrantId; readonly slot: SlotKey },
  owner: string,
): Promise<void> {
  await sql`
    update binding set last_call_at = null where slot = ${grant.slot} and exists (
      select from "grant" where id = ${grant.id} and lease_owner = ${owner} and lease_until > app_now())`.execute(db);
}

/**
 * Remembers that a look has shown absence; `answered` says that the last call was answered and is under way no more. Returns
 * since when looks have shown nothing else, or when the last call was given up at the latest, whichever is later: what was
 * under way at that moment can still land for a while.
 */
export async function noteAbsence(db: Db, slot: SlotKey, answered: boolean): Promise<Instant> {
  const { rows } = await sql<{ since: Instant }>`
    update binding set
      absent_since = coalesce(absent_since, app_now()),
      last_call_at = case when ${answered}::boolean then app_now() else last_call_at end
    where slot = ${slot}
    returning greatest(absent_since, last_call_at) as since`.execute(db);
  const since = rows[0]?.since;
  if (since === undefined) throw new Error(`there is no slot ${slot}`);
  return since;
}
