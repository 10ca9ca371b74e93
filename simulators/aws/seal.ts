import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

/** Seals small JSON values so that whoever carries them can neither read nor change them. */
export type Seal = {
  /** Encrypts under a purpose; a value sealed for one purpose does not open for another. */
  readonly seal: (purpose: string, value: unknown) => string;
  /** The value as it was sealed, or null for anything that was not sealed here for this purpose. */
  readonly open: (purpose: string, text: string) => unknown;
  /** A secret that follows from a name alone, in base64: nothing needs to be stored to know it again. */
  readonly derive: (purpose: string, name: string, bytes: number) => string;
};

/** AES-256-GCM with a random nonce under a 32-byte key; the purpose is the associated data. */
export function createSeal(key: Buffer): Seal {
  if (key.length !== 32) throw new Error('A seal key has 32 bytes.');
  return {
    seal(purpose, value) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(purpose));
      const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64');
    },
    open(purpose, text) {
      const bytes = Buffer.from(text, 'base64');
      // Node's decoder skips foreign characters, so only the canonical spelling counts as the same token.
      if (bytes.length < 29 || bytes.toString('base64') !== text) return null;
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
        decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(12, 28));
        const plain = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
        return JSON.parse(plain.toString('utf8')) as unknown;
      } catch {
        return null;
      }
    },
    derive(purpose, name, bytes) {
      const digest = createHmac('sha512', key).update(`${purpose}\n${name}`).digest();
      return digest.subarray(0, bytes).toString('base64');
    },
  };
}
