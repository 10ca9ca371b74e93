import { createHash, createPublicKey, timingSafeEqual, verify, type KeyObject } from 'node:crypto';
import { ok, refused, type Result } from '../core/result.ts';

/**
 * What an authenticator answered (WebAuthn level 3, section 6.3.3), as it is kept: base64url without padding. `credential` is the hex
 * SHA-256 of the credential's id, which says which key it was and leads to nobody.
 */
export interface Assertion {
  readonly credential: string;
  readonly authenticatorData: string;
  readonly clientDataJSON: string;
  readonly signature: string;
}

/** What must be true of an assertion. */
export interface ExpectedAssertion {
  /** DER of the SubjectPublicKeyInfo in base64. */
  readonly publicKey: string;
  /** base64url of the bytes that were to be signed. */
  readonly challenge: string;
  /** Scheme, host and port of the page that asked. */
  readonly origin: string;
}

/** What a good assertion says besides. */
export interface AssertionFacts {
  /** How often the authenticator says that it has signed; 0 for one that does not count. */
  readonly counter: number;
  /** The key is copied between the devices of its owner. */
  readonly synced: boolean;
}

/** Why an assertion is not believed, in words. */
export type AssertionFault =
  | 'it is not encoded as it must be'
  | 'it was not made for signing in'
  | 'it is about something else'
  | 'it was made on another page'
  | 'it was made inside a foreign page'
  | 'it was made for another server'
  | 'nobody touched the authenticator'
  | 'the authenticator did not check who used it'
  | 'its flags contradict each other'
  | 'the key is of no kind that is taken'
  | 'the signature does not fit';

const BASE64URL = /^[A-Za-z0-9_-]+$/;
const LONGEST = 8_192;
const FLAGS = { present: 0x01, verified: 0x04, mayBeSynced: 0x08, synced: 0x10, attested: 0x40, extensions: 0x80 };
const HEAD = 37;
const SMALLEST_RSA_BITS = 2_048;

/**
 * Verifies an assertion with Node's own cryptography and nothing else, so that the same lines verify it in the broker, in the engine, and
 * years later on a machine that has the log alone (WebAuthn level 3, section 7.2, steps 7 to 23). The algorithm follows from the key:
 * ES256 for P-256, EdDSA for Ed25519, RS256 for RSA; nothing in the answer can choose another. The hash of the relying party is that of
 * the host in `origin`. Whether the counter went on is the caller's to judge: it alone knows the last one.
 */
export function verifyAssertion(
  assertion: Omit<Assertion, 'credential'>,
  expected: ExpectedAssertion,
): Result<AssertionFacts, AssertionFault> {
  const authenticatorData = decoded(assertion.authenticatorData);
  const clientDataJSON = decoded(assertion.clientDataJSON);
  const signature = decoded(assertion.signature);
  if (authenticatorData === null || clientDataJSON === null || signature === null || authenticatorData.length < HEAD)
    return refused('it is not encoded as it must be');

  const client = clientDataOf(clientDataJSON);
  if (client === null) return refused('it is not encoded as it must be');
  if (client['type'] !== 'webauthn.get') return refused('it was not made for signing in');
  if (client['challenge'] !== expected.challenge) return refused('it is about something else');
  if (client['origin'] !== expected.origin) return refused('it was made on another page');
  if ((client['crossOrigin'] ?? false) !== false || client['topOrigin'] !== undefined)
    return refused('it was made inside a foreign page');

  const host = URL.parse(expected.origin)?.hostname ?? '';
  const relyingParty = createHash('sha256').update(host).digest();
  if (!timingSafeEqual(relyingParty, authenticatorData.subarray(0, 32)))
    return refused('it was made for another server');
  const flags = authenticatorData[32] ?? 0;
  const has = (flag: number) => (flags & flag) !== 0;
  if (!has(FLAGS.present)) return refused('nobody touched the authenticator');
  if (!has(FLAGS.verified)) return refused('the authenticator did not check who used it');
  // An assertion carries no key, and bytes behind the counter only where it says that there are extensions.
  const tail = authenticatorData.length > HEAD;
  if (has(FLAGS.attested) || tail !== has(FLAGS.extensions) || (has(FLAGS.synced) && !has(FLAGS.mayBeSynced)))
    return refused('its flags contradict each other');

  const key = keyOf(expected.publicKey);
  if (key === null) return refused('the key is of no kind that is taken');
  const signed = Buffer.concat([authenticatorData, createHash('sha256').update(clientDataJSON).digest()]);
  if (!verify(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', signed, key, signature))
    return refused('the signature does not fit');
  return ok({ counter: authenticatorData.readUInt32BE(33), synced: has(FLAGS.synced) });
}

/** Whether a counter shows that the key was copied: it must grow, unless the authenticator never counts (section 6.1.1). */
export function counterWentBack(last: number, now: number): boolean {
  return (last !== 0 || now !== 0) && now <= last;
}

/** Hex SHA-256 of a credential's id, which comes in base64url. */
export function credentialHash(id: string): string {
  return createHash('sha256').update(Buffer.from(id, 'base64url')).digest('hex');
}

/** Reads a public key, if it is of a kind that is taken; everything that signs is judged by this. */
export function keyOf(publicKey: string): KeyObject | null {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    // One text for one key: the decoders take others as well.
    if (key.export({ format: 'der', type: 'spki' }).toString('base64') !== publicKey) return null;
    const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
    switch (key.asymmetricKeyType) {
      case 'ed25519':
        return key;
      case 'ec':
        return namedCurve === 'prime256v1' ? key : null;
      case 'rsa':
        return modulusLength >= SMALLEST_RSA_BITS ? key : null;
      default:
        return null;
    }
  } catch {
    return null;
  }
}

/** One text for one value: what a lenient decoder would take as well is refused, so that no byte that is kept can change unnoticed. */
function decoded(text: unknown): Buffer | null {
  if (typeof text !== 'string' || text.length > LONGEST || !BASE64URL.test(text)) return null;
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : null;
}

function clientDataOf(bytes: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    const read: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return typeof read === 'object' && read !== null ? (read as Readonly<Record<string, unknown>>) : null;
  } catch {
    return null;
  }
}
