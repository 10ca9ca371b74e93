import { createHash, createHmac } from 'node:crypto';
import type { Instant } from '../../core/time.ts';
import { toIso } from '../../core/time.ts';
import type { ResolvedIdentity } from './identity.ts';

/** A request as it will be sent. Path and query of `url` are encoded already; they are signed as they stand there. */
export interface UnsignedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Where a signature is good: the region and the service. */
export interface SigningScope {
  readonly region: string;
  readonly service: string;
}

/**
 * The headers with which AWS believes the request: those given, and the signature over all of them (Signature Version 4, "Create a signed
 * AWS API request" in the IAM user guide). The path is taken as it is, which is S3's rule; every other service encodes it once more.
 */
export function signedHeaders(
  request: UnsignedRequest,
  identity: ResolvedIdentity,
  scope: SigningScope,
  at: Instant,
): Readonly<Record<string, string>> {
  const stamp = toIso(at).replace(/[-:]|\.\d{3}/g, '');
  const payload = sha256(request.body);
  const headers: Record<string, string> = {
    ...Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), value.trim()])),
    host: request.url.host,
    'x-amz-content-sha256': payload,
    'x-amz-date': stamp,
    ...(identity.sessionToken === undefined ? {} : { 'x-amz-security-token': identity.sessionToken }),
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    request.method,
    request.url.pathname,
    canonicalQuery(request.url),
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    payload,
  ].join('\n');
  const place = `${stamp.slice(0, 8)}/${scope.region}/${scope.service}/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${stamp}\n${place}\n${sha256(canonical)}`;
  const key = place
    .split('/')
    .reduce<Buffer | string>((last, part) => hmac(last, part), `AWS4${identity.secretAccessKey}`);
  const signature = createHmac('sha256', key).update(text).digest('hex');
  const { host: _host, ...sent } = headers;
  return {
    ...sent,
    authorization: `AWS4-HMAC-SHA256 Credential=${identity.accessKeyId}/${place}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
  };
}

/** Names and values of a query as AWS encodes and sorts them (RFC 3986, by code point). */
function canonicalQuery(url: URL): string {
  return [...url.searchParams]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort((a, b) => (a < b ? -1 : 1))
    .join('&');
}

/** RFC 3986 encoding, also of what `encodeURIComponent` leaves. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
