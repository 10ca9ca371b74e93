import type { Json, JsonObject } from '../../core/json.ts';
import { instant, type Instant } from '../../core/time.ts';
import { endSecond, type EndSigner, type EndStatement, type EndVerifier } from '../signed-end.ts';

/** What a timed policy's marker is about: the policy of this name on this identity. */
export function timedPolicyEnd(identityArn: string, policyName: string, endsAt: Instant): EndStatement {
  return { kind: 'aws/timed-policy', native: [identityArn, policyName], endsAt };
}

/**
 * `CurfewEnd`, the end in seconds since the epoch, `S`, and the signature. A Sid takes letters and digits alone (IAM user guide, "IAM JSON
 * policy elements: Sid"), so the signature is a number with 62 digits. 106 characters of what all policies of an identity share.
 */
const MARKER = /^CurfewEnd(\d{10})S([0-9A-Za-z]{86})$/;
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 62^86 is more than 2^512. */
const SIGNATURE_DIGITS = 86;

/** The document with the marker as the Sid of its first statement. AWS stores a Sid and does not read it. */
export function withEndMarker(document: JsonObject, signer: EndSigner, end: EndStatement): JsonObject {
  const seconds = endSecond(end.endsAt) / 1_000;
  const Sid = `CurfewEnd${String(seconds).padStart(10, '0')}S${digitsOf(signer.sign(end))}`;
  const [first, ...rest] = statementsOf(document);
  return { ...document, Statement: first === undefined ? [] : [{ Sid, ...first }, ...rest] };
}

/** The document as AWS obeys it, so that two that differ in the marker alone are the same. */
export function withoutEndMarker(document: JsonObject): JsonObject {
  const Statement = statementsOf(document).map(({ Sid, ...rest }) =>
    Sid === undefined || isMarker(Sid) ? rest : { Sid, ...rest },
  );
  return { ...document, Statement };
}

function isMarker(sid: Json): boolean {
  return typeof sid === 'string' && MARKER.test(sid);
}

export type ReadMarker =
  /** `tampered`: beside it stands one that is bad, which cannot undo it. */
  | { readonly kind: 'signed'; readonly endsAt: Instant; readonly tampered: boolean }
  /** There is a marker, and it is not by a key of this deployment, or not about this policy. */
  | { readonly kind: 'bad' }
  | { readonly kind: 'none' };

/** Reads the marker of the policy of this name on this identity. Of several, the latest good one counts. */
export function readEndMarker(
  document: JsonObject,
  place: { readonly identityArn: string; readonly policyName: string },
  verifier: EndVerifier,
): ReadMarker {
  let latest: Instant | null = null;
  let bad = false;
  for (const { Sid } of statementsOf(document)) {
    // What begins like a marker and is none was one before somebody edited it.
    if (typeof Sid !== 'string' || !Sid.startsWith('CurfewEnd')) continue;
    const [, seconds = '', digits = ''] = MARKER.exec(Sid) ?? [];
    const endsAt = instant(Number(seconds) * 1_000);
    const signature = bytesOf(digits);
    const end = timedPolicyEnd(place.identityArn, place.policyName, endsAt);
    if (signature === null || !verifier.verify(end, signature)) bad = true;
    else if (latest === null || endsAt > latest) latest = endsAt;
  }
  if (latest !== null) return { kind: 'signed', endsAt: latest, tampered: bad };
  return { kind: bad ? 'bad' : 'none' };
}

function digitsOf(bytes: Buffer): string {
  let rest = BigInt(`0x${bytes.toString('hex')}`);
  let text = '';
  while (text.length < SIGNATURE_DIGITS) {
    text = (DIGITS[Number(rest % 62n)] ?? '') + text;
    rest /= 62n;
  }
  return text;
}

function bytesOf(digits: string): Buffer | null {
  let number = 0n;
  for (const digit of digits) number = number * 62n + BigInt(DIGITS.indexOf(digit));
  const hex = number.toString(16);
  return digits.length === SIGNATURE_DIGITS && hex.length <= 128 ? Buffer.from(hex.padStart(128, '0'), 'hex') : null;
}

/** The statements of a policy document, whether it has one or a list of them. */
export function statementsOf(document: JsonObject): readonly JsonObject[] {
  const list = document['Statement'];
  return (Array.isArray(list) ? (list as readonly Json[]) : [list]).filter(isObject);
}

/** A policy document that somebody stored; `null`: it is no JSON object. */
export function parseDocument(text: string): JsonObject | null {
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
