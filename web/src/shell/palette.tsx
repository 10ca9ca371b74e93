import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { SearchPalette } from '../ui/search-palette.tsx';
import type { Destination } from './destinations.ts';

/** Goes to pages. */
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
  const words = query.trim().toLowerCase();
  const pages = destinations.filter(({ label }) => label.toLowerCase().includes(words));
  return (
    <SearchPalette
      opened={opened}
      onClose={onClose}
      query={query}
      onQuery={setQuery}
      groups={[
        {
          label: 'Pages',
          actions: pages.map(({ to, label, icon }) => ({ id: to, label, icon, choose: () => void navigate({ to }) })),
        },
      ]}
      nothing="No page has such a name."
    />
  );
}
