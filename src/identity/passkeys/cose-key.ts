import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { decodeCredentialPublicKey } from '@simplewebauthn/server/helpers';

/** Labels of a COSE key (RFC 9052, section 7): type, and parameters that mean something else for each type. */
const LABEL = { kty: 1, first: -1, second: -2, third: -3 } as const;

/**
 * Reads the public key of an authenticator (COSE, in CBOR) as the DER of a SubjectPublicKeyInfo in base64, which every tool can read:
 * OpenSSL has never heard of COSE. `null`: it is of a kind that is not taken, or no key.
 */
export function spkiOf(cose: Uint8Array<ArrayBuffer>): string | null {
  try {
    const labels = decodeCredentialPublicKey(cose) as unknown as ReadonlyMap<number, unknown>;
    const jwk = jwkOf(labels);
    if (jwk === null) return null;
    return createPublicKey({ key: jwk, format: 'jwk' }).export({ format: 'der', type: 'spki' }).toString('base64');
  } catch {
    return null;
  }
}

function jwkOf(labels: ReadonlyMap<number, unknown>): JsonWebKey | null {
  const bytes = (label: number): string => {
    const value = labels.get(label);
    if (!(value instanceof Uint8Array)) throw new Error('a parameter of the key is missing');
    return Buffer.from(value).toString('base64url');
  };
  switch (labels.get(LABEL.kty)) {
    case 1:
      return labels.get(LABEL.first) === 6 ? { kty: 'OKP', crv: 'Ed25519', x: bytes(LABEL.second) } : null;
    case 2:
      return labels.get(LABEL.first) === 1
        ? { kty: 'EC', crv: 'P-256', x: bytes(LABEL.second), y: bytes(LABEL.third) }
        : null;
    case 3:
      return { kty: 'RSA', n: bytes(LABEL.first), e: bytes(LABEL.second) };
    default:
      return null;
  }
}
