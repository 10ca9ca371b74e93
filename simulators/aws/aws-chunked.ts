import { timingSafeEqual } from 'node:crypto';
import { AwsError } from './aws-error.ts';
import { scopeText, sha256Hex, signStreamPart } from './sigv4.ts';
import type { SigningScope } from './sigv4.ts';

/** The chain of signatures that a signed upload continues; null when its chunks are unsigned. */
export type ChunkSigning = {
  readonly key: Buffer;
  readonly amzDate: string;
  readonly scope: SigningScope;
  readonly seedSignature: string;
};

/** An upload with its framing taken off. */
export type DecodedUpload = { readonly body: Buffer; readonly trailers: ReadonlyMap<string, string> };

const crlf = Buffer.from('\r\n');

/**
 * Takes the aws-chunked framing off an upload and checks every chunk's signature and the trailer's
 * (S3 API reference, "Signature calculations: transferring a payload in multiple chunks").
 * Throws `IncompleteBody` for broken framing and `SignatureDoesNotMatch` for a wrong signature.
 */
export function decodeAwsChunked(framed: Buffer, signing: ChunkSigning | null, hasTrailer: boolean): DecodedUpload {
  const parts: Buffer[] = [];
  let previous = signing?.seedSignature ?? '';
  let offset = 0;
  for (;;) {
    const line = readLine(framed, offset);
    const { size, signature } = parseChunkHead(line.text, signing !== null);
    const data = framed.subarray(line.next, line.next + size);
    if (data.length !== size) throw incomplete();
    if (signing !== null) {
      const expected = chunkSignature(signing, previous, data);
      requireSame(expected, signature ?? '');
      previous = expected;
    }
    offset = line.next + size;
    if (size === 0) break;
    parts.push(data);
    if (!framed.subarray(offset, offset + 2).equals(crlf)) throw incomplete();
    offset += 2;
  }
  const trailers = hasTrailer ? readTrailers(framed.subarray(offset), signing, previous) : new Map<string, string>();
  return { body: Buffer.concat(parts), trailers };
}

function parseChunkHead(text: string, signed: boolean): { size: number; signature: string | null } {
  const match = /^([0-9a-fA-F]{1,8})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(text);
  if (match?.[1] === undefined) throw incomplete();
  if (signed !== (match[2] !== undefined)) throw incomplete();
  return { size: parseInt(match[1], 16), signature: match[2] ?? null };
}

function chunkSignature(signing: ChunkSigning, previous: string, data: Buffer): string {
  const scope = scopeText(signing.scope);
  const head = ['AWS4-HMAC-SHA256-PAYLOAD', signing.amzDate, scope, previous];
  return signStreamPart(signing.key, [...head, sha256Hex(''), sha256Hex(data)]);
}

function readTrailers(rest: Buffer, signing: ChunkSigning | null, previous: string): Map<string, string> {
  const trailers = new Map<string, string>();
  for (let offset = 0; offset < rest.length;) {
    const line = readLine(rest, offset);
    offset = line.next;
    if (line.text === '') continue;
    const colon = line.text.indexOf(':');
    if (colon < 1) throw incomplete();
    trailers.set(line.text.slice(0, colon).trim().toLowerCase(), line.text.slice(colon + 1).trim());
  }
  if (signing !== null) {
    const signature = trailers.get('x-amz-trailer-signature') ?? '';
    trailers.delete('x-amz-trailer-signature');
    const text = [...trailers].map(([name, value]) => `${name}:${value}\n`).join('');
    const head = ['AWS4-HMAC-SHA256-TRAILER', signing.amzDate, scopeText(signing.scope), previous];
    requireSame(signStreamPart(signing.key, [...head, sha256Hex(text)]), signature);
  }
  return trailers;
}

function readLine(data: Buffer, from: number): { text: string; next: number } {
  const end = data.indexOf(crlf, from);
  if (end < 0) throw incomplete();
  return { text: data.toString('latin1', from, end), next: end + 2 };
}

function requireSame(expected: string, given: string): void {
  const a = Buffer.from(expected);
  const b = Buffer.from(given);
  if (a.length === b.length && timingSafeEqual(a, b)) return;
  throw new AwsError(
    'SignatureDoesNotMatch',
    403,
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
  );
}

const incomplete = (): AwsError =>
  new AwsError('IncompleteBody', 400, 'The request body terminated unexpectedly or its chunk framing is not valid.');
