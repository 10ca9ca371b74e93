import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { serverClock } from '../time/server-clock.ts';
import { api, ask, type LiveGrant } from './api.ts';
import { onChange } from './events.ts';
import { gather, IN_TIME, SOON } from './gather.ts';
import { isPassing } from './query-client.ts';

const KEY = ['live'] as const;
const PAGE = 200;
/** Pages that are read at most: ten thousand rows are fifty. What is beyond is said, not hidden. */
const MOST_PAGES = 60;
/** For so long what ended while somebody looked stays in the table, with its proof. */
const KEPT_MS = 10 * 60_000;
/** Grants that are read again with one question: the server takes no more. */
const AT_ONCE = 100;

/** Who has power now. */
export interface Live {
  readonly grants: readonly LiveGrant[];
  /** Whether there are more than were read. */
  readonly more: boolean;
  /** Whether more is being read: the first page is shown before the last one has come. */
  readonly reading: boolean;
}

/** What is no id of a grant is asked for by nobody: one such would spoil the question for all. */
const GRANT_ID = /^grt_[a-z2-7]{20}$/;

const OVER = new Set<LiveGrant['status']>(['ended', 'failed']);

/** The newest of what was known and what was read: what ended while somebody looked is kept for a while, whatever list it is no longer in. */
export function withEnded(before: readonly LiveGrant[], read: readonly LiveGrant[], now: number): readonly LiveGrant[] {
  const ids = new Set(read.map(({ id }) => id));
  const kept = before.filter(
    ({ id, status, endedAt }) =>
      !ids.has(id) && OVER.has(status) && endedAt !== null && now - Date.parse(endedAt) < KEPT_MS,
  );
  return [...read, ...kept];
}

/** The list with one grant as it is now: in its place, or new at the end; of one that is long over nothing is made. */
export function withChanged(grants: readonly LiveGrant[], changed: LiveGrant): readonly LiveGrant[] {
  const at = grants.findIndex(({ id }) => id === changed.id);
  if (at === -1) return OVER.has(changed.status) ? grants : [...grants, changed];
  return grants.with(at, changed);
}

/** The list without what was asked for again and not shown: access of others that is over is between them and whom it concerns. */
export function withoutHidden(
  grants: readonly LiveGrant[],
  asked: readonly string[],
  shown: readonly LiveGrant[],
): readonly LiveGrant[] {
  const hidden = new Set(asked);
  for (const { id } of shown) hidden.delete(id);
  return grants.some(({ id }) => hidden.has(id)) ? grants.filter(({ id }) => !hidden.has(id)) : grants;
}

/** Everybody's access that is not over: all pages at first, and then each change alone, as the stream tells of it. */
export function useLive() {
  const client = useQueryClient();
  useEffect(() => follow(client), [client]);
  return useQuery({
    queryKey: KEY,
    queryFn: async (): Promise<Live> => {
      const read: LiveGrant[] = [];
      let cursor: string | null = null;
      for (let pages = 0; pages < MOST_PAGES && (pages === 0 || cursor !== null); pages += 1) {
        const sentAt = Date.now();
        const query: { limit: number; cursor?: string } = { limit: PAGE, ...(cursor === null ? {} : { cursor }) };
        const page = await ask(() => api.GET('/v1/live', { params: { query } }));
        const at = Date.parse(page.now);
        serverClock.observe({ sentAt, receivedAt: Date.now(), from: at, to: at });
        read.push(...page.items);
        cursor = page.nextCursor;
        // Ten thousand rows take seconds: whoever comes sees the first of them at once.
        if (pages === 0 && cursor !== null && client.getQueryData(KEY) === undefined)
          client.setQueryData<Live>(KEY, { grants: page.items, more: false, reading: true });
      }
      // Pages move while they are read: a grant that started meanwhile may come twice.
      const unique = [...new Map(read.map((grant) => [grant.id, grant])).values()];
      const before = client.getQueryData<Live>(KEY)?.grants ?? [];
      return { grants: withEnded(before, unique, serverClock.now()), more: cursor !== null, reading: false };
    },
    // Nobody follows the changes while the page is not shown.
    staleTime: 0,
    refetchInterval: 5 * 60_000,
  });
}

/** Shows a grant as it is now, as the server has just answered. */
export function showChanged(client: QueryClient, grant: LiveGrant): void {
  client.setQueryData<Live>(KEY, (live) => live && { ...live, grants: withChanged(live.grants, grant) });
}

/** Reads what has changed, all that has gathered with one question, so that no turnover uses up what a person may ask. */
export function follow(client: QueryClient): () => void {
  let followed = true;
  const read = async (ids: readonly string[]): Promise<void> => {
    try {
      const query = { ids: ids.join(','), limit: PAGE };
      const { items } = await ask(() => api.GET('/v1/live', { params: { query } }));
      client.setQueryData<Live>(
        KEY,
        (live) => live && { ...live, grants: withoutHidden(items.reduce(withChanged, live.grants), ids, items) },
      );
    } catch (error) {
      // The line is down, or it was too much: later, with what has changed by then.
      if (followed && isPassing(error)) for (const id of ids) inTime.add(id);
    }
  };
  const readAll = (gathered: readonly string[]): void => {
    const ids = [...new Set(gathered)].filter((id) => GRANT_ID.test(id));
    for (let from = 0; from < ids.length; from += AT_ONCE) void read(ids.slice(from, from + AT_ONCE));
  };
  const soon = gather(readAll, SOON);
  const inTime = gather(readAll, IN_TIME);
  const forget = onChange(({ kind, id, own }) => {
    if (kind === 'grant') (own ? soon : inTime).add(id);
  });
  return () => {
    followed = false;
    forget();
    soon.stop();
    inTime.stop();
  };
}
