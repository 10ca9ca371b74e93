import { releaseCloudLock, takeCloudLock } from '../store/leases.ts';
import type { Db } from '../store/schema.ts';

/**
 * What this process is the only writer of. All its steps share the right, so that a provider can put what they want to write at the same
 * time into one write; which it has to, because nobody else keeps them apart.
 */
export class Writers {
  readonly #db: Db;
  readonly #owner: string;
  readonly #forMs: number;
  readonly #holders = new Map<string, number>();
  /** The last thing that was asked of the database about each key: a right is not given back while somebody else here takes it. */
  readonly #turns = new Map<string, Promise<unknown>>();

  /** `forMs`: how long a right lasts unless it is given back; longer than the longest call. */
  constructor(db: Db, node: string, forMs: number) {
    this.#db = db;
    this.#owner = `${node}/writers`;
    this.#forMs = forMs;
  }

  /** False: another process has it. Whoever gets it keeps it until `release`, or until the longest call is over. */
  take(key: string): Promise<boolean> {
    return this.#inTurn(key, async () => {
      const taken = await takeCloudLock(this.#db, key, this.#owner, this.#forMs);
      if (taken) this.#holders.set(key, (this.#holders.get(key) ?? 0) + 1);
      return taken;
    });
  }

  async release(key: string): Promise<void> {
    await this.#inTurn(key, async () => {
      const others = (this.#holders.get(key) ?? 1) - 1;
      if (others > 0) return void this.#holders.set(key, others);
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
