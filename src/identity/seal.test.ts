import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { systemRandom } from '../platform/random.ts';
import { createSeal } from './seal.ts';

const seal = createSeal(randomBytes(32), systemRandom);

describe('the seal', () => {
  test('opens what it sealed, for the same place only', () => {
    const sealed = seal.seal('{"jti":"secret"}', 'RefreshToken:ab');
    expect(sealed).not.toContain('secret');
    expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('secret');
    expect(seal.open(sealed, 'RefreshToken:ab')).toBe('{"jti":"secret"}');
    expect(seal.open(sealed, 'RefreshToken:cd')).toBeNull();
    expect(seal.open(sealed, 'AuthorizationCode:ab')).toBeNull();
  });

  test('does not open with another key, or after a bit was flipped, or what is too short', () => {
    const sealed = seal.seal('text', 'place');
    expect(createSeal(randomBytes(32), systemRandom).open(sealed, 'place')).toBeNull();
    const bytes = Buffer.from(sealed, 'base64');
    for (const index of [0, 12, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(seal.open(changed.toString('base64'), 'place')).toBeNull();
    }
    expect(seal.open('AAAA', 'place')).toBeNull();
  });

  test('never seals the same text to the same bytes', () => {
    expect(seal.seal('text', 'place')).not.toBe(seal.seal('text', 'place'));
  });

  test('hashes short codes with its key, so that a copy of the database cannot be searched', () => {
    const other = createSeal(randomBytes(32), systemRandom);
    expect(seal.keyedHash('BCDFGHJK')).toMatch(/^[0-9a-f]{64}$/);
    expect(seal.keyedHash('BCDFGHJK')).not.toBe(other.keyedHash('BCDFGHJK'));
    expect(seal.hash('id')).toBe(other.hash('id'));
  });

  test('refuses a key of another length', () => {
    expect(() => createSeal(randomBytes(16), systemRandom)).toThrow(/32 bytes/);
  });
});
