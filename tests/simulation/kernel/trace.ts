import { createHash, type Hash } from 'node:crypto';

/** Everything that happened, in order. Its hash is the identity of a run: the same seed must give the same hash. */
export class Trace {
  readonly #hash: Hash = createHash('sha256');
  readonly #now: () => number;
  readonly #startsAt: number;
  readonly #keep: number;
  readonly #print: ((line: string) => void) | null;
  #lines: string[] = [];
  #count = 0;

  constructor(now: () => number, options: { keep: number; print: ((line: string) => void) | null }) {
    this.#now = now;
    this.#startsAt = now();
    this.#keep = options.keep;
    this.#print = options.print;
  }

  note(who: string, what: string): void {
    const elapsedMs = this.#now() - this.#startsAt;
    const line = `${(elapsedMs / 1_000).toFixed(3).padStart(9)} ${who.padEnd(8)} ${what}`;
    this.#hash.update(line).update('\n');
    this.#count += 1;
    this.#lines.push(line);
    if (this.#lines.length > this.#keep * 2) this.#lines = this.#lines.slice(-this.#keep);
    this.#print?.(line);
  }

  get count(): number {
    return this.#count;
  }

  /** The last lines, oldest first. */
  last(): readonly string[] {
    return this.#lines.slice(-this.#keep);
  }

  /** SHA-256 over all lines so far, hex. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }
}

/** Shortens an id for reading: `grt_abcdefgh…` becomes `grt_abcd`. */
export function short(id: string): string {
  return id.slice(0, 8);
}
