import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi, Link } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { api, ask, type Schemas } from '../../data/api.ts';
import { useEntry, useProof } from '../../data/audit.ts';
import { useLogKey, useMe } from '../../data/session.ts';
import { useTimes } from '../../time/zone.ts';
import { Button } from '../../ui/button.tsx';
import { Empty } from '../../ui/card.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { LineField, OneOf } from '../../ui/fields.tsx';
import { SearchIcon } from '../../ui/icons.ts';
import { Listing } from '../../ui/listing.tsx';
import { Page } from '../../ui/page.tsx';
import { Mono, Person, StateSign } from '../../ui/signs.tsx';
import { Tip } from '../../ui/tip.tsx';
import { ABOUT, aboutOf, coveredState, verdictWords } from './words.ts';
import classes from './audit.module.css';

type Item = Schemas['AuditItem'];

const route = getRouteApi('/audit');
const PAGE = 100;

const COLUMNS: readonly Column<Item>[] = [
  {
    id: 'seq',
    head: 'Entry',
    width: '5rem',
    cell: ({ seq }) => (
      <Link to="/audit/$seq" params={{ seq: String(seq) }}>
        #{seq}
      </Link>
    ),
    plain: true,
  },
  { id: 'at', head: 'When', width: '10.5rem', cell: ({ at }) => <When at={at} />, plain: true },
  {
    id: 'what',
    head: 'What',
    width: 'minmax(12rem, 3fr)',
    cell: ({ sentence, kind, late }) => (
      <span className={classes['line']}>
        <Said text={sentence} />
        <Mono>
          {kind}
          {late && ', recorded late'}
        </Mono>
      </span>
    ),
    plain: true,
  },
  {
    id: 'actor',
    head: 'By',
    width: 'minmax(6rem, 1fr)',
    cell: ({ actor: { key, name } }) => <Person of={{ key: key ?? name, name }} />,
  },
  {
    id: 'covered',
    head: 'Proof',
    width: '6.5rem',
    cell: ({ covered }) => <StateSign state={coveredState(covered)} />,
    plain: true,
  },
];

/** The log in words, newest first. Searching it is an entry of it, so that it is done when one asks for it, and not at every key. */
export function Audit() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { data: me } = useMe();
  const [typed, setTyped] = useState(search.q ?? '');
  const about = aboutOf(search.kind);
  const found = useInfiniteQuery({
    queryKey: ['audit', 'search', search],
    queryFn: ({ pageParam }) =>
      ask(() =>
        api.GET('/v1/audit/search', {
          params: { query: { ...search, limit: PAGE, ...(pageParam === null ? {} : { cursor: Number(pageParam) }) } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    staleTime: Infinity,
    refetchOnWindowFocus: false,
    refetchOnReconnect: false,
  });
  const rows = useMemo(() => found.data?.pages.flatMap(({ items }) => items) ?? [], [found.data]);
  const signedTo = useFirst(found.data?.pages[0]?.signedTo ?? null);
  const everything = me?.roles.some((role) => role !== 'member') ?? false;
  const go = (next: { readonly q?: string; readonly kind?: string }): void => void navigate({ search: next });
  return (
    <Page
      title="Audit"
      lead={
        everything
          ? 'Everything that changed, and everything that was read. Your search is an entry as well.'
          : 'What you did, what is about you, and what you decide. Your search is an entry as well.'
      }
      aside={signedTo === null ? undefined : <Verified seq={signedTo} />}
      wide
    >
      <div className={classes['log']}>
        <form
          className={classes['search']}
          onSubmit={(event) => {
            event.preventDefault();
            const q = typed.trim();
            const { q: _, ...rest } = search;
            go(q === '' ? rest : { ...rest, q });
          }}
        >
          <LineField
            type="search"
            label="Search the log"
            placeholder="a name, role, target, kind, id, or #number"
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            maxLength={200}
            autoComplete="off"
            spellCheck={false}
          />
          <Button type="submit" icon={SearchIcon} busy={found.isFetching && !found.isFetchingNextPage}>
            Search
          </Button>
          <OneOf
            label="About"
            choices={ABOUT}
            value={about}
            onChange={(kind) => {
              const { kind: _, ...rest } = search;
              go(kind === 'all' ? rest : { ...rest, kind });
            }}
          />
        </form>
        <Listing
          label="Entries of the log"
          reading={found}
          columns={COLUMNS}
          rows={rows}
          keyOf={keyOf}
          empty={
            <Empty title="Nothing is found">
              Nothing in the log that you may see fits all of it. What can be looked for: names of people, roles and
              targets (with all that is about requests for them), kinds such as grant.ended, ids of requests, grants,
              people and orders, and numbers of entries such as #43. What people wrote is not in the log.
            </Empty>
          }
          more={
            found.hasNextPage
              ? {
                  busy: found.isFetchingNextPage,
                  load: () => void found.fetchNextPage(),
                  // Reading is an entry: older ones are read when somebody wants them.
                  ask: 'Older ones',
                }
              : null
          }
        />
      </div>
    </Page>
  );
}

/** Each proof is a reading of the log, and an entry: one for a visit is enough, whatever is looked for then. */
function useFirst(value: number | null): number | null {
  const [first, setFirst] = useState(value);
  if (first === null && value !== null) setFirst(value);
  return first ?? value;
}

/** How far this browser has verified the log: nothing is said before it has. */
function Verified({ seq }: { readonly seq: number }) {
  const { data: entry } = useEntry(seq);
  const { data: proof } = useProof(seq, entry, useLogKey());
  if (proof == null) return null;
  const { state, text } = verdictWords(proof.verdict, proof.size);
  return (
    <Tip label={text}>
      <span tabIndex={0}>
        <StateSign state={state} />
      </span>
    </Tip>
  );
}

const keyOf = ({ seq }: Item): string => String(seq);

function When({ at }: { readonly at: string }) {
  const times = useTimes();
  return (
    <time dateTime={at} title={times.full(Date.parse(at))}>
      {times.dated(Date.parse(at))}
    </time>
  );
}

function Said({ text }: { readonly text: string }) {
  return <span>{useTimes().within(text)}</span>;
}
