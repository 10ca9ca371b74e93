import { useQuery } from '@tanstack/react-query';
import { api, ask, type Schemas } from './api.ts';

/** An order of the kill switch as it is told to whom it stops. */
export type Stop = Schemas['Stop'];

/** What keeps my access from starting now. The stream tells of it; this is for a line that is down without anybody noticing. */
export function useStops() {
  return useQuery({
    queryKey: ['stops'],
    queryFn: () => ask(() => api.GET('/v1/me/stops')),
    refetchInterval: 60_000,
  });
}
