import type { Epoch, EpochCause } from '../core/epoch.ts';
import { toIso, type Instant } from '../core/time.ts';
import type { Clock } from '../platform/clock.ts';
import { appNow } from '../store/database.ts';
import { outboxSize } from '../store/ledger-outbox.ts';
import { nextDueInMs } from '../store/leases.ts';
import { unreadForMs, waitingNotifications } from '../store/notifications.ts';
import type { Db } from '../store/schema.ts';
import type { Rules } from './world.ts';

/** How a part of the broker is; `detail` is for operators. */
export interface Readiness {
  readonly ok: boolean;
  readonly detail?: string;
}

/** A look at the epoch is due every second. */
const EPOCH_UNSEEN_MS = 60_000;

/** What readiness looks at. Each check throws when it cannot look. */
export function readinessChecks(parts: {
  readonly db: Db;
  /** The clock of this machine, uncorrected. */
  readonly clock: Clock;
  readonly rules: Rules;
  readonly maxClockOffsetMs: number;
  /** Ends that were promised while the database took no writes, and that it still does not take. */
  readonly unrecorded: () => number;
  /** How the log contradicts what was signed; `null`: it does not. */
  readonly logContradicts: () => string | null;
  /** The epoch as it was seen last; `null`: not yet. */
  readonly epoch: () => { readonly epoch: Epoch; readonly cause: EpochCause | null; readonly seenAt: Instant } | null;
  /** Whether this process sends e-mail. */
  readonly sendsMail: boolean;
}): Readonly<
  Record<'database' | 'clock' | 'policy' | 'engine' | 'ledger' | 'epoch' | 'mail', () => Promise<Readiness>>
> {
  const { db, clock, rules, maxClockOffsetMs } = parts;
  return {
    database: async () => ({ ok: (await appNow(db)) > 0 }),
    clock: async () => {
      const aheadMs = clock.now() - (await appNow(db));
      return { ok: Math.abs(aheadMs) <= maxClockOffsetMs, detail: `${aheadMs} ms ahead of the database` };
    },
    policy: async () => {
      const { problems, sources = [] } = rules.current();
      const degraded = sources.filter(({ stale, failure, held }) => stale || failure !== null || held !== null);
      const said = [
        ...(problems.length === 0 ? [] : [`${problems.length} problems in newer rules; the old ones are in force`]),
        ...(degraded.length === 0 ? [] : [`old people are in force: ${degraded.map(({ name }) => name).join(', ')}`]),
      ];
      return said.length === 0 ? { ok: true } : { ok: true, detail: said.join('; ') };
    },
    engine: async () => {
      const unrecorded = parts.unrecorded();
      if (unrecorded > 0) return { ok: false, detail: `ends that the database does not take: ${unrecorded}` };
      const behind = await lagMs(db);
      return { ok: behind < 60_000, detail: `${behind} ms behind` };
    },
    ledger: async () => {
      const contradicts = parts.logContradicts();
      if (contradicts !== null) return { ok: false, detail: contradicts };
      const waiting = await outboxSize(db);
      return { ok: waiting < 10_000, detail: `${waiting} entries wait for their place` };
    },
    epoch: async () => {
      const seen = parts.epoch();
      const now = await appNow(db);
      // Who does not look would not notice that the database was restored.
      if (seen === null || now - seen.seenAt > EPOCH_UNSEEN_MS)
        return { ok: false, detail: 'whether the database was restored from a backup was not looked at' };
      const { number, beganAt } = seen.epoch;
      const why = seen.cause === null ? '' : ` after a restore (${seen.cause})`;
      return { ok: true, detail: `epoch ${number}, since ${toIso(beganAt)}${why}` };
    },
    mail: () => mailReadiness(db, parts.sendsMail),
  };
}

/** What happened is looked at every second: whatever is older was failed at, and the log of this process says why. */
const UNREAD_MS = 60_000;

/** How telling people is. It is no promise, so a mail server that is down makes no broker unready. `sends`: whether this process sends. */
export async function mailReadiness(db: Db, sends: boolean): Promise<Readiness> {
  if (!sends) return { ok: true, detail: 'this process sends no e-mail' };
  const [{ count, fault }, unreadMs] = [await waitingNotifications(db), await unreadForMs(db)];
  const said = [
    ...(count === 0 ? [] : [`${count} messages could not be sent yet: ${fault ?? ''}`]),
    ...(unreadMs < UNREAD_MS ? [] : [`for ${Math.round(unreadMs / 60_000)} min nobody has read what to tell`]),
  ];
  return { ok: true, detail: said.join('; ') || 'nothing waits' };
}

/** Milliseconds by which the engine is behind the most overdue row; 0 when nothing is overdue. */
export async function lagMs(db: Db): Promise<number> {
  const lanes = ['ends', 'starts', 'lapses'] as const;
  const due = await Promise.all(lanes.map((lane) => nextDueInMs(db, lane)));
  return Math.max(0, ...due.map((inMs) => -(inMs ?? 0)));
}
