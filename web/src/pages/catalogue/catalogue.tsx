import { getRouteApi, Link } from '@tanstack/react-router';
import { useAddressedWords } from '../../data/addressed-words.ts';
import type { CatalogueItem } from '../../data/api.ts';
import { useCatalogue } from '../../data/catalogue.ts';
import { Empty } from '../../ui/card.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { LineField, OneOf } from '../../ui/fields.tsx';
import { Listing } from '../../ui/listing.tsx';
import { Page } from '../../ui/page.tsx';
import { TierSign } from '../../ui/signs.tsx';
import { Ask, How, longest } from './cells.tsx';
import { CLOUDS, countWords, pairOf, withCloud, withWords } from './shown.ts';
import classes from './catalogue.module.css';

const route = getRouteApi('/catalogue');
const STILL_MS = 120;

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
    cell: longest,
  },
  { id: 'ask', head: 'Ask', width: '4.5rem', cell: (item) => <Ask item={item} />, plain: true, press: true },
];

/** What there is, whether it can be had, and how: all of it, read as one goes down. */
export function Catalogue() {
  const { q = '', provider = 'all' } = route.useSearch();
  const navigate = route.useNavigate();
  const {
    typed,
    type,
    settled: words,
  } = useAddressedWords({
    q,
    most: 200,
    stillMs: STILL_MS,
    isHere: ({ pathname }) => pathname === '/catalogue',
    follow: (found) => void navigate({ search: (before) => withWords(before, found), replace: true }),
  });
  const found = useCatalogue({ q: words, ...(provider === 'all' ? {} : { provider }) });
  return (
    <Page title="Catalogue" lead="What there is, whether you can have it, and how it would be decided." wide>
      <Listing
        label="Roles on targets"
        filters={
          <>
            <LineField
              type="search"
              label="Search"
              placeholder="a role, a target, a label, what it is for"
              value={typed}
              onChange={(event) => type(event.currentTarget.value)}
              autoComplete="off"
              spellCheck={false}
            />
            <OneOf
              label="Provider"
              choices={CLOUDS}
              value={provider}
              onChange={(value) => void navigate({ search: (before) => withCloud(before, value), replace: true })}
            />
          </>
        }
        reading={found.reading}
        count={found.total === null ? null : countWords(found.rows.length, found.total)}
        columns={COLUMNS}
        rows={found.rows}
        keyOf={pairOf}
        empty={<Empty title="Nothing matches">Try fewer words, another cloud, or what you want to do.</Empty>}
        more={found.more}
      />
    </Page>
  );
}
