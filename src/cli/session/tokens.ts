import { Failure } from '../failure.ts';
import { EXIT } from '../exit-codes.ts';
import { withLock } from '../file-lock.ts';
import type { Http } from '../http.ts';
import type { Surroundings } from '../surroundings.ts';
import { isFields, numberOrNull, parseJson, textOrNull } from '../wire.ts';
import { profilePath, readProfile, writeProfile, type Profile } from './profile.ts';

/** Taken off the life of an access token, so that it does not end on its way. */
const MARGIN_MS = 15_000;
/** Never short: a refresh that the server has done and we gave up on would be repeated, and that ends the login. */
const REFRESH_TIMEOUT_MS = 30_000;

/** What the token endpoint answers (RFC 6749, section 5.1), with the end as an instant. */
export interface TokenSet {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  /** Epoch milliseconds. */
  readonly endsAt: number;
}

export type TokenRefusal = { readonly error: string; readonly description: string | null };

/** Asks the token endpoint as a public client. Network faults are thrown; a refusal of the server is a value. */
export async function askForTokens(
  http: Http,
  now: number,
  endpoint: string,
  form: Readonly<Record<string, string>>,
): Promise<TokenSet | TokenRefusal> {
  const answer = await http.send(endpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
    timeoutMs: REFRESH_TIMEOUT_MS,
  });
  const of = parseJson(answer.body);
  if (!isFields(of)) return { error: `http_${answer.status}`, description: null };
  const accessToken = textOrNull(of, 'access_token');
  if (answer.status !== 200 || accessToken === null) {
    return {
      error: textOrNull(of, 'error') ?? `http_${answer.status}`,
      description: textOrNull(of, 'error_description'),
    };
  }
  const lifeMs = (numberOrNull(of, 'expires_in') ?? 60) * 1_000;
  return { accessToken, refreshToken: textOrNull(of, 'refresh_token'), endsAt: now + lifeMs };
}

export function isTokenSet(answer: TokenSet | TokenRefusal): answer is TokenSet {
  return 'accessToken' in answer;
}

/** Whether the access token of a profile can still be sent. */
export function isFresh(profile: Profile, now: number): boolean {
  return profile.accessToken !== '' && now < profile.accessTokenEndsAt - MARGIN_MS;
}

type Place = Pick<Surroundings, 'env' | 'clock' | 'pid' | 'random'>;

/**
 * Gets a new access token for a profile, unless another `curfew` has just done so. `rejected` is the token that the server would
 * not take, if it was not for its age. Throws a {@link Failure} with exit code 5 when the login is over.
 */
export async function renew(
  place: Place,
  http: Http,
  name: string,
  rejected: string | null,
  loginCommand: string,
): Promise<Profile> {
  return withLock(place, `${profilePath(place, name)}.lock`, async () => {
    const profile = readProfile(place, name);
    if (profile === null) throw notSignedIn(loginCommand);
    if (profile.accessToken !== rejected && isFresh(profile, place.clock.now())) return profile;
    const answer = await askForTokens(http, place.clock.now(), profile.tokenEndpoint, {
      grant_type: 'refresh_token',
      refresh_token: profile.refreshToken,
      client_id: profile.clientId,
      resource: profile.audience,
    });
    if (!isTokenSet(answer)) throw refusedRefresh(answer, loginCommand);
    const renewed: Profile = {
      ...profile,
      accessToken: answer.accessToken,
      accessTokenEndsAt: answer.endsAt,
      refreshToken: answer.refreshToken ?? profile.refreshToken,
    };
    writeProfile(place, name, renewed);
    return renewed;
  });
}

function refusedRefresh(answer: TokenRefusal, loginCommand: string): Failure {
  // Only these say that the login is over; anything else may be the server's bad moment.
  const over = ['invalid_grant', 'invalid_client', 'unauthorized_client', 'invalid_target'].includes(answer.error);
  if (over) return loginOver(loginCommand);
  return new Failure(`The server did not renew your sign-in (${answer.error}).`, {
    code: 'sign-in-failed',
    hint: 'Try again in a moment.',
  });
}

export function notSignedIn(loginCommand: string): Failure {
  return new Failure('You are not signed in.', {
    exit: EXIT.notAuthenticated,
    code: 'unauthenticated',
    hint: loginCommand,
  });
}

export function loginOver(loginCommand: string): Failure {
  return new Failure('Your sign-in is over.', {
    exit: EXIT.notAuthenticated,
    code: 'unauthenticated',
    hint: loginCommand,
  });
}
