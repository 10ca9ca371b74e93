import { createServer, type Server } from 'node:http';
import { interrupted, Failure } from '../failure.ts';
import type { Http } from '../http.ts';
import type { Surroundings } from '../surroundings.ts';
import { authorizationUrl, codeFromCallback, redeemCode, signInFailed, type SignInAsked } from './authorization.ts';
import type { AuthorizationServer, Discovery } from './discovery.ts';
import { newSignIn } from './pkce.ts';
import type { TokenSet } from './tokens.ts';

const PATIENCE_MS = 5 * 60_000;

/**
 * Signs in through the user's browser: listens on a random port of 127.0.0.1 for the callback (RFC 8252). `show` is called with
 * the address to open. A callback with a foreign state is answered and ignored, so that no web page can end the sign-in.
 */
export async function signInByBrowser(
  place: Pick<Surroundings, 'clock' | 'random' | 'onSignal'>,
  http: Http,
  server: AuthorizationServer,
  discovery: Discovery,
  asked: SignInAsked,
  show: (url: string) => void,
): Promise<TokenSet> {
  const secrets = newSignIn(place.random);
  const callback = await listenForCallback(secrets.state);
  const stop = new AbortController();
  const forget = place.onSignal('SIGINT', () => stop.abort());
  try {
    const redirectUri = `http://127.0.0.1:${callback.port}/callback`;
    show(authorizationUrl(server, discovery, secrets, redirectUri, asked));
    const late = place.clock.sleep(PATIENCE_MS, stop.signal).then(() => null);
    const query = await Promise.race([callback.query, late]);
    if (query === null && stop.signal.aborted) throw interrupted('The sign-in was not completed.');
    if (query === null) throw signInFailed('Nobody completed the sign-in within five minutes.');
    const code = codeFromCallback(server, secrets, query);
    return await redeemCode(place, http, server, discovery, { code, verifier: secrets.verifier, redirectUri });
  } finally {
    forget();
    stop.abort();
    callback.close();
  }
}

interface Callback {
  readonly port: number;
  readonly query: Promise<URLSearchParams>;
  close(): void;
}

async function listenForCallback(state: string): Promise<Callback> {
  const { promise, resolve } = Promise.withResolvers<URLSearchParams>();
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const ours = url.pathname === '/callback' && url.searchParams.get('state') === state;
    const failed = url.searchParams.has('error');
    const words = !ours
      ? 'This is not the page of a sign-in that is under way.'
      : failed
        ? 'You are not signed in.'
        : 'You are signed in.';
    response.writeHead(ours ? 200 : 404, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'referrer-policy': 'no-referrer',
      connection: 'close',
    });
    response.end(page(words), () => {
      if (ours) resolve(url.searchParams);
    });
  });
  await new Promise<void>((ready, reject) => {
    server.once('error', (error) =>
      reject(
        new Failure(`No port could be opened on 127.0.0.1: ${error.message}`, { hint: 'Use "curfew login --device".' }),
      ),
    );
    server.listen(0, '127.0.0.1', ready);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    query: promise,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function page(words: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Curfew</title>
<style>:root{color-scheme:light dark}body{font:1.1rem/1.5 system-ui,sans-serif;display:grid;place-content:center;min-height:90vh;text-align:center}</style>
<h1>Curfew</h1><p>${words}<br>You can close this tab and go back to the terminal.</p></html>`;
}
