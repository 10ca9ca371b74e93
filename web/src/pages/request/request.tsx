import { useQueries } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { catalogueEntry } from '../../data/catalogue.ts';
import { Waiting } from '../../ui/card.tsx';
import { FailureNotice } from '../../ui/notices.tsx';
import { Page } from '../../ui/page.tsx';
import { AskForm } from './ask-form.tsx';
import { itemsOf, type DraftSearch } from './draft.ts';
import { FindAccess } from './find-access.tsx';

const route = getRouteApi('/request');

/** Finds access, and asks for it. What is chosen stands in the address, so that a link to it can be sent to a colleague. */
export function Request() {
  const draft = route.useSearch();
  const navigate = route.useNavigate();
  const items = itemsOf(draft);
  const found = useQueries({ queries: items.map(catalogueEntry) });
  const [first] = items;
  const [entry] = found;
  if (first === undefined || entry === undefined) {
    return (
      <Page title="What do you need?" lead="Search by what you want to do, or paste the error that stopped you.">
        <FindAccess
          q={draft.q ?? ''}
          isHere={isStillSearching}
          onQ={(q) => void navigate({ search: withWords(draft, q), replace: true })}
          draft={draft}
        />
      </Page>
    );
  }
  const failed = found.find(({ error }) => error !== null);
  const several = items.length > 1;
  return (
    <Page
      title={several ? `Ask for ${items.length} things` : `Ask for ${first.role}`}
      lead={
        several
          ? 'One request with one reason and one time. The strictest of their rules counts for all of it.'
          : entry.data?.description
      }
    >
      {entry.isPending && <Waiting />}
      {failed !== undefined && failed.error !== null && (
        <FailureNotice error={failed.error} intent="look" again={() => void failed.refetch()} />
      )}
      {entry.data !== undefined && (
        <AskForm
          items={items.map((item, n) => ({ ...item, entry: found[n]?.data ?? null }))}
          draft={draft}
          onDraft={(next) => void navigate({ search: next, replace: true })}
        />
      )}
    </Page>
  );
}

/** Whether the address is that of the search, and nothing is chosen yet. */
function isStillSearching({ pathname, search }: Pick<Location, 'pathname' | 'search'>): boolean {
  return pathname === '/request' && !new URLSearchParams(search).has('role');
}

function withWords({ q: _, ...draft }: DraftSearch, q: string): DraftSearch {
  return q === '' ? draft : { ...draft, q };
}
