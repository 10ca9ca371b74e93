import { toIso, type Instant } from '../core/time.ts';
import type { Db, Trx } from './schema.ts';

/** The last good snapshot of a source; `sealed` is ciphertext. */
export interface SnapshotRow {
  readonly source: string;
  readonly version: string;
  readonly takenAt: Instant;
  readonly sealed: string;
}

/** Keeps a snapshot in place of the one before: of people who are gone, nothing stays here. */
export async function keepSnapshot(trx: Trx, row: SnapshotRow, now: Instant): Promise<void> {
  const values = {
    version: row.version,
    taken_at: toIso(row.takenAt),
    accepted_at: toIso(now),
    sealed: row.sealed,
  };
  await trx
    .insertInto('directory_snapshot')
    .values({ source: row.source, ...values })
    .onConflict((conflict) => conflict.constraint('directory_snapshot_pk').doUpdateSet(values))
    .execute();
}

export async function keptSnapshots(db: Db): Promise<readonly SnapshotRow[]> {
  const rows = await db.selectFrom('directory_snapshot').selectAll().orderBy('source').execute();
  return rows.map(({ source, version, taken_at: takenAt, sealed }) => ({ source, version, takenAt, sealed }));
}
