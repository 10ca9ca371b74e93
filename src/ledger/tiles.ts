import { invariant } from '../core/result.ts';
import { readTile, writeTile } from '../store/ledger-entries.ts';
import type { Db, Trx } from '../store/schema.ts';
import { nodeHash, type ReadSubtree } from './merkle.ts';

/** Hashes in a full tile, and the height of the subtree that it spans. C2SP tlog-tiles. */
const WIDTH = 256;
const HEIGHT = 8;
const HASH = 32;

/**
 * Reads subtree hashes out of tiles, each tile once. A tile of level L holds roots of subtrees of 256^L leaves, so a
 * proof in ten million entries touches three of them.
 */
export function tileReader(db: Db | Trx): ReadSubtree {
  const cache = new Map<string, Promise<Uint8Array | null>>();
  return async (height, index) => {
    const level = Math.floor(height / HEIGHT);
    const count = 2 ** (height % HEIGHT);
    const first = index * count;
    const n = Math.floor(first / WIDTH);
    const key = `${level}/${n}`;
    const reading = cache.get(key) ?? readTile(db, level, n);
    cache.set(key, reading);
    const tile = await reading;
    const offset = (first % WIDTH) * HASH;
    invariant(tile !== null && tile.length >= offset + count * HASH, `tile ${key} is missing or too short`);
    return fold(tile.subarray(offset, offset + count * HASH));
  };
}

/** Adds leaves at the end of a tree of `size`, writing every tile that grows. */
export async function appendToTiles(trx: Trx, size: number, leaves: readonly Uint8Array[]): Promise<void> {
  let added: readonly Uint8Array[] = leaves;
  let before = size;
  for (let level = 0; added.length > 0; level += 1) {
    const full: Uint8Array[] = [];
    let n = Math.floor(before / WIDTH);
    let position = before % WIDTH;
    let rest = added;
    while (rest.length > 0) {
      const taken = rest.slice(0, WIDTH - position);
      const known = position === 0 ? new Uint8Array() : await readTile(trx, level, n);
      invariant(
        known !== null && known.length === position * HASH,
        `tile ${level}/${n} does not hold ${position} hashes`,
      );
      const hashes = Buffer.concat([known, ...taken]);
      await writeTile(trx, level, n, hashes);
      if (position + taken.length === WIDTH) full.push(fold(hashes));
      rest = rest.slice(taken.length);
      position = 0;
      n += 1;
    }
    added = full;
    before = Math.floor(before / WIDTH);
  }
}

/** Root of a perfect subtree from its leaves' hashes, which lie one after the other. */
function fold(hashes: Uint8Array): Uint8Array {
  let row: Uint8Array[] = [];
  for (let at = 0; at < hashes.length; at += HASH) row.push(hashes.subarray(at, at + HASH));
  while (row.length > 1) {
    const above: Uint8Array[] = [];
    for (let at = 0; at < row.length; at += 2) {
      const [left, right] = [row[at], row[at + 1]];
      invariant(left !== undefined && right !== undefined, 'a perfect subtree has pairs');
      above.push(nodeHash(left, right));
    }
    row = above;
  }
  const root = row[0];
  invariant(root !== undefined, 'a subtree has a leaf');
  return root;
}
