import type { Finding } from '../core/finding.ts';
import type { JsonObject } from '../core/json.ts';
import type { Result } from '../core/result.ts';
import type { ProviderName } from '../core/target.ts';
import type { Instant } from '../core/time.ts';
import type { Append } from '../ledger/append.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Random } from '../platform/random.ts';
import type { Provider } from '../providers/contract.ts';
import { LONGEST_CALL_MS } from '../store/bindings.ts';
import type { GrantRecord } from '../store/grants.ts';
import type { Db } from '../store/schema.ts';
import type { Writers } from './writers.ts';

/** Everything the engine touches. The simulation puts its own behind each of them. */
export interface EnginePorts {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  /** Name of this process in leases: unique for each start, so that nobody inherits a dead node's claims by name. */
  readonly node: string;
  readonly providers: ReadonlyMap<ProviderName, Provider>;
  /** Decides again, at the start, from the stored request and the policy in force. */
  readonly recheck: (grant: GrantRecord) => Promise<Result<null, { readonly code: string; readonly text: string }>>;
  /** Writes a ledger entry in the transaction of the change it explains. */
  readonly append: Append;
  /** Tells listeners of this process that something changed; they read the state themselves. */
  readonly publish: (change: { readonly kind: 'grant' | 'request'; readonly id: string; readonly at: Instant }) => void;
  readonly log: Log;
  /** Counts what was found about a grant, for the metrics. */
  readonly countFinding?: (finding: Finding) => void;
}

/** A time that the database told, with a claim or a note, and what this machine's clock said when the answer came. */
export interface Heard {
  readonly now: Instant;
  readonly at: Instant;
}

/** The same for one step, with the name under which its claim was made. */
export interface StepPorts extends EnginePorts {
  readonly owner: string;
  readonly writers: Writers;
  /** The time that came with the claim; `null`: somebody claimed it otherwise. */
  readonly claimed: Heard | null;
}

/** How the engine paces itself. Every limit is here, with the argument for its value. */
export const PACE = {
  /**
   * A dead node's work is taken up when this is over, so it is also the longest that one step may take unrenewed. Ten seconds are
   * promised, also where it had its turn on a shared slot, which is a second longer; the rest is for looking and claiming.
   */
  leaseMs: 8_500,
  /** A call to a cloud is given up after this time. Whoever ends a grant early counts on it too (`saveGrantState`). */
  callTimeoutMs: LONGEST_CALL_MS,
  /** Who may write in a cloud is asked of the database for no longer than this: half of the time that the call has altogether. */
  writerMs: 2_000,
  /** An ending that the database does not take is announced to it for no longer than this, for each of three statements. */
  announceMs: 1_000,
  /**
   * Under way at once in a lane. Large enough that many which are due together share one transaction; small enough that a claim never
   * outlives its lease while it waits for its turn at the database.
   */
  batch: 64,
  /** Of those, so many at most that were tried before and did not work: where calls hang, what was never tried still finds a place. */
  again: 42,
  /**
   * A step that takes this long hangs in a cloud: most take a tenth of it. What hangs takes no place from others until the lane has so many
   * altogether, which is as many as the database can hear of in one claim when all of them come back.
   */
  hangsMs: 2_000,
  batchHanging: 128,
  /** Where so many hang by one method on one target that were never tried before, no other such one is begun until they come back. */
  hangAtOnce: 16,
  /** And what is due elsewhere is looked for after this: the database says only that the earliest is due, which is passed over. */
  passedOverMs: 250,
  /** A lane that was full takes up more when there is room for so many: a claim of one costs as much as a claim of many. */
  room: 32,
  /** Or after this time, so that calls which hang do not keep it from the rest. */
  roomMs: 20,
  /** After a step that broke, the work waits this long before anybody takes it up again. */
  brokenStepMs: 1_000,
  /** A cloud that asks to be left alone for longer is asked again after this time. */
  longestRetryAfterMs: 60_000,
  /** Sleep at most this long: a deadline written by another node is seen after this at the latest. */
  idleMs: 1_000,
  /** A lane that took something up looks for the next deadline this much later: far less than anybody notices, enough to leave the processor to the work. */
  gatherMs: 3,
  /** What is due but locked by somebody else is looked at again after this. */
  skippedMs: 5,
  /** A time that the database told is good for so long as the beginning of what follows: a fraction of what clocks may differ. */
  heardMs: 250,
  /** How often the clocks are compared. */
  clockCheckMs: 1_000,
  /** Beyond this difference to the database's clock a node stops claiming. */
  maxClockOffsetMs: 2_000,
  /** Failed attempts after which somebody is told: the alarm grows while an access is not provably gone. */
  alarmAt: [3, 10, 30, 100, 300],
  /** And after every so many from then on, for ever. */
  alarmEvery: 1_000,
  /** Attempts after which the next rung of the method is tried, of those that failed in a way that it may mend (`mayBeMended`). */
  attemptsPerRung: 5,
  /** Attempts after which a call whose outcome is never known counts among those as well: about ten minutes, longer than clouds fail as a whole. */
  unknownCountsAfter: 30,
} as const;

/**
 * Exponential from 250 ms to 30 s, at least what the cloud asked for, within reason: an ending must not sleep for a day because an
 * answer said so. Spread by the caller's randomness, so that nodes do not march in step.
 */
export function backoffMs(attempts: number, retryAfterMs: number | null, random: Random): number {
  const base = Math.min(30_000, 250 * 2 ** Math.min(attempts, 10));
  const spread = (random.bytes(1)[0] ?? 0) / 255;
  return Math.max(Math.min(retryAfterMs ?? 0, PACE.longestRetryAfterMs), Math.round(base * (0.75 + spread / 2)));
}

/** Facts of a fault that are safe to show and to log. */
export function faultFacts(fault: { kind: string; message: string }): JsonObject {
  return { fault: fault.kind, message: fault.message.slice(0, 500) };
}
