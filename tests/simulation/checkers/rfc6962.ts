import { createHash, createPublicKey, verify } from 'node:crypto';

/**
 * RFC 6962, section 2.1, as short as it can be written. Deliberately not the code of the ledger: a checker that shares code
 * with what it checks shares its mistakes.
 */
const sha256 = (...parts: readonly Uint8Array[]) => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

export function leafOf(body: string): Buffer {
  return sha256(Buffer.of(0), Buffer.from(body, 'utf8'));
}

/** Merkle tree hash of a list of leaf hashes. */
export function rootOf(leaves: readonly Buffer[]): Buffer {
  const [first] = leaves;
  if (first === undefined) return sha256();
  if (leaves.length === 1) return first;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha256(Buffer.of(1), rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)));
}

/** Reads a C2SP checkpoint and verifies its Ed25519 signature against a C2SP verifier key. `null`: it does not hold. */
export function openNote(note: string, vkey: string): { readonly size: number; readonly root: Buffer } | null {
  const [text = '', signatures = ''] = note.split('\n\n');
  const [origin = '', keyHash = '', key = ''] = splitTwice(vkey);
  const [name, size, root] = text.split('\n');
  if (name !== origin) return null;
  const raw = Buffer.from(key, 'base64').subarray(1);
  const publicKey = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') },
    format: 'jwk',
  });
  const line = signatures.split('\n').find((one) => one.startsWith(`— ${origin} `));
  const signature = Buffer.from(line?.split(' ')[2] ?? '', 'base64');
  if (signature.subarray(0, 4).toString('hex') !== keyHash) return null;
  if (!verify(null, Buffer.from(`${text}\n`), publicKey, signature.subarray(4))) return null;
  return { size: Number(size), root: Buffer.from(root ?? '', 'base64') };
}

/** `name+hash+key`, where the key itself may contain plus signs. */
function splitTwice(vkey: string): readonly string[] {
  const first = vkey.indexOf('+');
  const second = vkey.indexOf('+', first + 1);
  return [vkey.slice(0, first), vkey.slice(first + 1, second), vkey.slice(second + 1)];
}
