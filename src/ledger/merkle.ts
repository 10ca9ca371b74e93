import { hash } from 'node:crypto';

/** A SHA-256 hash, 32 bytes. */
type Hash = Buffer;

/** Leaf hash of an entry: SHA-256(0x00 || body). RFC 6962, section 2.1. */
export function leafHash(body: string): Hash {
  return sha256(Buffer.concat([Buffer.of(0), Buffer.from(body, 'utf8')]));
}

/** What {@link nodeHash} hashes; one for all, because a proof hashes a thousand nodes. */
const node = Buffer.alloc(65, 1);

/** Hash of an interior node: SHA-256(0x01 || left || right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Hash {
  node.set(left, 1);
  node.set(right, 33);
  return sha256(node);
}

/** {@link nodeHash} of two hashes that lie one after the other: half the nodes of a tile are such, and need no slicing. */
export function pairHash(pair: Uint8Array): Hash {
  node.set(pair, 1);
  return sha256(node);
}

/** Root of the empty tree: SHA-256 of nothing. */
export const EMPTY_ROOT: Hash = sha256(Buffer.of());

/** Reads the hash of the perfect subtree of 2^height leaves that begins at leaf `index * 2^height`. */
export type ReadSubtree = (height: number, index: number) => Promise<Uint8Array>;

/** The hash of leaves [from, to): MTH of RFC 6962. `from` must be a multiple of the largest power of two that fits. */
export async function rangeHash(read: ReadSubtree, from: number, to: number): Promise<Uint8Array> {
  const width = to - from;
  if (width === 0) return EMPTY_ROOT;
  const split = largestPowerBelow(width);
  if (split === 0 || split * 2 === width) {
    const height = Math.log2(width);
    return read(height, from / width);
  }
  return nodeHash(await rangeHash(read, from, from + split), await rangeHash(read, from + split, to));
}

/** Audit path of leaf `index` in the tree of `size` leaves, from the leaf's sibling upwards. RFC 6962, section 2.1.1. */
export async function inclusionPath(read: ReadSubtree, index: number, size: number): Promise<readonly Uint8Array[]> {
  if (index < 0 || index >= size) throw new RangeError(`no leaf ${index} in a tree of ${size}`);
  const path = async (from: number, to: number): Promise<Uint8Array[]> => {
    if (to - from === 1) return [];
    const middle = from + largestPowerBelow(to - from);
    return index < middle
      ? [...(await path(from, middle)), await rangeHash(read, middle, to)]
      : [...(await path(middle, to)), await rangeHash(read, from, middle)];
  };
  return path(0, size);
}

/** Recomputes a root from a leaf and its audit path; compare it with the checkpoint. RFC 9162, section 2.1.3.2. `null`: the path does not fit. */
export function rootFromInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): Uint8Array | null {
  if (index < 0 || index >= size) return null;
  let fn = index;
  let sn = size - 1;
  let hash = leaf;
  for (const sibling of path) {
    if (sn === 0) return null;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 ? hash : null;
}

/** Grows a tree leaf by leaf and knows its root at every size; holds one hash for each bit of the size. */
export class MerkleAccumulator {
  readonly #peaks: { height: number; hash: Uint8Array }[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(leaf: Uint8Array): void {
    let peak = { height: 0, hash: leaf };
    for (let last = this.#peaks.at(-1); last !== undefined && last.height === peak.height; last = this.#peaks.at(-1)) {
      this.#peaks.pop();
      peak = { height: peak.height + 1, hash: nodeHash(last.hash, peak.hash) };
    }
    this.#peaks.push(peak);
    this.#size += 1;
  }

  root(): Uint8Array {
    let root: Uint8Array | null = null;
    for (const peak of this.#peaks.toReversed()) root = root === null ? peak.hash : nodeHash(peak.hash, root);
    return root ?? EMPTY_ROOT;
  }
}

export function same(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

/** The largest power of two that is smaller than `n`; 0 for 1. */
function largestPowerBelow(n: number): number {
  let power = 1;
  while (power * 2 < n) power *= 2;
  return power < n ? power : 0;
}

function sha256(bytes: Uint8Array): Hash {
  return hash('sha256', bytes, 'buffer');
}
