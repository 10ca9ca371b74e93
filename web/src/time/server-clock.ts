/** One look at the server's clock: somewhere between `from` and `to` when it answered, which was between our own two times. */
export interface Look {
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly from: number;
  readonly to: number;
}

/** By how much the server's clock is ahead of ours, at least and at most, in milliseconds. */
export interface Offset {
  readonly least: number;
  readonly most: number;
}

/**
 * What one more look teaches: each bounds the offset, and together they bound it more closely than any alone. A look that
 * contradicts the others means that one of the clocks was set, so that only the newest counts.
 */
export function narrow(before: Offset | null, { sentAt, receivedAt, from, to }: Look): Offset {
  const seen = { least: from - receivedAt, most: to - sentAt };
  if (before === null) return seen;
  const both = { least: Math.max(before.least, seen.least), most: Math.min(before.most, seen.most) };
  return both.least <= both.most ? both : seen;
}

/** The server's time as far as we know it. The clock of this machine only measures what has passed. */
export interface ServerClock {
  observe(look: Look): void;
  /** Milliseconds since the epoch. */
  now(): number;
  /** By how much ours is wrong, ms; positive when it is behind. */
  readonly offsetMs: number;
}

export function createServerClock(ours: () => number): ServerClock {
  let offset: Offset | null = null;
  const middle = (): number => (offset === null ? 0 : Math.round((offset.least + offset.most) / 2));
  return {
    observe(look) {
      offset = narrow(offset, look);
    },
    now: () => ours() + middle(),
    get offsetMs() {
      return middle();
    },
  };
}

export const serverClock = createServerClock(() => Date.now());
