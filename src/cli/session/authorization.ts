import { EXIT } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import type { Http } from '../http.ts';
import type { Surroundings } from '../surroundings.ts';
import type { AuthorizationServer, Discovery } from './discovery.ts';
import type { SignInSecrets } from './pkce.ts';
import { askForTokens, isTokenSet, type TokenSet } from './tokens.ts';

/** Refresh tokens are given for `offline_access`, and that only with an explicit consent (OpenID Connect Core, section 11). */
const SCOPE = 'openid offline_access access';

/** How somebody wants to sign in. */
export interface SignInAsked {
  /** Show the company's provider anew who one is, also where it knows the browser. */
  readonly fresh: boolean;
  /** What they call themselves. */
  readonly person?: string;
}

/**
 * How a fresh sign-in is asked for, in a browser and for a device alike (OpenID Connect Core, section 3.1.2.1). One second and not zero,
 * which the server's library reads as a prompt, and forgets for devices.
 */
export function freshness({ fresh }: SignInAsked): Readonly<Record<string, string>> {
  return fresh ? { max_age: '1' } : {};
}

/** The address at which a sign-in begins (RFC 6749 4.1.1 with RFC 7636 and RFC 8707). */
export function authorizationUrl(
  server: AuthorizationServer,
  discovery: Discovery,
  secrets: SignInSecrets,
  redirectUri: string,
  asked: SignInAsked,
): string {
  const url = new URL(server.authorizationEndpoint);
  const query: Record<string, string> = {
    client_id: discovery.clientId,
    response_type: 'code',
    redirect_uri: redirectUri,
    scope: SCOPE,
    prompt: 'consent',
    ...freshness(asked),
    resource: discovery.api,
    code_challenge: secrets.challenge,
    code_challenge_method: 'S256',
    state: secrets.state,
    ...(asked.person === undefined ? {} : { login_hint: asked.person }),
  };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}

export const DEVICE_SCOPE = SCOPE;

/**
 * Reads the code out of a callback. The state must be the one we sent and the issuer the one we asked (RFC 9207): a code of
 * another server would otherwise be handed to this one.
 */
export function codeFromCallback(server: AuthorizationServer, secrets: SignInSecrets, query: URLSearchParams): string {
  if (query.get('state') !== secrets.state) throw signInFailed('The answer belongs to another sign-in (state).');
  const issuer = query.get('iss');
  if (issuer === null ? server.namesIssuer : issuer !== server.issuer)
    throw signInFailed('The answer comes from another sign-in service (iss).');
  const error = query.get('error');
  if (error !== null) throw signInFailed(query.get('error_description') ?? `The sign-in was not completed (${error}).`);
  const code = query.get('code');
  if (code === null || code === '') throw signInFailed('The sign-in service sent no code.');
  return code;
}

/** Trades the code for tokens. */
export async function redeemCode(
  place: Pick<Surroundings, 'clock'>,
  http: Http,
  server: AuthorizationServer,
  discovery: Discovery,
  given: { readonly code: string; readonly verifier: string; readonly redirectUri: string },
): Promise<TokenSet> {
  const answer = await askForTokens(http, place.clock.now(), server.tokenEndpoint, {
    grant_type: 'authorization_code',
    code: given.code,
    code_verifier: given.verifier,
    redirect_uri: given.redirectUri,
    client_id: discovery.clientId,
    resource: discovery.api,
  });
  if (isTokenSet(answer)) return answer;
  throw signInFailed(`The sign-in was refused (${answer.description ?? answer.error}).`);
}

export function signInFailed(message: string): Failure {
  return new Failure(message, {
    exit: EXIT.notAuthenticated,
    code: 'sign-in-failed',
    hint: 'Begin again with "curfew login".',
  });
}
