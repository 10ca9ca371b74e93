import { QueryCache, QueryClient, type Query } from '@tanstack/react-query';
import { ApiFailure } from './api.ts';
import { isSignedOut } from './session.ts';

const MOST_RETRIES = 2;

/** Worth another try by itself: what did not arrive, and what the server could not do just now. */
export function isPassing(error: unknown): boolean {
  return error instanceof ApiFailure && (error.status === 0 || error.status >= 500 || error.status === 429);
}

/**
 * Whether something may be read again without anybody asking for it. The log may not: each reading of it is an entry, and says that somebody
 * read. What failed was not read.
 */
export function mayRepeat({ queryKey: [first], state }: Pick<Query, 'queryKey' | 'state'>): boolean {
  return first !== 'audit' || state.status === 'error';
}

/** What is shown comes from here. Changes are told by the event stream (`events.ts`), which makes what they touch be read again. */
export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      // The sign-in ended while the page was open: whoever reads `me` next shows the way back in.
      if (isSignedOut(error) && query.queryKey[0] !== 'me') void queryClient.invalidateQueries({ queryKey: ['me'] });
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (count, error) => count < MOST_RETRIES && isPassing(error),
      refetchOnWindowFocus: true,
      networkMode: 'always',
    },
    mutations: { retry: false, networkMode: 'always' },
  },
});
