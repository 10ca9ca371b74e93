import { latestCheckpoint, readEntries } from '../store/ledger-entries.ts';
import type { Db } from '../store/schema.ts';
import { inclusionPath } from './merkle.ts';
import { overTiles } from './tiles.ts';

/** That an entry stands at its place under a signed checkpoint; everything a verifier needs besides the log's key. */
export interface EntryProof {
  readonly seq: number;
  readonly size: number;
  /** Hexadecimal. */
  readonly leaf: string;
  /** From the leaf's sibling upwards, base64. */
  readonly hashes: readonly string[];
  readonly checkpoint: string;
}

/** Proves an entry under the newest checkpoint. `null` for an entry that no checkpoint covers yet. */
export async function proveEntry(db: Db, seq: number): Promise<EntryProof | null> {
  const [checkpoint, [entry]] = await Promise.all([latestCheckpoint(db), readEntries(db, seq, 1)]);
  if (checkpoint === null || entry === undefined || entry.seq !== seq || seq >= checkpoint.size) return null;
  const path = await overTiles(db, (read) => inclusionPath(read, seq, checkpoint.size));
  return {
    seq,
    size: checkpoint.size,
    leaf: Buffer.from(entry.leaf).toString('hex'),
    hashes: path.map((hash) => Buffer.from(hash).toString('base64')),
    checkpoint: checkpoint.note,
  };
}
