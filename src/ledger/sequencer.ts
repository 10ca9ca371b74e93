import type { Instant } from '../core/time.ts';
import {
  insertCheckpoint,
  insertEntries,
  latestCheckpoint,
  lockHead,
  setHead,
  type StoredCheckpoint,
} from '../store/ledger-entries.ts';
import { deleteOutbox, isOutboxEmpty, readOutbox } from '../store/ledger-outbox.ts';
import type { Db, Trx } from '../store/schema.ts';
import { LogInconsistent } from './log-inconsistent.ts';
import { leafHash, rangeHash, same } from './merkle.ts';
import { openCheckpoint, signCheckpoint, type LogSigner } from './note.ts';
import { appendToTiles, overTiles } from './tiles.ts';

/** Entries given a place in one pass: enough for 10,000 entries a second, small enough to be quick. */
const BATCH = 500;

/**
 * Gives waiting entries their place: one transaction that appends entries and tiles, signs a checkpoint over the new root
 * and empties the outbox. A crash at any point leaves either all of it or nothing. Several nodes may call it; the head row
 * lets one at a time through. Returns how many entries were added.
 */
export async function sequence(db: Db, signer: LogSigner, now: Instant): Promise<number> {
  return db.transaction().execute(async (trx) => {
    // Looked at before the lock, which is a write: a broker that has nothing to do writes nothing.
    if (await isOutboxEmpty(trx)) return 0;
    const size = await lockHead(trx);
    const waiting = await readOutbox(trx, BATCH);
    if (waiting.length === 0) return 0;
    await requireConsistent(trx, signer, size, await latestCheckpoint(trx));
    const entries = waiting.map((entry, offset) => ({
      seq: size + offset,
      entryId: entry.entryId,
      body: entry.body,
      leaf: leafHash(entry.body),
      request: entry.request,
      grant: entry.grant,
    }));
    await insertEntries(trx, entries);
    await appendToTiles(
      trx,
      size,
      entries.map((entry) => entry.leaf),
    );
    const next = size + entries.length;
    const root = await overTiles(trx, (read) => rangeHash(read, 0, next));
    await insertCheckpoint(trx, { size: next, root, note: signCheckpoint(signer, next, root) }, now);
    await setHead(trx, next);
    await deleteOutbox(
      trx,
      waiting.map((entry) => entry.id),
    );
    return entries.length;
  });
}

/** Whether what is stored is what was signed last: cheap, because it reads the right edge of the tree alone; "audit verify" recomputes all of it. */
async function requireConsistent(
  trx: Trx,
  signer: LogSigner,
  size: number,
  last: StoredCheckpoint | null,
): Promise<void> {
  if (last === null) {
    if (size !== 0) throw new LogInconsistent(`${size} entries, but no checkpoint`);
    return;
  }
  const signed = openCheckpoint(last.note, signer.vkey);
  if (signed === null)
    throw new LogInconsistent(`the checkpoint of ${last.size} entries was not signed by this log's key`);
  if (signed.size !== size) throw new LogInconsistent(`${size} entries, but ${signed.size} were signed`);
  const root = await overTiles(trx, (read) => rangeHash(read, 0, size));
  if (!same(root, signed.root))
    throw new LogInconsistent(`the tree of ${size} entries has another root than the one signed`);
}
