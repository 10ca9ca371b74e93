/** How many timers there are, and which of them go off while we look. */
export interface Load {
  readonly live: number;
  /** So many, one after the other. */
  readonly trickle: { readonly count: number; readonly everyMs: number };
  /** So many at the same moment. */
  readonly burst: number;
}

export const FULL: Load = { live: 1_000_000, trickle: { count: 800, everyMs: 50 }, burst: 10_000 };
export const QUICK: Load = { live: 20_000, trickle: { count: 60, everyMs: 50 }, burst: 500 };

/** Between the series, so that one does not wait for the other. */
export const APART_MS = 5_000;

/** A deadline with a name, in epoch milliseconds. */
interface Deadline {
  readonly key: string;
  readonly at: number;
}

/** Deadlines of a trickle that begins soon, and of a burst after it. */
export function freshDeadlines({ trickle, burst }: Load) {
  const begins = Date.now() + 2 * APART_MS;
  const slow: Deadline[] = Array.from({ length: trickle.count }, (_, n) => ({
    key: `trickle-${n}`,
    at: begins + n * trickle.everyMs,
  }));
  const at = begins + trickle.count * trickle.everyMs + APART_MS;
  const fast: Deadline[] = Array.from({ length: burst }, (_, n) => ({ key: `burst-${n}`, at }));
  return { trickle: slow, burst: fast, all: [...slow, ...fast] };
}
