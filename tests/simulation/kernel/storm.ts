import { Coverage, type Fault } from './coverage.ts';
import { Marks } from './marks.ts';
import { Prng } from './prng.ts';
import { Scheduler } from './scheduler.ts';
import { Trace } from './trace.ts';
import { drawWeather, heal, thicken, type Weather, type Window } from './weather.ts';

/** Virtual time begins here: a Saturday, so that no rule about office hours applies by accident. */
const STARTS_AT = Date.UTC(2026, 10, 21, 6, 0, 0);

/** What all parts of one run share: time, chance, faults, and the record of what happened. */
export class Storm {
  readonly seed: number;
  readonly startsAt: number = STARTS_AT;
  readonly prng: Prng;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly marks = new Marks();
  readonly coverage = new Coverage();
  /** Nobody begins anything any more, so that what was written last has its place in the log when it is read. */
  closing = false;
  /** Until when the cloud goes on refusing the broker what it does for a grant: a right that is gone is not back at the next attempt. */
  readonly refusedUntil = new Map<string, number>();
  /** What will go wrong in this run, also while it is still or again calm. */
  readonly drawn: Weather;
  #weather: Weather;
  #calm = true;

  /** `change`: what is different from the weather that the seed draws. */
  constructor(
    seed: number,
    print: ((line: string) => void) | null,
    change: (drawn: Weather) => Weather = (drawn) => drawn,
  ) {
    this.seed = seed;
    this.prng = new Prng(`seed ${seed}`);
    this.scheduler = new Scheduler(this.prng.fork('scheduler'), STARTS_AT);
    this.trace = new Trace(() => this.scheduler.now, { keep: 30, print });
    // The world is set up in calm weather; the storm begins afterwards.
    this.drawn = change(drawWeather(this.prng.fork('weather')));
    this.#weather = heal(this.drawn);
  }

  get calm(): boolean {
    return this.#calm;
  }

  get weather(): Weather {
    return this.#weather;
  }

  /** Milliseconds since the start of the run. */
  get elapsedMs(): number {
    return this.scheduler.now - this.startsAt;
  }

  begin(): void {
    this.#calm = false;
    this.#weather = this.drawn;
  }

  /** More of everything: for a run in which too little has happened. */
  thicken(): void {
    this.#weather = thicken(this.#weather);
  }

  end(): void {
    this.#calm = true;
    this.#weather = heal(this.#weather);
  }

  /** Something goes wrong with a node, or with something about one grant. */
  strike(fault: Fault, node: string, grant: string | null = null): void {
    this.coverage.strike(fault, node, grant);
  }

  /** By how much the clock of a node is off now, milliseconds. */
  skewMs(index: number): number {
    const { skewMs, jumps } = this.#weather.node;
    const jumped = jumps.filter((jump) => jump.node === index && this.within([jump]));
    return jumped.reduce((sum, jump) => sum + jump.byMs, skewMs[index] ?? 0);
  }

  /** Whether the clock of a node is off because it has jumped. */
  hasJumped(index: number): boolean {
    return this.#weather.node.jumps.some((jump) => jump.node === index && this.within([jump]));
  }

  within(windows: readonly Window[]): boolean {
    return windows.some((window) => window.from <= this.elapsedMs && this.elapsedMs < window.until);
  }
}
