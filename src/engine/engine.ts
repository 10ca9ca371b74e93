import type { EndCause } from '../core/grant.ts';
import { after, type Instant } from '../core/time.ts';
import { appNow } from '../store/database.ts';
import type { GrantRecord } from '../store/grants.ts';
import {
  claimDue,
  nextDueInMs,
  peekDueEnds,
  putOffClaimed,
  triedBefore,
  type ClaimedGrant,
  type Lane,
} from '../store/leases.ts';
import { activate } from './activate.ts';
import { claimEnds } from './claim-ends.ts';
import { end } from './end.ts';
import { extend } from './extend.ts';
import { heard } from './heard.ts';
import { lapseRequests } from './lapse.ts';

import { PACE, type EnginePorts, type StepPorts } from './ports.ts';
import { UnderWay, type Room } from './under-way.ts';
import { Unrecorded, type EndedBy } from './unrecorded.ts';
import { Writers } from './writers.ts';

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
  /** Claims what is due in one lane and begins to work on it. Returns how much was claimed. The simulation calls this itself. */
  begin(lane: Lane): Promise<number>;
  /** The same, and waits until all work of the lane is done. */
  pass(lane: Lane): Promise<number>;
  lapse(): Promise<number>;
  /** Works until the signal fires, and finishes what is under way; never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** For a process that only answers people: takes away and writes down what it promised while the database took no writes. */
  runUnrecorded(signal: AbortSignal): Promise<void>;
  /** Something may be due now in a lane: look at once instead of at the next deadline. */
  wake(lane: Lane): void;
  /** Takes access away although the database takes no writes; it is recorded, marked late, as soon as it can be. */
  endUnrecorded(grant: GrantRecord, cause: 'returned' | 'revoked', by: EndedBy): Promise<void>;
  /** Ends that this process promised and could not write down yet: while there are any, the lane of ends is worth a look every second. */
  unrecorded(): number;
  status(): EngineStatus;
}

/**
 * Drives what exists in the clouds to where the grants say it must be. Deadlines are rows; any node may work on any of
 * them; nothing about them is kept in memory, so a start with a million live grants loads nothing.
 */
export function createEngine(ports: EnginePorts): Engine {
  let status: EngineStatus = { clockOffsetMs: 0, claiming: true, lastPassAt: null, lagMs: 0, lastError: null };
  const writers = new Writers(ports.db, ports.clock, ports.node, { forMs: PACE.leaseMs, waitMs: PACE.writerMs });
  const unrecorded = new Unrecorded(ports, writers, () => status.clockOffsetMs);
  const bells: Readonly<Record<Lane, Bell>> = { ends: createBell(), starts: createBell() };
  let clockCheckedAt: Instant | null = null;

  const running: Readonly<Record<Lane, UnderWay>> = { ends: new UnderWay(), starts: new UnderWay() };
  /** Whether a lane had no room when it was looked at last, so that more may be due than it took. */
  const crowded: Record<Lane, boolean> = { ends: false, starts: false };
  /** Whether it passed over what hangs, which is due all the time. */
  const passing: Record<Lane, boolean> = { ends: false, starts: false };
  let claims = 0;

  /** Compares the clocks, but not at every pass of a busy moment. A clock that jumps is compared at once. */
  const clockIsSound = async (): Promise<boolean> => {
    const local = ports.clock.now();
    if (status.claiming && clockCheckedAt !== null && Math.abs(local - clockCheckedAt) < PACE.clockCheckMs) return true;
    const now = await appNow(ports.db);
    const clockOffsetMs = local - now;
    const claiming = Math.abs(clockOffsetMs) <= PACE.maxClockOffsetMs;
    const wasClaiming = status.claiming;
    status = { ...status, clockOffsetMs, claiming };
    clockCheckedAt = local;
    if (wasClaiming && !claiming) await sayThatClockIsOff(now, clockOffsetMs);
    return claiming;
  };

  const sayThatClockIsOff = async (at: Instant, clockOffsetMs: number): Promise<void> => {
    ports.log.error({ clockOffsetMs }, 'this clock is off; not claiming work until it is set');
    const actor = { kind: 'system', id: 'engine' } as const;
    await ports.db
      .transaction()
      .execute((trx) =>
        ports.append(trx, { kind: 'engine.clock-refused', at, actor, subjects: {}, facts: { clockOffsetMs } }),
      )
      .catch((error: unknown) =>
        ports.log.error({ error: String(error) }, 'a clock that is off could not be recorded'),
      );
  };

  const begin = async (lane: Lane): Promise<number> => {
    // Before the clocks are looked at: what was promised is written by the database's time, and needs no claim.
    if (lane === 'ends') await unrecorded.writeDown();
    else await unrecorded.noteLandings();
    if (!(await clockIsSound())) return 0;
    const free = running[lane].room(ports.clock.now());
    if (free.all <= 0) return 0;
    // Another owner for each claim: one that ran out is lost to this very process as well.
    claims += 1;
    const owner = `${ports.node}/${claims}`;
    const claimed = await claim(lane, owner, free);
    const triedAgain = claimed.filter((grant) => triedBefore(lane, grant)).length;
    crowded[lane] = claimed.length >= free.all || triedAgain >= free.again;
    passing[lane] = free.passedOver.length > 0;
    const oldest = claimed[0]?.dueAt ?? null;
    const lastPassAt = after(ports.clock.now(), -status.clockOffsetMs);
    status = { ...status, lastPassAt, lagMs: oldest === null ? status.lagMs : lastPassAt - oldest };
    for (const grant of claimed) {
      const done = step(lane, { ...ports, owner, writers, claimed: heard(ports, grant.claimedAt) }, grant).then(
        (settled) => {
          running[lane].over(done);
          // What this step left to do, or what there was no room for, may be due before the lane looks again.
          const look = crowded[lane] ? running[lane].room(ports.clock.now()).all >= PACE.room : !settled;
          if (look) bells[lane].ring();
          // A start or an extension that was overtaken by an end held its claim until now.
          if (!settled && lane === 'starts') bells.ends.ring();
        },
      );
      running[lane].begin(done, grant, ports.clock.now(), triedBefore(lane, grant));
    }
    return claimed.length;
  };

  const claim = async (lane: Lane, owner: string, free: Room): Promise<readonly ClaimedGrant[]> => {
    if (lane === 'ends') {
      try {
        return await claimEnds({ ...ports, owner, writers }, free.all, (id) => unrecorded.covers(id), free);
      } catch (error) {
        ports.log.warn({ error: String(error) }, 'ends could not be recorded together; each is tried alone');
      }
    }
    try {
      return await claimDue(ports.db, lane, owner, PACE.leaseMs, free.all, free.again, free.passedOver);
    } catch (error) {
      // Ending never waits for the database to take a write.
      if (lane === 'ends') await endWithoutClaim();
      throw error;
    }
  };

  const pass = async (lane: Lane): Promise<number> => {
    const claimed = await begin(lane);
    await running[lane].whenOver();
    return claimed;
  };

  /**
   * Never rejects: a broken invariant or a database fault costs this step, not the others. True: nothing is left to do in this lane.
   */
  const step = async (lane: Lane, claim: StepPorts, grant: GrantRecord): Promise<boolean> => {
    try {
      // It was given back or taken away, and only the record is missing.
      const taken = unrecorded.covers(grant.id);
      if (lane === 'starts' && !taken) {
        if (grant.state.kind !== 'active') return await activate(claim, grant);
        await extend(claim, grant);
        return false;
      }
      await (lane === 'ends' ? end(claim, grant, taken) : putOff(claim, grant));
      return false;
    } catch (error) {
      ports.log.error({ grant: grant.id, error: String(error) }, 'a step failed');
      status = { ...status, lastError: String(error).slice(0, 300) };
    }
    try {
      // Whatever kept us from recording must not keep the access alive.
      if (lane === 'ends') await unrecorded.takeAway(grant, causeOf(grant));
      await putOff(claim, grant);
    } catch (error) {
      ports.log.error({ grant: grant.id, error: String(error) }, 'a step could not be put off; its claim runs out');
    }
    return false;
  };

  /** What breaks every time must not keep this node, and the database, from everything else. */
  const putOff = async (claim: StepPorts, grant: GrantRecord): Promise<void> =>
    putOffClaimed(ports.db, grant, claim.owner, PACE.brokenStepMs, 'internal: a step failed; see the log');

  const endWithoutClaim = async (): Promise<void> => {
    const due = await peekDueEnds(ports.db, PACE.batch + unrecorded.size).catch(() => []);
    await Promise.all(due.map((grant) => unrecorded.takeAway(grant, causeOf(grant))));
  };

  const loop = async (
    work: () => Promise<number>,
    sleepMs: () => Promise<number>,
    bell: Bell,
    signal: AbortSignal,
  ): Promise<void> => {
    while (!signal.aborted) {
      // Somebody who rings while we work must not be slept over.
      const rung = bell.next();
      let claimed = 0;
      let delayMs: number = PACE.idleMs;
      try {
        claimed = await work();
        // The work that was just taken up goes first; what becomes due meanwhile is taken up together.
        if (claimed > 0 && claimed < PACE.batch)
          await ports.clock.sleep(PACE.gatherMs, AbortSignal.any([signal, rung]));
        // Less than a full batch: nothing else is due, or the deadlines say when.
        if (claimed < PACE.batch) delayMs = await sleepMs();
      } catch (error) {
        ports.log.error({ error: String(error) }, 'a pass failed');
        status = { ...status, lastError: String(error).slice(0, 300) };
      }
      if (claimed < PACE.batch) await ports.clock.sleep(delayMs, AbortSignal.any([signal, rung]));
    }
  };

  const untilNext = async (of: Lane | 'lapses'): Promise<number> => {
    if (of !== 'lapses' && !status.claiming) return PACE.idleMs;
    // Woken before by the step that makes enough room.
    if (of !== 'lapses' && crowded[of]) return PACE.roomMs;
    if (of !== 'lapses' && passing[of]) return PACE.passedOverMs;
    const dueInMs = await nextDueInMs(ports.db, of);
    if (dueInMs === null) return PACE.idleMs;
    // Timers cut fractions off: one that fires a moment too early finds nothing due and has to look a second time. What is due and
    // was not claimed is in another node's hands just now.
    return dueInMs > 0 ? Math.min(PACE.idleMs, Math.ceil(dueInMs)) : PACE.skippedMs;
  };

  return {
    begin,
    pass,
    lapse: () => lapseRequests(ports),
    async run(signal) {
      const lane = (name: Lane) =>
        loop(
          () => begin(name),
          () => untilNext(name),
          bells[name],
          signal,
        );
      const lapses = loop(
        () => lapseRequests(ports),
        () => untilNext('lapses'),
        createBell(),
        signal,
      );
      await Promise.all([lane('ends'), lane('starts'), lapses]);
      await Promise.all([running.ends.whenOver(), running.starts.whenOver()]);
    },
    async runUnrecorded(signal) {
      const work = async () => {
        await unrecorded.writeDown();
        return 0;
      };
      await loop(work, async () => PACE.idleMs, createBell(), signal);
    },
    wake: (lane) => bells[lane].ring(),
    endUnrecorded: (grant, cause, by) => unrecorded.takeAway(grant, cause, by),
    unrecorded: () => unrecorded.unwritten,
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

/** Why a grant is to be gone whose end is due. */
function causeOf(grant: GrantRecord): EndCause {
  return grant.state.kind === 'ending' ? grant.state.cause : 'expired';
}
