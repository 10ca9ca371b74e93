import { useQuery } from '@tanstack/react-query';
import { api, ask } from './api.ts';

const NEWEST = 20;

/** What I asked for last. */
export function useMyNewestRequests() {
  return useQuery({
    queryKey: ['requests', 'mine', 'newest'],
    queryFn: () => ask(() => api.GET('/v1/requests', { params: { query: { scope: 'mine', limit: NEWEST } } })),
  });
}
