import { useQuery } from '@tanstack/react-query';
import { api, ask, type AccessRequest } from './api.ts';

const AT_ONCE = 200;
/** So many are read at least before one stops; whoever has more to decide than this is told that there are more. */
const ENOUGH = 1_000;

/** What waits for somebody's decision; what lapses first comes first. */
export interface Waiting {
  readonly items: readonly AccessRequest[];
  /** More waits than was read. */
  readonly more: boolean;
}

type WaitingPage = { readonly items: readonly AccessRequest[]; readonly nextCursor: string | null };

/**
 * Reads page after page of what waits. A page may be empty and not the last: the server looks through what waits for anybody, and answers
 * after so much of it.
 */
export async function readWaiting(page: (cursor: string | null) => Promise<WaitingPage>): Promise<Waiting> {
  const items: AccessRequest[] = [];
  let cursor: string | null = null;
  do {
    const read: WaitingPage = await page(cursor);
    items.push(...read.items);
    cursor = read.nextCursor;
  } while (cursor !== null && items.length < ENOUGH);
  return { items: byUrgency(items), more: cursor !== null };
}

/** What waits for my decision. */
export function useWaiting() {
  return useQuery({
    queryKey: ['requests', 'waiting'],
    queryFn: () =>
      readWaiting((cursor) =>
        ask(() =>
          api.GET('/v1/requests', {
            params: { query: { scope: 'waiting', limit: AT_ONCE, ...(cursor === null ? {} : { cursor }) } },
          }),
        ),
      ),
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

/** What its requester asked for before, of the same kind, as far as I may see it, newest first. `nextCursor`: there is more. */
export function useEarlierAlike(id: string) {
  return useQuery({
    queryKey: ['requests', 'like', id],
    queryFn: () =>
      ask(() => api.GET('/v1/requests', { params: { query: { scope: 'all', like: id, limit: AT_ONCE } } })),
    staleTime: 60_000,
  });
}

/** What is true around a request now: who asks, what they hold there, and how many others hold the same. */
export function useCircumstances(id: string) {
  return useQuery({
    queryKey: ['request', id, 'circumstances'],
    queryFn: () => ask(() => api.GET('/v1/requests/{id}/circumstances', { params: { path: { id } } })),
  });
}
