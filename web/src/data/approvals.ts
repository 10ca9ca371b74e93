import { useQuery } from '@tanstack/react-query';
import { api, ask, type AccessRequest } from './api.ts';

/** So many are read; whoever has more to decide than this sees the most urgent ones of these. */
const MOST = 200;

/** What waits for my decision. What lapses first comes first. */
export function useWaiting() {
  return useQuery({
    queryKey: ['requests', 'waiting'],
    queryFn: async () => {
      const page = await ask(() => api.GET('/v1/requests', { params: { query: { scope: 'waiting', limit: MOST } } }));
      return byUrgency(page.items);
    },
    // The stream tells of every change; this is for a line that is down without anybody noticing.
    refetchInterval: 60_000,
  });
}

/** What lapses first comes first; of two that lapse together the older one. */
export function byUrgency(requests: readonly AccessRequest[]): readonly AccessRequest[] {
  return [...requests].sort(
    (a, b) =>
      a.lapsesAt.localeCompare(b.lapsesAt) || a.createdAt.localeCompare(b.createdAt) || a.id.localeCompare(b.id),
  );
}

/** One request, as I may see it. */
export function useRequest(id: string) {
  return useQuery({
    queryKey: ['request', id],
    queryFn: () => ask(() => api.GET('/v1/requests/{id}', { params: { path: { id } } })),
  });
}

/** The newest requests that I may see, for comparison. */
export function useKnownRequests() {
  return useQuery({
    queryKey: ['requests', 'all', 'newest'],
    queryFn: () => ask(() => api.GET('/v1/requests', { params: { query: { scope: 'all', limit: MOST } } })),
    staleTime: 60_000,
  });
}
