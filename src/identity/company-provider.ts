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
import { errors, type JWTPayload } from 'jose';
import { ok, refused, type Result } from '../core/result.ts';
import { after, type Instant } from '../core/time.ts';
import type { Clock } from '../platform/clock.ts';
import type { AccountUse, FreshSignIn } from '../platform/config.ts';
import { isLoopback, requireSecureTransport } from './base-url.ts';
import { companyKeys, type CompanyKeys } from './company-keys.ts';
import { authenticationTime, type AskedFor, type NotFresh } from './fresh-sign-in.ts';
import type { CompanyIdentity, SignInFacts } from './people.ts';

/** Where people sign in: the company's own OpenID provider, or a further one. Passwords and second factors are its business, never ours. */
export interface CompanySettings {
  /** What the directory calls accounts there; those of the company's own are called `oidc`. */
  readonly name: string;
  /** What people call it. */
  readonly title: string;
  readonly issuer: string;
  readonly clientId: string;
  /** Absent for a public client; PKCE is used either way. */
  readonly clientSecret?: string;
  readonly freshSignIn: FreshSignIn;
  readonly use: AccountUse;
}

/** One sign-in under way; its texts are secrets of this sign-in. */
export interface CompanyChecks extends AskedFor {
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

/** A logout at the company, as its provider tells us (OpenID Connect Back-Channel Logout 1.0). */
export interface CompanyLogout {
  readonly issuer: string;
  readonly subject: string | null;
  /** The one session that is over; `null`: all of the subject. */
  readonly companySession: string | null;
  /** The token's own id. */
  readonly tokenId: string;
}

export interface CompanyProvider extends Pick<CompanySettings, 'name' | 'title' | 'issuer' | 'use'> {
  /** The URL to send the browser to. `hint` is what the person called themselves. */
  authorizationUrl(
    checks: CompanyChecks,
    redirectUri: string,
    hint: string | null,
  ): Promise<Result<URL, CompanyRefusal>>;
  /** Reads a logout token: signed by the provider, for us, about a subject or a session, and no ID token in disguise. */
  readLogout(token: string): Promise<Result<CompanyLogout, CompanyRefusal>>;
  /** Redeems the answer, after checking state, issuer, nonce, PKCE, signature and times. */
  redeem(answer: URL, checks: CompanyChecks): Promise<Result<CompanyIdentity & SignInFacts, CompanyRefusal>>;
}

/** How long the provider's metadata is used before it is read again. */
const METADATA_MS = 3_600_000;
/**
 * The oldest authentication that is taken, in seconds: a year, which is to ask nobody for another one. Whoever is asked for a greatest age
 * has to say the age (OpenID Connect Core, section 3.1.2.1). Zero would ask for a new one too, but some providers then go round in circles.
 */
const ANY_AGE_S = 365 * 86_400;
/** The same wish as a claim (section 5.5), which some providers hear that do not hear the other. Who knows neither ignores both. */
const CLAIMS = JSON.stringify({ id_token: { auth_time: { essential: true } } });
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
  let known: { readonly metadata: Promise<Metadata>; readonly until: Instant } | null = null;

  function metadata(): Promise<Metadata> {
    const now = clock.now();
    if (known !== null && now < known.until) return known.metadata;
    const reading = discovery(issuer, settings.clientId, undefined, client, {
      timeout: 8,
      execute: isLoopback(issuer) ? [allowInsecureRequests] : [],
    }).then((configuration) => {
      const { issuer: name, jwks_uri: jwksUri } = configuration.serverMetadata();
      if (jwksUri === undefined) throw new ClientError('the provider names no keys');
      requireSecureTransport(new URL(jwksUri));
      return { configuration, keys: companyKeys(jwksUri, name) };
    });
    const entry = { metadata: reading, until: after(now, METADATA_MS) };
    known = entry;
    // A failure is not kept: the next sign-in asks again.
    reading.catch(() => {
      if (known === entry) known = null;
    });
    return reading;
  }

  return {
    name: settings.name,
    title: settings.title,
    issuer: settings.issuer,
    use: settings.use,
    async authorizationUrl(checks, redirectUri, hint) {
      try {
        const url = buildAuthorizationUrl((await metadata()).configuration, {
          redirect_uri: redirectUri,
          scope: 'openid profile email',
          state: checks.state,
          nonce: checks.nonce,
          code_challenge: await calculatePKCECodeChallenge(checks.codeVerifier),
          code_challenge_method: 'S256',
          max_age: String(ANY_AGE_S),
          claims: CLAIMS,
          ...(checks.fresh && settings.freshSignIn !== 'unavailable' ? { prompt: 'login' } : {}),
          ...(hint === null ? {} : { login_hint: hint }),
        });
        return ok(url);
      } catch (error) {
        return refused(asRefusal(error));
      }
    },
    async redeem(answer, checks) {
      try {
        const { configuration, keys } = await metadata();
        const tokens = await authorizationCodeGrant(configuration, answer, {
          expectedState: checks.state,
          expectedNonce: checks.nonce,
          pkceCodeVerifier: checks.codeVerifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims();
        if (claims === undefined || tokens.id_token === undefined)
          return refused({ kind: 'untrusted', detail: DISTRUST, log: 'no ID token in the answer' });
        // The library trusts the connection to the token endpoint instead (OpenID Connect Core, section 3.1.3.7, 6).
        await keys.verifyIdToken(tokens.id_token);
        const time = authenticationTime(claims.auth_time, checks, settings.freshSignIn, clock.now());
        if (!time.ok) return refused(asNotFresh(time.refusal));
        const { name: accounts, use } = settings;
        return ok({ ...identityOf(claims, time.value), accounts, use, begunAt: checks.begunAt });
      } catch (error) {
        return refused(asRefusal(error));
      }
    },
    async readLogout(token) {
      try {
        const { keys } = await metadata();
        return logoutOf(await keys.verifyLogoutToken(token, settings.clientId, new Date(clock.now())));
      } catch (error) {
        return refused(asRefusal(error));
      }
    },
  };
}

interface Metadata {
  readonly configuration: Configuration;
  readonly keys: CompanyKeys;
}

const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/** What a verified logout token is about; section 2.6 says what makes it one. */
function logoutOf(claims: JWTPayload): Result<CompanyLogout, CompanyRefusal> {
  const { iss, sub, sid, jti, events, nonce } = claims as JWTPayload & Readonly<Record<string, unknown>>;
  const no = (log: string) => refused<CompanyRefusal>({ kind: 'untrusted', detail: DISTRUST, log: `logout: ${log}` });
  const event: unknown = typeof events === 'object' && events !== null ? Object.entries(events) : [];
  const isLogout = (event as [string, unknown][]).some(
    ([name, value]) => name === LOGOUT_EVENT && typeof value === 'object' && value !== null,
  );
  if (!isLogout) return no('another event');
  if (nonce !== undefined) return no('an ID token');
  const subject = typeof sub === 'string' && sub !== '' ? sub : null;
  const companySession = typeof sid === 'string' && sid !== '' ? sid : null;
  if (subject === null && companySession === null) return no('about nobody');
  if (iss === undefined || jti === undefined || jti === '') return no('without issuer or id');
  return ok({ issuer: iss, subject, companySession, tokenId: jti });
}

const DISTRUST = 'The answer of your sign-in provider does not belong to this sign-in.';

function identityOf(
  claims: IDToken,
  authenticatedAt: Instant | null,
): Omit<CompanyIdentity & SignInFacts, 'accounts' | 'use' | 'begunAt'> {
  const text = (name: string): string | null => {
    const value = claims[name];
    return typeof value === 'string' && value !== '' ? value : null;
  };
  const methods: readonly unknown[] = Array.isArray(claims['amr']) ? claims['amr'] : [];
  return {
    issuer: claims.iss,
    subject: claims.sub,
    email: text('email'),
    emailVerified: claims['email_verified'] === true,
    preferredUsername: text('preferred_username'),
    companySession: text('sid'),
    authenticatedAt,
    // Without `auth_time` nobody said when it was proven: the token's own time would make an old proof fresh.
    mfaAt:
      claims.auth_time !== undefined && methods.some((method) => MORE_THAN_A_PASSWORD.has(String(method)))
        ? authenticatedAt
        : null,
  };
}

function asNotFresh({ detail, log }: NotFresh): CompanyRefusal {
  return { kind: 'refused', detail, log: `not fresh: ${log}` };
}

function asRefusal(error: unknown): CompanyRefusal {
  if (error instanceof AuthorizationResponseError) {
    return { kind: 'refused', detail: 'Your sign-in provider said no.', log: `authorization response: ${error.error}` };
  }
  if (error instanceof ResponseBodyError)
    return { kind: 'untrusted', detail: DISTRUST, log: `token endpoint: ${error.error}` };
  const code =
    error instanceof ClientError || error instanceof errors.JOSEError
      ? (error.code ?? 'unknown')
      : error instanceof Error
        ? error.name
        : 'unknown';
  // Nobody answered, or what answered is no provider; everything else is an answer that did not pass a check.
  if (UNREACHABLE.has(code)) {
    return {
      kind: 'unreachable',
      detail: 'Your sign-in provider did not answer as it should. Try again in a moment.',
      log: `provider fault: ${code}`,
    };
  }
  return { kind: 'untrusted', detail: DISTRUST, log: `rejected answer: ${code}` };
}

const UNREACHABLE: ReadonlySet<string> = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
  // What fetch throws for a failed connection.
  'TypeError',
  'TimeoutError',
  'AbortError',
  // The provider's keys were not to be had: no answer, and an answer that is none.
  'ERR_JWKS_TIMEOUT',
  'ERR_JOSE_GENERIC',
]);
