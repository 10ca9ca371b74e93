import { header, type HttpCall } from '../shared/http-call.ts';
import { TokenBucket } from '../shared/token-bucket.ts';
import type { AccessTokens } from './access-token.ts';
import type { Caller } from './authorization.ts';
import { AzureError } from './azure-error.ts';
import type { AzureSettings } from './azure-settings.ts';
import { issuerOf } from './entra.ts';
import type { World } from './world.ts';

const AUDIENCES = [
  'https://management.core.windows.net/',
  'https://management.core.windows.net',
  'https://management.azure.com/',
  'https://management.azure.com',
];

/** Who calls Resource Manager. Throws its errors of authentication; `own` is one more audience, the simulator's address. */
export function armCaller(call: HttpCall, world: World, tokens: AccessTokens, own: string, nowMs: number): Caller {
  const sent = header(call, 'authorization');
  if (sent === null)
    throw unauthenticated('AuthenticationFailed', "Authentication failed. The 'Authorization' header is missing.");
  const [, token = ''] = /^Bearer (\S+)$/i.exec(sent) ?? [];
  if (token === '')
    throw unauthenticated(
      'AuthenticationFailedInvalidHeader',
      "Authentication failed. The 'Authorization' header is provided in an invalid format.",
    );
  const claims = tokens.open(token, nowMs);
  if (claims === 'expired')
    throw unauthenticated(
      'ExpiredAuthenticationToken',
      `The access token expiry UTC time is earlier than current UTC time '${new Date(nowMs).toUTCString()}'.`,
    );
  if (typeof claims === 'string') throw unauthenticated('InvalidAuthenticationToken', 'The access token is invalid.');
  if (![...AUDIENCES, own, `${own}/`].includes(claims.aud))
    throw unauthenticated(
      'InvalidAuthenticationTokenAudience',
      `The access token has been obtained for wrong audience or resource '${claims.aud}'. It should exactly match with one of the allowed audiences '${AUDIENCES.join("','")}'.`,
    );
  const tenant = world.tenant(claims.tid);
  if (tenant === null || claims.iss !== issuerOf(tenant))
    throw unauthenticated('InvalidAuthenticationToken', 'The access token is from an issuer that is not known.');
  return { tenant, claims };
}

const unauthenticated = (code: string, message: string): AzureError =>
  new AzureError(401, code, message, {
    'www-authenticate': `Bearer authorization_uri="https://login.windows.net/common", error="invalid_token", error_description="${message}"`,
  });

type Kind = 'reads' | 'writes' | 'deletes';

/** Token buckets, one for each caller, subscription (or tenant) and kind of operation. */
export class ArmThrottle {
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #settings: () => AzureSettings;
  readonly #now: () => number;

  constructor(settings: () => AzureSettings, now: () => number) {
    this.#settings = settings;
    this.#now = now;
  }

  /** Headers that say what is left. Throws 429 with `Retry-After` where nothing is. */
  take(method: string, subscription: string | null, caller: Caller): Readonly<Record<string, string>> {
    const kind: Kind = method === 'GET' || method === 'HEAD' ? 'reads' : method === 'DELETE' ? 'deletes' : 'writes';
    const { size, perSecond } = this.#rate(kind);
    const where = subscription ?? caller.tenant.id;
    const key = `${where} ${caller.claims.oid} ${kind}`;
    const bucket = this.#buckets.get(key) ?? new TokenBucket(size, this.#now());
    this.#buckets.set(key, bucket);
    const name = subscription === null ? 'tenant' : 'subscription';
    if (bucket.take(perSecond, this.#now(), size)) {
      const left = perSecond === 0 ? size : bucket.left;
      return { [`x-ms-ratelimit-remaining-${name}-${kind}`]: String(left) };
    }
    const seconds = String(Math.max(1, Math.ceil(bucket.waitMs(perSecond) / 1_000)));
    throw new AzureError(
      429,
      subscription === null ? 'TenantRequestsThrottled' : 'SubscriptionRequestsThrottled',
      `Number of '${kind.slice(0, -1)}' requests for ${name} '${where}' actor '${caller.claims.oid}' exceeded. Please try again after '${seconds}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for additional information.`,
      { 'retry-after': seconds, [`x-ms-ratelimit-remaining-${name}-${kind}`]: '0' },
    );
  }

  #rate(kind: Kind): { readonly size: number; readonly perSecond: number } {
    const settings = this.#settings();
    switch (kind) {
      case 'reads':
        return { size: settings.readBurst, perSecond: settings.readsPerSecond };
      case 'writes':
        return { size: settings.writeBurst, perSecond: settings.writesPerSecond };
      case 'deletes':
        return { size: settings.deleteBurst, perSecond: settings.deletesPerSecond };
    }
  }
}
