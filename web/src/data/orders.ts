import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { serverClock } from '../time/server-clock.ts';
import { api, ask, type Schemas } from './api.ts';

/** An order of the kill switch. */
export type Order = Schemas['Revocation'];

export const ORDERS = ['revocations'] as const;
const PAGE = 25;
/** People watch this one go to zero. */
const WATCHED_MS = 1_000;
const QUIET_MS = 30_000;

/** `standing`: what stops access, is not all gone yet, or waits for a second person; `all`: also what is over. */
export type WhichOrders = 'standing' | 'all';

/** Orders that I may see, newest first, page by page. */
export function useOrders(list: WhichOrders) {
  return useInfiniteQuery({
    queryKey: [...ORDERS, 'list', list],
    queryFn: ({ pageParam }) =>
      ask(() =>
        api.GET('/v1/revocations', {
          params: { query: { list, limit: PAGE, ...(pageParam === null ? {} : { cursor: pageParam }) } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    refetchInterval: QUIET_MS,
  });
}

/** Whether an order waits for me as its second person. One that has ended all there was could still be widened, but nothing waits for that. */
export function waitsForMe({ mayConfirm, status }: Order): boolean {
  return mayConfirm && (status === 'waiting' || status === 'partly');
}

/**
 * How much an order about a person would cover, also under other entries of the same human, which only the server knows. `null`: nobody is
 * chosen. Refused to whoever may not give it.
 */
export function useForeseen(person: string | null) {
  return useQuery({
    queryKey: [...ORDERS, 'outlook', person],
    queryFn: () => ask(() => api.GET('/v1/revocations/outlook', { params: { query: { person: person ?? '' } } })),
    enabled: person !== null,
    retry: false,
    refetchInterval: QUIET_MS,
  });
}

/** One order, looked at again and again until nothing is left of it. */
export function useOrder(id: string) {
  return useQuery({
    queryKey: [...ORDERS, 'one', id],
    queryFn: async () => {
      const sentAt = Date.now();
      const order = await ask(() => api.GET('/v1/revocations/{id}', { params: { path: { id } } }));
      const at = Date.parse(order.serverTime);
      serverClock.observe({ sentAt, receivedAt: Date.now(), from: at, to: at });
      return order;
    },
    refetchInterval: ({ state }) => (state.data?.status === 'ending' ? WATCHED_MS : QUIET_MS),
  });
}
