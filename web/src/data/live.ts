import { useQuery, useQueryClient, type QueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { serverClock } from '../time/server-clock.ts';
import { api, ask, type Grant } from './api.ts';
import { onChange } from './events.ts';

const KEY = ['live'] as const;
const PAGE = 200;
/** Pages that are read at most: ten thousand rows are fifty. What is beyond is said, not hidden. */
const MOST_PAGES = 60;
/** For so long what ended while somebody looked stays in the table, with its proof. */
const KEPT_MS = 10 * 60_000;
/** Changes come in swarms; more of them than this are read as a whole list. */
const GATHER_MS = 150;
const MOST_SINGLE = 20;

/** Who has power now. */
export interface Live {
  readonly grants: readonly Grant[];
  /** Whether there are more than were read. */
  readonly more: boolean;
  /** Whether more is being read: the first page is shown before the last one has come. */
  readonly reading: boolean;
}

const OVER = new Set<Grant['status']>(['ended', 'failed']);

/** The newest of what was known and what was read: what ended while somebody looked is kept for a while, whatever list it is no longer in. */
export function withEnded(before: readonly Grant[], read: readonly Grant[], now: number): readonly Grant[] {
  const ids = new Set(read.map(({ id }) => id));
  const kept = before.filter(
    ({ id, status, endedAt }) =>
      !ids.has(id) && OVER.has(status) && endedAt !== null && now - Date.parse(endedAt) < KEPT_MS,
  );
  return [...read, ...kept];
}

/** The list with one grant as it is now: in its place, or new at the end; of one that is long over nothing is made. */
export function withChanged(grants: readonly Grant[], changed: Grant): readonly Grant[] {
  const at = grants.findIndex(({ id }) => id === changed.id);
  if (at === -1) return OVER.has(changed.status) ? grants : [...grants, changed];
  return grants.with(at, changed);
}

/** Everybody's access that is not over: all pages at first, and then each change alone, as the stream tells of it. */
export function useLive() {
  const client = useQueryClient();
  useEffect(() => follow(client), [client]);
  return useQuery({
    queryKey: KEY,
    queryFn: async (): Promise<Live> => {
      const read: Grant[] = [];
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
export function showChanged(client: QueryClient, grant: Grant): void {
  client.setQueryData<Live>(KEY, (live) => live && { ...live, grants: withChanged(live.grants, grant) });
}

function follow(client: QueryClient): () => void {
  let ids = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | null = null;
  const flush = async (): Promise<void> => {
    timer = null;
    const gathered = ids;
    ids = new Set();
    if (gathered.size > MOST_SINGLE) return client.invalidateQueries({ queryKey: KEY });
    for (const id of gathered) {
      try {
        const grant = await ask(() => api.GET('/v1/grants/{id}', { params: { path: { id } } }));
        showChanged(client, grant);
      } catch {
        // Gone from my sight, or the line is down: the whole list knows.
        void client.invalidateQueries({ queryKey: KEY });
      }
    }
  };
  const stop = onChange(({ kind, id }) => {
    if (kind !== 'grant') return;
    ids.add(id);
    timer ??= setTimeout(() => void flush(), GATHER_MS);
  });
  return () => {
    stop();
    if (timer !== null) clearTimeout(timer);
  };
}
