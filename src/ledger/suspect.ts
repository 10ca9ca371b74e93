import type { ExportedEntry, LogFault } from './exported-log.ts';

/**
 * The first entry whose body does not have the leaf hash that is stored for its place.
 *
 * Hashes never repeat in a log, because every body holds an id of its own. So what comes later tells what was done: where
 * the body that stands here belongs, and where the entry that belongs here went.
 */
export class Suspect {
  readonly seq: number;
  readonly #found: string;
  readonly #expected: string;
  /** Where the body that stands at `seq` belongs. */
  #belongsAt: number | null = null;
  /** Where the entry that belongs at `seq` stands. */
  #movedTo: number | null = null;

  /** `found` is the hash of the body, in hexadecimal. */
  constructor(entry: ExportedEntry, found: string) {
    this.seq = entry.seq;
    this.#found = found;
    this.#expected = entry.leaf;
  }

  /** Looks at a later entry; `found` is the hash of its body. */
  compare(entry: ExportedEntry, found: string): void {
    if (entry.leaf === this.#found) this.#belongsAt ??= entry.seq;
    if (found === this.#expected) this.#movedTo ??= entry.seq;
  }

  /** What was done, in a log of `size` entries of which `signed` were signed. */
  fault(size: number, signed: number): LogFault {
    const { seq } = this;
    // Where entries are gone, the body that stands here belongs as many places further on, which may be beyond the end.
    const isBeyondEnd = signed > size && seq + signed - size >= size;
    if (this.#belongsAt !== null && this.#movedTo !== null) {
      const message = `entry ${seq} now stands at ${this.#movedTo}, and in its place stands entry ${this.#belongsAt}`;
      return { kind: 'reordered', seq, message };
    }
    if (this.#belongsAt !== null || isBeyondEnd) {
      const message = `entry ${seq} was removed, and the entries after it were renumbered`;
      return { kind: 'removed', seq, message };
    }
    if (this.#movedTo !== null) {
      const message = `an entry that was never signed was inserted at ${seq}, and the entry of that place moved to ${this.#movedTo}`;
      return { kind: 'inserted', seq, message };
    }
    return {
      kind: 'edited',
      seq,
      message: `entry ${seq} was edited: its body does not have the leaf hash of its place`,
    };
  }
}
