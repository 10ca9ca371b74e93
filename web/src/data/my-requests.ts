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

/** What waits for my decision. */
export function useWaitingForMe() {
  return useQuery({
    queryKey: ['requests', 'waiting', 'newest'],
    queryFn: () => ask(() => api.GET('/v1/requests', { params: { query: { scope: 'waiting', limit: NEWEST } } })),
  });
}
