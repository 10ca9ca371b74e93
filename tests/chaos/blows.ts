import { setTimeout as pause } from 'node:timers/promises';
import type { Fault } from '../../simulators/aws/faults.ts';
import type { Prng } from '../simulation/kernel/prng.ts';
import type { Site } from './site/site.ts';

/** What is done to processes and to their networks: these are counted by `--kills`. */
export const BLOWS = {
  'kill -9': 'a broker is killed and started again',
  'kill -9 all': 'all brokers are killed at once',
  SIGSTOP: 'a broker stands still for longer than a lease, and goes on',
  'database cut': 'connections to the database are cut',
  'database half-open': 'connections to the database carry nothing, and are reset when that is over',
  'database forgotten': 'the same, but nobody ever answers on those connections; new ones pass',
  'database slow': 'every byte to and from the database is late',
  'PostgreSQL immediate': 'PostgreSQL is stopped without a checkpoint and started again',
  'restore of a copy': 'an older copy of the database takes its place',
  'restore of the first copy': 'the same of the very first copy: every grant in it is over',
} as const;
export type Blow = keyof typeof BLOWS;

/** How often each comes, in proportion. */
const WEIGHTS: Readonly<Record<Blow, number>> = {
  'kill -9': 34,
  'kill -9 all': 6,
  SIGSTOP: 14,
  'database cut': 12,
  'database half-open': 8,
  'database forgotten': 6,
  'database slow': 6,
  'PostgreSQL immediate': 10,
  'restore of a copy': 6,
  // Once, late in a long run.
  'restore of the first copy': 0,
};

/** Longer than the ten seconds for which a claim is held: what it had claimed is somebody else's when it wakes. */
const FREEZE_MS = [10_500, 13_000] as const;
/** Of the cloud's calls that a broker makes, how many in a row a fault hits, in each of these services. */
const FAULTS_IN_A_ROW = 6;
const SERVICES = [
  ...['sts', 'iam', 'sso', 'identitystore', 'scheduler'].map((service) => ({ service, action: '*' })),
  // CreateSession is how the saved certificates are tried.
  ...['ListTrustAnchors', 'ListProfiles', 'UpdateCrl'].map((action) => ({ service: 'rolesanywhere', action })),
];

/** A restore: everything that was promised after `copiedAt` may be forgotten. Epoch milliseconds. */
export interface Restore {
  readonly copiedAt: number;
  /** When what it replaces was stopped. */
  readonly stoppedAt: number;
  readonly restoredAt: number;
}

/** One thing that is going to be broken, with everything about it decided beforehand. */
export interface PlannedBlow {
  readonly kind: Blow;
  /** After the one before. */
  readonly waitMs: number;
  /** Which broker, or the network of which. */
  readonly whom: number;
  /** All networks instead of one. */
  readonly everywhere: boolean;
  /** How long it lasts. */
  readonly forMs: number;
}

/** A run of so many lasts longer than any grant: what was live in its first copy has long ended when that is restored. */
const LONG_RUN = 100;

/** Draws what is broken, in which order, and for how long. The same seed draws the same. */
export function planBlows(prng: Prng, count: number, everyMs: number): readonly PlannedBlow[] {
  const late = count < LONG_RUN ? null : Math.floor(count * 0.8);
  return Array.from({ length: count }, (_, index) => {
    // The first ones are one of each, so that a short run has seen something of everything.
    const drawn = index < FIRST.length && count >= FIRST.length ? first(prng, index) : prng.weighted(WEIGHTS);
    const kind = index === late ? 'restore of the first copy' : drawn;
    return {
      kind,
      waitMs: prng.int(Math.round(everyMs * 0.4), Math.round(everyMs * 1.6)),
      whom: prng.int(0, 2),
      everywhere: prng.chance(0.35),
      forMs: lengthOf(kind, prng),
    };
  });
}

/** The others are bigger or smaller sisters of these. */
const FIRST = [
  'kill -9',
  'SIGSTOP',
  'database cut',
  'database forgotten',
  'PostgreSQL immediate',
  'restore of a copy',
] as const satisfies readonly Blow[];

function first(prng: Prng, index: number): Blow {
  const turned = prng.fork('order').int(0, FIRST.length - 1);
  return FIRST[(turned + index) % FIRST.length] ?? 'kill -9';
}

function lengthOf(kind: Blow, prng: Prng): number {
  switch (kind) {
    case 'kill -9':
    case 'kill -9 all':
      return prng.int(0, 3_000);
    case 'SIGSTOP':
      return prng.int(...FREEZE_MS);
    case 'database half-open':
    case 'database forgotten':
      return prng.int(2_000, 15_000);
    case 'database slow':
      return prng.int(2_000, 6_000);
    case 'PostgreSQL immediate':
      return prng.int(0, 4_000);
    case 'database cut':
    case 'restore of a copy':
    case 'restore of the first copy':
      return 0;
  }
}

type Copy = 'first' | 'latest';

/** Breaks things, and remembers what was broken and what a restore has taken back. */
export class Breaker {
  readonly #site: Site;
  readonly #say: (text: string) => void;
  readonly #fail: (text: string) => void;
  readonly #running = new Set<Promise<void>>();
  /** Blows that were done, to the end of each. */
  readonly counts = new Map<Blow, number>();
  readonly restores: Restore[] = [];
  /** The database is stopped, copied and replaced by one at a time. */
  #database: Promise<void> = Promise.resolve();
  /** When each copy was made. */
  readonly #copies = new Map<Copy, number>();
  cloudFaults = 0;

  /** `fail` hears of every blow that could not be done. */
  constructor(site: Site, say: (text: string) => void, fail: (text: string) => void) {
    this.#site = site;
    this.#say = say;
    this.#fail = fail;
  }

  /** Makes the copy that later restores go back to, and keeps the first. The server is stopped for it, in order. */
  async copy(): Promise<void> {
    await this.#alone(async () => {
      const { postgres } = this.#site;
      const copiedAt = Date.now();
      await postgres.stop('fast');
      for (const name of this.#copies.has('first') ? (['latest'] as const) : (['first', 'latest'] as const)) {
        postgres.copy(name);
        this.#copies.set(name, copiedAt);
      }
      await postgres.start();
    });
  }

  /**
   * Begins a blow, which may go on while the next one comes; it counts once it is done, and `fail` hears if it could not be. False: it would
   * hit nobody just now, and nothing was begun.
   */
  strike(planned: PlannedBlow): boolean {
    const blow = this.#aimed(planned);
    if (blow === null) return false;
    const { kind, forMs, everywhere, whom } = blow;
    const target = kind.startsWith('database') ? (everywhere ? 'of all brokers' : `of broker-${whom + 1}`) : '';
    const name = kind === 'kill -9' || kind === 'SIGSTOP' ? `broker-${whom + 1}` : target;
    this.#say([kind, name, forMs === 0 ? '' : `for ${(forMs / 1_000).toFixed(1)} s`].filter(Boolean).join(' '));
    const done = this.#do(blow)
      .then(
        () => void this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1),
        (error: unknown) => this.#fail(`${kind} could not be done: ${String(error)}`),
      )
      .finally(() => this.#running.delete(done));
    this.#running.add(done);
    return true;
  }

  /** The blow on whom it was drawn for, or on the next one that it can hit; `null`: on nobody. */
  #aimed(blow: PlannedBlow): PlannedBlow | null {
    const { brokers, networks } = this.#site;
    const canHit = (whom: number): boolean => {
      switch (blow.kind) {
        case 'kill -9':
        case 'kill -9 all':
          return brokers[whom]?.isUp === true;
        case 'SIGSTOP':
          return brokers[whom]?.isAwake === true;
        case 'database cut':
        case 'database half-open':
        case 'database forgotten':
        case 'database slow':
          return (networks[whom]?.connections ?? 0) > 0;
        // There is one of it, and a blow waits until the one before has set it up again.
        case 'PostgreSQL immediate':
        case 'restore of a copy':
        case 'restore of the first copy':
          return true;
      }
    };
    const whom = brokers.map((_, index) => (blow.whom + index) % brokers.length).find(canHit);
    return whom === undefined ? null : { ...blow, whom };
  }

  /** What clouds do to their callers, for a while: only to the brokers' calls, never to the tries of saved credentials. */
  async troubleCloud(prng: Prng): Promise<void> {
    const kind = prng.pick(['throttle', 'unavailable', 'delay', 'drop-before', 'drop-after'] as const);
    const times = prng.int(1, FAULTS_IN_A_ROW);
    // Later than the broker waits for: the call is given up, and lands nevertheless.
    const delayMs = kind === 'delay' ? prng.int(500, 7_000) : 0;
    const faults: Fault[] = SERVICES.map((calls) => ({
      ...calls,
      // What schedules do is AWS's own.
      from: 'client',
      kind,
      times,
      ...(delayMs === 0 ? {} : { delayMs }),
    }));
    this.cloudFaults += 1;
    this.#say(`cloud: ${kind}${delayMs === 0 ? '' : ` of ${(delayMs / 1_000).toFixed(1)} s`} for ${times} calls`);
    await this.#site.cloud.setFaults(faults);
    await this.#site.azure.setFaults([{ service: 'arm', kind, times, ...(delayMs === 0 ? {} : { delayMs }) }]);
  }

  /** Waits for what is under way, and takes everything back that was broken. */
  async heal(): Promise<void> {
    await Promise.all(this.#running);
    await this.#database;
    await this.#site.cloud.setFaults([]);
    await this.#site.azure.setFaults([]);
    // What was forgotten stays forgotten: brokers must find out by themselves, as they must in life.
    this.#site.networks.forEach((network) => network.heal('forgotten'));
    await this.#site.postgres.start();
    this.#site.brokers.forEach((broker) => broker.start());
  }

  async #do({ kind, whom, everywhere, forMs }: PlannedBlow): Promise<void> {
    const { brokers, networks, postgres } = this.#site;
    const hit = networks.filter((_, index) => everywhere || index === whom);
    switch (kind) {
      case 'kill -9':
        return brokers[whom]?.kill(forMs);
      case 'kill -9 all':
        return void (await Promise.all(brokers.filter(({ isUp }) => isUp).map((broker) => broker.kill(forMs))));
      case 'SIGSTOP':
        return brokers[whom]?.freeze(forMs);
      case 'database cut':
        return hit.forEach((network) => network.cut());
      case 'database half-open':
      case 'database forgotten':
        hit.forEach((network) => network.swallow());
        await pause(forMs);
        return hit.forEach((network) => network.heal(kind === 'database forgotten' ? 'forgotten' : 'reset'));
      case 'database slow':
        hit.forEach((network) => network.delay(Math.round(forMs / 20)));
        await pause(forMs);
        return hit.forEach((network) => network.delay(0));
      case 'PostgreSQL immediate':
        return this.#alone(async () => {
          await postgres.stop('immediate');
          await pause(forMs);
          await postgres.start();
        });
      case 'restore of a copy':
        return this.#restore('latest');
      case 'restore of the first copy':
        return this.#restore('first');
    }
  }

  #restore(name: Copy): Promise<void> {
    return this.#alone(async () => {
      const { postgres } = this.#site;
      const copiedAt = this.#copies.get(name);
      if (copiedAt === undefined) throw new Error('there is no copy to restore');
      const stoppedAt = Date.now();
      await postgres.stop('immediate');
      postgres.restore(name);
      // Restores go back, and never forward again to what an earlier one has taken away: nobody could tell that from a database that is whole.
      if (name === 'first') {
        postgres.copy('latest');
        this.#copies.set('latest', copiedAt);
      }
      await postgres.start();
      this.restores.push({ copiedAt, stoppedAt, restoredAt: Date.now() });
    });
  }

  #alone(work: () => Promise<void>): Promise<void> {
    const turn = this.#database.then(work);
    this.#database = turn.catch(() => {});
    return turn;
  }
}
