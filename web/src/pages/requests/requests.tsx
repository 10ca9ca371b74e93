import { useInfiniteQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { api, ask } from '../../data/api.ts';
import { RequestList } from '../../requests/request-list.tsx';
import { Button, ButtonLink } from '../../ui/button.tsx';
import { Empty, Waiting } from '../../ui/card.tsx';
import { OneOf } from '../../ui/fields.tsx';
import { AskIcon, MoreIcon } from '../../ui/icons.ts';
import { FailureNotice } from '../../ui/notices.tsx';
import { Page } from '../../ui/page.tsx';
import type { Scope } from './scope.ts';

const route = getRouteApi('/requests');
const AT_ONCE = 25;

const CHOICES = [
  { value: 'mine', label: 'Mine' },
  { value: 'waiting', label: 'Waiting for me' },
  { value: 'all', label: 'All' },
] as const;

const NOTHING: Readonly<Record<Scope, readonly [string, string]>> = {
  mine: ['You have asked for nothing yet', 'What you ask for stands here, with what became of it.'],
  waiting: ['Nobody waits for you', 'When somebody asks for something that you may decide, it stands here.'],
  all: ['There is nothing that you may see', 'Requests of yours, and those that you may decide, stand here.'],
};

/** What was asked for, newest first. */
export function Requests() {
  const { scope = 'mine' } = route.useSearch();
  const navigate = route.useNavigate();
  const list = useInfiniteQuery({
    queryKey: ['requests', scope],
    queryFn: ({ pageParam }) =>
      ask(() =>
        api.GET('/v1/requests', {
          params: { query: { scope, limit: AT_ONCE, ...(pageParam === null ? {} : { cursor: pageParam }) } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ nextCursor }) => nextCursor,
  });
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  const [title, text] = NOTHING[scope];
  return (
    <Page
      title="Requests"
      lead="What was asked for, who decided, and what became of it."
      aside={
        <ButtonLink to="/request" kind="solid" icon={AskIcon}>
          Ask for access
        </ButtonLink>
      }
    >
      <div>
        <OneOf
          label="Whose"
          choices={CHOICES}
          value={scope}
          onChange={(value) =>
            void navigate({ search: value === 'waiting' || value === 'all' ? { scope: value } : {}, replace: true })
          }
        />
      </div>
      {list.isPending && <Waiting lines={6} />}
      {list.error !== null && <FailureNotice error={list.error} intent="look" again={() => void list.refetch()} />}
      {list.data !== undefined && items.length === 0 && !list.hasNextPage && <Empty title={title}>{text}</Empty>}
      {list.hasNextPage && list.data?.pages.at(-1)?.items.length === 0 && (
        <p role="status">None of the newest. There are older ones to look through.</p>
      )}
      {items.length > 0 && (
        <RequestList requests={items} withPerson={scope !== 'mine'} toDecide={scope === 'waiting'} />
      )}
      {list.hasNextPage && (
        <div>
          <Button icon={MoreIcon} busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            Show older ones
          </Button>
        </div>
      )}
    </Page>
  );
}
