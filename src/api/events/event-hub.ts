import type { ServerResponse } from 'node:http';
import { toIso, type Instant } from '../../core/time.ts';
import type { Change } from '../../operations/changes.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Random } from '../../platform/random.ts';

const HEARTBEAT_MS = 15_000;
/** Changes that are kept for listeners that come back. */
const KEPT = 1_000;
const MOST_LISTENERS = 1_000;
/** Enough for the windows of a person, or of a family behind one address; few enough that nobody takes everybody's. */
const MOST_PER_LISTENER = 10;
/** A listener that takes nothing for this long is cut off; it comes back by itself and is told what it missed. */
const STUCK_MS = 30_000;

interface Listener {
  readonly response: ServerResponse;
  /** Who listens: a person, or an address where nobody signs in. */
  readonly who: string;
  /** When the token ends that the stream was opened with; a stream must not outlive its sign-in. */
  readonly closesAt: Instant | null;
  /** Since when the other side has taken nothing; `null` while it reads. */
  blockedSince: Instant | null;
  missed: boolean;
}

/**
 * Sends changes to everybody who listens (server-sent events). A change says only what changed: the listener asks for the
 * thing itself, and is shown what it may see. A slow listener costs nothing: what it does not take is dropped, and it is
 * told to look at everything again (`resync`).
 */
export interface EventHub {
  /** Whether there is room for another stream of somebody. */
  room(who: string): 'free' | 'full' | 'too-many';
  /** Takes a response over; false when there is no room. `lastId` is what the listener saw last. */
  add(response: ServerResponse, who: string, lastId: string | null, closesAt: Instant | null): boolean;
  readonly listeners: number;
  /** Ends every stream; listeners come back to whoever runs then. */
  close(): void;
}

export function createEventHub(
  subscribe: (listener: (change: Change) => void) => () => void,
  clock: Clock,
  random: Random,
): EventHub {
  // Numbers begin anew with the process, so they carry its name: an id of another process is recognised and not misread.
  const epoch = random.bytes(6).toString('hex');
  const kept: { readonly id: number; readonly text: string }[] = [];
  const listeners = new Set<Listener>();
  const stop = new AbortController();
  let next = 1;

  function write(listener: Listener, text: string): void {
    if (listener.blockedSince !== null) {
      listener.missed = true;
      return;
    }
    if (!listener.response.write(text)) listener.blockedSince = clock.now();
  }

  function resume(listener: Listener): void {
    listener.blockedSince = null;
    if (!listener.missed) return;
    listener.missed = false;
    write(listener, RESYNC);
  }

  const unsubscribe = subscribe((change) => {
    const id = next;
    next += 1;
    const data = JSON.stringify({ kind: change.kind, id: change.id, at: toIso(change.at) });
    const text = `id: ${epoch}-${id}\nevent: change\ndata: ${data}\n\n`;
    kept.push({ id, text });
    if (kept.length > KEPT) kept.shift();
    for (const listener of listeners) write(listener, text);
  });

  async function beat(): Promise<void> {
    for (;;) {
      await clock.sleep(HEARTBEAT_MS, stop.signal);
      if (stop.signal.aborted) return;
      const now = clock.now();
      for (const listener of listeners) {
        const over = listener.closesAt !== null && listener.closesAt <= now;
        const stuck = listener.blockedSince !== null && now - listener.blockedSince > STUCK_MS;
        if (stuck) listener.response.destroy();
        else if (over) listener.response.end();
        else write(listener, ': still here\n\n');
      }
    }
  }
  void beat();

  function room(who: string): 'free' | 'full' | 'too-many' {
    if (stop.signal.aborted || listeners.size >= MOST_LISTENERS) return 'full';
    const own = [...listeners].filter((listener) => listener.who === who).length;
    return own < MOST_PER_LISTENER ? 'free' : 'too-many';
  }

  return {
    room,
    add(response, who, lastId, closesAt) {
      if (room(who) !== 'free') return false;
      const listener: Listener = { response, who, closesAt, blockedSince: null, missed: false };
      listeners.add(listener);
      response.on('close', () => listeners.delete(listener));
      response.on('error', () => listeners.delete(listener));
      response.on('drain', () => resume(listener));
      write(listener, `retry: 2000\n: connected\n\n`);
      for (const text of missedSince(lastId, epoch, kept, next)) write(listener, text);
      return true;
    },
    get listeners() {
      return listeners.size;
    },
    close() {
      stop.abort();
      unsubscribe();
      for (const listener of listeners) listener.response.end();
      listeners.clear();
    },
  };
}

const RESYNC = 'event: resync\ndata: {}\n\n';

/** What somebody who comes back has to be told: the changes in between, or that nobody knows and everything must be read again. */
function missedSince(
  lastId: string | null,
  epoch: string,
  kept: readonly { readonly id: number; readonly text: string }[],
  next: number,
): readonly string[] {
  if (lastId === null) return [];
  const [from, number] = lastId.split('-');
  const seen = Number(number);
  if (from !== epoch || !Number.isSafeInteger(seen) || seen >= next) return [RESYNC];
  const oldest = kept[0]?.id ?? next;
  if (seen < oldest - 1) return [RESYNC];
  return kept.filter((change) => change.id > seen).map((change) => change.text);
}
