import type { ServerResponse } from 'node:http';
import type { SessionId } from '../../core/ids.ts';
import { toIso, type Instant } from '../../core/time.ts';
import type { Change } from '../../operations/changes.ts';
import type { Sight } from '../../operations/who-may-see.ts';
import type { Actor } from '../../operations/world.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ApiOperations } from '../operations-port.ts';

const HEARTBEAT_MS = 15_000;
/** Changes that may wait until it is known whom they may be told to; behind them everybody reads everything again. */
const MOST_WAITING = 1_000;
const MOST_LISTENERS = 1_000;
/** Enough for the windows of a person, or of a family behind one address; few enough that nobody takes everybody's. */
const MOST_PER_LISTENER = 10;
/** A listener that takes nothing for this long is cut off; it comes back by itself and reads everything again. */
const STUCK_MS = 30_000;

/** Who listens. */
export interface ListenerIs {
  /** A person, or an address where nobody signs in: what streams are counted by. */
  readonly who: string;
  /** `null`: looks on without a sign-in. */
  readonly viewer: Actor | null;
  readonly signIn: SessionId | null;
  /** When what the stream was opened with ends; a stream must not outlive its sign-in. */
  readonly closesAt: Instant | null;
}

interface Listener extends ListenerIs {
  readonly response: ServerResponse;
  /** Number of the last change that was told, or kept from it because it may not see it. */
  told: number;
  /** Since when the other side has taken nothing; `null` while it reads. */
  blockedSince: Instant | null;
  missed: boolean;
}

/**
 * Sends changes to everybody who listens and may see what changed (server-sent events). A change says only what changed: the listener
 * asks for the thing itself, and is shown what it may see. A slow listener costs nothing: what it does not take is dropped, and it is
 * told to look at everything again (`resync`).
 */
export interface EventHub {
  /** Whether there is room for another stream of somebody. */
  room(who: string): 'free' | 'full' | 'too-many';
  /** Takes a response over; false when there is no room. `cameBack`: the listener has listened before, and missed what came since. */
  add(response: ServerResponse, listener: ListenerIs, cameBack: boolean): boolean;
  readonly listeners: number;
  /** Ends every stream; listeners come back to whoever runs then. */
  close(): void;
}

type Operations = Pick<ApiOperations, 'subscribe' | 'whoMaySee' | 'standingSignIns' | 'profile' | 'roleHolders'>;

export function createEventHub(operations: Operations, clock: Clock): EventHub {
  const listeners = new Set<Listener>();
  const stop = new AbortController();
  let next = 1;
  // Whom a change may be told to is looked up, and the next one waits for it: everybody hears them in their order.
  let waiting = 0;
  /** More came than may wait: everybody reads everything again, once, when the last one that waits has been told. */
  let tooMany = false;
  let turn: Promise<void> = Promise.resolve();

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

  /** Nobody can say any more to whom what came until then may be told. */
  function resync(upTo: number): void {
    for (const listener of listeners) {
      if (listener.told >= upTo) continue;
      listener.told = upTo;
      write(listener, RESYNC);
    }
  }

  async function tell(number: number, change: Change): Promise<void> {
    const allowed = await whoMayHear([...listeners], change).catch(() => null);
    if (allowed === null) return resync(number);
    const said = { kind: change.kind, id: change.id, at: toIso(change.at) };
    const [data, ofOwn] = [JSON.stringify(said), JSON.stringify({ ...said, own: true })];
    // Whoever came meanwhile began behind this change.
    for (const listener of listeners) {
      if (listener.told >= number) continue;
      listener.told = number;
      const sight = allowed.get(listener) ?? false;
      if (sight === false) continue;
      write(listener, `event: change\ndata: ${sight === 'own' ? ofOwn : data}\n\n`);
    }
  }

  /** Asked once for all streams of somebody: a person has several windows. */
  async function whoMayHear(those: readonly Listener[], change: Change): Promise<ReadonlyMap<Listener, Sight>> {
    const sees = await operations.whoMaySee(change);
    const answers = new Map<string, Promise<Sight>>();
    const allowed = new Map<Listener, Sight>();
    for (const listener of those) {
      const { viewer } = listener;
      const name = viewer === null ? '' : `${viewer.kind} ${viewer.person} ${viewer.roles.join()}`;
      const answer = answers.get(name) ?? sees(viewer);
      answers.set(name, answer);
      allowed.set(listener, await answer);
    }
    return allowed;
  }

  const unsubscribe = operations.subscribe((change) => {
    if (change.kind === 'session') {
      for (const listener of listeners) if (listener.signIn === change.id) listener.response.end();
      return;
    }
    const number = next;
    next += 1;
    if (listeners.size === 0) return;
    if (waiting >= MOST_WAITING) {
      tooMany = true;
      return;
    }
    waiting += 1;
    turn = turn.then(async () => {
      waiting -= 1;
      await tell(number, change);
      if (waiting > 0 || !tooMany) return;
      tooMany = false;
      resync(next - 1);
    });
  });

  /** Whoever has other roles than when they came, more or fewer: they come back as what they are. */
  async function withOtherRoles(): Promise<ReadonlySet<Listener>> {
    const holders = await operations.roleHolders();
    const changed = ({ viewer }: Listener): boolean => {
      if (viewer === null) return false;
      const held = holders.flatMap(({ person, role }) => (person === viewer.person ? [role] : []));
      return held.sort().join() !== [...viewer.roles].sort().join();
    };
    return new Set([...listeners].filter(changed));
  }

  async function beat(): Promise<void> {
    for (;;) {
      await clock.sleep(HEARTBEAT_MS, stop.signal);
      if (stop.signal.aborted) return;
      const signIns = [...listeners].flatMap(({ signIn }) => signIn ?? []);
      // Where the database does not answer, nobody is known to have left; the ends that the streams brought still hold.
      const standing = await operations.standingSignIns(signIns).catch(() => new Set(signIns));
      const demoted = await withOtherRoles().catch(() => new Set<Listener>());
      const now = clock.now();
      for (const listener of listeners) {
        const { signIn, viewer, closesAt, blockedSince, response } = listener;
        const over =
          (closesAt !== null && closesAt <= now) ||
          (signIn !== null && !standing.has(signIn)) ||
          (viewer !== null && operations.profile(viewer.key) === null) ||
          demoted.has(listener);
        if (blockedSince !== null && now - blockedSince > STUCK_MS) response.destroy();
        else if (over) response.end();
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
    add(response, is, cameBack) {
      // Whoever left while they were let in has said so already, and would be counted for ever.
      if (response.destroyed || room(is.who) !== 'free') return false;
      const listener: Listener = { ...is, response, told: next - 1, blockedSince: null, missed: false };
      listeners.add(listener);
      response.on('close', () => listeners.delete(listener));
      response.on('error', () => listeners.delete(listener));
      response.on('drain', () => resume(listener));
      // The id says when it is shown again that somebody has listened before, and nothing else: nothing is looked up for who comes back.
      write(listener, `retry: 2000\nid: 1\n: connected\n\n`);
      if (cameBack) write(listener, RESYNC);
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
