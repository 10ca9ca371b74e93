import { sql } from 'kysely';
import type { GrantId, RequestId } from '../core/ids.ts';
import { toIso, type Instant } from '../core/time.ts';
import type { Db, Trx } from './schema.ts';

export interface StoredEntry {
  readonly seq: number;
  readonly entryId: string;
  readonly body: string;
  readonly leaf: Uint8Array;
}

export interface StoredCheckpoint {
  readonly size: number;
  readonly root: Uint8Array;
  readonly note: string;
}

/** Size of the log, locked: of several nodes only one appends at a time. */
export async function lockHead(trx: Trx): Promise<number> {
  await trx
    .insertInto('ledger_head')
    .values({ size: 0 })
    .onConflict((conflict) => conflict.constraint('ledger_head_pk').doNothing())
    .execute();
  const row = await trx.selectFrom('ledger_head').select('size').forUpdate().executeTakeFirstOrThrow();
  return row.size;
}

export async function headSize(db: Db | Trx): Promise<number> {
  const row = await db.selectFrom('ledger_head').select('size').executeTakeFirst();
  return row?.size ?? 0;
}

export async function setHead(trx: Trx, size: number): Promise<void> {
  await trx.updateTable('ledger_head').set({ size }).execute();
}

export async function insertEntries(
  trx: Trx,
  entries: readonly (StoredEntry & { request: string | null; grant: string | null })[],
): Promise<void> {
  await trx
    .insertInto('ledger_entry')
    .values(
      entries.map((entry) => ({
        seq: entry.seq,
        entry_id: entry.entryId,
        body: entry.body,
        leaf: entry.leaf,
        request_id: entry.request,
        grant_id: entry.grant,
      })),
    )
    .execute();
}

export async function readEntries(db: Db | Trx, from: number, limit: number): Promise<readonly StoredEntry[]> {
  const rows = await db
    .selectFrom('ledger_entry')
    .selectAll()
    .where('seq', '>=', from)
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ seq: row.seq, entryId: row.entry_id, body: row.body, leaf: row.leaf }));
}

export async function readTile(db: Db | Trx, level: number, n: number): Promise<Uint8Array | null> {
  const row = await db
    .selectFrom('ledger_tile')
    .select('hashes')
    .where('level', '=', level)
    .where('n', '=', n)
    .executeTakeFirst();
  return row?.hashes ?? null;
}

export async function writeTile(trx: Trx, level: number, n: number, hashes: Uint8Array): Promise<void> {
  await trx
    .insertInto('ledger_tile')
    .values({ level, n, hashes })
    .onConflict((conflict) => conflict.constraint('ledger_tile_pk').doUpdateSet({ hashes }))
    .execute();
}

export async function insertCheckpoint(trx: Trx, checkpoint: StoredCheckpoint, signedAt: Instant): Promise<void> {
  await trx
    .insertInto('ledger_checkpoint')
    .values({ size: checkpoint.size, root: checkpoint.root, note: checkpoint.note, signed_at: toIso(signedAt) })
    .execute();
}

export async function latestCheckpoint(db: Db | Trx): Promise<StoredCheckpoint | null> {
  const row = await db.selectFrom('ledger_checkpoint').selectAll().orderBy('size', 'desc').limit(1).executeTakeFirst();
  return row === undefined ? null : { size: row.size, root: row.root, note: row.note };
}

/** Checkpoints of at least `from` entries, smallest first. */
export async function readCheckpoints(db: Db | Trx, from: number, limit: number): Promise<readonly StoredCheckpoint[]> {
  const rows = await db
    .selectFrom('ledger_checkpoint')
    .selectAll()
    .where('size', '>=', from)
    .orderBy('size')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ size: row.size, root: row.root, note: row.note }));
}

/** Bodies of everything written about a request and its grants, oldest first, whether it has its place in the log yet or not. */
export async function bodiesAbout(
  db: Db,
  request: RequestId,
  grants: readonly GrantId[],
): Promise<readonly { entryId: string; body: string }[]> {
  const about =
    grants.length === 0
      ? sql`request_id = ${request}`
      : sql`(request_id = ${request} or grant_id in (${sql.join([...grants])}))`;
  const { rows } = await sql<{ entry_id: string; body: string }>`
    select entry_id, body from (
      select entry_id, body, seq as place, 0 as waiting from ledger_entry where ${about}
      union all select entry_id, body, id as place, 1 as waiting from ledger_outbox where ${about}
    ) as found order by waiting, place limit 500`.execute(db);
  return rows.map((row) => ({ entryId: row.entry_id, body: row.body }));
}
