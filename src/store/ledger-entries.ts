import { sql, type RawBuilder } from 'kysely';
import type { GrantId, PersonId, RequestId } from '../core/ids.ts';
import { toIso, type Instant } from '../core/time.ts';
import { isAnyOf } from './columns.ts';
import type { Db, Trx } from './schema.ts';

export interface StoredEntry {
  readonly seq: number;
  readonly entryId: string;
  readonly body: string;
  /** SHA-256 leaf hash as it is stored; see {@link readEntries}. */
  readonly leaf: Uint8Array;
}

/** Where a tile stands: 256^level leaves a hash, the n-th tile of its level. */
export interface TilePlace {
  readonly level: number;
  readonly n: number;
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

/**
 * Entries from `from` on. The leaf hash is stored twice, beside the body and in the tile that the tree was built from. Where
 * the two disagree, the one that does not fit the body is given, so that whoever verifies an export meets the contradiction
 * at the entry itself. Without a tile it is empty.
 */
export async function readEntries(db: Db | Trx, from: number, limit: number): Promise<readonly StoredEntry[]> {
  const { rows } = await sql<{ seq: number; entry_id: string; body: string; leaf: Uint8Array }>`
    select seq, entry_id, body,
      case when leaf = in_tree then leaf
        when leaf = sha256(decode('00', 'hex') || convert_to(body, 'UTF8')) then coalesce(in_tree, '')
        else leaf end as leaf
    from (
      select entry.*, substring(hashes from (seq % 256)::integer * 32 + 1 for 32) as in_tree
      from ledger_entry as entry left join ledger_tile on level = 0 and n = seq / 256
      where seq >= ${from} order by seq limit ${limit}
    ) as found order by seq`.execute(db);
  return rows.map((row) => ({ seq: row.seq, entryId: row.entry_id, body: row.body, leaf: row.leaf }));
}

/** The hashes of some tiles; a tile that does not exist is left out. */
export async function readTiles(
  db: Db | Trx,
  places: readonly TilePlace[],
): Promise<readonly (TilePlace & { readonly hashes: Uint8Array })[]> {
  if (places.length === 0) return [];
  return db
    .selectFrom('ledger_tile')
    .select(['level', 'n', 'hashes'])
    .where((where) => where.or(places.map(({ level, n }) => where.and({ level, n }))))
    .execute();
}

export async function writeTiles(
  trx: Trx,
  tiles: readonly (TilePlace & { readonly hashes: Uint8Array })[],
): Promise<void> {
  await trx
    .insertInto('ledger_tile')
    .values([...tiles])
    .onConflict((conflict) =>
      conflict.constraint('ledger_tile_pk').doUpdateSet((excluded) => ({ hashes: excluded.ref('excluded.hashes') })),
    )
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
  const about = sql`(request_id = ${request} or ${isAnyOf('grant_id', grants)})`;
  const { rows } = await sql<{ entry_id: string; body: string }>`
    select entry_id, body from (
      select entry_id, body, seq as place, 0 as waiting from ledger_entry where ${about}
      union all select entry_id, body, id as place, 1 as waiting from ledger_outbox where ${about}
    ) as found order by waiting, place limit 500`.execute(db);
  return rows.map((row) => ({ entryId: row.entry_id, body: row.body }));
}

/** The bodies of the entries by which passkeys of some persons came and went, also those that wait for their place in the log. */
export async function passkeyEntries(db: Db, persons: readonly PersonId[]): Promise<readonly string[]> {
  if (persons.length === 0) return [];
  const { rows } = await sql<{ body: string }>`
    select body from ledger_entry
    where (kind = 'passkey.registered' and actor_id = any(${persons})) or (kind = 'passkey.removed' and person_id = any(${persons}))
    union all
    select body from ledger_outbox where body like '%"kind":"passkey.re%'`.execute(db);
  return rows.map(({ body }) => body);
}

/** The bodies of the entries by which people said yes to a request, also those that wait for their place in the log. */
export function approvalEntries(db: Db, request: RequestId): Promise<readonly string[]> {
  return bodiesOf(db, 'approval.given', sql`request_id = ${request}`);
}

/** The bodies of the entries by which a grant was made, also those that wait for their place in the log. */
export function scheduledEntries(db: Db, grant: GrantId): Promise<readonly string[]> {
  return bodiesOf(db, 'grant.scheduled', sql`grant_id = ${grant}`);
}

async function bodiesOf(db: Db, kind: string, about: RawBuilder<unknown>): Promise<readonly string[]> {
  const { rows } = await sql<{ body: string }>`
    select body from ledger_entry where ${about} and kind = ${kind}
    union all
    select body from ledger_outbox where ${about} and body like ${`%"kind":"${kind}"%`}`.execute(db);
  return rows.map(({ body }) => body);
}
