import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';

/** A log's signing key. */
export interface LogSigner {
  /** Name of the log. */
  readonly origin: string;
  /** Name and public key, as third-party verifiers take it. C2SP signed-note: `name+hash+base64(0x01 || key)`. */
  readonly vkey: string;
  readonly privateKey: KeyObject;
  readonly keyId: Buffer;
}

/** A checkpoint that was read and whose signature holds. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

const ED25519 = 0x01;
/** DER of an Ed25519 public key up to its 32 bytes (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Makes the signer of a log from its private key in PEM. The origin must not contain spaces or `+`. */
export function createSigner(origin: string, pem: string): LogSigner {
  if (/[\s+]/.test(origin) || origin === '') throw new Error(`"${origin}" cannot name a log`);
  const privateKey = createPrivateKey(pem);
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const publicKey = spki.subarray(spki.length - 32);
  const keyId = idOf(origin, publicKey);
  const vkey = `${origin}+${keyId.toString('hex')}+${Buffer.concat([Buffer.of(ED25519), publicKey]).toString('base64')}`;
  return { origin, vkey, privateKey, keyId };
}

/** Signs the statement "the log has this size and this root". C2SP tlog-checkpoint. */
export function signCheckpoint(signer: LogSigner, size: number, root: Uint8Array): string {
  const text = `${signer.origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;
  const signature = sign(null, Buffer.from(text), signer.privateKey);
  return `${text}\n— ${signer.origin} ${Buffer.concat([signer.keyId, signature]).toString('base64')}\n`;
}

/** Reads a checkpoint and checks its signature. `null`: malformed, or not signed by this key; signatures of others are ignored. */
export function openCheckpoint(note: string, vkey: string): Checkpoint | null {
  const key = parseVkey(vkey);
  const end = note.indexOf('\n\n');
  if (key === null || end < 0) return null;
  const text = note.slice(0, end + 1);
  const [origin, size, root, ...more] = text.split('\n');
  if (origin !== key.origin || !/^(0|[1-9]\d{0,15})$/.test(size ?? '') || more.length !== 1) return null;
  const hash = Buffer.from(root ?? '', 'base64');
  if (hash.length !== 32 || hash.toString('base64') !== root) return null;
  const signed = note
    .slice(end + 2)
    .split('\n')
    .some((line) => {
      const match = /^— (\S+) ([A-Za-z0-9+/=]+)$/.exec(line);
      if (match === null || match[1] !== key.origin) return false;
      const bytes = Buffer.from(match[2] ?? '', 'base64');
      return (
        bytes.subarray(0, 4).equals(key.keyId) && verify(null, Buffer.from(text), key.publicKey, bytes.subarray(4))
      );
    });
  return signed ? { origin, size: Number(size), root: hash } : null;
}

function parseVkey(vkey: string): { origin: string; keyId: Buffer; publicKey: KeyObject } | null {
  const [origin, id, ...encoded] = vkey.split('+');
  const bytes = Buffer.from(encoded.join('+'), 'base64');
  if (origin === undefined || id === undefined || bytes.length !== 33 || bytes[0] !== ED25519) return null;
  const raw = bytes.subarray(1);
  const keyId = idOf(origin, raw);
  if (keyId.toString('hex') !== id) return null;
  return {
    origin,
    keyId,
    publicKey: createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' }),
  };
}

function idOf(origin: string, publicKey: Uint8Array): Buffer {
  return createHash('sha256').update(origin).update(Buffer.of(0x0a, ED25519)).update(publicKey).digest().subarray(0, 4);
}
