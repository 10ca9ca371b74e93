import { after, type Instant } from '../core/time.ts';
import { appNow } from '../store/database.ts';
import type { GrantRecord } from '../store/grants.ts';
import { claimDue, dropLease, nextDue, peekDueEnds, type Lane } from '../store/leases.ts';
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
  /** Something may be due now: look at once instead of at the next deadline. */
  wake(): void;
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
  let waking = new AbortController();
  let wakes = 0;

  const pass = async (lane: Lane): Promise<number> => {
    const now = await appNow(ports.db);
    const clockOffsetMs = ports.clock.now() - now;
    if (Math.abs(clockOffsetMs) > PACE.maxClockOffsetMs) {
      if (status.claiming) ports.log.error({ clockOffsetMs }, 'this clock is off; not claiming work until it is set');
      status = { ...status, clockOffsetMs, claiming: false };
      return 0;
    }
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
    status = {
      ...status,
      clockOffsetMs,
      claiming: true,
      lastPassAt: now,
      lagMs: oldest === null ? status.lagMs : now - oldest,
    };
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

  const loop = async (work: () => Promise<number>, signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      // Somebody who wakes us while we work must not be slept over.
      const seen = wakes;
      let claimed = 0;
      let delayMs: number = PACE.idleMs;
      try {
        claimed = await work();
        if (claimed === 0) delayMs = await untilNextDue();
      } catch (error) {
        ports.log.error({ error: String(error) }, 'a pass failed');
        status = { ...status, lastError: String(error).slice(0, 300) };
      }
      if (claimed === 0 && seen === wakes) await ports.clock.sleep(delayMs, AbortSignal.any([signal, waking.signal]));
    }
  };

  const untilNextDue = async (): Promise<number> => {
    const due = await nextDue(ports.db);
    if (due === null) return PACE.idleMs;
    return Math.min(PACE.idleMs, Math.max(5, due - (await appNow(ports.db))));
  };

  return {
    pass,
    lapse: () => lapseRequests(ports),
    async run(signal) {
      await Promise.all([
        loop(() => pass('ends'), signal),
        loop(() => pass('starts'), signal),
        loop(() => lapseRequests(ports), signal),
      ]);
    },
    wake() {
      wakes += 1;
      waking.abort();
      waking = new AbortController();
    },
    endUnrecorded: (grant, cause) => unrecorded.takeAway(grant, cause),
    status: () => status,
  };
}

/** How long after `since` the work of a dead node is certainly taken up. */
export function takenUpBy(since: Instant): Instant {
  return after(since, PACE.leaseMs);
}
