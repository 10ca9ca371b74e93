import type { Life } from './life.ts';
import type { Prng } from './prng.ts';

interface Waiter {
  readonly life: Life | null;
  readonly resume: () => void;
  /** Runs inside the scheduler and starts nothing that has to settle. */
  readonly quiet: boolean;
  done: boolean;
}

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly waiter: Waiter;
}

/** How a wait came to its end. */
export type Wake = 'time' | 'aborted';

/**
 * Virtual time and the order in which things happen. Exactly one waiter is resumed at a time; then everything that it set
 * going runs until it waits again, and only then the next one is chosen, by chance, among all that could go on. The same
 * seed therefore always gives the same order, whatever the machine does.
 */
export class Scheduler {
  #now: number;
  readonly #prng: Prng;
  #ready: Waiter[] = [];
  readonly #timers: Timer[] = [];
  #order = 0;
  /** Real work under way (a query of the real database), which a step must wait for. */
  #busy = 0;

  constructor(prng: Prng, startsAt: number) {
    this.#prng = prng;
    this.#now = startsAt;
  }

  /** The true time of the simulated world; clocks of nodes may differ from it. */
  get now(): number {
    return this.#now;
  }

  /** Lets everything else that could go on at this moment have its chance first. */
  yield(life: Life | null): Promise<void> {
    return new Promise((resume) => this.#ready.push({ life, resume, quiet: false, done: false }));
  }

  /** Waits until a moment, or until the signal fires; a process that is dead by then never goes on. */
  until(life: Life | null, at: number, signal?: AbortSignal): Promise<Wake> {
    return new Promise((resolve) => {
      let wake: Wake = 'time';
      const waiter: Waiter = { life, resume: () => resolve(wake), quiet: false, done: false };
      if (signal?.aborted === true) {
        wake = 'aborted';
        this.#ready.push(waiter);
        return;
      }
      this.#addTimer(at, waiter);
      signal?.addEventListener(
        'abort',
        () => {
          if (waiter.done) return;
          waiter.done = true;
          this.#ready.push({ life, resume: () => resolve('aborted'), quiet: false, done: false });
        },
        { once: true },
      );
    });
  }

  /** Does something small at a moment: something lands in the cloud, a signal fires. */
  at(life: Life | null, at: number, action: () => void): void {
    this.#addTimer(at, { life, resume: action, quiet: true, done: false });
  }

  /** Runs real asynchronous work as part of the current step. */
  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#busy += 1;
    try {
      return await work();
    } finally {
      this.#busy -= 1;
    }
  }

  /**
   * Resumes one waiter and lets it run until everything waits again; advances the time if nobody can go on now, but not
   * beyond `limit`. False: nothing is left to do until then.
   */
  async step(limit: number): Promise<boolean> {
    for (;;) {
      const waiter = this.#next(limit);
      if (waiter === null) return false;
      if (waiter.done) continue;
      if (waiter.life !== null && !waiter.life.alive) continue;
      if (waiter.life !== null && waiter.life.pausedUntil > this.#now) {
        this.#addTimer(waiter.life.pausedUntil, waiter);
        continue;
      }
      waiter.done = true;
      waiter.resume();
      if (waiter.quiet) continue;
      await this.settle();
      return true;
    }
  }

  /** Waits until everything that runs has come to a point where it waits for the scheduler. */
  async settle(): Promise<void> {
    do await new Promise((resolve) => setImmediate(resolve));
    while (this.#busy > 0);
  }

  #next(limit: number): Waiter | null {
    if (this.#ready.length > 0) {
      const index = this.#prng.int(0, this.#ready.length - 1);
      const chosen = this.#ready[index];
      const last = this.#ready.pop();
      if (chosen !== last && last !== undefined) this.#ready[index] = last;
      return chosen ?? null;
    }
    const first = this.#timers[0];
    if (first === undefined || first.at > limit) {
      this.#now = Math.max(this.#now, limit);
      return null;
    }
    this.#now = Math.max(this.#now, first.at);
    // Everything due at this very moment becomes ready together, so that chance decides its order.
    while (this.#timers[0] !== undefined && this.#timers[0].at <= this.#now) {
      const timer = this.#removeFirst();
      if (!timer.waiter.done) this.#ready.push(timer.waiter);
    }
    return this.#next(limit);
  }

  #addTimer(at: number, waiter: Waiter): void {
    this.#order += 1;
    const timer: Timer = { at: Math.max(at, this.#now), order: this.#order, waiter };
    let child = this.#timers.length;
    this.#timers.push(timer);
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (!isEarlier(timer, this.#timers[parent])) break;
      this.#swap(child, parent);
      child = parent;
    }
  }

  #removeFirst(): Timer {
    const first = this.#timers[0];
    const last = this.#timers.pop();
    if (first === undefined || last === undefined) throw new Error('there is no timer');
    if (first === last) return first;
    this.#timers[0] = last;
    for (let parent = 0; ;) {
      const left = parent * 2 + 1;
      let smallest = parent;
      if (isEarlier(this.#timers[left], this.#timers[smallest])) smallest = left;
      if (isEarlier(this.#timers[left + 1], this.#timers[smallest])) smallest = left + 1;
      if (smallest === parent) return first;
      this.#swap(parent, smallest);
      parent = smallest;
    }
  }

  #swap(one: number, other: number): void {
    const a = this.#timers[one];
    const b = this.#timers[other];
    if (a === undefined || b === undefined) throw new RangeError('no such timer');
    this.#timers[one] = b;
    this.#timers[other] = a;
  }
}

function isEarlier(one: Timer | undefined, other: Timer | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
