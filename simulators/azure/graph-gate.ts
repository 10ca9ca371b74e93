import { randomUUID } from 'node:crypto';
import { header, type HttpAnswer, type HttpCall } from '../shared/http-call.ts';
import { TokenBucket } from '../shared/token-bucket.ts';
import type { AccessTokens } from './access-token.ts';
import type { Caller } from './authorization.ts';
import { AzureError } from './azure-error.ts';
import type { AzureSettings } from './azure-settings.ts';
import { principal } from './directory.ts';
import { issuerOf } from './entra.ts';
import { denied, graphJson, type GraphRoute } from './graph-call.ts';
import type { World } from './world.ts';

const AUDIENCES = [
  'https://graph.microsoft.com',
  'https://graph.microsoft.com/',
  '00000003-0000-0000-c000-000000000000',
];

/** Who calls Graph. Throws its errors of authentication. */
export function graphCaller(call: HttpCall, world: World, tokens: AccessTokens, nowMs: number): Caller {
  const [, token = ''] = /^Bearer (\S+)$/i.exec(header(call, 'authorization') ?? '') ?? [];
  if (token === '') throw unauthenticated('Access token is empty.');
  const claims = tokens.open(token, nowMs);
  if (claims === 'malformed') throw unauthenticated('IDX14100: JWT is not well formed, there are no dots (.).');
  if (claims === 'signature') throw unauthenticated('Access token validation failure. Invalid signature.');
  if (typeof claims === 'string') throw unauthenticated('Lifetime validation failed, the token is expired.');
  if (!AUDIENCES.includes(claims.aud)) throw unauthenticated('Access token validation failure. Invalid audience.');
  const tenant = world.tenant(claims.tid);
  if (tenant === null || claims.iss !== issuerOf(tenant))
    throw unauthenticated('Access token validation failure. Invalid issuer.');
  const revoked = principal(tenant, claims.oid)?.revoked ?? null;
  // Graph is told of it; Resource Manager and the storage services are not.
  if (revoked !== null && revoked.heardAt <= nowMs && claims.iat * 1_000 < revoked.validFrom)
    throw challenge(revoked.validFrom);
  return { tenant, claims };
}

const unauthenticated = (message: string, headers: Readonly<Record<string, string>> = {}): AzureError =>
  new AzureError(401, 'InvalidAuthenticationToken', message, headers);

/** What continuous access evaluation says of a token from before a person's sessions were revoked. */
function challenge(validFrom: number): AzureError {
  const message =
    'Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp';
  const value = String(Math.ceil(validFrom / 1_000));
  const claims = Buffer.from(JSON.stringify({ access_token: { nbf: { essential: true, value } } })).toString('base64');
  return unauthenticated(message, {
    'www-authenticate': `Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000", error_description="${message}", error="insufficient_claims", claims="${claims}"`,
  });
}

/** Throws for whoever may not: applications by the permissions in their token, people by the roles in theirs. */
export function requireGraphRight(route: GraphRoute, { tenant, claims }: Caller): void {
  if (principal(tenant, claims.oid) === null) throw denied();
  const allowed =
    claims.idtyp === 'app'
      ? route.permissions.some((one) => claims.roles?.includes(one))
      : route.people === 'everybody' || route.people.some((one) => claims.wids?.includes(one));
  if (!allowed) throw denied();
}

/** A token bucket for each application and tenant. */
export class GraphThrottle {
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #settings: () => AzureSettings;
  readonly #now: () => number;

  constructor(settings: () => AzureSettings, now: () => number) {
    this.#settings = settings;
    this.#now = now;
  }

  /** Throws 429 with `Retry-After` where nothing is left. */
  take({ tenant, claims }: Caller): void {
    const { graphBurst, graphPerSecond } = this.#settings();
    const key = `${tenant.id} ${claims.appid}`;
    const bucket = this.#buckets.get(key) ?? new TokenBucket(graphBurst, this.#now());
    this.#buckets.set(key, bucket);
    if (bucket.take(graphPerSecond, this.#now(), graphBurst)) return;
    const seconds = String(Math.max(1, Math.ceil(bucket.waitMs(graphPerSecond) / 1_000)));
    throw new AzureError(429, 'TooManyRequests', 'Please retry again later.', { 'retry-after': seconds });
  }
}

/** An error as Graph spells it. */
export function graphError(error: AzureError, call: HttpCall, requestId: string, nowMs: number): HttpAnswer {
  const innerError = {
    date: new Date(nowMs).toISOString().slice(0, 19),
    'request-id': requestId,
    'client-request-id': header(call, 'client-request-id') ?? randomUUID(),
  };
  const answer = graphJson({ error: { code: error.code, message: error.message, innerError } }, error.status);
  return { ...answer, headers: { ...answer.headers, ...error.headers } };
}
