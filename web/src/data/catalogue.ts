import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import { api, ask } from './api.ts';

/** As many as the server gives at once. */
const PAGE = 200;

export interface Sought {
  readonly q?: string;
  readonly role?: string;
  readonly provider?: 'aws' | 'azure' | 'gcp';
}

/** What the catalogue says of one role on one target, by their whole names; `null`: it does not show it to this person. */
export function catalogueEntry({ role, target }: { readonly role: string; readonly target: string }) {
  return {
    queryKey: ['catalogue', 'one', role, target],
    queryFn: async () => {
      // By their words alone one is not among the first fifty where many names contain them.
      const query = { role, target, limit: 1 };
      const { items } = await ask(() => api.GET('/v1/catalogue', { params: { query } }));
      return items[0] ?? null;
    },
  };
}

/** The catalogue by role and target, page by page; words, role and cloud are the server's to look for. */
export function useCatalogue(sought: Sought) {
  const found = useInfiniteQuery({
    queryKey: ['catalogue', 'pages', sought],
    queryFn: ({ pageParam }) =>
      ask(() =>
        api.GET('/v1/catalogue', {
          params: {
            query: { ...sought, order: 'name', limit: PAGE, ...(pageParam === null ? {} : { cursor: pageParam }) },
          },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    placeholderData: keepPreviousData,
  });
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = found;
  const rows = useMemo(() => data?.pages.flatMap(({ items }) => items) ?? [], [data]);
  const load = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [isFetchingNextPage, fetchNextPage]);
  return {
    reading: found,
    rows,
    total: data?.pages.at(-1)?.total ?? null,
    more: hasNextPage ? { busy: isFetchingNextPage, load } : null,
  };
}
