import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  EMPTY_ROOT,
  inclusionPath,
  leafHash,
  MerkleAccumulator,
  nodeHash,
  rangeHash,
  rootFromInclusion,
  type ReadSubtree,
} from './merkle.ts';

/** The eight entries of the Certificate Transparency reference tests, as bytes in hexadecimal, and the roots of their trees. */
const ENTRIES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

/** Every subtree hash of some leaves, by the definition, without tiles. */
function naive(leaves: readonly Uint8Array[]): ReadSubtree {
  return async (height, index) => {
    const hash = (from: number, to: number): Uint8Array => {
      const leaf = leaves[from];
      if (to - from === 1) return leaf ?? EMPTY_ROOT;
      const middle = (from + to) / 2;
      return nodeHash(hash(from, middle), hash(middle, to));
    };
    return hash(index * 2 ** height, (index + 1) * 2 ** height);
  };
}

const leavesOf = (count: number): Uint8Array[] => Array.from({ length: count }, (_, n) => leafHash(`entry ${n}`));

test('the empty tree has the root of RFC 6962', () => {
  expect(EMPTY_ROOT.toString('hex')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});

test('roots are those of the reference tests', async () => {
  const leaves = ENTRIES.map((hex) => leafHash(Buffer.from(hex, 'hex').toString('latin1')));
  const tree = new MerkleAccumulator();
  for (const [index, leaf] of leaves.entries()) {
    tree.add(leaf);
    expect(Buffer.from(tree.root()).toString('hex')).toBe(ROOTS[index]);
    expect(Buffer.from(await rangeHash(naive(leaves), 0, index + 1)).toString('hex')).toBe(ROOTS[index]);
  }
});

test('every leaf of every tree up to 64 is proven, and a changed leaf is not', async () => {
  const leaves = leavesOf(64);
  const read = naive(leaves);
  for (let size = 1; size <= 64; size += 1) {
    const root = Buffer.from(await rangeHash(read, 0, size)).toString('hex');
    for (let index = 0; index < size; index += 1) {
      const path = await inclusionPath(read, index, size);
      const proven = rootFromInclusion(leaves[index] ?? EMPTY_ROOT, index, size, path);
      expect(Buffer.from(proven ?? []).toString('hex')).toBe(root);
      const forged = rootFromInclusion(leafHash('forged'), index, size, path);
      expect(Buffer.from(forged ?? []).toString('hex')).not.toBe(root);
    }
  }
});

test('a flipped bit anywhere in a proof is noticed', async () => {
  const leaves = leavesOf(50);
  const read = naive(leaves);
  const root = await rangeHash(read, 0, 50);
  await fc.assert(
    fc.asyncProperty(fc.nat(49), fc.nat(5), fc.nat(255), async (index, at, bit) => {
      const path = (await inclusionPath(read, index, 50)).map((hash) => Buffer.from(hash));
      const hash = path[at % path.length];
      const byte = Math.floor(bit / 8);
      if (hash === undefined) return;
      hash[byte] = (hash[byte] ?? 0) ^ (1 << (bit % 8));
      const proven = rootFromInclusion(leaves[index] ?? EMPTY_ROOT, index, 50, path);
      expect(Buffer.compare(proven ?? EMPTY_ROOT, root)).not.toBe(0);
    }),
  );
});
