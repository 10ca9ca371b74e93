/** Everything that a storm can do to the broker, with what it is. A fault strikes the grants that its node was at work on, or that its call was about. */
export const FAULTS = {
  'cloud-down': 'the cloud could not be reached',
  throttled: 'the cloud asked to slow down',
  forbidden: 'the cloud refused the broker itself',
  'call-lost': 'a call never arrived',
  'call-late': 'a call arrived after its caller had given up, and behind later ones',
  'call-cut': 'the connection broke while a call was under way',
  'call-repeated': 'a call arrived twice',
  'answer-lost': 'a call was done, its answer lost',
  'stale-read': 'a look or a list showed what was there before',
  tampered: 'somebody edited or deleted what the broker had made, or the identity that it stood on',
  'database-down': 'the database took no connection',
  'database-full': 'the database took no writes',
  'statement-failed': 'a statement failed in the middle of a transaction, which was rolled back',
  'commit-failed': 'a commit failed and was rolled back',
  'commit-answer-lost': 'a commit happened, its answer was lost',
  'database-answer-lost': 'a statement happened, its answer was lost',
  'database-slow': 'the answer of the database took long',
  'node-died': 'the node died',
  'node-paused': 'the node stood still and went on',
  'clock-jumped': 'the clock of the node jumped, and later back',
} as const satisfies Readonly<Record<string, string>>;

export type Fault = keyof typeof FAULTS;

/** The states of a grant in which something can happen to the work on it. */
export const STRUCK_STATES = ['scheduled', 'activating', 'active', 'ending'] as const;
export type StruckState = (typeof STRUCK_STATES)[number];

/** `fault/state`. */
export type Cell = `${Fault}/${StruckState}`;

/** Cells that cannot be struck, and why. */
export const IMPOSSIBLE: Readonly<Partial<Record<Cell, string>>> = {
  'stale-read/scheduled':
    'whoever begins on a shared place waits until nothing there can be stale any more, and elsewhere nobody looks',
};

/** What is known about grants while a run goes on. */
export interface Sight {
  /** The grants that a node is at work on: those that it has claimed, and those that people are asking it about. */
  atWork(node: string): Iterable<string>;
  stateOf(grant: string): string | undefined;
}

/** Counts the faults of a run, and in which states of a grant each has struck. */
export class Coverage {
  sight: Sight = { atWork: () => [], stateOf: () => undefined };
  readonly #cells = new Map<Cell, number>();
  #faults = 0;

  /** All faults so far, whether or not anything was going on that they could strike. */
  get faults(): number {
    return this.#faults;
  }

  /** Something went wrong with a node or, if `grant` is given, with something about that grant alone. */
  strike(fault: Fault, node: string, grant: string | null = null): void {
    this.#faults += 1;
    this.touch(fault, node, grant);
  }

  /** The same fault goes on. */
  touch(fault: Fault, node: string, grant: string | null = null): void {
    for (const struck of grant === null ? new Set(this.sight.atWork(node)) : [grant]) {
      const now = this.sight.stateOf(struck);
      const state = STRUCK_STATES.find((one) => one === now);
      if (state === undefined) continue;
      const cell: Cell = `${fault}/${state}`;
      this.#cells.set(cell, (this.#cells.get(cell) ?? 0) + 1);
    }
  }

  counts(): Readonly<Partial<Record<Cell, number>>> {
    return Object.fromEntries(this.#cells);
  }
}
