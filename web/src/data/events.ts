import { useEffect, useSyncExternalStore } from 'react';
import type { QueryClient } from '@tanstack/react-query';
import { onWake } from '../time/ticker.ts';
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
  if (kind === 'grant') return ['grants', 'grant', 'requests', 'request'];
  if (kind === 'request') return ['requests', 'request'];
  if (kind === 'revocation') return ['revocations', 'grants', 'grant'];
  // Passkeys and roles of one's own go with them.
  if (kind === 'recovery') return ['recoveries', 'me'];
  if (kind === 'proposal') return ['administration', 'me'];
  if (kind === 'policy') return ['catalogue', 'preview', 'requests', 'request'];
  return null;
}

/** Something that has changed. */
export interface Change {
  readonly kind: string;
  readonly id: string;
}

const changeListeners = new Set<(change: Change) => void>();

/** Tells of each change that the server tells of, while the page listens at all. */
export function onChange(listener: (change: Change) => void): () => void {
  changeListeners.add(listener);
  return () => changeListeners.delete(listener);
}

/** Changes come in swarms (one approval makes three); they are read once. */
const GATHER_MS = 120;

/**
 * Keeps what is shown true while the page is open: listens to the server (`GET /v1/events`), reads again what a change
 * touches, and everything after whatever may have hidden one: a sleep, a lost line, a hidden tab, a `resync`.
 */
export function useLiveUpdates(client: QueryClient): void {
  useEffect(() => {
    let source: EventSource | null = null;
    let attempt = 0;
    let again: ReturnType<typeof setTimeout> | null = null;
    let gathering: ReturnType<typeof setTimeout> | null = null;
    let touched = new Set<string>();
    let everything = false;

    const flush = (): void => {
      gathering = null;
      const [all, keys] = [everything, touched];
      everything = false;
      touched = new Set();
      void client.invalidateQueries({
        predicate: (query) => {
          const first = String(query.queryKey[0]);
          return first !== 'server' && mayRepeat(query) && (all || keys.has(first));
        },
      });
    };
    const read = (keys: readonly string[] | null): void => {
      if (keys === null) everything = true;
      else for (const key of keys) touched.add(key);
      gathering ??= setTimeout(flush, GATHER_MS);
    };
    const stop = (): void => {
      source?.close();
      source = null;
      if (again !== null) clearTimeout(again);
      again = null;
    };
    const listen = (): void => {
      stop();
      if (!navigator.onLine) return setLine('offline');
      const opened = new EventSource('/v1/events');
      source = opened;
      opened.onopen = () => {
        // Whatever happened while nobody listened is unknown here.
        if (attempt > 0) read(null);
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
        read(touchedBy(change.kind));
        for (const listener of changeListeners) listener(change);
      });
      opened.addEventListener('resync', () => read(null));
    };
    const wake = (): void => {
      read(null);
      attempt = 1;
      listen();
    };
    const seen = (): void => {
      if (document.hidden) return;
      read(null);
      if (source === null || source.readyState === EventSource.CLOSED) wake();
    };
    const lost = (): void => {
      stop();
      setLine('offline');
    };

    listen();
    const forget = onWake(wake);
    document.addEventListener('visibilitychange', seen);
    window.addEventListener('online', wake);
    window.addEventListener('offline', lost);
    return () => {
      stop();
      if (gathering !== null) clearTimeout(gathering);
      forget();
      document.removeEventListener('visibilitychange', seen);
      window.removeEventListener('online', wake);
      window.removeEventListener('offline', lost);
      setLine('connecting');
    };
  }, [client]);
}

function changeOf(data: unknown): Change {
  try {
    const { kind, id } = JSON.parse(String(data)) as Readonly<Record<string, unknown>>;
    return { kind: String(kind), id: String(id) };
  } catch {
    return { kind: '', id: '' };
  }
}
