import { api, ask, rememberCsrf } from '../data/api.ts';
import { queryClient } from '../data/query-client.ts';
import { toast } from '../ui/notices.tsx';

/** Ends this session on the server, and forgets here what it has shown. */
export async function signOut(): Promise<void> {
  try {
    await ask(() => api.POST('/v1/me/sign-out', { body: {} }));
  } catch (error) {
    return toast('You are still signed in', error instanceof Error ? error.message : '');
  }
  rememberCsrf(null);
  // Everything that is shown is thrown away; whoever asks next hears that nobody is signed in.
  queryClient.clear();
  window.location.assign('/');
}
