import { toIso, type Instant } from '../core/time.ts';
import { ProviderFault, type FaultKind } from './contract.ts';

/**
 * What became of one place that the sweeper looked at. Live ones are counted and not listed.
 *
 * - `ended`: it was overdue, was removed, and was seen to be gone.
 * - `would-end`: it is overdue, and nothing may be changed.
 * - `alarm`: a person has to look. Nothing was done because of what the alarm is about.
 * - `failed`: a call failed, or the removal could not be seen yet. The next run goes on.
 */
export type SweepEventKind = 'ended' | 'would-end' | 'alarm' | 'failed';

export interface SweepEvent {
  readonly kind: SweepEventKind;
  readonly method: 'timed-policy' | 'identity-center' | 'rbac' | 'sweeper';
  /** The cloud's own names of the place. */
  readonly place: string;
  /** ISO 8601; `null` where no signed end is known. */
  readonly endsAt: string | null;
  /** One sentence, without secrets. */
  readonly message: string;
  readonly fault: FaultKind | null;
}

export interface SweepCounts {
  /** Places of Curfew's that were seen. */
  readonly seen: number;
  readonly live: number;
  readonly ended: number;
  readonly wouldEnd: number;
  /** Denies of Curfew's: they take access away, so they stay. */
  readonly denies: number;
  readonly alarms: number;
  readonly failures: number;
}

/** What one run did. */
export interface SweepReport {
  readonly startedAt: string;
  readonly tookMs: number;
  readonly dryRun: boolean;
  readonly version: string;
  readonly counts: SweepCounts;
  readonly events: readonly SweepEvent[];
}

/** Collects what a run finds. */
export interface SweepNotes {
  seen(what: 'live' | 'deny' | 'overdue' | 'unclear'): void;
  event(event: Omit<SweepEvent, 'endsAt' | 'fault'> & { readonly endsAt?: Instant; readonly fault?: FaultKind }): void;
  /** Keeps a fault as an event; anything else that was thrown is a defect of ours and goes up. */
  fault(method: SweepEvent['method'], place: string, error: unknown): void;
  report(run: Pick<SweepReport, 'dryRun' | 'version'>, startedAt: Instant, endedAt: Instant): SweepReport;
}

export function createNotes(): SweepNotes {
  const seen = { live: 0, deny: 0, overdue: 0, unclear: 0 };
  const events: SweepEvent[] = [];
  const count = (kind: SweepEventKind) => events.filter((one) => one.kind === kind).length;
  const event: SweepNotes['event'] = ({ endsAt, fault, ...rest }) =>
    void events.push({ ...rest, endsAt: endsAt === undefined ? null : toIso(endsAt), fault: fault ?? null });
  return {
    seen: (what) => void (seen[what] += 1),
    event,
    fault(method, place, error) {
      if (!(error instanceof ProviderFault)) throw error;
      event({ kind: 'failed', method, place, message: error.message, fault: error.kind });
    },
    report: (run, startedAt, endedAt) => ({
      startedAt: toIso(startedAt),
      tookMs: endedAt - startedAt,
      ...run,
      counts: {
        seen: seen.live + seen.deny + seen.overdue + seen.unclear,
        live: seen.live,
        ended: count('ended'),
        wouldEnd: count('would-end'),
        denies: seen.deny,
        alarms: count('alarm'),
        failures: count('failed'),
      },
      events,
    }),
  };
}
