import { useQuery } from '@tanstack/react-query';
import { api, ApiFailure, ask, rememberCsrf, type Schemas } from './api.ts';

/** Who is signed in. */
export type Me = Schemas['Me'];

export async function readMe(): Promise<Me> {
  const me = await ask(() => api.GET('/v1/me'));
  rememberCsrf(me.csrf);
  return me;
}

/** Asked first; everything else waits until it is known who asks. */
export function useMe() {
  return useQuery({ queryKey: ['me'], queryFn: readMe, staleTime: 5 * 60_000 });
}

export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiFailure && error.status === 401;
}

/** Where a sign-in at a certain provider begins that comes back to this page. */
export function signInAt(provider: string): string {
  return `${signInAddress()}&${new URLSearchParams({ provider })}`;
}

/** Where a sign-in begins that comes back to this page, at the provider of last time. */
export function signInAddress(): string {
  const { pathname, search } = window.location;
  return `/sign-in/browser?${new URLSearchParams({ return: `${pathname}${search}` })}`;
}

/**
 * Where a sign-in begins that leaves this page alone, in another tab, and says there when it is done. `fresh`: the company's provider asks
 * anew who one is, which it does not where it knows the browser.
 */
export function signInBesideAddress(how: 'usual' | 'fresh' = 'usual'): string {
  return `/sign-in/browser?${new URLSearchParams({ return: SIGNED_IN, ...(how === 'fresh' ? { fresh: '1' } : {}) })}`;
}

/** The page that such a sign-in comes back to. */
export const SIGNED_IN = '/signed-in';

const CHANNEL = 'curfew-signed-in';

/** Tells the other tabs of this browser that somebody has signed in. */
export function tellSignedIn(): void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage(null);
  channel.close();
}

/** Hears that from another tab. */
export function onSignedIn(listener: () => void): () => void {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = listener;
  return () => channel.close();
}

/** What this server says about itself before anybody is signed in. */
export function useServer() {
  return useQuery({
    queryKey: ['server'],
    queryFn: () => ask(() => api.GET('/.well-known/curfew')),
    staleTime: Infinity,
  });
}

/** The key that signs the log; `null`: the server names none, `undefined`: it has not answered yet. */
export function useLogKey(): string | null | undefined {
  const { data } = useServer();
  return data === undefined ? undefined : (data.ledger?.vkey ?? null);
}
