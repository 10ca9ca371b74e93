import { randomBytes } from 'node:crypto';
import type { IdOf, IdPrefix } from '../core/ids.ts';

/** The only source of randomness in `src/`. The simulation puts a seeded generator in its place. */
export interface Random {
  bytes(count: number): Buffer;
}

export const systemRandom: Random = { bytes: (count) => randomBytes(count) };

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** Makes an id: a prefix and 20 characters of base32, 100 random bits. */
export function newId<Prefix extends IdPrefix>(random: Random, prefix: Prefix): IdOf<Prefix> {
  let body = '';
  for (const byte of random.bytes(20)) body += ALPHABET[byte & 31] ?? '';
  return `${prefix}_${body}` as IdOf<Prefix>;
}
