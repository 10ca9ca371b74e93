import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useDeferredValue, useState } from 'react';
import { api, ask, type CatalogueItem } from '../data/api.ts';
import { useFavourites, type Favourite } from '../data/favourites.ts';
import { KeyIcon, StarIcon } from '../ui/icons.ts';
import { SearchPalette } from '../ui/search-palette.tsx';
import type { Destination } from './destinations.ts';

const MOST = 7;

/** Goes to pages, and finds access to ask for. */
export default function Palette({
  destinations,
  opened,
  onClose,
}: {
  readonly destinations: readonly Destination[];
  readonly opened: boolean;
  readonly onClose: () => void;
}) {
  const navigate = useNavigate();
  const [query, setQuery] = useState('');
  const q = useDeferredValue(query.trim());
  const found = useQuery({
    queryKey: ['catalogue', q, MOST],
    queryFn: () => ask(() => api.GET('/v1/catalogue', { params: { query: { q, limit: MOST } } })),
    enabled: opened && q !== '',
    placeholderData: keepPreviousData,
  });
  const words = q.toLowerCase();
  const pages = destinations.filter(({ label }) => label.toLowerCase().includes(words));
  const items = q === '' ? [] : (found.data?.items ?? []);
  // What one keeps at hand is there before a word is typed.
  const { items: kept } = useFavourites();
  const atHand = q === '' ? kept : [];
  const askFor = ({ role, target }: Favourite) => void navigate({ to: '/request', search: { role, target } });
  return (
    <SearchPalette
      opened={opened}
      onClose={onClose}
      query={query}
      onQuery={setQuery}
      groups={[
        {
          label: 'At hand',
          actions: atHand.map((one) => ({
            id: `kept ${one.role} ${one.target}`,
            label: `${one.role} on ${one.target}`,
            icon: StarIcon,
            choose: () => askFor(one),
          })),
        },
        {
          label: 'Access',
          actions: items.map((item) => ({
            id: `${item.role} ${item.target}`,
            label: `${item.role} on ${item.target}`,
            detail: outlook(item),
            icon: KeyIcon,
            choose: () => askFor(item),
          })),
        },
        {
          label: 'Pages',
          actions: pages.map(({ to, label, icon }) => ({ id: to, label, icon, choose: () => void navigate({ to }) })),
        },
      ]}
      nothing={found.isFetching ? 'Looking…' : 'Nothing matches. Try fewer words, or the name of an account.'}
    />
  );
}

function outlook({ requestable, why, description }: CatalogueItem): string {
  return requestable ? description : `Not now: ${why}`;
}
