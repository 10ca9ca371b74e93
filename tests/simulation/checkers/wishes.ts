import type { Life } from '../kernel/life.ts';
import type { Marks } from '../kernel/marks.ts';
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

/** Endings that somebody asked for while the database took no writes, and was told that they would follow. */
export class Wishes {
  readonly #wishes: Wish[] = [];
  /** How many ask for the end of each grant, or have asked and were not clearly refused. */
  readonly #asked = new Map<string, number>();

  /**
   * Somebody asks for the end of grants: from now on each may be taken away before that is written down. Call what is returned with the answer: a
   * refusal takes nothing away, and what was done is written down.
   */
  ask(...grants: readonly string[]): (answer: { readonly ok: boolean; readonly code?: string } | null) => void {
    for (const grant of grants) this.#asked.set(grant, (this.#asked.get(grant) ?? 0) + 1);
    return (answer) => {
      const isClear = answer !== null && (answer.ok || answer.code !== 'recorded-late');
      if (isClear) for (const grant of grants) this.#asked.set(grant, (this.#asked.get(grant) ?? 1) - 1);
    };
  }

  /** `life` is the process that gave its word; what it promised dies with it, as whoever asked was told. */
  add(grant: string, at: number, life: Life, now: () => number): void {
    const wish: Wish = { grant, at, diedAt: null };
    life.onDeath(() => (wish.diedAt = now()));
    this.#wishes.push(wish);
  }

  /** Whether somebody asked for the end of a grant, and it may not be written down yet. */
  asked(grant: string): boolean {
    return (this.#asked.get(grant) ?? 0) > 0;
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
