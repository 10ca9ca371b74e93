import type { Context } from '../context.ts';
import { dropCached } from '../creds/cache.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { withLock } from '../file-lock.ts';
import { NetworkFault } from '../http.ts';
import { forgetLive } from '../live-state.ts';
import { profilePath, readProfile, removeProfile } from '../session/profile.ts';

/** Forgets the login here, and ends it on the server. Access that is live stays until its end. */
export async function logout(context: Context): Promise<ExitCode> {
  const { place } = context;
  const ended = await withLock(place, `${profilePath(place, context.profile)}.lock`, async () => {
    const profile = readProfile(place, context.profile);
    removeProfile(place, context.profile);
    dropCached(place, (credentials) => credentials.profile === context.profile);
    forgetLive(place, context.profile);
    return profile === null
      ? null
      : revoke(context, profile.revocationEndpoint, profile.refreshToken, profile.clientId);
  });
  if (context.json)
    context.dataJson({ profile: context.profile, signedOut: ended !== null, endedOnServer: ended === true });
  else context.data(ended === null ? 'You were not signed in.\n' : 'Signed out.\n');
  if (ended === false)
    context.say('The server could not be told. What is left of the login there ends by itself within 12 hours.');
  return EXIT.ok;
}

async function revoke(context: Context, endpoint: string | null, token: string, clientId: string): Promise<boolean> {
  if (endpoint === null) return false;
  try {
    const answer = await context.http.send(endpoint, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ token, token_type_hint: 'refresh_token', client_id: clientId }).toString(),
      timeoutMs: 5_000,
    });
    return answer.status === 200;
  } catch (error) {
    if (error instanceof NetworkFault) return false;
    throw error;
  }
}
