import { getRouteApi } from '@tanstack/react-router';
import type { CatalogueItem } from '../../data/api.ts';
import { useCatalogue } from '../../data/catalogue.ts';
import { durationWords } from '../../time/countdown.ts';
import { TIER_WORDS } from '../../time/wording.ts';
import { ButtonLink } from '../../ui/button.tsx';
import { Card, Empty, Facts, Section } from '../../ui/card.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { BackIcon } from '../../ui/icons.ts';
import { Listing } from '../../ui/listing.tsx';
import { Page } from '../../ui/page.tsx';
import { Tag, TierSign } from '../../ui/signs.tsx';
import { Ask, How, longest } from './cells.tsx';
import { countWords, pairOf } from './shown.ts';
import classes from './catalogue.module.css';

const route = getRouteApi('/catalogue/$role');

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
    cell: longest,
  },
  { id: 'ask', head: 'Ask', width: '4.5rem', cell: (item) => <Ask item={item} />, plain: true, press: true },
];

/** One role: what it is for, and where it can be had. */
export function OneRole() {
  const { role } = route.useParams();
  const { reading, rows, total, more } = useCatalogue({ role });
  const [first] = rows;
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
      {first !== undefined && (
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
      )}
      <Section id="where" title="Where">
        <Listing
          label="Targets"
          reading={reading}
          count={total === null || more === null ? null : countWords(rows.length, total)}
          columns={COLUMNS}
          rows={rows}
          keyOf={pairOf}
          empty={<Empty title="There is no such role for you">No rule offers it to you, or it has another name.</Empty>}
          more={more}
        />
      </Section>
    </Page>
  );
}
