import {
  allowInsecureRequests,
  authorizationCodeGrant,
  AuthorizationResponseError,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  ClientError,
  ClientSecretPost,
  discovery,
  None,
  ResponseBodyError,
  type Configuration,
  type IDToken,
} from 'openid-client';
import { ok, refused, type Result } from '../core/result.ts';
import { after, instant, type Instant } from '../core/time.ts';
import type { Clock } from '../platform/clock.ts';
import { isLoopback, requireSecureTransport } from './base-url.ts';
import type { CompanyIdentity, SignInFacts } from './people.ts';

/** Where people sign in: the company's own OpenID provider. Passwords and second factors are its business, never ours. */
export interface CompanySettings {
  readonly issuer: string;
  readonly clientId: string;
  /** Absent for a public client; PKCE is used either way. */
  readonly clientSecret?: string;
}

/** One sign-in under way; the values are secrets of this sign-in. */
export interface CompanyChecks {
  readonly state: string;
  readonly nonce: string;
  readonly codeVerifier: string;
}

/** Why the company's provider did not sign somebody in. `log` may name details; `detail` is shown. */
export interface CompanyRefusal {
  readonly kind: 'refused' | 'unreachable' | 'untrusted';
  readonly detail: string;
  readonly log: string;
}

export interface CompanyProvider {
  readonly origin: string;
  /** The URL to send the browser to. `hint` is what the person called themselves. */
  authorizationUrl(
    checks: CompanyChecks,
    redirectUri: string,
    hint: string | null,
  ): Promise<Result<URL, CompanyRefusal>>;
  /** Redeems the answer, after checking state, issuer, nonce, PKCE, signature and times. */
  redeem(answer: URL, checks: CompanyChecks): Promise<Result<CompanyIdentity & SignInFacts, CompanyRefusal>>;
}

/** How long the provider's metadata is used before it is read again. */
const METADATA_MS = 3_600_000;
/** Values of `amr` (RFC 8176) that prove more than a password. */
const MORE_THAN_A_PASSWORD = new Set(['mfa', 'otp', 'hwk', 'swk', 'sc', 'fpt', 'face', 'iris', 'retina', 'vbm', 'pop']);

/**
 * Connects to the company's provider, lazily: Curfew starts and ends grants also while it is down. Throws at once for
 * plain http to anything but this machine.
 */
export function createCompanyProvider(settings: CompanySettings, clock: Clock): CompanyProvider {
  const issuer = new URL(settings.issuer);
  requireSecureTransport(issuer);
  const client = settings.clientSecret === undefined ? None() : ClientSecretPost(settings.clientSecret);
  let known: { readonly configuration: Promise<Configuration>; readonly until: Instant } | null = null;

  function configuration(): Promise<Configuration> {
    const now = clock.now();
    if (known !== null && now < known.until) return known.configuration;
    const reading = discovery(issuer, settings.clientId, undefined, client, {
      timeout: 8,
      execute: isLoopback(issuer) ? [allowInsecureRequests] : [],
    });
    const entry = { configuration: reading, until: after(now, METADATA_MS) };
    known = entry;
    // A failure is not kept: the next sign-in asks again.
    reading.catch(() => {
      if (known === entry) known = null;
    });
    return reading;
  }

  return {
    origin: issuer.origin,
    async authorizationUrl(checks, redirectUri, hint) {
      try {
        const url = buildAuthorizationUrl(await configuration(), {
          redirect_uri: redirectUri,
          scope: 'openid profile email',
          state: checks.state,
          nonce: checks.nonce,
          code_challenge: await calculatePKCECodeChallenge(checks.codeVerifier),
          code_challenge_method: 'S256',
          ...(hint === null ? {} : { login_hint: hint }),
        });
        return ok(url);
      } catch (error) {
        return refused(asRefusal(error));
      }
    },
    async redeem(answer, checks) {
      try {
        const tokens = await authorizationCodeGrant(await configuration(), answer, {
          expectedState: checks.state,
          expectedNonce: checks.nonce,
          pkceCodeVerifier: checks.codeVerifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (claims === undefined)
          return refused({ kind: 'untrusted', detail: DISTRUST, log: 'no ID token in the answer' });
        return ok(identityOf(claims));
      } catch (error) {
        return refused(asRefusal(error));
      }
    },
  };
}

const DISTRUST = 'The answer of your sign-in provider does not belong to this sign-in.';

function identityOf(claims: IDToken): CompanyIdentity & SignInFacts {
  const text = (name: string): string | null => {
    const value = claims[name];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const methods: readonly unknown[] = Array.isArray(claims['amr']) ? claims['amr'] : [];
  const signedInAt = instant((claims.auth_time ?? claims.iat) * 1_000);
  return {
    issuer: claims.iss,
    subject: claims.sub,
    email: text('email'),
    emailVerified: claims['email_verified'] === true,
    preferredUsername: text('preferred_username'),
    companySession: text('sid'),
    signedInAt,
    // Without `auth_time` nobody said when it was proven: the token's own time would make an old proof fresh.
    mfaAt:
      claims.auth_time !== undefined && methods.some((method) => MORE_THAN_A_PASSWORD.has(String(method)))
        ? signedInAt
        : null,
  };
}

function asRefusal(error: unknown): CompanyRefusal {
  if (error instanceof AuthorizationResponseError) {
    return { kind: 'refused', detail: 'Your sign-in provider said no.', log: `authorization response: ${error.error}` };
  }
  if (error instanceof ResponseBodyError)
    return { kind: 'untrusted', detail: DISTRUST, log: `token endpoint: ${error.error}` };
  const code =
    error instanceof ClientError ? (error.code ?? 'unknown') : error instanceof Error ? error.name : 'unknown';
  // A failed connection is a TypeError from fetch or a timeout; everything else is an answer that did not pass a check.
  const network = ['OAUTH_TIMEOUT', 'OAUTH_ABORT', 'TypeError', 'TimeoutError', 'AbortError'].includes(code);
  const wrongStatus = code === 'OAUTH_RESPONSE_IS_NOT_CONFORM' || code === 'OAUTH_RESPONSE_IS_NOT_JSON';
  if (network || wrongStatus) {
    return {
      kind: 'unreachable',
      detail: 'Your sign-in provider did not answer as it should. Try again in a moment.',
      log: `provider fault: ${code}`,
    };
  }
  return { kind: 'untrusted', detail: DISTRUST, log: `rejected answer: ${code}` };
}
