import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useMemo } from 'react';
import { api, ask, type CatalogueItem } from '../../data/api.ts';
import { durationWords } from '../../time/countdown.ts';
import { TIER_WORDS } from '../../time/wording.ts';
import { ButtonLink } from '../../ui/button.tsx';
import { Card, Empty, Facts, Section, Waiting } from '../../ui/card.tsx';
import { DataTable, type Column } from '../../ui/data-table.tsx';
import { BackIcon } from '../../ui/icons.ts';
import { FailureNotice } from '../../ui/notices.tsx';
import { Page } from '../../ui/page.tsx';
import { Tag, TierSign } from '../../ui/signs.tsx';
import { Ask, How, Longest } from './cells.tsx';
import { pairOf } from './shown.ts';
import classes from './catalogue.module.css';

const route = getRouteApi('/catalogue/$role');
const MOST = 200;

const COLUMNS: readonly Column<CatalogueItem>[] = [
  {
    id: 'target',
    head: 'Target',
    width: 'minmax(8rem, 1fr)',
    by: ({ target }) => target,
    cell: ({ target }) => <strong>{target}</strong>,
    plain: true,
  },
  {
    id: 'labels',
    head: 'Labels',
    width: 'minmax(8rem, 1.2fr)',
    by: ({ labels }) => Object.values(labels).join(' '),
    cell: ({ labels }) => (
      <span className={classes['tags']}>
        {Object.entries(labels).map(([name, value]) => (
          <Tag key={name}>
            {name} {value}
          </Tag>
        ))}
      </span>
    ),
    plain: true,
  },
  {
    id: 'how',
    head: 'How',
    width: 'minmax(10rem, 1.6fr)',
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

/** One role: what it is for, and where it can be had. */
export function OneRole() {
  const { role } = route.useParams();
  const found = useQuery({
    queryKey: ['catalogue', 'role', role],
    queryFn: () => ask(() => api.GET('/v1/catalogue', { params: { query: { q: role, limit: MOST } } })),
  });
  const rows = useMemo(() => (found.data?.items ?? []).filter((item) => item.role === role), [found.data, role]);
  const [first] = rows;
  const cut = found.data !== undefined && found.data.total > found.data.items.length;
  return (
    <Page
      title={role}
      lead={first?.description}
      aside={
        <ButtonLink to="/catalogue" kind="quiet" icon={BackIcon}>
          Catalogue
        </ButtonLink>
      }
      wide
    >
      {found.isPending && <Waiting lines={6} />}
      {found.error !== null && <FailureNotice error={found.error} intent="look" again={() => void found.refetch()} />}
      {found.data !== undefined && first === undefined && (
        <Empty title="There is no such role for you">No rule offers it to you, or it has another name.</Empty>
      )}
      {first !== undefined && (
        <>
          <Card>
            <Facts
              rows={[
                [
                  'Tier',
                  <span key="tier" className={classes['tags']}>
                    <TierSign tier={first.tier} /> {TIER_WORDS[first.tier]}
                  </span>,
                ],
                ['Cloud', first.provider],
                ['About', first.categories.join(', ')],
                ['Answered for by', first.owner],
                first.defaultDurationMs === 0 ? null : ['Usual time', durationWords(first.defaultDurationMs)],
              ]}
            />
          </Card>
          <Section id="where" title="Where">
            {cut && (
              <p className={classes['count']}>
                There are more targets than these {rows.length}. Search for them by name.
              </p>
            )}
            <DataTable label="Targets" columns={COLUMNS} rows={rows} keyOf={pairOf} first="target" />
          </Section>
        </>
      )}
    </Page>
  );
}
