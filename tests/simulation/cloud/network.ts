import { ProviderFault } from '../../../src/providers/contract.ts';
import type { Mishaps } from '../broker/mishaps.ts';
import type { Fault } from '../kernel/coverage.ts';
import { never, type Life } from '../kernel/life.ts';
import type { Prng } from '../kernel/prng.ts';
import type { Storm } from '../kernel/storm.ts';

/** A call of the broker to the cloud. */
export interface Call<T> {
  readonly name: string;
  /** The grant that it is about. */
  readonly grant: string;
  readonly effect: 'read' | 'write';
  /** What the cloud does when the call arrives. May throw a fault as the cloud's answer. */
  readonly perform: () => T;
  readonly signal: AbortSignal;
  /** Told when the call takes effect after its caller has given up or died, or for a second time. */
  readonly landsLate?: () => void;
}

/** The longest a request can be on its way before its connection counts as given up, whatever its caller does. */
const CONNECTION_MS = 4_000;

/** Long enough for an end to come to its next rung, which five refusals lead to. */
const REFUSED_MS = 45_000;

/** One node's way to the cloud: calls are lost, delayed, repeated, cut off, refused; and may land after everybody has given up. */
export class Network {
  readonly #storm: Storm;
  readonly #life: Life;
  readonly #mishaps: Mishaps;
  readonly #prng: Prng;
  /** The longest time after it was given up during which a call may still land. */
  readonly #abandonedMs: number;

  constructor(storm: Storm, life: Life, mishaps: Mishaps, prng: Prng, abandonedMs: number) {
    this.#storm = storm;
    this.#life = life;
    this.#mishaps = mishaps;
    this.#prng = prng;
    this.#abandonedMs = abandonedMs;
  }

  /** Makes a call. Throws {@link ProviderFault}s, classified as a provider would. */
  async call<T>(call: Call<T>): Promise<T> {
    const { scheduler, weather } = this.#storm;
    const calledAt = scheduler.now;
    await this.#mishaps.beforeWait();
    await scheduler.yield(this.#life);
    // A client looks at its own timeout before it sends. Standing still between that look and the socket is beyond everybody.
    if (scheduler.now - calledAt >= CONNECTION_MS) throw new ProviderFault('unreachable', `${call.name}: never sent`);
    if (this.#storm.within(weather.cloud.down)) {
      this.#storm.marks.hit('cloud-down');
      this.#strike('cloud-down', call);
      await scheduler.until(this.#life, scheduler.now + this.#prng.int(1, 100));
      throw new ProviderFault('unreachable', `${call.name}: connection refused`);
    }
    const { network } = weather;
    if (this.#prng.chance(network.throttle)) {
      this.#storm.marks.hit('throttled');
      this.#strike('throttled', call);
      throw new ProviderFault('throttled', `${call.name}: rate exceeded`, { retryAfterMs: this.#prng.int(200, 3_000) });
    }
    const { refusedUntil } = this.#storm;
    if (this.#prng.chance(network.forbid)) refusedUntil.set(call.grant, scheduler.now + REFUSED_MS);
    if (network.forbid > 0 && (refusedUntil.get(call.grant) ?? 0) > scheduler.now) {
      this.#storm.marks.hit('forbidden-to-us');
      this.#strike('forbidden', call);
      throw new ProviderFault('forbidden-to-us', `${call.name}: access denied`);
    }
    if (this.#prng.chance(network.lose)) {
      this.#strike('call-lost', call);
      return this.#giveUp(call, 'was lost');
    }
    if (this.#prng.chance(network.late)) {
      this.#strike('call-late', call);
      return this.#late(call, call.signal);
    }
    if (this.#prng.chance(network.cut)) {
      this.#strike('call-cut', call);
      const cut = new AbortController();
      scheduler.at(null, scheduler.now + this.#prng.int(0, 500), () => cut.abort());
      return this.#late(call, AbortSignal.any([call.signal, cut.signal]));
    }
    return this.#deliver(call);
  }

  async #deliver<T>(call: Call<T>): Promise<T> {
    const { scheduler, weather } = this.#storm;
    const { network } = weather;
    const arrives = scheduler.now + this.#prng.int(1, network.delayMs);
    let answer: { ok: true; value: T } | { ok: false; error: unknown } | null = null;
    let heard = true;
    let told = false;
    this.#life.onDeath(() => (heard = false));
    scheduler.at(null, arrives, () => {
      if (!heard) this.#noteLate(call);
      answer = attempt(call.perform);
    });
    if (this.#prng.chance(network.repeat)) {
      // Up to the time at which the first one could have landed at the latest.
      scheduler.at(null, arrives + this.#prng.int(1, this.#abandonedMs), () => {
        // What repeats a call does so for want of an answer, and passes on the last one: what we know to be refused is not done later.
        if (told && answer?.ok === false) return;
        this.#storm.marks.hit('call-repeated');
        this.#strike('call-repeated', call);
        this.#storm.trace.note('cloud', `${call.name} arrives a second time`);
        if (call.effect === 'write') call.landsLate?.();
        answer = attempt(call.perform);
      });
    }
    if (this.#mishaps.diesNow('died-in-call')) {
      this.#storm.trace.note(this.#life.name, `dies while ${call.name} is under way`);
      this.#life.die();
      return never();
    }
    if (this.#prng.chance(network.loseAnswer)) {
      this.#storm.marks.hit('answer-lost');
      this.#strike('answer-lost', call);
      return this.#giveUp(call, 'was performed, its answer lost');
    }
    const answered = arrives + this.#prng.int(1, network.delayMs);
    if ((await scheduler.until(this.#life, answered, call.signal)) === 'aborted') {
      heard = false;
      return this.#unknown(call, 'took too long');
    }
    const result = answer as { ok: true; value: T } | { ok: false; error: unknown } | null;
    if (result === null) throw new Error(`${call.name} was answered before it arrived`);
    told = true;
    if (!result.ok) throw result.error;
    return result.value;
  }

  /** The caller waits in vain; whether the call takes effect later is decided when it has given up. */
  async #late<T>(call: Call<T>, signal: AbortSignal): Promise<never> {
    const { scheduler } = this.#storm;
    const dispatchedAt = scheduler.now;
    let decided = false;
    const givenUp = () => {
      if (decided) return;
      decided = true;
      const since = Math.min(scheduler.now, dispatchedAt + CONNECTION_MS);
      // Mostly soon, often at the very last moment that is possible.
      const delayMs = this.#prng.chance(0.4)
        ? this.#abandonedMs - this.#prng.int(0, 3_000)
        : this.#prng.int(1, this.#abandonedMs);
      scheduler.at(null, since + delayMs, () => {
        this.#noteLate(call);
        attempt(call.perform);
      });
    };
    this.#life.onDeath(givenUp);
    // Whether or not the caller is standing still by then.
    scheduler.at(null, dispatchedAt + CONNECTION_MS, givenUp);
    return this.#giveUp({ ...call, signal }, 'is under way without an answer', givenUp);
  }

  async #giveUp<T>(call: Call<T>, how: string, then: () => void = () => {}): Promise<never> {
    await this.#storm.scheduler.until(this.#life, Number.MAX_SAFE_INTEGER, call.signal);
    then();
    return this.#unknown(call, how);
  }

  #unknown(call: Call<unknown>, how: string): never {
    this.#storm.trace.note(this.#life.name, `gives up on ${call.name}, which ${how}`);
    if (call.effect === 'read') throw new ProviderFault('unreachable', `${call.name}: timed out`);
    this.#storm.marks.hit('unknown-outcome');
    throw new ProviderFault('unknown-outcome', `${call.name}: timed out`);
  }

  #strike(fault: Fault, call: Call<unknown>): void {
    this.#storm.strike(fault, this.#life.name, call.grant);
  }

  #noteLate(call: Call<unknown>): void {
    if (call.effect === 'read') return;
    this.#storm.marks.hit('late-landing');
    this.#storm.trace.note('cloud', `${call.name} lands late`);
    call.landsLate?.();
  }
}

function attempt<T>(perform: () => T): { ok: true; value: T } | { ok: false; error: unknown } {
  try {
    return { ok: true, value: perform() };
  } catch (error) {
    return { ok: false, error };
  }
}
