import type { Instant } from '../core/time.ts';
import type { Clock } from '../platform/clock.ts';
import { inTime, LATE } from '../platform/in-time.ts';
import { releaseCloudLock, takeCloudLock } from '../store/leases.ts';
import type { Db } from '../store/schema.ts';

/** For how long a right lasts, and how long somebody waits for it. */
interface WriterPace {
  /** Unless it is given back, longer than the longest call; and after how long it is handed over. */
  readonly forMs: number;
  /** For the database to say who has it. */
  readonly waitMs: number;
}

/** The right to one key, as long as any step here has it. `count` 0: asked for, and not known whether it was given. */
interface Holding {
  readonly owner: string;
  since: Instant;
  count: number;
}

/**
 * What this process is the only writer of. All its steps share the right, so that a provider can put what they want to write at the same
 * time into one write; which it has to, because nobody else keeps them apart.
 */
export class Writers {
  readonly #db: Db;
  readonly #clock: Clock;
  readonly #node: string;
  readonly #pace: WriterPace;
  readonly #holdings = new Map<string, Holding>();
  /**
   * The last thing that was asked of the database about each key: a right is not given back while somebody else here takes it, and a
   * database that hangs hangs with one connection for each key.
   */
  readonly #turns = new Map<string, Promise<unknown>>();
  #held = 0;

  constructor(db: Db, clock: Clock, node: string, pace: WriterPace) {
    this.#db = db;
    this.#clock = clock;
    this.#node = node;
    this.#pace = pace;
  }

  /**
   * False: another process has it. Whoever gets it keeps it until `release`, or until the longest call is over. Throws when the
   * database does not say in time: whoever ends access has other ways then, and must not stand in the lane meanwhile.
   */
  async take(key: string): Promise<boolean> {
    let waits = true;
    const taking = this.#inTurn(key, () => this.#take(key, () => waits));
    const { waitMs } = this.#pace;
    const taken = await inTime(this.#clock, waitMs, taking);
    if (taken !== LATE) return taken;
    waits = false;
    throw new Error(`the database did not say within ${waitMs} ms who may write ${key}`);
  }

  async #take(key: string, waits: () => boolean): Promise<boolean> {
    if (!waits()) return false;
    const now = this.#clock.now();
    const held = this.#holdings.get(key) ?? this.#newHolding(key);
    // Whoever always has one more step that writes, and fails, must not keep it from a node that could.
    if (held.count > 0 && now - held.since >= this.#pace.forMs) return false;
    // If this throws nobody knows whether it was given: whoever asks next asks under the same name.
    if (!(await takeCloudLock(this.#db, key, held.owner, this.#pace.forMs))) {
      if (held.count === 0) this.#holdings.delete(key);
      return false;
    }
    if (held.count === 0) held.since = now;
    held.count += 1;
    if (waits()) return true;
    await this.#giveBack(key);
    return false;
  }

  /** Does not wait for a database that hangs: what it does not hear runs out by itself. */
  async release(key: string): Promise<void> {
    await inTime(
      this.#clock,
      this.#pace.waitMs,
      this.#inTurn(key, () => this.#giveBack(key)),
    );
  }

  async #giveBack(key: string): Promise<void> {
    const held = this.#holdings.get(key);
    if (held === undefined) return;
    held.count -= 1;
    if (held.count > 0) return;
    this.#holdings.delete(key);
    await releaseCloudLock(this.#db, key, held.owner);
  }

  /** Under a name of its own: a giving back that the database carries out late takes nothing from whoever holds the right then. */
  #newHolding(key: string): Holding {
    this.#held += 1;
    const holding = { owner: `${this.#node}/writers/${this.#held}`, since: this.#clock.now(), count: 0 };
    this.#holdings.set(key, holding);
    return holding;
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
