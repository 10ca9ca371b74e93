import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { verifyEntry, type Evidence } from './verify-proof.ts';

const sha = (...parts: readonly Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const leafOf = (body: string): Buffer => sha(Buffer.of(0), Buffer.from(body));

/** Root and audit path as RFC 6962 section 2.1 defines them: recursively, and by no code of ours. */
function tree(leaves: readonly Buffer[], index: number): { root: Buffer; path: Buffer[] } {
  const [only] = leaves;
  if (leaves.length === 1 && only !== undefined) return { root: only, path: [] };
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  const inLeft = index < k;
  const [one, other] = [tree(inLeft ? left : right, inLeft ? index : index - k), tree(inLeft ? right : left, 0)];
  const [a, b] = inLeft ? [one.root, other.root] : [other.root, one.root];
  return { root: sha(Buffer.of(1), a, b), path: [...one.path, other.root] };
}

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const ORIGIN = 'curfew.example.com/log';
const raw = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
const vkey = `${ORIGIN}+12202146+${Buffer.concat([Buffer.of(1), raw]).toString('base64')}`;

function evidence(size: number, seq: number): Evidence {
  const bodies = Array.from({ length: size }, (_, at) => `{"entry":${at}}`);
  const { root, path } = tree(bodies.map(leafOf), seq);
  const note = `${ORIGIN}\n${size}\n${root.toString('base64')}\n`;
  const signature = Buffer.concat([Buffer.from('12202146', 'hex'), sign(null, Buffer.from(note), privateKey)]);
  return {
    body: bodies[seq] ?? '',
    leaf: leafOf(bodies[seq] ?? '').toString('hex'),
    seq,
    size,
    hashes: path.map((hash) => hash.toString('base64')),
    checkpoint: `${note}\n— ${ORIGIN} ${signature.toString('base64')}\n`,
    vkey,
  };
}

const HOLDS = { inTree: true, signature: 'holds' };

test('every entry of logs of one to seventeen entries is proven', async () => {
  for (let size = 1; size <= 17; size += 1)
    for (let seq = 0; seq < size; seq += 1)
      expect(await verifyEntry(evidence(size, seq)), `${seq} of ${size}`).toEqual(HOLDS);
});

test('what was changed anywhere is not', async () => {
  const good = evidence(11, 6);
  expect(await verifyEntry({ ...good, body: good.body?.replace('6', '7') ?? '' })).toMatchObject({ inTree: false });
  // What one may not read is proven by its leaf hash, and by no other.
  expect(await verifyEntry({ ...good, body: null })).toEqual(HOLDS);
  expect(await verifyEntry({ ...good, body: null, leaf: evidence(11, 5).leaf })).toMatchObject({ inTree: false });
  expect(await verifyEntry({ ...good, seq: 5 })).toMatchObject({ inTree: false });
  expect(await verifyEntry({ ...good, hashes: good.hashes.slice(1) })).toMatchObject({ inTree: false });
  expect(await verifyEntry({ ...good, hashes: [...good.hashes, good.hashes[0] ?? ''] })).toMatchObject({
    inTree: false,
  });
  expect(await verifyEntry({ ...good, seq: 11 })).toMatchObject({ inTree: false });
  const other = evidence(11, 6).checkpoint.replace('\n11\n', '\n12\n');
  expect(await verifyEntry({ ...good, checkpoint: other })).toEqual({ inTree: false, signature: 'broken' });
  const foreign = `${ORIGIN}+12202146+${Buffer.alloc(33, 1).toString('base64')}`;
  expect(await verifyEntry({ ...good, vkey: foreign })).toEqual({ inTree: true, signature: 'broken' });
  expect(await verifyEntry({ ...good, vkey: null })).toEqual({ inTree: true, signature: 'unknown' });
  expect(await verifyEntry({ ...good, checkpoint: 'nonsense' })).toEqual({ inTree: false, signature: 'broken' });
});
