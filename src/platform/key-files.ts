import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { generateKeyPairSync } from 'node:crypto';
import type { Random } from './random.ts';

/** A key file that others on this machine can read, or that is not what it should be. */
export class KeyFileProblem extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'KeyFileProblem';
  }
}

/** Keys live in files of their own, never in the database and never in the environment of other programs. */
export interface KeyFiles {
  /** Reads a key, making it on the first start. `make` returns the text of the file. */
  loadOrCreate(name: string, make: () => string): string;
}

/** Opens a folder of keys, private to this user. Throws {@link KeyFileProblem} when others can read it. */
export function openKeyFiles(folder: string, random: Random): KeyFiles {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  requirePrivate(folder);
  return {
    loadOrCreate(name, make) {
      const path = join(folder, name);
      const known = read(path);
      if (known !== null) return known;
      // Written whole under another name and then linked, so that a crash never leaves half a key, and of two processes one wins.
      const draft = `${path}.${random.bytes(6).toString('hex')}`;
      try {
        writeFileSync(draft, make(), { flag: 'wx', mode: 0o600, flush: true });
        linkSync(draft, path);
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      } finally {
        rmSync(draft, { force: true });
      }
      // A key whose name is lost with the power would be made anew, and what the old one signed or sealed would be lost with it.
      flushFolder(folder);
      const kept = read(path);
      if (kept === null) throw new KeyFileProblem(`The key file ${path} vanished while it was made.`);
      return kept;
    },
  };
}

/** The text of a secret file that an operator made, private to this user. Throws {@link KeyFileProblem}. */
export function readSecretFile(path: string): string {
  const text = read(path);
  if (text === null) throw new KeyFileProblem(`There is no file ${path}.`);
  return text;
}

function read(path: string): string | null {
  try {
    requirePrivate(path);
    const key = readFileSync(path, 'utf8');
    if (key === '') throw new KeyFileProblem(`The key file ${path} is empty. Restore it from a backup.`);
    return key;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** Makes the names in a folder durable. Windows has no such call and needs none. */
function flushFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function requirePrivate(path: string): void {
  if (process.platform === 'win32') return;
  if ((statSync(path).mode & 0o077) !== 0) {
    throw new KeyFileProblem(`${path} can be read by others on this machine. Run: chmod go= ${path}`);
  }
}

/** An Ed25519 private key in PEM (PKCS #8). */
export function makeEd25519Pem(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** An RSA private key of 2,048 bits in PEM (PKCS #8). */
export function makeRsaPem(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}

/** The numbers of a new P-256 key as a JSON Web Key has them (RFC 7518, section 6.2): base64url, `d` is the private one. */
export function makeP256Key(): { readonly x: string; readonly y: string; readonly d: string } {
  const { x, y, d } = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  if (x === undefined || y === undefined || d === undefined) throw new Error('a P-256 key has no coordinates');
  return { x, y, d };
}

/** A new P-256 key: the public half as SubjectPublicKeyInfo, the private one as PKCS #8, both in PEM. */
export function makeP256Pem(): { readonly publicKey: string; readonly privateKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
