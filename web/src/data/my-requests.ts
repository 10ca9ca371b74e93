import { useQuery } from '@tanstack/react-query';
import { api, ask } from './api.ts';

const NEWEST = 20;

/** What I asked for last. `limit`: how many of them. */
export function useMyNewestRequests(limit = NEWEST) {
  return useQuery({
    queryKey: ['requests', 'mine', 'newest', limit],
    queryFn: () => ask(() => api.GET('/v1/requests', { params: { query: { scope: 'mine', limit } } })),
  });
}
