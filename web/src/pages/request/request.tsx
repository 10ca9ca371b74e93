import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { api, ask } from '../../data/api.ts';
import { FailureNotice } from '../../ui/notices.tsx';
import { Page } from '../../ui/page.tsx';
import { Waiting } from '../../ui/card.tsx';
import { AskForm } from './ask-form.tsx';
import type { DraftSearch } from './draft.ts';
import { FindAccess } from './find-access.tsx';

const route = getRouteApi('/request');

/** Finds access, and asks for it. What is chosen stands in the address, so that a link to it can be sent to a colleague. */
export function Request() {
  const draft = route.useSearch();
  const navigate = route.useNavigate();
  const { role, target } = draft;
  const chosen = useQuery({
    queryKey: ['catalogue', 'one', role, target],
    queryFn: async () => {
      const q = `${role ?? ''} ${target ?? ''}`;
      const { items } = await ask(() => api.GET('/v1/catalogue', { params: { query: { q, limit: 50 } } }));
      return items.find((item) => item.role === role && item.target === target) ?? null;
    },
    enabled: role !== undefined && target !== undefined,
  });
  if (role === undefined || target === undefined) {
    return (
      <Page title="What do you need?" lead="Search by what you want to do, or paste the error that stopped you.">
        <FindAccess
          q={draft.q ?? ''}
          onQ={(q) => void navigate({ search: withWords(draft, q), replace: true })}
          draft={draft}
        />
      </Page>
    );
  }
  return (
    <Page title={`Ask for ${role}`} lead={chosen.data?.description}>
      {chosen.isPending && <Waiting />}
      {chosen.error !== null && (
        <FailureNotice error={chosen.error} intent="look" again={() => void chosen.refetch()} />
      )}
      {chosen.data !== undefined && (
        <AskForm
          key={`${role} ${target}`}
          role={role}
          target={target}
          item={chosen.data}
          draft={draft}
          onDraft={(next) => void navigate({ search: next, replace: true })}
        />
      )}
    </Page>
  );
}

function withWords({ q: _, ...draft }: DraftSearch, q: string): DraftSearch {
  return q === '' ? draft : { ...draft, q };
}
