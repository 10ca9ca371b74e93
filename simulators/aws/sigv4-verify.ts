import { timingSafeEqual } from 'node:crypto';
import { decodeAwsChunked } from './aws-chunked.ts';
import { AwsError } from './aws-error.ts';
import { s3Checksum } from './checksums.ts';
import { header, queryValue } from '../shared/http-call.ts';
import type { HttpCall } from '../shared/http-call.ts';
import { canonicalRequest, sha256Hex, signCanonical, signingKey } from './sigv4.ts';
import type { SigningScope } from './sigv4.ts';

/** What a caller claims before anything is checked. */
export type SignatureClaim = {
  readonly accessKeyId: string;
  readonly scope: SigningScope;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly amzDate: string;
  readonly sessionToken: string | null;
  /** Seconds that a presigned URL is valid for; null for a signature in the header. */
  readonly presignedSeconds: number | null;
};

/** How far the caller's clock may be off, per kind of service. AWS documents 5 minutes, and 15 for S3. */
export type SkewTolerance = { readonly queryMs: number; readonly s3Ms: number };

export const awsSkewTolerance: SkewTolerance = { queryMs: 5 * 60_000, s3Ms: 15 * 60_000 };

/** Reads the claim from the Authorization header or from a presigned URL; null when the call is not signed at all. */
export function readSignatureClaim(call: HttpCall): SignatureClaim | null {
  const authorization = header(call, 'authorization');
  const presigned = queryValue(call, 'X-Amz-Algorithm') !== null;
  if (authorization !== null && presigned) {
    throw new AwsError('InvalidArgument', 400, 'Only one auth mechanism allowed.');
  }
  if (presigned) return presignedClaim(call);
  if (authorization === null) return null;
  const match = /^AWS4-HMAC-SHA256 +Credential=([^,\s]+), *SignedHeaders=([^,\s]+), *Signature=([0-9a-f]{64})$/.exec(
    authorization,
  );
  const credential = parseCredential(match?.[1] ?? '');
  if (match?.[2] === undefined || match[3] === undefined || credential === null) {
    throw new AwsError(
      'IncompleteSignature',
      400,
      'The Authorization header is not a complete AWS4-HMAC-SHA256 header.',
    );
  }
  return {
    ...credential,
    signedHeaders: match[2].split(';'),
    signature: match[3],
    amzDate: header(call, 'x-amz-date') ?? '',
    sessionToken: header(call, 'x-amz-security-token'),
    presignedSeconds: null,
  };
}

function presignedClaim(call: HttpCall): SignatureClaim {
  const credential = parseCredential(queryValue(call, 'X-Amz-Credential') ?? '');
  const expires = queryValue(call, 'X-Amz-Expires') ?? '';
  const seconds = Number(expires);
  const good =
    queryValue(call, 'X-Amz-Algorithm') === 'AWS4-HMAC-SHA256' &&
    /^\d{1,6}$/.test(expires) &&
    seconds >= 1 &&
    seconds <= 604_800;
  if (credential === null || !good) {
    throw new AwsError(
      'AuthorizationQueryParametersError',
      400,
      'Query-string authentication requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters, the last between 1 and 604800 seconds.',
    );
  }
  return {
    ...credential,
    signedHeaders: (queryValue(call, 'X-Amz-SignedHeaders') ?? '').split(';'),
    signature: queryValue(call, 'X-Amz-Signature') ?? '',
    amzDate: queryValue(call, 'X-Amz-Date') ?? '',
    sessionToken: queryValue(call, 'X-Amz-Security-Token'),
    presignedSeconds: seconds,
  };
}

function parseCredential(text: string): { accessKeyId: string; scope: SigningScope } | null {
  const match = /^([A-Z0-9]{16,128})\/(\d{8})\/([a-z0-9-]+)\/([a-z0-9-]+)\/aws4_request$/.exec(text);
  const [, accessKeyId, date, region, service] = match ?? [];
  if (accessKeyId === undefined || date === undefined || region === undefined || service === undefined) return null;
  return { accessKeyId, scope: { date, region, service } };
}

/**
 * Checks the date, the signed headers, the payload and the signature of a call, and answers its body with any
 * aws-chunked framing taken off. Throws the error that AWS gives for whatever is wrong.
 */
export function verifySignature(
  call: HttpCall,
  claim: SignatureClaim,
  secret: string,
  nowMs: number,
  tolerance: SkewTolerance,
): Buffer {
  checkDate(claim, nowMs, tolerance);
  checkSignedHeaders(call, claim);
  const payloadHash = declaredPayloadHash(call, claim);
  const canonical = canonicalRequest({
    method: call.method,
    rawPath: call.rawPath,
    query: claim.presignedSeconds === null ? call.query : call.query.filter(([name]) => name !== 'X-Amz-Signature'),
    headers: call.headers,
    signedHeaders: claim.signedHeaders,
    payloadHash,
    service: claim.scope.service,
  });
  const key = signingKey(secret, claim.scope);
  const expected = Buffer.from(signCanonical(key, claim.amzDate, claim.scope, canonical));
  const given = Buffer.from(claim.signature);
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) throw mismatch(claim.scope.service);
  return readPayload(call, claim, key, payloadHash);
}

/** The moment of `20260131T235959Z`, or null if it is not one. */
export function parseAmzDate(text: string): number | null {
  const match = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (match === null) return null;
  const ms = Date.parse(`${match[1]}-${match[2]}-${match[3]}T${match[4]}:${match[5]}:${match[6]}Z`);
  return Number.isNaN(ms) ? null : ms;
}

const formatAmzDate = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;

/** Throws unless the date of a claim is near enough to now, and of the day of its scope. */
export function checkDate(claim: SignatureClaim, nowMs: number, tolerance: SkewTolerance): void {
  const s3 = claim.scope.service === 's3';
  const at = parseAmzDate(claim.amzDate);
  if (at === null || !claim.amzDate.startsWith(claim.scope.date)) {
    if (s3) throw new AwsError('AccessDenied', 403, 'AWS authentication requires a valid Date or x-amz-date header');
    throw new AwsError(
      'SignatureDoesNotMatch',
      403,
      'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP',
    );
  }
  const allowedMs = s3 ? tolerance.s3Ms : tolerance.queryMs;
  if (claim.presignedSeconds !== null) {
    if (at - nowMs > allowedMs) throw new AwsError('AccessDenied', 403, 'Request is not yet valid');
    if (nowMs > at + claim.presignedSeconds * 1000) throw new AwsError('AccessDenied', 403, 'Request has expired');
    return;
  }
  if (Math.abs(nowMs - at) <= allowedMs) return;
  if (s3) {
    throw new AwsError(
      'RequestTimeTooSkewed',
      403,
      'The difference between the request time and the current time is too large.',
    );
  }
  const minutes = Math.round(allowedMs / 60_000);
  const now = formatAmzDate(nowMs);
  throw new AwsError(
    'SignatureDoesNotMatch',
    403,
    at < nowMs
      ? `Signature expired: ${claim.amzDate} is now earlier than ${formatAmzDate(nowMs - allowedMs)} (${now} - ${minutes} min.)`
      : `Signature not yet current: ${claim.amzDate} is still later than ${formatAmzDate(nowMs + allowedMs)} (${now} + ${minutes} min.)`,
  );
}

/** `host` and every `x-amz-*` header must be covered, or somebody on the way could change them. */
export function checkSignedHeaders(call: HttpCall, claim: SignatureClaim): void {
  const signed = new Set(claim.signedHeaders);
  const sorted = [...claim.signedHeaders].sort().join(';') === claim.signedHeaders.join(';');
  const uncovered = [...call.headers.keys()].filter(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !signed.has(name),
  );
  const missing = claim.signedHeaders.filter((name) => !call.headers.has(name));
  if (sorted && uncovered.length === 0 && missing.length === 0) return;
  if (claim.scope.service === 's3') {
    throw new AwsError(
      'AccessDenied',
      403,
      `There were headers present in the request which were not signed: ${uncovered.join(', ')}`,
    );
  }
  throw mismatch(claim.scope.service);
}

/** The payload hash as the caller declared it; the query services fall back to the hash of the body. */
function declaredPayloadHash(call: HttpCall, claim: SignatureClaim): string {
  const declared = header(call, 'x-amz-content-sha256');
  if (declared !== null) return declared;
  if (claim.scope.service !== 's3') return sha256Hex(call.body);
  if (claim.presignedSeconds !== null) return 'UNSIGNED-PAYLOAD';
  throw new AwsError('InvalidRequest', 400, 'Missing required header for this request: x-amz-content-sha256');
}

function readPayload(call: HttpCall, claim: SignatureClaim, key: Buffer, payloadHash: string): Buffer {
  const seed = { key, amzDate: claim.amzDate, scope: claim.scope, seedSignature: claim.signature };
  const s3 = claim.scope.service === 's3';
  switch (s3 ? payloadHash : 'hash') {
    case 'UNSIGNED-PAYLOAD':
      return checkedBody(call, call.body, new Map());
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD':
      return unframed(call, decodeAwsChunked(call.body, seed, false));
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER':
      return unframed(call, decodeAwsChunked(call.body, seed, true));
    case 'STREAMING-UNSIGNED-PAYLOAD-TRAILER':
      return unframed(call, decodeAwsChunked(call.body, null, true));
    default:
      if (payloadHash === sha256Hex(call.body)) return s3 ? checkedBody(call, call.body, new Map()) : call.body;
      if (!s3) throw mismatch(claim.scope.service);
      throw new AwsError(
        'XAmzContentSHA256Mismatch',
        400,
        "The provided 'x-amz-content-sha256' header does not match what was computed.",
      );
  }
}

function unframed(call: HttpCall, upload: { body: Buffer; trailers: ReadonlyMap<string, string> }): Buffer {
  if (Number(header(call, 'x-amz-decoded-content-length') ?? NaN) !== upload.body.length) {
    throw new AwsError(
      'IncompleteBody',
      400,
      'You did not provide the number of bytes specified by the x-amz-decoded-content-length header.',
    );
  }
  const declared = (header(call, 'x-amz-trailer') ?? '').split(',').filter((name) => name !== '');
  if (declared.join() !== [...upload.trailers.keys()].join()) {
    throw new AwsError(
      'MalformedTrailerError',
      400,
      'The request contained trailing data that was not well-formed or did not conform to our published schema.',
    );
  }
  return checkedBody(call, upload.body, upload.trailers);
}

/** Compares every checksum that the caller sent, in a header or in the trailer, with the body. */
function checkedBody(call: HttpCall, body: Buffer, trailers: ReadonlyMap<string, string>): Buffer {
  const prefix = 'x-amz-checksum-';
  const sent = [...[...call.headers].map(([name, values]) => [name, values[0] ?? ''] as const), ...trailers];
  for (const [name, value] of sent) {
    if (!name.startsWith(prefix) || name === 'x-amz-checksum-mode') continue;
    const algorithm = name.slice(prefix.length);
    if (s3Checksum(algorithm, body) !== value) {
      throw new AwsError(
        'BadDigest',
        400,
        `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`,
      );
    }
  }
  return body;
}

function mismatch(service: string): AwsError {
  const advice =
    service === 's3'
      ? 'Check your key and signing method.'
      : 'Check your AWS Secret Access Key and signing method. Consult the service documentation for details.';
  return new AwsError(
    'SignatureDoesNotMatch',
    403,
    `The request signature we calculated does not match the signature you provided. ${advice}`,
  );
}
