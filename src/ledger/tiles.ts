import { readTiles, writeTiles, type TilePlace } from '../store/ledger-entries.ts';
import type { Db, Trx } from '../store/schema.ts';
import { LogInconsistent } from './log-inconsistent.ts';
import { EMPTY_ROOT, nodeHash, pairHash, type ReadSubtree } from './merkle.ts';

/** Hashes in a full tile, and the height of the subtree that it spans. C2SP tlog-tiles. */
const WIDTH = 256;
const HEIGHT = 8;
const HASH = 32;

/**
 * Computes something from subtree hashes that are read out of tiles, all of them with one query. A tile of level L holds
 * roots of subtrees of 256^L leaves, so a proof in ten million entries needs six of them.
 *
 * `compute` runs twice, first over hashes that mean nothing, to learn which tiles it needs: what it asks for must not depend
 * on what it is told, as is so for roots and proofs.
 */
export async function overTiles<Result>(
  db: Db | Trx,
  compute: (read: ReadSubtree) => Promise<Result>,
): Promise<Result> {
  const places = new Map<string, TilePlace>();
  await compute(async (height, index) => {
    const { level, n } = placeOf(height, index);
    places.set(`${level}/${n}`, { level, n });
    return EMPTY_ROOT;
  });
  const tiles = await readTileMap(db, [...places.values()]);
  return compute(async (height, index) => {
    const { level, n, offset, length } = placeOf(height, index);
    const tile = tiles.get(`${level}/${n}`);
    if (tile === undefined || tile.length < offset + length)
      throw new LogInconsistent(`tile ${level}/${n} is missing or too short`);
    return fold(tile.subarray(offset, offset + length));
  });
}

/** Adds leaves at the end of a tree of `size`, writing every tile that grows. */
export async function appendToTiles(trx: Trx, size: number, leaves: readonly Uint8Array[]): Promise<void> {
  const edges = await readTileMap(trx, rightEdge(size));
  const grown: (TilePlace & { hashes: Uint8Array })[] = [];
  let added = leaves;
  let before = size;
  for (let level = 0; added.length > 0; level += 1) {
    const full: Uint8Array[] = [];
    let n = Math.floor(before / WIDTH);
    let position = before % WIDTH;
    for (let rest = added; rest.length > 0; n += 1) {
      const known = position === 0 ? new Uint8Array() : edges.get(`${level}/${n}`);
      if (known?.length !== position * HASH)
        throw new LogInconsistent(`tile ${level}/${n} does not hold ${position} hashes`);
      const taken = rest.slice(0, WIDTH - position);
      const hashes = Buffer.concat([known, ...taken]);
      grown.push({ level, n, hashes });
      if (hashes.length === WIDTH * HASH) full.push(fold(hashes));
      rest = rest.slice(taken.length);
      position = 0;
    }
    added = full;
    before = Math.floor(before / WIDTH);
  }
  await writeTiles(trx, grown);
}

/** The tiles of a tree of `size` that are not full. */
function rightEdge(size: number): readonly TilePlace[] {
  const places: TilePlace[] = [];
  for (let [level, count] = [0, size]; count > 0; [level, count] = [level + 1, Math.floor(count / WIDTH)]) {
    if (count % WIDTH > 0) places.push({ level, n: Math.floor(count / WIDTH) });
  }
  return places;
}

async function readTileMap(db: Db | Trx, places: readonly TilePlace[]): Promise<ReadonlyMap<string, Uint8Array>> {
  return new Map((await readTiles(db, places)).map(({ level, n, hashes }) => [`${level}/${n}`, hashes]));
}

/** Where the hashes under a subtree of 2^height leaves lie; `offset` and `length` in bytes. */
function placeOf(height: number, index: number): TilePlace & { readonly offset: number; readonly length: number } {
  const count = 2 ** (height % HEIGHT);
  const first = index * count;
  return {
    level: Math.floor(height / HEIGHT),
    n: Math.floor(first / WIDTH),
    offset: (first % WIDTH) * HASH,
    length: count * HASH,
  };
}

/** Root of a perfect subtree from the hashes under it, which lie one after the other. */
function fold(hashes: Uint8Array): Uint8Array {
  if (hashes.length === HASH) return hashes;
  if (hashes.length === 2 * HASH) return pairHash(hashes);
  const middle = hashes.length / 2;
  return nodeHash(fold(hashes.subarray(0, middle)), fold(hashes.subarray(middle)));
}
