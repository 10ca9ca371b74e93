import { createPublicKey, verify, type JsonWebKey } from 'node:crypto';
import { readJwt, type Jwt } from './access-token.ts';
import { EntraError } from './azure-error.ts';
import type { Application, FederatedCredential } from './directory.ts';

const DOCUMENTATION = 'https://learn.microsoft.com/entra/workload-id/workload-identity-federation';
/** How long an issuer has for each of its two documents. */
const ISSUER_TIMEOUT_MS = 5_000;

/** Keys of issuers that are known without asking. */
export type KnownIssuers = readonly { readonly url: string; readonly keys: readonly object[] }[];

/**
 * Checks the token of an external issuer that an application presents in place of a secret. Issuer, subject and audience
 * must be those of one of its federated credentials, to the letter. Throws `EntraError`; numbers as others report them.
 */
export async function checkClientAssertion(
  assertion: string,
  application: Application,
  issuers: KnownIssuers,
  nowMs: number,
): Promise<void> {
  const jwt = readJwt(assertion);
  if (jwt === null) throw new EntraError(400, 'invalid_request', 50027, 'JWT token is invalid or malformed.');
  const { issuer } = matchingCredential(jwt, application.federatedCredentials);
  if (jwt.header['alg'] !== 'RS256')
    throw new EntraError(401, 'invalid_client', 5002738, `Invalid JWT token. 'alg' is not RS256.`);
  const key = (await keysOf(issuer, issuers)).find((one) => one.kid === jwt.header['kid']);
  if (key === undefined)
    throw new EntraError(
      401,
      'invalid_client',
      7000272,
      `The certificate with identifier ${String(jwt.header['kid'])} used to sign the federated credential could not be found in the metadata of identity provider ${issuer}. Please validate that your Identity Provider's metadata exposes the key used to sign the incoming token.`,
    );
  if (!verify('sha256', Buffer.from(jwt.signed), createPublicKey({ key, format: 'jwk' }), jwt.signature))
    throw new EntraError(
      401,
      'invalid_client',
      700027,
      'Client assertion contains an invalid signature. [Reason - The provided signature value did not match the expected signature value.]',
    );
  requireInTime(jwt, nowMs);
}

function matchingCredential(jwt: Jwt, credentials: readonly FederatedCredential[]): FederatedCredential {
  const { iss, sub } = jwt.payload;
  const audiences: readonly unknown[] = [jwt.payload['aud']].flat();
  const ofIssuer = credentials.filter((one) => one.issuer === iss);
  if (ofIssuer.length === 0) throw noMatch(700211, 'issuer', iss);
  const ofSubject = ofIssuer.filter((one) => one.subject === sub);
  if (ofSubject.length === 0) {
    const almost = ofIssuer.some((one) => one.subject.toLowerCase() === String(sub).toLowerCase());
    throw almost ? onlyCaseDiffers(sub) : noMatch(700213, 'subject', sub);
  }
  const found = ofSubject.find((one) => one.audiences?.some((audience) => audiences.includes(audience)));
  if (found === undefined) throw noMatch(700212, 'audience', audiences.join(','));
  return found;
}

const noMatch = (number: number, what: string, value: unknown): EntraError =>
  new EntraError(
    401,
    'invalid_client',
    number,
    `No matching federated identity record found for presented assertion ${what} '${String(value)}'. Check your federated identity credential Subject, Audience and Issuer against the presented assertion. ${DOCUMENTATION}`,
  );

const onlyCaseDiffers = (subject: unknown): EntraError =>
  new EntraError(
    401,
    'invalid_client',
    7002138,
    `No matching federated identity record found for presented assertion subject '${String(subject)}'. The subject matches with case-insensitive comparison, but not with case-sensitive comparison. ${DOCUMENTATION}`,
  );

function requireInTime(jwt: Jwt, nowMs: number): void {
  const expires = seconds(jwt, 'exp');
  if (expires === null) throw new EntraError(400, 'invalid_request', 50027, 'JWT token is invalid or malformed.');
  const from = seconds(jwt, 'nbf') ?? 0;
  if (from * 1_000 <= nowMs && nowMs < expires * 1_000) return;
  throw new EntraError(
    401,
    'invalid_client',
    700024,
    `Client assertion is not within its valid time range. Current time: ${stamp(nowMs)}, assertion valid from ${stamp(from * 1_000)}, expiry time of assertion ${stamp(expires * 1_000)}. Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials .`,
  );
}

function seconds(jwt: Jwt, name: string): number | null {
  const value = jwt.payload[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

/** Seven digits after the point, as .NET writes a moment. */
const stamp = (ms: number): string => new Date(ms).toISOString().replace('Z', '0000Z');

type PublicKey = JsonWebKey & { readonly kid?: unknown };

/** An issuer's published keys. Asked for at each call: an issuer that is down is noticed, and so is a new key. */
async function keysOf(issuer: string, issuers: KnownIssuers): Promise<readonly PublicKey[]> {
  const known = issuers.find((one) => one.url === issuer);
  if (known !== undefined) return known.keys.map((key) => ({ ...key }));
  const metadata = await fetchJson(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  const { keys } = await fetchJson(String(metadata['jwks_uri']));
  if (metadata['issuer'] !== issuer || !Array.isArray(keys)) throw unreachable();
  return keys.map((key: PublicKey) => ({ ...key }));
}

async function fetchJson(url: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ISSUER_TIMEOUT_MS) });
    if (!response.ok) throw unreachable();
    return (await response.json()) as Readonly<Record<string, unknown>>;
  } catch {
    throw unreachable();
  }
}

const unreachable = (): EntraError =>
  new EntraError(400, 'invalid_request', 90061, 'Request to External OIDC endpoint failed.');
