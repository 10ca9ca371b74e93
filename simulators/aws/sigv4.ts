import { createHash, createHmac } from 'node:crypto';

/** What goes into a SigV4 canonical request. Query pairs are percent-decoded; header names are lower-case. */
export type CanonicalInput = {
  readonly method: string;
  readonly rawPath: string;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly signedHeaders: readonly string[];
  readonly payloadHash: string;
  readonly service: string;
};

/** The scope of a signing key: `20260131`, `us-east-1`, `sts`. */
export type SigningScope = { readonly date: string; readonly region: string; readonly service: string };

export const sha256Hex = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();

/** RFC 3986 encoding: everything but letters, digits, `-._~`. */
export const uriEncode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** The canonical request of the SigV4 specification ("Create a canonical request"). */
export function canonicalRequest(input: CanonicalInput): string {
  const pairs = input.query.map(([name, value]) => [uriEncode(name), uriEncode(value)] as const);
  pairs.sort((a, b) => (a[0] === b[0] ? compare(a[1], b[1]) : compare(a[0], b[0])));
  const headers = input.signedHeaders.map((name) => {
    const values = input.headers.get(name) ?? [];
    return `${name}:${values.map((value) => value.trim().replace(/ +/g, ' ')).join(',')}\n`;
  });
  return [
    input.method,
    canonicalPath(input.rawPath, input.service),
    pairs.map(([name, value]) => `${name}=${value}`).join('&'),
    headers.join(''),
    input.signedHeaders.join(';'),
    input.payloadHash,
  ].join('\n');
}

/** S3 signs the path encoded once and untouched; every other service normalizes it and encodes it again. */
function canonicalPath(rawPath: string, service: string): string {
  if (service === 's3') {
    return rawPath
      .split('/')
      .map((segment) => uriEncode(decodeURIComponent(segment)))
      .join('/');
  }
  const kept: string[] = [];
  for (const segment of rawPath.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') kept.pop();
    else kept.push(uriEncode(segment));
  }
  const tail = kept.length > 0 && rawPath.endsWith('/') ? '/' : '';
  return `/${kept.join('/')}${tail}`;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** `date/region/service/aws4_request`. */
export const scopeText = (scope: SigningScope): string => `${scope.date}/${scope.region}/${scope.service}/aws4_request`;

/** The key that signs for one day, region and service. */
export const signingKey = (secret: string, scope: SigningScope): Buffer =>
  hmac(hmac(hmac(hmac(`AWS4${secret}`, scope.date), scope.region), scope.service), 'aws4_request');

/** The signature of a canonical request. */
export const signCanonical = (key: Buffer, amzDate: string, scope: SigningScope, canonical: string): string =>
  hmac(key, ['AWS4-HMAC-SHA256', amzDate, scopeText(scope), sha256Hex(canonical)].join('\n')).toString('hex');

/** The signature of one chunk, or of the trailer, of an aws-chunked upload. */
export const signStreamPart = (key: Buffer, parts: readonly string[]): string =>
  hmac(key, parts.join('\n')).toString('hex');
