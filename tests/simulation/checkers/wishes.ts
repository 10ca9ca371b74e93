import { isAtCenter } from '../cloud/center-method.ts';
import { ABANDONED_CALL_MS } from '../cloud/sim-provider.ts';
import type { Life } from '../kernel/life.ts';
import type { Marks } from '../kernel/marks.ts';
import type { Storm } from '../kernel/storm.ts';
import { short } from '../kernel/trace.ts';
import type { Weather, Window } from '../kernel/weather.ts';
import type { GrantRow } from './rows.ts';
import type { Violations } from './violations.ts';

/** So long must a database have taken writes until a node has certainly written down what it was asked for before. */
const QUIET_MS = 90_000;

interface Wish {
  readonly grant: string;
  readonly at: number;
  diedAt: number | null;
}

/** What a process that is gone had begun takes effect within this time: its calls, the longest of which are on their way for seconds before. */
const LANDS_MS = ABANDONED_CALL_MS + 5_000;
/** The same where it may have moved the schedule, or the lease for whoever sweeps, to an earlier time. */
const SWEEPS_MS = 150_000;

/** The process that is asked for an end: it dies, or forgets what it could not write down when that is written. */
export interface Asked {
  readonly life: Life;
  /** How many ends it remembers that are not written down. */
  readonly unrecorded: () => number;
}

/** Somebody has asked for the end of grants. */
export interface Asking {
  /** Called with the process that is asked. */
  of(node: Asked): void;
  /** Called with the answer; `null`: there was none, or an error. */
  answered(answer: { readonly ok: boolean; readonly code?: string } | null): void;
}

interface Open {
  readonly grants: ReadonlySet<string>;
  node: Asked | null;
  /** Whether there was an error: what it had begun by then is remembered until it is written down, or nothing had begun. */
  failed: boolean;
  /** Since when no process takes anything away because of it. */
  overAt: number | null;
}

/** Endings that somebody asked for while the database took no writes, and was told that they would follow. */
export class Wishes {
  readonly #storm: Storm;
  readonly #wishes: Wish[] = [];
  /** Who asks for the end of grants, or has asked and was not clearly answered. */
  readonly #open = new Set<Open>();

  constructor(storm: Storm) {
    this.#storm = storm;
  }

  /**
   * Somebody asks for the end of grants: from now on each may be taken away before that is written down. A refusal takes nothing away, and what
   * was done is written down; otherwise it may be taken away for as long as the process that was asked lives and remembers it, and what it
   * has begun by then may land.
   */
  ask(...grants: readonly string[]): Asking {
    const open: Open = { grants: new Set(grants), node: null, failed: false, overAt: null };
    this.#open.add(open);
    return {
      of: (node) => {
        open.node = node;
        node.life.onDeath(() => (open.overAt ??= this.#storm.scheduler.now));
      },
      answered: (answer) => {
        const isClear = answer !== null && (answer.ok || answer.code !== 'recorded-late');
        if (isClear || open.node === null) this.#open.delete(open);
        else open.failed = answer === null;
        this.look();
      },
    };
  }

  /** Looks, after everything that was written, whether a process has forgotten what it was asked for when an error came of it. */
  look(): void {
    for (const open of this.#open)
      if (open.failed && open.node?.unrecorded() === 0) open.overAt ??= this.#storm.scheduler.now;
  }

  /** `life` is the process that gave its word; what it promised dies with it, as whoever asked was told. */
  add(grant: string, at: number, life: Life, now: () => number): void {
    const wish: Wish = { grant, at, diedAt: null };
    life.onDeath(() => (wish.diedAt = now()));
    this.#wishes.push(wish);
  }

  /** Whether somebody asked for the end of a grant, so that it may be taken away now although that is not written down. */
  asked(grant: GrantRow): boolean {
    const { scheduler, drawn } = this.#storm;
    const landsMs = isAtCenter(grant) ? SWEEPS_MS + drawn.center.assignmentMs[1] : LANDS_MS;
    for (const open of this.#open) {
      if (!open.grants.has(grant.id)) continue;
      if (open.overAt === null || scheduler.now < open.overAt + landsMs) return true;
    }
    return false;
  }

  /** Judges, at the end of a run, whether each was kept in time. */
  judge(
    grants: ReadonlyMap<string, GrantRow>,
    drawn: Weather,
    startsAt: number,
    marks: Marks,
    violations: Violations,
  ): void {
    // Where processes and answers stand still for minutes, nothing can be said about when.
    if (drawn.node.pauseMs > QUIET_MS || drawn.database.delayMs > QUIET_MS) return;
    const windows = [...drawn.database.full, ...drawn.database.down, ...drawn.cloud.down];
    for (const wish of this.#wishes) {
      const row = grants.get(wish.grant);
      if (row === undefined) continue;
      const due = startsAt + quietAfter(wish.at - startsAt, windows);
      const diedBefore = wish.diedAt !== null && wish.diedAt < due;
      const overAnyway = row.endsAt !== null && row.endsAt <= due;
      if (diedBefore || overAnyway) continue;
      violations.judge('wish-kept');
      const ended = row.endingSince ?? row.endedAt ?? Number.POSITIVE_INFINITY;
      if (ended > due) {
        violations.report(
          'liveness',
          `${short(row.id)} was to be ended at once, and ran on (${row.cause ?? row.state})`,
        );
      } else marks.hit('wish-kept');
    }
  }
}

/** The end of the first stretch of `QUIET_MS` after a moment in which nothing was broken; milliseconds since the start. */
function quietAfter(at: number, windows: readonly Window[]): number {
  let from = at;
  for (;;) {
    const broken = windows.filter((one) => one.from < from + QUIET_MS && one.until > from);
    if (broken.length === 0) return from + QUIET_MS;
    from = Math.max(...broken.map((one) => one.until));
  }
}
