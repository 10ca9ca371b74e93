import { createHash, createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import type { JsonObject } from '../core/json.ts';
import { fromIso, instant, toIso, type Instant } from '../core/time.ts';

/**
 * What somebody without our database needs to know to end what is overdue, and to believe it: which place in a cloud is to be empty, from
 * when on, and that Curfew said so (DESIGN section 3, "The sweeper"). The broker holds the private key; everybody may have the public one.
 */
export interface EndStatement {
  /** Cloud and method: `aws/identity-center`. */
  readonly kind: string;
  /** The cloud's own names of the place, in the order that its method gives them. */
  readonly native: readonly string[];
  /** Counted in whole seconds, rounded down: never later than what was promised. */
  readonly endsAt: Instant;
}

/** Signs ends. The same statement always gets the same 64 bytes (Ed25519, RFC 8032). */
export interface EndSigner {
  /** The verifying key, as {@link createEndVerifier} takes it. */
  readonly publicKey: string;
  readonly keyId: string;
  sign(statement: EndStatement): Buffer;
}

/** Knows the public keys of one deployment; more than one while a key is being replaced. */
export interface EndVerifier {
  /** Ids of the keys, as their signers say them. */
  readonly keyIds: readonly string[];
  verify(statement: EndStatement, signature: Buffer): boolean;
}

/** What stands in a bucket about a place that has no room for its own end. */
export type ReadLease =
  { readonly ok: true; readonly statement: EndStatement } | { readonly ok: false; readonly why: string };

/** DER of an Ed25519 public key up to its 32 bytes (RFC 8410). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const SIGNATURE_BYTES = 64;

/** Makes the signer from a private key in PEM (PKCS #8). Throws an `Error` for anything but Ed25519. */
export function createEndSigner(pem: string): EndSigner {
  const privateKey = createPrivateKey(pem);
  if (privateKey.asymmetricKeyType !== 'ed25519') throw new Error('the key that signs ends is not an Ed25519 key');
  const raw = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(SPKI_PREFIX.length);
  return {
    publicKey: raw.toString('base64url'),
    keyId: keyIdOf(raw),
    sign: (statement) => sign(null, signedBytes(statement), privateKey),
  };
}

/** Makes the verifier from public keys: 32 bytes each, base64url. Throws an `Error` that says which is none, or that there is none. */
export function createEndVerifier(publicKeys: readonly string[]): EndVerifier {
  if (publicKeys.length === 0) throw new Error('without a public key no end can be believed');
  const keys = publicKeys.map(parsePublicKey);
  return {
    keyIds: publicKeys.map((key) => keyIdOf(Buffer.from(key, 'base64url'))),
    verify: (statement, signature) =>
      signature.length === SIGNATURE_BYTES && keys.some((key) => verify(null, signedBytes(statement), key, signature)),
  };
}

function parsePublicKey(text: string): KeyObject {
  const raw = Buffer.from(text, 'base64url');
  if (raw.length !== 32 || raw.toString('base64url') !== text)
    throw new Error(`"${text.slice(0, 60)}" is not a public key: 43 characters of base64url`);
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
}

function keyIdOf(raw: Buffer): string {
  return createHash('sha256').update(raw).digest('hex').slice(0, 16);
}

/** The first line keeps these signatures apart from all others that anybody ever makes with the key. */
function signedBytes(statement: EndStatement): Buffer {
  return Buffer.from(`curfew-end/1\n${canonical(statement)}`, 'utf8');
}

/** RFC 8785: members in the order of their names, no white space. The values are texts and lists of texts alone. */
function canonical({ endsAt, kind, native }: EndStatement): string {
  return JSON.stringify({ endsAt: endText(endsAt), kind, native });
}

/** The whole second of an end. */
export function endSecond(at: Instant): Instant {
  return instant(Math.floor(at / 1_000) * 1_000);
}

function endText(at: Instant): string {
  return toIso(endSecond(at)).replace('.000Z', 'Z');
}

/** The text of a lease: the statement, who signed it, and the signature. */
export function signLease(signer: EndSigner, statement: EndStatement): string {
  const { kind, native, endsAt } = statement;
  const signature = signer.sign(statement).toString('base64url');
  return `${JSON.stringify({ version: 1, kind, native, endsAt: endText(endsAt), keyId: signer.keyId, signature })}\n`;
}

/** Reads a lease. Nothing of a lease whose signature is bad is given back, so that nobody can obey it. */
export function verifyLease(verifier: EndVerifier, text: string): ReadLease {
  const lease = parse(text);
  if (lease === null) return { ok: false, why: 'it is not a lease' };
  const { version, kind, native, endsAt, signature } = lease;
  if (version !== 1) return { ok: false, why: 'it is of a version that is not known here' };
  const at = typeof endsAt === 'string' ? fromIso(endsAt) : null;
  const names = Array.isArray(native) ? native.filter((one): one is string => typeof one === 'string') : [];
  const whole = Array.isArray(native) && names.length === native.length && names.length > 0;
  if (at === null || !whole || typeof kind !== 'string' || typeof signature !== 'string')
    return { ok: false, why: 'it does not say what is to end and when' };
  const statement: EndStatement = { kind, native: names, endsAt: at };
  if (endText(at) !== endsAt || !verifier.verify(statement, Buffer.from(signature, 'base64url')))
    return { ok: false, why: 'its signature is not by a key of this deployment' };
  return { ok: true, statement };
}

function parse(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
  } catch {
    return null;
  }
}
