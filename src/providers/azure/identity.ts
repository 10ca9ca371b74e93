import { after, instant, type Instant } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { exchange, type HttpAnswer, type HttpRequest } from '../../platform/http.ts';
import { ProviderFault } from '../contract.ts';
import type { Endpoints } from './endpoints.ts';
import { classifyThrown, parse, retryAfter, word } from './faults.ts';
import { isGuid } from './names.ts';

/**
 * How the broker proves to Entra who it is. There is no way with a secret or a certificate, so that there is none to steal.
 *
 * - `federated`: a token of another issuer that Entra was told to trust (workload identity of AKS, or any OpenID issuer), from a file that the
 *   platform renews.
 * - `app-service`: the managed identity of App Service, Functions and Container Apps.
 * - `virtual-machine`: the managed identity of a virtual machine, from the instance metadata service.
 */
export type AzureIdentity =
  | {
      readonly kind: 'federated';
      readonly tenantId: string;
      readonly clientId: string;
      /** Reads the token of the other issuer; called at each exchange. */
      readonly assertion: () => Promise<string>;
    }
  | {
      readonly kind: 'app-service';
      readonly endpoint: string;
      /** Proves to the endpoint that this process asks. A secret of the machine's. */
      readonly header: string;
      /** Of a user-assigned identity; `null`: the one that the system assigned. */
      readonly clientId: string | null;
    }
  | { readonly kind: 'virtual-machine'; readonly clientId: string | null };

/** Access tokens for Resource Manager. They live here, in memory, and in the headers of calls, and nowhere else. */
export interface Tokens {
  /** A token that is good for some minutes yet. Throws faults: without one nothing was sent, so what became of the call is certain. */
  get(signal: AbortSignal): Promise<string>;
  /** Told that a token was not believed, so that the next call gets another one. */
  forget(token: string): void;
}

/** So long before its end a token is renewed; Azure's clock may be as far from ours. */
const RENEW_MS = 300_000;
const METADATA = 'http://169.254.169.254/metadata/identity/oauth2/token';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

interface AccessToken {
  readonly token: string;
  readonly expiresAt: Instant;
}

export interface TokenPorts {
  readonly endpoints: Endpoints;
  readonly clock: Clock;
  readonly requestTimeoutMs: number;
}

/** Keeps the token of an identity, and asks for another one in time: once for all calls that wait. */
export function createTokens(identity: AzureIdentity, ports: TokenPorts): Tokens {
  let kept: AccessToken | null = null;
  let asking: Promise<AccessToken> | null = null;
  const ask = (): Promise<AccessToken> =>
    (asking ??= askFor(identity, ports).finally(() => {
      asking = null;
    }));
  return {
    async get(signal) {
      const now = ports.clock.now();
      if (kept !== null && now < after(kept.expiresAt, -RENEW_MS)) return kept.token;
      try {
        kept = await giveUpWith(signal, ask());
      } catch (error) {
        // While the token service is away the old one is as good as Entra said.
        if (kept === null || now >= kept.expiresAt) throw error;
      }
      return kept.token;
    },
    forget(token) {
      if (kept?.token === token) kept = null;
    },
  };
}

/**
 * Object id of whom an access token of ours is about: its claim `oid`. The token is from Entra and for us, so its signature is not ours to check.
 * Throws a fault for what is no such token.
 */
export function objectIdIn(token: string): string {
  const [, claims = ''] = token.split('.');
  const oid = word(parse(Buffer.from(claims, 'base64url').toString('utf8'))['oid']).toLowerCase();
  if (isGuid(oid)) return oid;
  throw new ProviderFault('unreachable', 'The token for Azure does not say whose it is');
}

/** The others go on waiting when one caller gives up. */
async function giveUpWith<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const gaveUp = (): ProviderFault => new ProviderFault('unreachable', 'There was no token for Azure in time');
  if (signal.aborted) throw gaveUp();
  let stop = (): void => {};
  const given = new Promise<never>((_, reject) => {
    const fire = (): void => reject(gaveUp());
    signal.addEventListener('abort', fire, { once: true });
    stop = () => signal.removeEventListener('abort', fire);
  });
  work.catch(() => {});
  try {
    return await Promise.race([work, given]);
  } finally {
    stop();
  }
}

async function askFor(identity: AzureIdentity, ports: TokenPorts): Promise<AccessToken> {
  const askedAt = ports.clock.now();
  let answer: HttpAnswer;
  try {
    const signal = ports.clock.timeout(ports.requestTimeoutMs);
    answer = await exchange(await requestOf(identity, ports.endpoints), { signal, timeoutMs: ports.requestTimeoutMs });
  } catch (error) {
    throw classifyThrown(error, 'read', 'Asking for a token for Azure');
  }
  if (answer.status !== 200) throw refusal(answer, identity);
  const body = parse(answer.text);
  const token = word(body['access_token']);
  const expiresAt = endOf(body, askedAt);
  if (token === '' || expiresAt === null)
    throw new ProviderFault('unreachable', 'Asking for a token for Azure: the answer has no token in it');
  return { token, expiresAt };
}

/** Entra and virtual machines say for how many seconds, App Service until when; the metadata service writes numbers as texts. */
function endOf(body: Readonly<Record<string, unknown>>, askedAt: Instant): Instant | null {
  const lasts = Number(body['expires_in'] ?? Number.NaN);
  if (Number.isFinite(lasts) && lasts > 0) return after(askedAt, lasts * 1_000);
  const until = Number(body['expires_on'] ?? Number.NaN);
  return Number.isFinite(until) && until > 0 ? instant(until * 1_000) : null;
}

async function requestOf(identity: AzureIdentity, { authority, resource }: Endpoints): Promise<HttpRequest> {
  if (identity.kind === 'federated') {
    const form = new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: identity.clientId,
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: await assertionOf(identity),
      scope: `${resource}/.default`,
    });
    return {
      method: 'POST',
      url: new URL(`${authority}/${identity.tenantId}/oauth2/v2.0/token`),
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: form.toString(),
    };
  }
  const isAppService = identity.kind === 'app-service';
  const url = new URL(isAppService ? identity.endpoint : METADATA);
  url.searchParams.set('api-version', isAppService ? '2019-08-01' : '2018-02-01');
  url.searchParams.set('resource', `${resource}/`);
  if (identity.clientId !== null) url.searchParams.set('client_id', identity.clientId);
  const headers: Readonly<Record<string, string>> = isAppService
    ? { 'x-identity-header': identity.header }
    : { metadata: 'true' };
  return { method: 'GET', url, headers, body: '' };
}

/** The error of whoever reads it is dropped; it may quote what it read. */
async function assertionOf(identity: Extract<AzureIdentity, { kind: 'federated' }>): Promise<string> {
  let assertion: string;
  try {
    assertion = (await identity.assertion()).trim();
  } catch {
    throw new ProviderFault(
      'unreachable',
      "The platform's token for the broker, AZURE_FEDERATED_TOKEN_FILE, cannot be read",
    );
  }
  if (assertion === '')
    throw new ProviderFault('unreachable', "The platform's token for the broker, AZURE_FEDERATED_TOKEN_FILE, is empty");
  return assertion;
}

/** Of what Entra says only its numbers go along: its sentences quote what the assertion says. */
function refusal(answer: HttpAnswer, identity: AzureIdentity): ProviderFault {
  const body = parse(answer.text);
  const numbers = Array.isArray(body['error_codes']) ? body['error_codes'] : [];
  const named = numbers.filter((one): one is number => typeof one === 'number').map((one) => `AADSTS${one}`);
  const code = named.join(', ') || word(body['error']).slice(0, 60) || 'no error of its own';
  const what = `Asking for a token for Azure: ${answer.status}, ${code}`;
  const retryAfterMs = retryAfter(answer.headers['retry-after']);
  const wait = retryAfterMs === null ? {} : { retryAfterMs };
  if (answer.status === 429) return new ProviderFault('throttled', what, wait);
  if (answer.status >= 500 || answer.status === 408) return new ProviderFault('unreachable', what, wait);
  if (identity.kind !== 'federated')
    return new ProviderFault('forbidden-to-us', `${what}. Is a managed identity assigned to what the broker runs on?`);
  return new ProviderFault('forbidden-to-us', `${what}. Entra does not take the platform's token for the broker`, {
    fix: `az ad app federated-credential list --id ${identity.clientId}`,
  });
}
