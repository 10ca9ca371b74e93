import { createHash } from 'node:crypto';

/** What the body of an entry says about a personal value: hex of SHA-256(salt || value), the value as UTF-8. */
export function commitmentTo(salt: Uint8Array, value: string): string {
  return createHash('sha256').update(salt).update(value, 'utf8').digest('hex');
}
