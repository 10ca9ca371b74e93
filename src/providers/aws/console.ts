import { ProviderFault, type AwsCredential } from '../contract.ts';
import type { Endpoints } from './endpoints.ts';

/** Fetches JSON from a URL that is itself a secret. Must not put the URL into an error or a log. */
export type GetJson = (url: string, timeoutMs: number) => Promise<unknown>;

/**
 * Turns a session into a URL that signs a browser in to the console (IAM user guide, "Enable custom identity broker access
 * to the AWS console").
 *
 * SessionDuration is never sent: AWS refuses it for credentials that come from another session, and where it is accepted
 * the console session outlives the credential. Without it the console ends with the credential, and every page it loads is
 * judged by the session policy, so it ends with the grant.
 */
export async function signInUrl(
  credential: AwsCredential,
  endpoints: Endpoints,
  http: { readonly getJson: GetJson; readonly timeoutMs: number; readonly issuer: string },
): Promise<string> {
  const session = JSON.stringify({
    sessionId: credential.accessKeyId,
    sessionKey: credential.secretAccessKey,
    sessionToken: credential.sessionToken,
  });
  const ask = new URL(endpoints.signin);
  ask.search = new URLSearchParams({ Action: 'getSigninToken', Session: session }).toString();
  const token = signinToken(await fetchToken(ask.href, http));
  const login = new URL(endpoints.signin);
  login.search = new URLSearchParams({
    Action: 'login',
    Issuer: http.issuer,
    Destination: endpoints.console,
    SigninToken: token,
  }).toString();
  return login.href;
}

/** Whatever goes wrong, the error of the HTTP client is dropped: it may quote the URL, and the URL holds the credential. */
async function fetchToken(url: string, http: { getJson: GetJson; timeoutMs: number }): Promise<unknown> {
  try {
    return await http.getJson(url, http.timeoutMs);
  } catch {
    throw new ProviderFault('unreachable', "AWS's sign-in endpoint gave no sign-in token for the session");
  }
}

function signinToken(answer: unknown): string {
  if (
    typeof answer === 'object' &&
    answer !== null &&
    'SigninToken' in answer &&
    typeof answer.SigninToken === 'string'
  )
    return answer.SigninToken;
  throw new ProviderFault('invalid', "AWS's sign-in endpoint answered without a sign-in token");
}
