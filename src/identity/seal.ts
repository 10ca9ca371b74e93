import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto';
import type { Random } from '../platform/random.ts';

/**
 * Keeps the artifacts of the authorization server unreadable in the database. A refresh token is stored under the hash of
 * itself, and what belongs to it is encrypted with a key that lives in a key file: whoever gets a copy of the database
 * gets no token, and of people no more than the pseudonyms that the log holds too.
 */
export interface Seal {
  /** SHA-256 of an id that is itself a secret with 256 random bits; hexadecimal. */
  hash(id: string): string;
  /** Keyed hash of what is too short to be hashed alone (the code that a person types); hexadecimal. */
  keyedHash(text: string): string;
  /** AES-256-GCM; `bound` is authenticated with it, so that a row cannot be moved to another place. */
  seal(plain: string, bound: string): string;
  /** `null` when the text was not sealed by this key for this place. */
  open(sealed: string, bound: string): string | null;
}

/** `key` is 32 random bytes from a key file. */
export function createSeal(key: Uint8Array, random: Random): Seal {
  if (key.length !== 32) throw new RangeError('the sealing key has 32 bytes');
  const encryption = Buffer.from(hkdfSync('sha256', key, '', 'curfew oidc payload', 32));
  const lookup = Buffer.from(hkdfSync('sha256', key, '', 'curfew user code', 32));
  return {
    hash: (id) => createHash('sha256').update(id).digest('hex'),
    keyedHash: (text) => createHmac('sha256', lookup).update(text).digest('hex'),
    seal(plain, bound) {
      const nonce = random.bytes(12);
      const cipher = createCipheriv('aes-256-gcm', encryption, nonce).setAAD(Buffer.from(bound));
      const body = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64');
    },
    open(sealed, bound) {
      const bytes = Buffer.from(sealed, 'base64');
      if (bytes.length < 28) return null;
      const decipher = createDecipheriv('aes-256-gcm', encryption, bytes.subarray(0, 12), { authTagLength: 16 });
      decipher.setAAD(Buffer.from(bound)).setAuthTag(bytes.subarray(12, 28));
      try {
        return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
      } catch {
        return null;
      }
    },
  };
}
