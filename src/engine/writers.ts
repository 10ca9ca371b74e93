import type { Instant } from '../core/time.ts';
import type { Clock } from '../platform/clock.ts';
import { releaseCloudLock, takeCloudLock } from '../store/leases.ts';
import type { Db } from '../store/schema.ts';

/**
 * What this process is the only writer of. All its steps share the right, so that a provider can put what they want to write at the same
 * time into one write; which it has to, because nobody else keeps them apart.
 */
export class Writers {
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #owner: string;
  readonly #forMs: number;
  readonly #holders = new Map<string, { readonly since: Instant; count: number }>();
  /** The last thing that was asked of the database about each key: a right is not given back while somebody else here takes it. */
  readonly #turns = new Map<string, Promise<unknown>>();

  /** `forMs`: how long a right lasts unless it is given back, longer than the longest call; and after how long it is handed over. */
  constructor(db: Db, clock: Clock, node: string, forMs: number) {
    this.#db = db;
    this.#clock = clock;
    this.#owner = `${node}/writers`;
    this.#forMs = forMs;
  }

  /** False: another process has it. Whoever gets it keeps it until `release`, or until the longest call is over. */
  take(key: string): Promise<boolean> {
    return this.#inTurn(key, async () => {
      const held = this.#holders.get(key);
      const now = this.#clock.now();
      // Whoever always has one more step that writes, and fails, must not keep it from a node that could.
      if (held !== undefined && now - held.since >= this.#forMs) return false;
      if (!(await takeCloudLock(this.#db, key, this.#owner, this.#forMs))) return false;
      if (held === undefined) this.#holders.set(key, { since: now, count: 1 });
      else held.count += 1;
      return true;
    });
  }

  async release(key: string): Promise<void> {
    await this.#inTurn(key, async () => {
      const held = this.#holders.get(key);
      if (held !== undefined) held.count -= 1;
      if (held !== undefined && held.count > 0) return;
      this.#holders.delete(key);
      await releaseCloudLock(this.#db, key, this.#owner);
    });
  }

  #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(work, work);
    this.#turns.set(key, turn);
    const done = () => {
      if (this.#turns.get(key) === turn) this.#turns.delete(key);
    };
    turn.then(done, done);
    return turn;
  }
}
