import { keepPreviousData, useIsFetching, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { PATH_WORDS } from '../../access/path-words.ts';
import { useAddressedWords } from '../../data/addressed-words.ts';
import { api, ask, type CatalogueItem } from '../../data/api.ts';
import { useFollowed } from '../../data/debounced.ts';
import { durationText } from '../../time/countdown.ts';
import { Empty, Waiting } from '../../ui/card.tsx';
import { LineField } from '../../ui/fields.tsx';
import { SearchIcon } from '../../ui/icons.ts';
import { FailureNotice } from '../../ui/notices.tsx';
import { TierSign, Unseen } from '../../ui/signs.tsx';
import type { DraftSearch } from './draft.ts';
import classes from './find-access.module.css';

const SHOWN = 25;
const LONGEST_QUERY = 2_000;
const STILL_MS = 120;
/** The address follows when somebody has stopped typing: it is for going back and for sending on. */
const ADDRESS_MS = 400;

/** The search. Every answer says whether it can be had, and how. */
export function FindAccess({
  q,
  isHere,
  onQ,
  draft,
}: {
  readonly q: string;
  readonly isHere: (location: Pick<Location, 'pathname' | 'search'>) => boolean;
  readonly onQ: (q: string) => void;
  readonly draft: DraftSearch;
}) {
  const { typed, type } = useAddressedWords({ q, most: LONGEST_QUERY, stillMs: ADDRESS_MS, isHere, follow: onQ });
  const busy = useIsFetching({ queryKey: ['catalogue'] }) > 0;
  const trimmed = typed.trim().slice(0, LONGEST_QUERY);
  const words = useFollowed(trimmed, busy, STILL_MS);
  const found = useQuery({
    queryKey: ['catalogue', words, SHOWN],
    queryFn: () => ask(() => api.GET('/v1/catalogue', { params: { query: { q: words, limit: SHOWN } } })),
    placeholderData: keepPreviousData,
  });
  const { items = [], total = 0 } = found.data ?? {};
  return (
    <div className={classes['find']}>
      <LineField
        type="search"
        label="Search access"
        placeholder="invoice · restart payments · env=staging · arn:aws:… · AccessDenied …"
        value={typed}
        onChange={(event) => type(event.currentTarget.value)}
        leftSection={<SearchIcon size={18} aria-hidden="true" />}
        autoFocus
        autoComplete="off"
        spellCheck={false}
      />
      {found.isPending && <Waiting lines={5} />}
      {found.error !== null && <FailureNotice error={found.error} intent="look" again={() => void found.refetch()} />}
      {found.data !== undefined && items.length === 0 && (
        <Empty title="Nothing matches">
          Try fewer words, or what you want to do instead of what it is called. If the error names an account that is
          not here, whoever runs Curfew can add it.
        </Empty>
      )}
      {items.length > 0 && (
        <>
          <p role="status" className={classes['count']}>
            {total > items.length ? `The best ${items.length} of ${total}` : `${total} found`}
          </p>
          <ul className={classes['list']}>
            {items.map((item) => (
              <Found key={`${item.role} ${item.target}`} item={item} draft={draft} />
            ))}
          </ul>
        </>
      )}
    </div>
  );
}

function Found({ item, draft }: { readonly item: CatalogueItem; readonly draft: DraftSearch }) {
  const { role, target, description, requestable, path, why, tier, defaultDurationMs, maxDurationMs } = item;
  const { duration: _, q: __, ...rest } = draft;
  return (
    <li className={classes['item']} data-can={requestable ? 'yes' : 'no'}>
      <Link to="/request" search={{ ...rest, role, target }} className={classes['link']}>
        <span className={classes['what']}>
          <strong>{role}</strong>
          <span> on {target}</span>
        </span>
        <span className={classes['description']}>{description}</span>
        <span className={classes['how']}>
          <span className={classes['path']}>{PATH_WORDS[path]}</span>
          <TierSign tier={tier} />
          {requestable && (
            <span>
              {durationText(defaultDurationMs)}, <Unseen>and </Unseen>at most {durationText(maxDurationMs)}
            </span>
          )}
        </span>
        {!requestable && <span className={classes['why']}>{why}</span>}
      </Link>
    </li>
  );
}
