import type { Act } from '../providers/contract.ts';
import type { GrantRecord } from '../store/grants.ts';
import { releaseCloudLock, takeCloudLock } from '../store/leases.ts';
import type { Db } from '../store/schema.ts';
import { bindingPlace, methodOf } from './binding-spec.ts';
import { PACE, type StepPorts } from './ports.ts';

/** How long to wait for another node that writes the same thing in a cloud: a call or two. */
export const WRITER_MS = 100;

/** The right to be the only one who changes something that the cloud has no conditional write for. */
export interface OnlyWriter {
  /** Last before the call, so that the right outlives the longest call. False: another node writes there. */
  take(): Promise<boolean>;
  /** Whether it was another node when it was tried last. */
  busy(): boolean;
  release(): Promise<void>;
}

/** The only writer of what a grant's binding stands in, if its provider names one for this act (`Provider.exclusive`). */
export function onlyWriter(ports: StepPorts, grant: GrantRecord, act: Act): OnlyWriter {
  const key = methodOf(ports.providers, grant).provider.exclusive?.(bindingPlace(grant), act) ?? null;
  let held = false;
  let busy = false;
  return {
    async take() {
      if (key === null || held) return true;
      held = await ports.writers.take(key);
      busy = !held;
      return held;
    },
    busy: () => busy,
    async release() {
      if (key !== null && held) await ports.writers.release(key);
      held = false;
    },
  };
}

/**
 * What this process is the only writer of. All its steps share the right, so that a provider can put what they want to write at the same
 * time into one write; which it has to, because nobody else keeps them apart.
 */
export class Writers {
  readonly #db: Db;
  readonly #owner: string;
  readonly #holders = new Map<string, number>();
  /** The last thing that was asked of the database about each key: a right is not given back while somebody else here takes it. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(db: Db, node: string) {
    this.#db = db;
    this.#owner = `${node}/writers`;
  }

  /** False: another process has it. Whoever gets it keeps it until `release`, or until the longest call is over. */
  take(key: string): Promise<boolean> {
    return this.#inTurn(key, async () => {
      const taken = await takeCloudLock(this.#db, key, this.#owner, PACE.leaseMs);
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
