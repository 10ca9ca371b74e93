import { after, type Instant } from '../core/time.ts';
import { appNow } from '../store/database.ts';
import type { GrantRecord } from '../store/grants.ts';
import { claimDue, dropLease, nextDueInMs, peekDueEnds, type Lane } from '../store/leases.ts';
import { activate } from './activate.ts';
import { end } from './end.ts';
import { lapseRequests } from './lapse.ts';
import { PACE, type EnginePorts } from './ports.ts';
import { Unrecorded } from './unrecorded.ts';

/** What the engine says about itself: readiness and metrics read it. */
export interface EngineStatus {
  /** Milliseconds by which this node's clock is ahead of the database's. */
  readonly clockOffsetMs: number;
  readonly claiming: boolean;
  readonly lastPassAt: Instant | null;
  /** Lag between a deadline and the moment its work began, of the last claim; milliseconds. */
  readonly lagMs: number;
  readonly lastError: string | null;
}

export interface Engine {
  /** One pass of one lane: claims what is due and works on it. Returns how much was claimed. The simulation calls this itself. */
  pass(lane: Lane): Promise<number>;
  lapse(): Promise<number>;
  /** Works until the signal fires; never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Something may be due now in a lane: look at once instead of at the next deadline. */
  wake(lane: Lane): void;
  /** Takes access away although the database takes no writes; it is recorded, marked late, as soon as it can be. */
  endUnrecorded(grant: GrantRecord, cause: 'returned' | 'revoked'): Promise<void>;
  status(): EngineStatus;
}

/**
 * Drives what exists in the clouds to where the grants say it must be. Deadlines are rows; any node may work on any of
 * them; nothing about them is kept in memory, so a start with a million live grants loads nothing.
 */
export function createEngine(ports: EnginePorts): Engine {
  const unrecorded = new Unrecorded(ports);
  let status: EngineStatus = { clockOffsetMs: 0, claiming: true, lastPassAt: null, lagMs: 0, lastError: null };
  const bells: Readonly<Record<Lane, Bell>> = { ends: createBell(), starts: createBell() };
  let clockCheckedAt: Instant | null = null;

  /** Compares the clocks, but not at every pass of a busy moment. A clock that jumps is compared at once. */
  const clockIsSound = async (): Promise<boolean> => {
    const local = ports.clock.now();
    if (status.claiming && clockCheckedAt !== null && Math.abs(local - clockCheckedAt) < PACE.clockCheckMs) return true;
    const clockOffsetMs = local - (await appNow(ports.db));
    const claiming = Math.abs(clockOffsetMs) <= PACE.maxClockOffsetMs;
    if (!claiming && status.claiming)
      ports.log.error({ clockOffsetMs }, 'this clock is off; not claiming work until it is set');
    status = { ...status, clockOffsetMs, claiming };
    clockCheckedAt = local;
    return claiming;
  };

  const pass = async (lane: Lane): Promise<number> => {
    if (!(await clockIsSound())) return 0;
    if (lane === 'ends') await unrecorded.writeDown();
    let claimed: readonly GrantRecord[];
    try {
      claimed = await claimDue(ports.db, lane, ports.node, PACE.leaseMs, PACE.batch);
    } catch (error) {
      // Ending never waits for the database to take a write.
      if (lane === 'ends') await endWithoutClaim();
      throw error;
    }
    const oldest = claimed[0]?.dueAt ?? null;
    const lastPassAt = after(ports.clock.now(), -status.clockOffsetMs);
    status = { ...status, lastPassAt, lagMs: oldest === null ? status.lagMs : lastPassAt - oldest };
    await Promise.all(claimed.map((grant) => step(lane, grant)));
    return claimed.length;
  };

  const step = async (lane: Lane, grant: GrantRecord): Promise<void> => {
    try {
      await (lane === 'ends' ? end(ports, grant, unrecorded.covers(grant.id)) : activate(ports, grant));
    } catch (error) {
      // A broken invariant or a database fault costs this step, not the others. The lease runs out and the work is taken up again.
      ports.log.error({ grant: grant.id, error: String(error) }, 'a step failed');
      status = { ...status, lastError: String(error).slice(0, 300) };
      // Whatever kept us from recording must not keep the access alive.
      if (lane === 'ends')
        await unrecorded.takeAway(grant, grant.state.kind === 'ending' ? grant.state.cause : 'expired');
      await dropLease(ports.db, grant.id, ports.node).catch(() => {});
    }
  };

  const endWithoutClaim = async (): Promise<void> => {
    const due = await peekDueEnds(ports.db, PACE.batch).catch(() => []);
    for (const grant of due)
      await unrecorded.takeAway(grant, grant.state.kind === 'ending' ? grant.state.cause : 'expired');
  };

  const loop = async (work: () => Promise<number>, bell: Bell, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      // Somebody who rings while we work must not be slept over.
      const rung = bell.next();
      let claimed = 0;
      let delayMs: number = PACE.idleMs;
      try {
        claimed = await work();
        if (claimed === 0) delayMs = await untilNextDue();
      } catch (error) {
        ports.log.error({ error: String(error) }, 'a pass failed');
        status = { ...status, lastError: String(error).slice(0, 300) };
      }
      if (claimed === 0) await ports.clock.sleep(delayMs, AbortSignal.any([signal, rung]));
    }
  };

  const untilNextDue = async (): Promise<number> => {
    const dueInMs = await nextDueInMs(ports.db);
    return dueInMs === null ? PACE.idleMs : Math.min(PACE.idleMs, Math.max(5, dueInMs));
  };

  return {
    pass,
    lapse: () => lapseRequests(ports),
    async run(signal) {
      await Promise.all([
        loop(() => pass('ends'), bells.ends, signal),
        loop(() => pass('starts'), bells.starts, signal),
        loop(() => lapseRequests(ports), createBell(), signal),
      ]);
    },
    wake: (lane) => bells[lane].ring(),
    endUnrecorded: (grant, cause) => unrecorded.takeAway(grant, cause),
    status: () => status,
  };
}

/** Wakes a lane: `next` gives the signal that fires when it rings again. */
interface Bell {
  next(): AbortSignal;
  ring(): void;
}

function createBell(): Bell {
  let ringing = new AbortController();
  return {
    next: () => ringing.signal,
    ring() {
      ringing.abort();
      ringing = new AbortController();
    },
  };
}

/** How long after `since` the work of a dead node is certainly taken up. */
export function takenUpBy(since: Instant): Instant {
  return after(since, PACE.leaseMs);
}
