import { readFile } from 'node:fs/promises';

/** More than any token has. */
const MAX_CHARACTERS = 64 * 1024;

/**
 * Reads a token that the platform keeps in a file and renews there. Unlike keys of our own, others on the machine may be able to read it: that
 * is how Kubernetes mounts it, and it is good for an hour.
 */
export async function readTokenFile(path: string): Promise<string> {
  const text = await readFile(path, 'utf8');
  if (text.length > MAX_CHARACTERS) throw new Error(`${path} is too long for a token`);
  return text.trim();
}
