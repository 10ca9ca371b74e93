/** What is added comes out in swarms. */
export interface Gathering<Item> {
  add(item: Item): void;
  /** Forgets what has not come out yet. */
  stop(): void;
}

/**
 * Gathers what comes in swarms (one approval makes three changes), so that it is read once. What comes after a rest comes out after the first
 * of these pauses, in milliseconds, and what comes after that waits for the others in turn: the longer there is no rest, the seldomer.
 */
export function gather<Item>(takeOut: (items: readonly Item[]) => void, pauses: readonly number[]): Gathering<Item> {
  let items: Item[] = [];
  let inARow = 0;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const wait = (): void => {
    timer = setTimeout(next, pauses[Math.min(inARow, pauses.length - 1)]);
  };
  function next(): void {
    timer = null;
    if (items.length === 0) {
      inARow = 0;
      return;
    }
    const taken = items;
    items = [];
    inARow += 1;
    wait();
    takeOut(taken);
  }
  return {
    add(item) {
      items.push(item);
      if (timer === null) wait();
    },
    stop() {
      items = [];
      inARow = 0;
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}

/** The first pause is for what belongs together. */
const SWARM_MS = 120;
/** What is somebody's own is shown within a second. */
export const SOON: readonly number[] = [SWARM_MS, 700];
/** What is of others, in a company where something happens all the time. */
export const IN_TIME: readonly number[] = [SWARM_MS, 1_000, 2_000, 4_000, 8_000];
