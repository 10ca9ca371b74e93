import { createHash } from 'node:crypto';
import { makeP256Key, type KeyFiles } from '../platform/key-files.ts';
import type { Random } from '../platform/random.ts';

/** A private signing key as a JSON Web Key (RFC 7517): P-256, for ES256. */
export interface SigningJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
  readonly d: string;
  readonly kid: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
}

/**
 * What the authorization server needs and never stores in the database; the composition root reads it from key files.
 * The first signing key signs; older ones still verify, so that a key can be replaced without ending every session.
 */
export interface IdentityKeys {
  readonly signing: readonly [SigningJwk, ...SigningJwk[]];
  /** Secrets that sign cookies; the first one signs. */
  readonly cookies: readonly [string, ...string[]];
  /** 32 bytes that seal what the authorization server stores. */
  readonly sealing: Uint8Array;
}

/** Makes a signing key. Its id is its own thumbprint (RFC 7638), so that two keys never share one. */
export function makeSigningJwk(): SigningJwk {
  const { x, y, d } = makeP256Key();
  const kid = createHash('sha256')
    .update(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }))
    .digest('base64url');
  return { kty: 'EC', crv: 'P-256', x, y, d, kid, alg: 'ES256', use: 'sig' };
}

/** Parses a key file that {@link makeSigningJwk} filled. Throws a sentence without key material. */
export function parseSigningJwk(text: string): SigningJwk {
  const value: unknown = JSON.parse(text);
  const of = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const { x, y, d, kid } = of;
  const isKey =
    of['kty'] === 'EC' &&
    of['crv'] === 'P-256' &&
    [x, y, d, kid].every((part) => typeof part === 'string' && part !== '');
  if (!isKey) throw new Error('The signing key file does not hold a P-256 JSON Web Key.');
  return {
    kty: 'EC',
    crv: 'P-256',
    x: String(x),
    y: String(y),
    d: String(d),
    kid: String(kid),
    alg: 'ES256',
    use: 'sig',
  };
}

/** The public half, which verifies. */
export function publicJwk(key: SigningJwk): Omit<SigningJwk, 'd'> {
  const { kty, crv, x, y, kid, alg, use } = key;
  return { kty, crv, x, y, kid, alg, use };
}

/** The keys of sign-in, from their files; made at the first start. */
export function loadIdentityKeys(keys: KeyFiles, random: Random): IdentityKeys {
  return {
    signing: [parseSigningJwk(keys.loadOrCreate('tokens.json', () => JSON.stringify(makeSigningJwk())))],
    cookies: [keys.loadOrCreate('cookies.key', () => random.bytes(32).toString('base64url'))],
    sealing: Buffer.from(
      keys.loadOrCreate('sign-in.key', () => random.bytes(32).toString('base64')),
      'base64',
    ),
  };
}
