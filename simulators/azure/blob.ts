import { header, type HttpAnswer, type HttpCall } from '../shared/http-call.ts';
import type { ArmPorts } from './arm-call.ts';
import type { Caller, Request } from './authorization.ts';
import { AzureError } from './azure-error.ts';
import { escapeXml, type BlobAddress } from './blob-call.ts';
import type { Blob } from './estate.ts';
import { stableGuid } from './guid.ts';
import { parseScope, type Scope } from './scopes.ts';

const CONTAINERS = 'Microsoft.Storage/storageAccounts/blobServices/containers';

/** What is asked of an account, as roles name it. `blobs/write` stands for whatever a Put Blob needs. */
export type BlobAction = {
  readonly action: string;
  readonly perform: (ports: ArmPorts, caller: Caller) => HttpAnswer;
};

/** The operation of a call, by method, address and query. Throws for one that is not simulated. */
export function blobAction(call: HttpCall, at: BlobAddress): BlobAction {
  const query = call.query.map(([name, value]) => `${name}=${value}`);
  const has = (pair: string): boolean => query.includes(pair);
  requireKnownQuery(call);
  if (at.container === '') {
    if (call.method === 'GET' && has('comp=list') && !has('restype=container'))
      return { action: `${CONTAINERS}/read`, perform: (ports, caller) => listContainers(ports, caller, at) };
  } else if (at.blob === '') {
    if (has('restype=container') && call.method === 'GET' && has('comp=list'))
      return { action: `${CONTAINERS}/blobs/read`, perform: (ports, caller) => listBlobs(ports, caller, at, call) };
    if (
      has('restype=container') &&
      ['GET', 'HEAD'].includes(call.method) &&
      !query.some((one) => one.startsWith('comp='))
    )
      return { action: `${CONTAINERS}/read`, perform: (ports, caller) => showContainer(ports, caller, at) };
  } else if (call.query.length === 0) {
    switch (call.method) {
      case 'GET':
      case 'HEAD':
        return { action: `${CONTAINERS}/blobs/read`, perform: (ports, caller) => getBlob(ports, caller, at, call) };
      case 'PUT':
        return { action: `${CONTAINERS}/blobs/write`, perform: (ports, caller) => putBlob(ports, caller, at, call) };
      case 'DELETE':
        return { action: `${CONTAINERS}/blobs/delete`, perform: (ports, caller) => deleteBlob(ports, caller, at) };
    }
  }
  throw new AzureError(
    400,
    'UnsupportedHttpVerb',
    `This simulator has no ${call.method} ${call.rawPath} with ${query.join('&')}.`,
  );
}

/** Query parameters that operations here know. Storage ignores others. */
function requireKnownQuery(call: HttpCall): void {
  const known = ['comp', 'restype', 'prefix', 'maxresults', 'timeout'];
  const unknown = call.query.find(([name, value]) => !known.includes(name) && !(name === 'include' && value === ''));
  if (unknown !== undefined)
    throw new AzureError(400, 'UnsupportedQueryParameter', `This simulator has no query parameter '${unknown[0]}'.`);
}

function listContainers(ports: ArmPorts, caller: Caller, at: BlobAddress): HttpAnswer {
  require(ports, caller, { action: `${CONTAINERS}/read`, scope: scopeOf(at.id) });
  const shown = at.account.containers.map(
    (one) =>
      `<Container><Name>${escapeXml(one.name)}</Name><Properties>${elements(containerProperties(one))}</Properties></Container>`,
  );
  return xml(at, `<Containers>${shown.join('')}</Containers><NextMarker />`);
}

function showContainer(ports: ArmPorts, caller: Caller, at: BlobAddress): HttpAnswer {
  require(ports, caller, { action: `${CONTAINERS}/read`, scope: containerScope(at) });
  const lease = { 'x-ms-lease-status': 'unlocked', 'x-ms-lease-state': 'available' };
  return { status: 200, headers: { ...containerProperties(containerOf(at)), ...lease }, body: '' };
}

function listBlobs(ports: ArmPorts, caller: Caller, at: BlobAddress, call: HttpCall): HttpAnswer {
  const prefix = call.query.find(([name]) => name === 'prefix')?.[1] ?? '';
  require(ports, caller, {
    ...dataRequest(`${CONTAINERS}/blobs/read`, at),
    suboperation: 'Blob.List',
    ...(prefix === '' ? {} : { request: { [`${CONTAINERS}/blobs:prefix`]: prefix } }),
  });
  const blobs = Object.entries(containerOf(at).blobs)
    .filter(([name]) => name.startsWith(prefix))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(
      ([name, blob]) =>
        `<Blob><Name>${escapeXml(name)}</Name><Properties>${elements(propertiesOf(blob))}<BlobType>BlockBlob</BlobType></Properties></Blob>`,
    );
  return xml(at, `<Prefix>${escapeXml(prefix)}</Prefix><Blobs>${blobs.join('')}</Blobs><NextMarker />`);
}

function getBlob(ports: ArmPorts, caller: Caller, at: BlobAddress, call: HttpCall): HttpAnswer {
  require(ports, caller, dataRequest(`${CONTAINERS}/blobs/read`, at));
  const blob = blobOf(at);
  const content = Buffer.from(blob.content, 'base64');
  const range = readRange(header(call, 'x-ms-range') ?? header(call, 'range'), content.length);
  const part = range === null ? content : content.subarray(range[0], range[1] + 1);
  const headers = {
    'content-type': blob.contentType,
    'content-length': String(part.length),
    etag: blob.etag,
    'last-modified': new Date(blob.modifiedAt).toUTCString(),
    'x-ms-blob-type': 'BlockBlob',
    'accept-ranges': 'bytes',
    ...(range === null ? {} : { 'content-range': `bytes ${range[0]}-${range[1]}/${content.length}` }),
  };
  return { status: range === null ? 200 : 206, headers, body: call.method === 'HEAD' ? '' : part };
}

/** A new blob may be written by whoever may add blobs, too. */
function putBlob(ports: ArmPorts, caller: Caller, at: BlobAddress, call: HttpCall): HttpAnswer {
  if (header(call, 'x-ms-blob-type') !== 'BlockBlob')
    throw new AzureError(
      400,
      'InvalidHeaderValue',
      'The value for one of the HTTP headers is not in the correct format.',
    );
  const add = dataRequest(`${CONTAINERS}/blobs/add/action`, at);
  const isNew = at.account.containers.find((one) => one.name === at.container)?.blobs[at.blob] === undefined;
  if (!isNew || ports.authorization.decide(caller, add) !== 'allowed')
    require(ports, caller, dataRequest(`${CONTAINERS}/blobs/write`, at));
  const etag = `"0x${stableGuid(at.id, at.blob, String(ports.now()), call.body.toString('base64')).slice(0, 8).toUpperCase()}"`;
  const contentType =
    header(call, 'x-ms-blob-content-type') ?? header(call, 'content-type') ?? 'application/octet-stream';
  containerOf(at).blobs[at.blob] = {
    content: call.body.toString('base64'),
    contentType,
    modifiedAt: ports.now(),
    etag,
  };
  ports.world.save();
  const modified = new Date(ports.now()).toUTCString();
  return {
    status: 201,
    headers: { etag, 'last-modified': modified, 'x-ms-request-server-encrypted': 'true' },
    body: '',
  };
}

function deleteBlob(ports: ArmPorts, caller: Caller, at: BlobAddress): HttpAnswer {
  require(ports, caller, dataRequest(`${CONTAINERS}/blobs/delete`, at));
  blobOf(at);
  delete containerOf(at).blobs[at.blob];
  ports.world.save();
  return { status: 202, headers: { 'x-ms-delete-type-permanent': 'true' }, body: '' };
}

/** Throws what storage says to whoever may not; a condition that does not hold is said in the same way. */
function require(ports: ArmPorts, caller: Caller, request: Request): void {
  if (ports.authorization.decide(caller, request) === 'allowed') return;
  throw new AzureError(
    403,
    'AuthorizationPermissionMismatch',
    'This request is not authorized to perform this operation using this permission.',
  );
}

const dataRequest = (action: string, at: BlobAddress): Request => ({
  action,
  data: true,
  scope: containerScope(at),
  resource: {
    'Microsoft.Storage/storageAccounts:name': at.account.name,
    'Microsoft.Storage/storageAccounts:isHnsEnabled': 'false',
    [`${CONTAINERS}:name`]: at.container,
    ...(at.blob === ''
      ? {}
      : { [`${CONTAINERS}/blobs:path`]: at.blob, [`${CONTAINERS}/blobs:isCurrentVersion`]: 'true' }),
  },
});

function scopeOf(id: string): Scope {
  const scope = parseScope(id);
  if (scope === null)
    throw new AzureError(400, 'InvalidUri', 'The requested URI does not represent any resource on the server.');
  return scope;
}

const containerScope = (at: BlobAddress): Scope => scopeOf(`${at.id}/blobServices/default/containers/${at.container}`);

type Container = BlobAddress['account']['containers'][number];

const containerProperties = (container: Container): Readonly<Record<string, string>> => ({
  'Last-Modified': new Date(container.modifiedAt).toUTCString(),
  Etag: '"0x1"',
});

const elements = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`)
    .join('');

function containerOf(at: BlobAddress): Container {
  const found = at.account.containers.find((one) => one.name === at.container);
  if (found !== undefined) return found;
  throw new AzureError(404, 'ContainerNotFound', 'The specified container does not exist.');
}

function blobOf(at: BlobAddress): Blob {
  const found = containerOf(at).blobs[at.blob];
  if (found !== undefined) return found;
  throw new AzureError(404, 'BlobNotFound', 'The specified blob does not exist.');
}

const propertiesOf = (blob: Blob): Readonly<Record<string, string>> => ({
  'Last-Modified': new Date(blob.modifiedAt).toUTCString(),
  Etag: blob.etag,
  'Content-Length': String(Buffer.from(blob.content, 'base64').length),
  'Content-Type': blob.contentType,
});

/** First and last byte, or null for the whole. Throws for a range that begins after the end. */
function readRange(sent: string | null, length: number): readonly [number, number] | null {
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(sent ?? '') ?? [];
  if (from === undefined) return null;
  const first = Number(from);
  if (first >= length)
    throw new AzureError(416, 'InvalidRange', 'The range specified is invalid for the current size of the resource.');
  return [first, Math.min(to === '' || to === undefined ? length - 1 : Number(to), length - 1)];
}

const xml = (at: BlobAddress, content: string): HttpAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="https://${at.account.name}.blob.core.windows.net/"${at.container === '' ? '' : ` ContainerName="${escapeXml(at.container)}"`}>${content}</EnumerationResults>`,
});
