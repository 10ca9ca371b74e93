import { useEffect, useSyncExternalStore } from 'react';
import type { Query, QueryClient } from '@tanstack/react-query';
import { onWake } from '../time/ticker.ts';
import { gather, IN_TIME, SOON } from './gather.ts';
import { mayRepeat } from './query-client.ts';

/** `live`: changes arrive as they happen; `waiting`: the line is down and being tried; `offline`: this machine has no network. */
export type Line = 'connecting' | 'live' | 'waiting' | 'offline';

let line: Line = 'connecting';
const listeners = new Set<() => void>();

function setLine(next: Line): void {
  if (line === next) return;
  line = next;
  for (const listener of listeners) listener();
}

export function useLine(): Line {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => line,
  );
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** How long to wait before the n-th try in a row; a part of it is luck, so that not everybody comes at once after an outage. */
export function pauseBefore(attempt: number, luck: number): number {
  return Math.round(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt) * (0.5 + luck / 2));
}

/** What a change touches, as the first words of query keys. A kind that this page does not know touches everything. */
export function touchedBy(kind: string): readonly string[] | null {
  // Who has power now (`live`) may be ten thousand rows: `live.ts` reads the one that has changed.
  // A preview says what I have of it already, or wait for.
  if (kind === 'grant') return ['grants', 'requests', 'request', 'preview'];
  if (kind === 'request') return ['requests', 'request', 'preview'];
  // A preview is refused while an order stands.
  if (kind === 'revocation') return ['revocations', 'stops', 'grants', 'preview'];
  // Passkeys and roles of one's own go with them.
  if (kind === 'recovery') return ['recoveries', 'me'];
  if (kind === 'proposal') return ['administration', 'me'];
  if (kind === 'policy') return ['catalogue', 'preview', 'stops', 'requests', 'request'];
  return null;
}

/** Something that has changed. */
export interface Change {
  readonly kind: string;
  readonly id: string;
  /** Whether I hold it, asked for it, am asked to decide it, or am stopped by it. */
  readonly own: boolean;
}

const OF_SOMEBODY = new Set(['grant', 'request']);
/** Changes that somebody waits for. Who has power now (`live.ts`) is not read twice for them: that may be ten thousand rows. */
const OF_MINE = ['grant', 'request', 'revocation', 'recovery', 'proposal'] as const;

/**
 * Whether a change may show in what a query has read (`text`). In a large company there are dozens of changes a second, and everybody may see
 * them: what is of others is read again only where it stands there already, and in lists of everybody's requests.
 */
export function showsIn({ kind, id, own }: Change, [first, second]: readonly unknown[], text: () => string): boolean {
  const keys = touchedBy(kind);
  if (keys === null) return true;
  if (!keys.includes(String(first))) return false;
  if (own || !OF_SOMEBODY.has(kind)) return true;
  return (kind === 'request' && second === 'all') || text().includes(id);
}

const changeListeners = new Set<(change: Change) => void>();

/** Tells of each change that the server tells of, while the page listens at all. */
export function onChange(listener: (change: Change) => void): () => void {
  changeListeners.add(listener);
  return () => changeListeners.delete(listener);
}

/** Nobody looks at a tab for so long that it gives its line back: a browser has six for all tabs together, where nothing before the server speaks HTTP/2. */
const HIDDEN_MS = 10_000;

/** What is to be read again: all that a change may show in, or one query of it. `all`: whatever may have changed while nobody listened. */
interface News {
  readonly change: Change | 'all';
  readonly only?: Query;
}

/**
 * Keeps what is shown true while the page is open: listens to the server (`GET /v1/events`), reads again what a change
 * touches, and everything after whatever may have hidden one: a sleep, a lost line, a hidden tab, a `resync`. Returns how to stop.
 */
export function keepTrue(client: QueryClient): () => void {
  let source: EventSource | null = null;
  let attempt = 0;
  let again: ReturnType<typeof setTimeout> | null = null;
  let leaving: ReturnType<typeof setTimeout> | null = null;
  /** Hidden for so long that the line was given back. */
  let away = false;
  /** Since when it is hidden; `null`: it is not. */
  let hiddenAt: number | null = null;

  const readAgain = (news: readonly News[]): void => {
    const early: News[] = [];
    const isOld = (query: Query): boolean => {
      const { queryKey, state } = query;
      if (queryKey[0] === 'server' || !mayRepeat(query)) return false;
      const underWay = state.fetchStatus === 'fetching';
      let text: string | null = null;
      const read = (): string => (text ??= JSON.stringify([queryKey, state.data]));
      let old = false;
      for (const { change, only = query } of news) {
        if (only !== query) continue;
        const shows = change === 'all' || showsIn(change, queryKey, read);
        // What is read for the first time is not begun again, and what is under way may show more than what stands there, and not yet this.
        if (underWay && (shows ? state.data === undefined : showsIn(change, queryKey, () => change.id)))
          early.push({ change, only: query });
        else if (shows) old = true;
      }
      return old;
    };
    const old = new Set(client.getQueryCache().findAll().filter(isOld));
    void client.invalidateQueries({ predicate: (query) => old.has(query) });
    for (const one of early) inTime.add(one);
  };
  const soon = gather<News>(readAgain, SOON);
  const inTime = gather<News>(readAgain, IN_TIME);

  const stop = (): void => {
    source?.close();
    source = null;
    if (again !== null) clearTimeout(again);
    again = null;
  };
  const listen = (): void => {
    stop();
    if (away) return;
    if (!navigator.onLine) return setLine('offline');
    const opened = new EventSource('/v1/events');
    source = opened;
    opened.onopen = () => {
      // Whatever happened while nobody listened is unknown here, also between what the page read first and this.
      if (attempt > 0) soon.add({ change: 'all' });
      else for (const kind of OF_MINE) inTime.add({ change: { kind, id: '', own: true } });
      attempt = 0;
      setLine('live');
    };
    opened.onerror = () => {
      // The browser's own tries know neither a limit nor an end of the sign-in; ours do.
      opened.close();
      setLine(navigator.onLine ? 'waiting' : 'offline');
      const pause = pauseBefore(attempt, Math.random());
      attempt += 1;
      again = setTimeout(listen, pause);
      if (attempt === 1) void client.invalidateQueries({ queryKey: ['me'] });
    };
    opened.addEventListener('change', (event) => {
      const change = changeOf(event.data);
      (change.own || change.kind === 'revocation' ? soon : inTime).add({ change });
      for (const listener of changeListeners) listener(change);
    });
    opened.addEventListener('resync', () => inTime.add({ change: 'all' }));
  };
  const wake = (): void => {
    soon.add({ change: 'all' });
    attempt = 1;
    listen();
  };
  const leave = (): void => {
    away = true;
    stop();
  };
  const seen = (): void => {
    if (document.hidden) {
      hiddenAt ??= Date.now();
      leaving ??= setTimeout(leave, HIDDEN_MS);
      return;
    }
    // A machine that slept meanwhile gave nothing back: its line may have been cut without a word, and still look open.
    const slept = hiddenAt !== null && Date.now() - hiddenAt >= HIDDEN_MS;
    hiddenAt = null;
    if (leaving !== null) clearTimeout(leaving);
    leaving = null;
    away = false;
    soon.add({ change: 'all' });
    if (slept || source === null || source.readyState === EventSource.CLOSED) wake();
  };
  const lost = (): void => {
    stop();
    setLine('offline');
  };

  listen();
  if (document.hidden) seen();
  const forget = onWake(wake);
  document.addEventListener('visibilitychange', seen);
  window.addEventListener('online', wake);
  window.addEventListener('offline', lost);
  return () => {
    stop();
    if (leaving !== null) clearTimeout(leaving);
    soon.stop();
    inTime.stop();
    forget();
    document.removeEventListener('visibilitychange', seen);
    window.removeEventListener('online', wake);
    window.removeEventListener('offline', lost);
    setLine('connecting');
  };
}

/** {@link keepTrue}, while whoever uses it is shown. */
export function useLiveUpdates(client: QueryClient): void {
  useEffect(() => keepTrue(client), [client]);
}

function changeOf(data: unknown): Change {
  try {
    const { kind, id, own } = JSON.parse(String(data)) as Readonly<Record<string, unknown>>;
    return { kind: String(kind), id: String(id), own: own === true };
  } catch {
    return { kind: '', id: '', own: false };
  }
}
