import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { toast } from '../ui/notices.tsx';
import { api, ask } from './api.ts';

export interface Favourite {
  readonly role: string;
  readonly target: string;
}

const KEY = ['favourites'] as const;

export const isSame = (a: Favourite, b: Favourite): boolean => a.role === b.role && a.target === b.target;

/** The list with one more at its end, or without it. */
export function toggled(items: readonly Favourite[], one: Favourite): readonly Favourite[] {
  const without = items.filter((other) => !isSame(one, other));
  return without.length < items.length ? without : [...items, { role: one.role, target: one.target }];
}

/** What I keep at hand. Kept on the server, so that it is there in every browser; shown before the server has said yes. */
export function useFavourites() {
  const client = useQueryClient();
  const list = useQuery({ queryKey: KEY, queryFn: () => ask(() => api.GET('/v1/me/favourites')), staleTime: 60_000 });
  const items: readonly Favourite[] = list.data?.items ?? [];
  const keep = useMutation({
    mutationFn: (next: readonly Favourite[]) =>
      ask(() => api.PUT('/v1/me/favourites', { body: { items: next.map((one) => ({ ...one })) } })),
    onMutate: (next) => client.setQueryData(KEY, { items: next }),
    onError: (error) => toast('It was not kept', error.message),
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
  return {
    items,
    isKept: (one: Favourite) => items.some((other) => isSame(one, other)),
    /** Nothing before the list is known: a list that is replaced must not be forgotten by that. */
    toggle: (one: Favourite) => {
      if (list.data !== undefined) keep.mutate(toggled(items, one));
    },
  };
}
