import { sql, type RawBuilder } from 'kysely';
import type { GrantId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { SlotKey } from '../core/slot.ts';
import { toIso, type Instant } from '../core/time.ts';
import { at, fromNow, isAnyOf } from './columns.ts';
import type { Db, Trx } from './schema.ts';

/** A call to a cloud is given up after this time: well inside a claim, so that what follows can still be recorded. */
export const LONGEST_CALL_MS = 4_000;

/** A slot, and what is remembered about the binding that may stand in it. All but the first and the last are kept for shared slots only. */
export interface BindingRecord {
  /** When the last call that writes was given up at the latest; `null`: none ever had an effect since the slot was last empty. */
  readonly lastCallAt: Instant | null;
  /** The access was there before Curfew first wrote, and is not Curfew's to remove. */
  readonly standing: boolean;
  /** The latest end that may stand in the cloud object. */
  readonly writtenUntil: Instant | null;
  /** Since when looks have shown nothing there, with no call since; `null`: they have not. */
  readonly absentSince: Instant | null;
  /** Until then a call that was given up may land, or a removal that was answered may land a second time; in turn or outside of one. */
  readonly unsettledUntil: Instant | null;
  /**
   * How many attempts to take it away have failed in a way that only a stronger means could mend, since the slot was last empty. Stands in
   * the column `rung`, because the rung follows from it.
   */
  readonly failures: number;
  /** What the provider said last of what it made there, also of what is gone since; `null`: nothing. */
  readonly native: JsonObject | null;
}

/**
 * What a step says about the call that writes: one leaves right after this is committed, or the one noted before was answered. `shared`,
 * for a shared slot only: the end that the call writes into the cloud object, and how long after it was given up it may land; or what
 * was unsettled before it left. `outsideTurn`: others may be at work there, and their answers say nothing of this call.
 */
export type CallNote =
  | {
      readonly kind: 'leaving';
      readonly callTimeoutMs: number;
      readonly shared?: { readonly until: Instant | null; readonly mayLandMs: number; readonly outsideTurn?: boolean };
    }
  | {
      readonly kind: 'answered';
      /** What was made, as the answer says. */
      readonly native: JsonObject;
      readonly shared?: { readonly until: Instant; readonly unsettledBefore: Instant | null };
    };

/** Whoever is the first to write on an empty slot does not know what they make there yet: what was made before is nothing of theirs. */
const MADE_THERE = { native: sql<string>`case when last_call_at is null then '{}'::jsonb else native end` };

/** The columns of a binding that remember a call. As long as another end may still land, the later one counts. */
export function columnsOfCall(note: CallNote) {
  if (note.kind === 'leaving') {
    const { shared, callTimeoutMs } = note;
    const columns = { last_call_at: fromNow(callTimeoutMs), absent_since: null };
    if (shared === undefined) return columns;
    const landed = fromNow(callTimeoutMs + shared.mayLandMs);
    const unsettled = { ...columns, ...MADE_THERE, ...unsettledUntil(landed, shared.outsideTurn) };
    if (shared.until === null) return unsettled;
    return { ...unsettled, written_until: sql<string>`greatest(written_until, ${at(shared.until)})` };
  }
  const columns = { last_call_at: fromNow(0), native: JSON.stringify(note.native) };
  if (note.shared === undefined) return columns;
  const { until, unsettledBefore } = note.shared;
  const before = unsettledBefore === null ? sql<string>`null::timestamptz` : at(unsettledBefore);
  return {
    ...columns,
    unsettled_until: unsettledBefore === null ? null : toIso(unsettledBefore),
    written_until: sql<string>`case when ${before} > app_now() then greatest(written_until, ${at(until)}) else ${at(until)} end`,
  };
}

/**
 * Until when a call may land. One outside of a turn has a column that only grows: whoever has the turn takes back what they noted
 * themselves. In the other column it stands for older nodes, which know no more.
 */
function unsettledUntil(until: RawBuilder<unknown>, outsideTurn = false) {
  const unsettled = { unsettled_until: sql<string>`greatest(unsettled_until, ${until})` };
  if (!outsideTurn) return unsettled;
  return { ...unsettled, outside_turn_until: sql<string>`greatest(outside_turn_until, ${until})` };
}

/** Reads a slot. Throws for one that does not exist: it is written with the first grant that needs it. */
export async function findBinding(db: Db, slot: SlotKey): Promise<BindingRecord> {
  const row = await db
    .selectFrom('binding')
    .select(['last_call_at', 'standing', 'written_until', 'absent_since', 'rung', 'native'])
    .select(sql<Instant | null>`greatest(unsettled_until, outside_turn_until)`.as('unsettled_until'))
    .where('slot', '=', slot)
    .executeTakeFirst();
  if (row === undefined) throw new Error(`there is no slot ${slot}`);
  return {
    lastCallAt: row.last_call_at,
    standing: row.standing,
    writtenUntil: row.written_until,
    absentSince: row.absent_since,
    unsettledUntil: row.unsettled_until,
    failures: row.rung,
    native: Object.keys(row.native).length === 0 ? null : row.native,
  };
}

/** Whether there is such a slot: a restored database may have forgotten it. */
export async function knownSlot(db: Db, slot: SlotKey): Promise<boolean> {
  return (await db.selectFrom('binding').select('slot').where('slot', '=', slot).executeTakeFirst()) !== undefined;
}

/** A grant and the claim under which something is remembered about its slot. Without the claim nothing is remembered any more. */
export interface Claim {
  readonly grant: { readonly id: GrantId; readonly slot: SlotKey };
  readonly owner: string;
}

/**
 * Begins a change of a claimed grant's binding. The claim is locked first, so that nobody takes it over meanwhile, and its time is looked
 * at again after whatever the change had to wait for: a note that comes when others have noted something else is not written.
 */
function underClaim(db: Db, { grant, owner }: Claim) {
  return db
    .with(
      (name) => name('claim').materialized(),
      (query) =>
        query
          .selectFrom('grant')
          .select('lease_until')
          .where('id', '=', grant.id)
          .where('lease_owner', '=', owner)
          .forNoKeyUpdate(),
    )
    .updateTable('binding')
    .from('claim')
    .where('binding.slot', '=', grant.slot)
    .where('claim.lease_until', '>', sql<Instant>`app_now()`);
}

/** Remembers whether access stood in a slot before Curfew first wrote there. False: the claim was lost. */
export async function noteStanding(db: Db, claim: Claim, standing: boolean): Promise<boolean> {
  const { numUpdatedRows } = await underClaim(db, claim).set({ standing }).executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Remembers that a call which wrote this end into the cloud object of a shared slot was answered. */
export async function noteEndWritten(
  db: Db,
  claim: Claim,
  shared: { readonly until: Instant; readonly unsettledBefore: Instant | null },
  native: JsonObject,
): Promise<void> {
  await underClaim(db, claim)
    .set(columnsOfCall({ kind: 'answered', native, shared }))
    .execute();
}

/**
 * Remembers of a shared slot that a call was answered, though the access cannot be used yet: nothing of it can land later. What may stand
 * there stays as it was noted. `native`: what was made, where the answer says so.
 */
export async function noteSettled(
  db: Db,
  claim: Claim,
  unsettledBefore: Instant | null,
  native?: JsonObject,
): Promise<void> {
  await underClaim(db, claim)
    .set({
      unsettled_until: unsettledBefore === null ? null : toIso(unsettledBefore),
      ...(native === undefined ? {} : { native: JSON.stringify(native) }),
    })
    .execute();
}

/** Remembers of a shared slot that a call left which could not be noted when it did, and until when it may land. */
export async function noteUnsettled(db: Db, slot: SlotKey, until: Instant): Promise<void> {
  await db
    .updateTable('binding')
    .set({ ...unsettledUntil(at(until), true), absent_since: null })
    .where('slot', '=', slot)
    .execute();
}

/** Forgets a shared slot that is proven empty, or is left as it was found, unless another grant needs it or is still being ended there. */
export async function forgetBinding(trx: Trx, slot: SlotKey): Promise<void> {
  await sql`
    update binding set last_call_at = null, absent_since = null, written_until = null, standing = false, rung = 0
    where slot = ${slot} and not exists (
      select from "grant" where slot = ${slot} and state in ('activating', 'active', 'ending'))`.execute(trx);
}

/**
 * Remembers, before it is dispatched, that a call which writes is about to leave for the cloud, and that it is given up within
 * `callTimeoutMs`. What was seen before says nothing any more.
 */
export async function noteCall(
  db: Db | Trx,
  slot: SlotKey,
  call: Omit<Extract<CallNote, { kind: 'leaving' }>, 'kind'>,
): Promise<void> {
  await db
    .updateTable('binding')
    .set(columnsOfCall({ kind: 'leaving', ...call }))
    .where('slot', '=', slot)
    .execute();
}

/** The absence of these grants was interrupted, whatever looks have shown: since when it lasts counts anew. */
export async function forgetAbsence(db: Db, grants: readonly GrantId[]): Promise<void> {
  await db
    .updateTable('binding')
    .set({ absent_since: null })
    .where('slot', 'in', (from) => from.selectFrom('grant').select('slot').where(isAnyOf('id', grants)))
    .execute();
}

/** Remembers how many attempts to take a binding away have failed in a way that only a stronger means could mend. */
export async function noteFailures(db: Db, claim: Claim, failures: number): Promise<void> {
  await underClaim(db, claim).set({ rung: failures }).execute();
}

/** Takes the note of a call back that certainly did nothing, if there was none before it and the claim still holds. */
export async function unnoteCall(db: Db, claim: Claim): Promise<void> {
  await underClaim(db, claim).set({ last_call_at: null }).execute();
}

/**
 * Remembers that a look has shown absence; `answered` says that the last call was answered and is under way no more. Returns
 * since when looks have shown nothing else, or when the last call was given up at the latest, whichever is later: what was
 * under way at that moment can still land for a while. `null`: the claim was lost.
 */
export async function noteAbsence(db: Db, claim: Claim, answered: boolean): Promise<Instant | null> {
  const row = await underClaim(db, claim)
    .set({
      absent_since: sql<string>`coalesce(absent_since, app_now())`,
      ...(answered ? { last_call_at: fromNow(0) } : {}),
    })
    .returning(sql<Instant>`greatest(absent_since, last_call_at)`.as('since'))
    .executeTakeFirst();
  return row?.since ?? null;
}
