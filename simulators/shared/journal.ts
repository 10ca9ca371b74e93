/** One call, as `GET /_sim/journal` shows it. `code` is the error code, or `OK`. */
export type JournalEntry = {
  readonly at: string;
  readonly service: string;
  readonly action: string;
  readonly principal: string | null;
  readonly code: string;
};

const LENGTH = 5_000;

/** The last 5,000 calls, oldest first. */
export class Journal {
  #entries: JournalEntry[] = [];

  get entries(): readonly JournalEntry[] {
    return this.#entries;
  }

  add(entry: JournalEntry): void {
    this.#entries.push(entry);
    if (this.#entries.length > LENGTH) this.#entries = this.#entries.slice(-LENGTH);
  }
}
