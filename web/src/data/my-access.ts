import { useQuery } from '@tanstack/react-query';
import { serverClock } from '../time/server-clock.ts';
import { api, ask, type Grant } from './api.ts';

/** What I hold or am about to: everything of mine that is not over, what ends first at the top. */
export function useMyAccess() {
  return useQuery({
    queryKey: ['grants', 'live'],
    queryFn: async () => {
      const sentAt = Date.now();
      const page = await ask(() => api.GET('/v1/grants', { params: { query: { scope: 'live', limit: 200 } } }));
      const at = Date.parse(page.items[0]?.serverTime ?? '');
      if (!Number.isNaN(at)) serverClock.observe({ sentAt, receivedAt: Date.now(), from: at, to: at });
      return [...page.items].sort((a, b) => endOf(a) - endOf(b));
    },
    // The stream tells of every change; this is for a line that is down without anybody noticing.
    refetchInterval: 60_000,
  });
}

function endOf({ endsAt, startsAt, durationMs }: Grant): number {
  return endsAt === null ? Date.parse(startsAt) + durationMs : Date.parse(endsAt);
}
