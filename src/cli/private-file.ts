import {
  chmodSync,
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Random } from '../platform/random.ts';

/**
 * Files that only their owner may read (0600 in a 0700 folder), replaced in one step: a reader sees the old text or the
 * new one, never half of it, and a crash leaves the old one.
 */
export function writePrivate(random: Random, path: string, text: string): void {
  ensurePrivateFolder(dirname(path));
  writeAtomically(random, path, text, 0o600);
}

/** Replaces a file through a neighbour and a rename. `encoding` is that of `text`. */
export function writeAtomically(
  random: Random,
  path: string,
  text: string,
  mode: number,
  encoding: BufferEncoding = 'utf8',
): void {
  const draft = join(dirname(path), `.${basename(path)}.${random.bytes(6).toString('hex')}`);
  try {
    const file = openSync(draft, 'wx', mode);
    try {
      // The umask must not narrow or widen what the caller asked for.
      fchmodSync(file, mode);
      writeSync(file, Buffer.from(text, encoding));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** The text of a file, or `null` when there is none. */
export function readIfThere(path: string, encoding: BufferEncoding = 'utf8'): string | null {
  try {
    return readFileSync(path, encoding);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

export function remove(path: string): void {
  rmSync(path, { force: true });
}

/** Makes the folder, and narrows one that was made by something with a laxer umask. */
export function ensurePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o700);
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
