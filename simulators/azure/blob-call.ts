import { header, type HttpAnswer, type HttpCall } from '../shared/http-call.ts';
import type { AccessTokens } from './access-token.ts';
import type { Caller } from './authorization.ts';
import { AzureError } from './azure-error.ts';
import { issuerOf } from './entra.ts';
import type { StorageAccount, Subscription } from './estate.ts';
import type { World } from './world.ts';

/** A storage account that is called, and what in it. */
export type BlobAddress = {
  readonly account: StorageAccount;
  readonly id: string;
  readonly subscription: Subscription;
  /** Both empty where the account itself is meant. */
  readonly container: string;
  readonly blob: string;
};

/** The first version that takes a bearer token. */
const BEARER_VERSION = '2017-11-09';

/**
 * What a call to Blob Storage is about, or null for a call to something else. An account is named by the host
 * (`account.blob.core.windows.net`, `account.blob.localhost`), or by the first part of the path where the host names none.
 */
export function blobAddress(call: HttpCall, world: World): BlobAddress | null {
  const host = header(call, 'host') ?? '';
  const [, named] = /^([a-z0-9]{3,24})\.blob\./.exec(host) ?? [];
  const [first = '', ...rest] = call.rawPath.replace(/^\//, '').split('/');
  const found = world.estate.storageAccount(named ?? first);
  if (found === null) {
    if (named === undefined) return null;
    throw new AzureError(400, 'InvalidUri', `There is no storage account ${named}.`);
  }
  const [container = '', ...blob] = (named === undefined ? rest : [first, ...rest]).map((part) => decode(part));
  return { ...found, container, blob: blob.join('/') };
}

/** Who calls a storage account. Throws its errors of authentication. */
export function blobCaller(
  call: HttpCall,
  address: BlobAddress,
  world: World,
  tokens: AccessTokens,
  nowMs: number,
): Caller {
  const sent = header(call, 'authorization');
  if (/^SharedKey/i.test(sent ?? ''))
    throw new AzureError(
      403,
      'KeyBasedAuthenticationNotPermitted',
      'Key based authentication is not permitted on this storage account.',
    );
  const tenant = world.tenant(address.subscription.tenant);
  if (sent === null || tenant === null)
    throw new AzureError(
      401,
      'NoAuthenticationInformation',
      'Server failed to authenticate the request. Please refer to the information in the www-authenticate header.',
      {
        'www-authenticate': `Bearer authorization_uri=https://login.microsoftonline.com/${address.subscription.tenant}/oauth2/authorize resource_id=https://storage.azure.com`,
      },
    );
  const version = header(call, 'x-ms-version') ?? '';
  if (!/^\d{4}-\d\d-\d\d$/.test(version) || version < BEARER_VERSION)
    throw new AzureError(
      403,
      'AuthenticationFailed',
      'Server failed to authenticate the request. Authentication scheme Bearer is not supported in this version.',
    );
  const [, token = ''] = /^Bearer (\S+)$/i.exec(sent) ?? [];
  const claims = tokens.open(token, nowMs);
  if (claims === 'expired') throw unauthenticated('Lifetime validation failed. The token is expired.');
  if (typeof claims === 'string') throw unauthenticated('Signature validation failed. Signature verification failed.');
  const audience = claims.aud.replace(/\/$/, '');
  if (audience !== 'https://storage.azure.com' && audience !== `https://${address.account.name}.blob.core.windows.net`)
    throw unauthenticated('Audience validation failed. Audience did not match.');
  if (claims.iss !== issuerOf(tenant)) throw unauthenticated('Issuer validation failed. Issuer did not match.');
  return { tenant, claims };
}

const unauthenticated = (detail: string): AzureError =>
  new AzureError(
    401,
    'InvalidAuthenticationInfo',
    `Server failed to authenticate the request. Please refer to the information in the www-authenticate header. ${detail}`,
    { 'www-authenticate': `Bearer error=invalid_token, error_description=${detail}` },
  );

/** An error as the storage services spell it; HEAD gets the header alone. */
export function blobError(error: AzureError, call: HttpCall, requestId: string, nowMs: number): HttpAnswer {
  const message = `${error.message}\nRequestId:${requestId}\nTime:${new Date(nowMs).toISOString()}`;
  const body = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${error.code}</Code><Message>${escapeXml(message)}</Message></Error>`;
  return {
    status: error.status,
    headers: { 'content-type': 'application/xml', 'x-ms-error-code': error.code, ...error.headers },
    body: call.method === 'HEAD' ? '' : body,
  };
}

export const escapeXml = (text: string): string =>
  text.replace(/[<>&"]/g, (character) => `&#${character.charCodeAt(0)};`);

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new AzureError(400, 'InvalidUri', 'The requested URI does not represent any resource on the server.');
  }
}
