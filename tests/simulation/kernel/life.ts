/**
 * One run of one process. When it dies, whatever it was waiting for never comes: its promises stay open for ever, as the
 * stack of a killed process does. A paused process (a debugger, a long collection, a machine that swaps) goes on later.
 */
export class Life {
  readonly name: string;
  /** Resolves at death, so that others can stop waiting for an answer. */
  readonly death: Promise<'died'>;
  #alive = true;
  #pausedUntil = 0;
  #announce: () => void = () => {};
  readonly #lastWords: (() => void)[] = [];

  constructor(name: string) {
    this.name = name;
    this.death = new Promise((resolve) => (this.#announce = () => resolve('died')));
  }

  get alive(): boolean {
    return this.#alive;
  }

  get pausedUntil(): number {
    return this.#pausedUntil;
  }

  /** What the rest of the world notices when this process dies: its connections close. */
  onDeath(notice: () => void): void {
    this.#lastWords.push(notice);
  }

  pause(until: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, until);
  }

  die(): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const notice of this.#lastWords) notice();
    this.#announce();
  }
}

/** Waits for what never comes. */
export function never(): Promise<never> {
  return new Promise(() => {});
}
