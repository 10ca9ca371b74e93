import { interrupted } from '../failure.ts';
import type { Http } from '../http.ts';
import type { Surroundings } from '../surroundings.ts';
import { fields, numberOrNull, parseJson, text, textOrNull } from '../wire.ts';
import { DEVICE_SCOPE, freshness, signInFailed, type SignInAsked } from './authorization.ts';
import type { AuthorizationServer, Discovery } from './discovery.ts';
import { askForTokens, isTokenSet, type TokenSet } from './tokens.ts';

export interface DevicePrompt {
  readonly userCode: string;
  readonly url: string;
  /** The same address with the code filled in, if the server has one. */
  readonly fullUrl: string | null;
}

/** Signs in with a browser on another machine (RFC 8628). `show` is called with what to open and what to type there. */
export async function signInByDevice(
  place: Pick<Surroundings, 'clock' | 'onSignal'>,
  http: Http,
  server: AuthorizationServer,
  discovery: Discovery,
  asked: SignInAsked,
  show: (prompt: DevicePrompt) => void,
): Promise<TokenSet> {
  if (server.deviceAuthorizationEndpoint === null) throw signInFailed('This server offers no device sign-in.');
  const begun = await http.send(server.deviceAuthorizationEndpoint, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      client_id: discovery.clientId,
      scope: DEVICE_SCOPE,
      resource: discovery.api,
      ...freshness(asked),
    }).toString(),
  });
  if (begun.status !== 200) throw signInFailed(`The device sign-in was refused (${begun.status}).`);
  const of = fields(parseJson(begun.body), 'device_authorization');
  const deviceCode = text(of, 'device_code');
  const endsAt = place.clock.now() + (numberOrNull(of, 'expires_in') ?? 600) * 1_000;
  show({
    userCode: text(of, 'user_code'),
    url: text(of, 'verification_uri'),
    fullUrl: textOrNull(of, 'verification_uri_complete'),
  });
  const stop = new AbortController();
  const forget = place.onSignal('SIGINT', () => stop.abort());
  try {
    return await poll(
      place,
      http,
      server,
      discovery,
      { deviceCode, endsAt, intervalMs: (numberOrNull(of, 'interval') ?? 5) * 1_000 },
      stop.signal,
    );
  } finally {
    forget();
  }
}

async function poll(
  place: Pick<Surroundings, 'clock'>,
  http: Http,
  server: AuthorizationServer,
  discovery: Discovery,
  wait: { readonly deviceCode: string; readonly endsAt: number; readonly intervalMs: number },
  signal: AbortSignal,
): Promise<TokenSet> {
  let { intervalMs } = wait;
  while (place.clock.now() < wait.endsAt) {
    await place.clock.sleep(intervalMs, signal);
    if (signal.aborted) throw interrupted('The sign-in was not completed.');
    const answer = await askForTokens(http, place.clock.now(), server.tokenEndpoint, {
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
      device_code: wait.deviceCode,
      client_id: discovery.clientId,
      resource: discovery.api,
    });
    if (isTokenSet(answer)) return answer;
    // RFC 8628, section 3.5: slow_down lengthens the interval by five seconds for good.
    if (answer.error === 'slow_down') intervalMs += 5_000;
    else if (answer.error !== 'authorization_pending')
      throw signInFailed(answer.description ?? `The sign-in was refused (${answer.error}).`);
  }
  throw signInFailed('Nobody completed the sign-in in time.');
}
