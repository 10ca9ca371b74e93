import { createHash } from 'node:crypto';
import { AwsError } from './aws-error.ts';
import { header, percentDecode, queryValue, type HttpAnswer, type HttpCall } from '../shared/http-call.ts';
import type { Session, Sessions } from './sessions.ts';
import type { Bucket, World } from './world.ts';
import { element, renderXml, type XmlContent, type XmlNode } from './xml.ts';

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** An S3 call whose signature has been checked; `body` is free of aws-chunked framing. */
export type S3Call = {
  readonly http: HttpCall;
  readonly body: Buffer;
  readonly session: Session;
  readonly region: string;
};

/** Where a call points: path style (`/bucket/key`) or virtual-host style (`bucket.localhost`). */
export type S3Address = { readonly bucket: string | null; readonly key: string | null };

/** Finds bucket and key of a call. */
export function s3Address(call: HttpCall): S3Address {
  const path = percentDecode(call.rawPath);
  const host = (header(call, 'host') ?? '').replace(/:\d+$/, '');
  const virtual = /^([a-z0-9.-]+)\.(?:localhost|s3[a-z0-9.-]*)$/.exec(host)?.[1];
  if (virtual !== undefined) return { bucket: virtual, key: path.length > 1 ? path.slice(1) : null };
  const [, bucket = '', ...rest] = path.split('/');
  const key = rest.join('/');
  return { bucket: bucket === '' ? null : bucket, key: key === '' ? null : key };
}

/** The operation's name, as the IAM action and the journal call it. */
export function s3Action(call: HttpCall, address: S3Address): string {
  const { method } = call;
  if (address.bucket === null) return method === 'GET' ? 'ListAllMyBuckets' : 'Unknown';
  if (address.key === null) {
    if (method === 'HEAD') return 'ListBucket';
    if (method !== 'GET') return 'Unknown';
    return queryValue(call, 'location') === null ? 'ListBucket' : 'GetBucketLocation';
  }
  return { GET: 'GetObject', HEAD: 'GetObject', PUT: 'PutObject', DELETE: 'DeleteObject' }[method] ?? 'Unknown';
}

/** Lists, reads, writes and deletes objects, each after asking what the session may do. */
export function answerS3(world: World, sessions: Sessions, now: () => number, call: S3Call): HttpAnswer {
  const address = s3Address(call.http);
  const action = s3Action(call.http, address);
  if (action === 'Unknown')
    throw new AwsError('MethodNotAllowed', 405, 'The specified method is not allowed against this resource.');
  refuseUnknownSubresource(call.http);
  const { bucket: name, key } = address;
  const resource = name === null ? '*' : `arn:aws:s3:::${name}${key === null ? '' : `/${key}`}`;
  const facts = sessions.facts(call.session, call.http, call.region, listFacts(call.http));
  sessions.authorize(call.session, `s3:${action}`, resource, facts);
  if (name === null) return listBuckets(world, call.session);
  const bucket = world.buckets.find((one) => one.name === name);
  if (bucket === undefined) throw new AwsError('NoSuchBucket', 404, 'The specified bucket does not exist');
  // Buckets here have no policies, so nobody else's account gets in, whatever its own policies say.
  if (bucket.account !== call.session.role.account) throw new AwsError('AccessDenied', 403, 'Access Denied');
  if (key !== null) return onObject(world, now, call, bucket, key);
  if (call.http.method === 'HEAD') return { status: 200, headers: { 'x-amz-bucket-region': 'us-east-1' }, body: '' };
  if (action === 'GetBucketLocation') return xml(element('LocationConstraint', '', NAMESPACE));
  return listObjects(call.http, bucket);
}

function onObject(world: World, now: () => number, call: S3Call, bucket: Bucket, key: string): HttpAnswer {
  const object = bucket.objects[key];
  switch (call.http.method) {
    case 'PUT': {
      if (header(call.http, 'x-amz-copy-source') !== null)
        throw new AwsError(
          'NotImplemented',
          501,
          'A header you provided implies functionality that is not implemented',
        );
      bucket.objects[key] = { body: call.body.toString('base64'), modifiedAt: now() };
      world.save();
      return { status: 200, headers: { etag: etag(call.body) }, body: '' };
    }
    case 'DELETE': {
      const { [key]: _removed, ...rest } = bucket.objects;
      bucket.objects = rest;
      world.save();
      return { status: 204, headers: {}, body: '' };
    }
    default: {
      if (object === undefined) throw new AwsError('NoSuchKey', 404, 'The specified key does not exist.');
      const body = Buffer.from(object.body, 'base64');
      const headers = {
        etag: etag(body),
        'last-modified': new Date(object.modifiedAt).toUTCString(),
        'content-type': 'binary/octet-stream',
        'accept-ranges': 'bytes',
      };
      if (call.http.method === 'HEAD')
        return { status: 200, headers: { ...headers, 'content-length': String(body.length) }, body: '' };
      return ranged(call.http, body, headers);
    }
  }
}

function ranged(call: HttpCall, body: Buffer, headers: Record<string, string>): HttpAnswer {
  const match = /^bytes=(\d+)-(\d*)$/.exec(header(call, 'range') ?? '');
  if (match === null) return { status: 200, headers, body };
  const from = Number(match[1]);
  const to = match[2] === '' ? body.length - 1 : Math.min(Number(match[2]), body.length - 1);
  if (from >= body.length) throw new AwsError('InvalidRange', 416, 'The requested range is not satisfiable');
  return {
    status: 206,
    headers: { ...headers, 'content-range': `bytes ${from}-${to}/${body.length}` },
    body: body.subarray(from, to + 1),
  };
}

function listBuckets(world: World, session: Session): HttpAnswer {
  const own = world.buckets.filter((bucket) => bucket.account === session.role.account);
  const nodes = own.map((bucket) =>
    element('Bucket', [element('Name', bucket.name), element('CreationDate', '2026-01-01T00:00:00.000Z')]),
  );
  const owner = element('Owner', [element('ID', session.role.account), element('DisplayName', session.role.account)]);
  return xml(element('ListAllMyBucketsResult', [owner, element('Buckets', nodes)], NAMESPACE));
}

/** ListObjectsV2, and version 1 where the caller does not ask for 2. */
function listObjects(call: HttpCall, bucket: Bucket): HttpAnswer {
  const version2 = queryValue(call, 'list-type') === '2';
  const prefix = queryValue(call, 'prefix') ?? '';
  const delimiter = queryValue(call, 'delimiter') ?? '';
  const max = Math.min(1_000, Number(queryValue(call, 'max-keys') ?? 1_000));
  const token = queryValue(call, 'continuation-token');
  const after =
    token !== null
      ? Buffer.from(token, 'base64url').toString('utf8')
      : (queryValue(call, version2 ? 'start-after' : 'marker') ?? '');
  const encodeKey =
    queryValue(call, 'encoding-type') === 'url'
      ? (key: string) => encodeURIComponent(key).replaceAll('%2F', '/')
      : (key: string) => key;
  const contents: XmlNode[] = [];
  const prefixes = new Set<string>();
  let last = '';
  let truncated = false;
  for (const key of Object.keys(bucket.objects).sort()) {
    if (!key.startsWith(prefix) || key <= after) continue;
    const cut = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
    const common = cut < 0 ? null : key.slice(0, cut + delimiter.length);
    if (common !== null && (prefixes.has(common) || common <= after)) continue;
    if (contents.length + prefixes.size >= max) {
      truncated = true;
      break;
    }
    last = common ?? key;
    if (common !== null) prefixes.add(common);
    else contents.push(element('Contents', objectNodes(bucket, key, encodeKey)));
  }
  const result: XmlContent = [
    element('Name', bucket.name),
    element('Prefix', encodeKey(prefix)),
    delimiter === '' ? null : element('Delimiter', encodeKey(delimiter)),
    element('MaxKeys', max),
    version2 ? element('KeyCount', contents.length + prefixes.size) : null,
    element('IsTruncated', truncated),
    truncated
      ? element(
          version2 ? 'NextContinuationToken' : 'NextMarker',
          version2 ? Buffer.from(last).toString('base64url') : encodeKey(last),
        )
      : null,
    queryValue(call, 'encoding-type') === 'url' ? element('EncodingType', 'url') : null,
    ...contents,
    ...[...prefixes].map((one) => element('CommonPrefixes', [element('Prefix', encodeKey(one))])),
  ];
  return xml(element('ListBucketResult', result, NAMESPACE));
}

function objectNodes(bucket: Bucket, key: string, encodeKey: (key: string) => string): XmlNode[] {
  const object = bucket.objects[key];
  const body = Buffer.from(object?.body ?? '', 'base64');
  return [
    element('Key', encodeKey(key)),
    element('LastModified', new Date(object?.modifiedAt ?? 0).toISOString()),
    element('ETag', etag(body)),
    element('Size', body.length),
    element('StorageClass', 'STANDARD'),
  ];
}

/** Condition keys of a listing. */
function listFacts(call: HttpCall): Record<string, string> {
  const facts: Record<string, string> = {};
  const prefix = queryValue(call, 'prefix');
  const delimiter = queryValue(call, 'delimiter');
  if (prefix !== null) facts['s3:prefix'] = prefix;
  if (delimiter !== null) facts['s3:delimiter'] = delimiter;
  return facts;
}

const KNOWN_QUERY = new Set([
  'list-type',
  'prefix',
  'delimiter',
  'max-keys',
  'continuation-token',
  'start-after',
  'marker',
  'encoding-type',
  'fetch-owner',
  'location',
  'x-id',
]);

/** Sub-resources that are not simulated (acl, policy, uploads …) are refused, not ignored. */
function refuseUnknownSubresource(call: HttpCall): void {
  const unknown = call.query.find(([name]) => !KNOWN_QUERY.has(name) && !name.startsWith('X-Amz-'));
  if (unknown !== undefined)
    throw new AwsError(
      'NotImplemented',
      501,
      `A header or query you provided implies functionality that is not implemented: ${unknown[0]}`,
    );
}

export function s3Error(error: AwsError, call: HttpCall, requestId: string): HttpAnswer {
  const root = element('Error', [
    element('Code', error.code),
    element('Message', error.message),
    element('Resource', call.rawPath),
    element('RequestId', requestId),
  ]);
  return {
    status: error.status,
    headers: { 'content-type': 'application/xml' },
    body: call.method === 'HEAD' ? '' : renderXml(root),
  };
}

const xml = (root: XmlNode): HttpAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: renderXml(root),
});

const etag = (body: Buffer): string => `"${createHash('md5').update(body).digest('hex')}"`;
