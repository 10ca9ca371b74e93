import type { Http } from '../http.ts';
import type { Surroundings } from '../surroundings.ts';
import { authorizationUrl, codeFromCallback, redeemCode, signInFailed, type SignInAsked } from './authorization.ts';
import { createCookieJar } from './cookie-jar.ts';
import type { AuthorizationServer, Discovery } from './discovery.ts';
import { newSignIn } from './pkce.ts';
import { isLoopback } from './server-address.ts';
import type { TokenSet } from './tokens.ts';

const MAX_STEPS = 30;
/** Nobody listens there: the walk ends before it. Any port of the loopback address is registered for native apps (RFC 8252, 7.3). */
const REDIRECT_URI = 'http://127.0.0.1:7421/callback';

/**
 * Signs a demo person in without a browser: follows the redirects as one would, with cookies, because the demo's sign-in page
 * needs no password and takes the name from `login_hint`. It is the same protocol, with the same checks, as in a browser.
 * Follows redirects on this machine only.
 */
export async function signInAsDemoPerson(
  place: Pick<Surroundings, 'clock' | 'random'>,
  http: Http,
  server: AuthorizationServer,
  discovery: Discovery,
  asked: SignInAsked,
): Promise<TokenSet> {
  const secrets = newSignIn(place.random);
  const jar = createCookieJar();
  let at = new URL(authorizationUrl(server, discovery, secrets, REDIRECT_URI, asked));
  for (let step = 0; step < MAX_STEPS; step += 1) {
    if (!isLoopback(at.hostname))
      throw signInFailed(`The demo's sign-in leads away from this machine, to ${at.origin}.`);
    const cookies = jar.headerFor(at);
    const answer = await http.send(at.href, {
      headers: { accept: 'text/html', ...(cookies === null ? {} : { cookie: cookies }) },
    });
    jar.keep(at, answer.headers['set-cookie'] ?? []);
    const location = answer.headers.location;
    if (answer.status < 300 || answer.status > 399 || location === undefined) {
      throw signInFailed(`The demo's sign-in stopped at ${at.origin}${at.pathname} (${answer.status}).`);
    }
    const next = new URL(location, at);
    if (next.origin + next.pathname === REDIRECT_URI) {
      const code = codeFromCallback(server, secrets, next.searchParams);
      return redeemCode(place, http, server, discovery, {
        code,
        verifier: secrets.verifier,
        redirectUri: REDIRECT_URI,
      });
    }
    at = next;
  }
  throw signInFailed("The demo's sign-in goes round in circles.");
}
