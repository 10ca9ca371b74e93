import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';
import { api, ask, type CatalogueItem } from '../../data/api.ts';
import { useDebounced } from '../../data/debounced.ts';
import { Empty, Waiting } from '../../ui/card.tsx';
import { DataTable, type Column } from '../../ui/data-table.tsx';
import { LineField, OneOf } from '../../ui/fields.tsx';
import { FailureNotice } from '../../ui/notices.tsx';
import { Page } from '../../ui/page.tsx';
import { TierSign } from '../../ui/signs.tsx';
import { Ask, How, Longest } from './cells.tsx';
import { countWords, pairOf, providersOf, shownOf } from './shown.ts';
import classes from './catalogue.module.css';

const route = getRouteApi('/catalogue');
const STILL_MS = 120;
/** As many as the server gives at once; whoever looks for one of the others types another word. */
const MOST = 200;

const COLUMNS: readonly Column<CatalogueItem>[] = [
  {
    id: 'role',
    head: 'Role',
    width: 'minmax(9rem, 1.2fr)',
    by: ({ role }) => role,
    cell: ({ role }) => (
      <Link to="/catalogue/$role" params={{ role }} className={classes['role']}>
        {role}
      </Link>
    ),
    plain: true,
  },
  {
    id: 'target',
    head: 'Target',
    width: 'minmax(7rem, 1fr)',
    by: ({ target }) => target,
    cell: ({ target }) => target,
    plain: true,
  },
  {
    id: 'tier',
    head: 'Tier',
    width: '4.5rem',
    by: ({ tier }) => tier,
    cell: ({ tier }) => <TierSign tier={tier} />,
    plain: true,
  },
  {
    id: 'how',
    head: 'How',
    width: 'minmax(11rem, 2fr)',
    by: ({ path }) => path,
    cell: (item) => <How item={item} />,
    plain: true,
  },
  {
    id: 'longest',
    head: 'Longest',
    width: '5.5rem',
    by: ({ maxDurationMs }) => maxDurationMs,
    cell: (item) => <Longest item={item} />,
  },
  { id: 'ask', head: 'Ask', width: '4.5rem', cell: (item) => <Ask item={item} />, plain: true, press: true },
];

/** What there is, whether it can be had, and how. */
export function Catalogue() {
  const { q = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const [typed, setTyped] = useState(q);
  const [provider, setProvider] = useState('all');
  const words = useDebounced(typed.trim().slice(0, 200), STILL_MS);
  useEffect(() => {
    if (words !== q) void navigate({ search: words === '' ? {} : { q: words }, replace: true });
  });
  const found = useQuery({
    queryKey: ['catalogue', 'all', words],
    queryFn: () => ask(() => api.GET('/v1/catalogue', { params: { query: { q: words, limit: MOST } } })),
    placeholderData: keepPreviousData,
  });
  const items = found.data?.items;
  const providers = useMemo(() => providersOf(items ?? []), [items]);
  const rows = useMemo(() => shownOf(items ?? [], provider), [items, provider]);
  return (
    <Page title="Catalogue" lead="What there is, whether you can have it, and how it would be decided." wide>
      <div className={classes['catalogue']}>
        <div className={classes['filters']}>
          <LineField
            type="search"
            label="Search"
            placeholder="a role, a target, a label, what it is for"
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
          />
          {providers.length > 1 && (
            <OneOf
              label="Provider"
              choices={[{ value: 'all', label: 'All clouds' }, ...providers.map((value) => ({ value, label: value }))]}
              value={provider}
              onChange={setProvider}
            />
          )}
        </div>
        {found.isPending && <Waiting lines={6} />}
        {found.error !== null && <FailureNotice error={found.error} intent="look" again={() => void found.refetch()} />}
        {found.data !== undefined && (
          <p role="status" className={classes['count']}>
            {countWords(rows.length, found.data.items.length, found.data.total)}
          </p>
        )}
        {items?.length === 0 && <Empty title="Nothing matches">Try fewer words, or what you want to do.</Empty>}
        {rows.length > 0 && <DataTable label="Roles on targets" columns={COLUMNS} rows={rows} keyOf={pairOf} />}
      </div>
    </Page>
  );
}
