import type { Prng } from './prng.ts';

/** A stretch of virtual time in which something does not work. */
export interface Window {
  readonly from: number;
  readonly until: number;
}

/**
 * What goes wrong in one run, and how often. Drawn for each seed anew: a run in which everything fails a little finds other
 * faults than one in which a single thing fails a lot (swarm testing).
 */
export interface Weather {
  readonly nodes: number;
  /** How long faults go on before everything is healed, milliseconds. */
  readonly stormMs: number;
  /** `haste`: how often somebody asks for a few seconds only; `orders`: how often somebody reaches for the kill switch. */
  readonly people: {
    readonly everyMs: number;
    readonly patienceMs: number;
    readonly haste: number;
    readonly orders: number;
  };
  readonly network: {
    /** Probabilities for each call. */
    readonly lose: number;
    readonly loseAnswer: number;
    readonly late: number;
    readonly cut: number;
    readonly repeat: number;
    readonly throttle: number;
    readonly forbid: number;
    readonly delayMs: number;
  };
  readonly cloud: {
    readonly down: readonly Window[];
    /** A read may answer with what stood there this long ago. */
    readonly staleMs: number;
    /** A change of a deny is obeyed this much later. */
    readonly propagationMs: number;
    /** Whether a binding is visible to the first look after it was made. */
    readonly settlesSlowly: boolean;
    /** Whether somebody has an assignment already that is not the broker's. */
    readonly standing: boolean;
    /** By how much the cloud's clock is ahead when it judges what carries its own end. */
    readonly skewMs: number;
    /** How often somebody edits or deletes by hand what the broker made; 0: never. */
    readonly tamperEveryMs: number;
    /** Characters of all inline policies of a role, or of a user if that is less. */
    readonly room: number;
  };
  /** IAM Identity Center and Scheduler, which do things in their own time: from … to, milliseconds. */
  readonly center: {
    readonly assignmentMs: readonly [number, number];
    readonly listDelayMs: readonly [number, number];
    /** Of the lists of which account has a permission set, and whether as it is now; only where roles write tombstones. */
    readonly accountsDelayMs: readonly [number, number];
    readonly fireDelayMs: readonly [number, number];
    /** How often an operation fails when it comes to its end, and how often a schedule does not get through. */
    readonly fails: number;
    readonly fires: number;
  };
  readonly database: {
    readonly failBefore: number;
    /** For each statement of a transaction; everything before it is rolled back. */
    readonly failStatement: number;
    readonly failCommit: number;
    readonly loseCommitAnswer: number;
    readonly loseAnswer: number;
    readonly delay: number;
    readonly delayMs: number;
    readonly full: readonly Window[];
    readonly down: readonly Window[];
  };
  readonly node: {
    /** Probability of dying at each wait. */
    readonly die: number;
    readonly backAfterMs: number;
    readonly pause: number;
    readonly pauseMs: number;
    /** Difference of each node's clock to the true time, milliseconds. */
    readonly skewMs: readonly number[];
    /** Stretches in which the clock of a node is off by more, as after a wrong correction. */
    readonly jumps: readonly (Window & { readonly node: number; readonly byMs: number })[];
    /** Nobody is alive in this stretch: what ends then is ended by what stands in the cloud. `null`: there is none. */
    readonly blackout: Window | null;
    readonly pollMs: number;
    /** How soon a node looks again at work that is under way or that another node has. */
    readonly retryMs: number;
  };
  /** When the rules or the directory change, and to which variant, each node at its own moment. */
  readonly rules: readonly { readonly at: number; readonly variant: number }[];
  /** How long the world goes on when all is over: long enough for what is tidied away after an hour, or not at all. */
  readonly afterwardsMs: number;
}

const MINUTE = 60_000;
/** What the inline policies of a role may have together (IAM quotas). */
const ROOM = 10_240;

/** Draws what will go wrong. Times are relative to the start of the run. */
export function drawWeather(prng: Prng): Weather {
  const stormMs = prng.int(3, 5) * (MINUTE / 2);
  /** Half of the faults are absent from any one run, and now and then one of them rages. */
  const some = (most: number, rage: number) => (prng.chance(0.5) ? prng.next() * (prng.chance(0.2) ? rage : most) : 0);
  const windows = (probability: number, longestMs: number): Window[] => {
    if (!prng.chance(probability)) return [];
    return Array.from({ length: prng.int(1, 2) }, () => {
      const from = prng.int(10_000, stormMs);
      return { from, until: from + prng.int(1_000, Math.min(longestMs, stormMs / 2)) };
    });
  };
  const nodes = prng.int(2, 3);
  const darkFrom = prng.int(30_000, stormMs);
  const blackout = { from: darkFrom, until: darkFrom + prng.int(2, 6) * MINUTE };
  /** Processes and answers that stand still for longer than anything they hold is good for. */
  const stalls = prng.chance(0.3);
  return {
    nodes,
    stormMs,
    people: {
      everyMs: prng.int(1_000, 4_000),
      patienceMs: prng.int(1, 5) * MINUTE,
      haste: prng.pick([0.1, 0.3, 0.7]),
      orders: prng.pick([0, 0.8, 2.5]),
    },
    network: {
      lose: some(0.15, 0.6),
      loseAnswer: some(0.2, 0.6),
      late: some(0.25, 0.9),
      cut: some(0.15, 0.8),
      repeat: some(0.15, 0.8),
      throttle: some(0.2, 0.7),
      forbid: prng.chance(0.2) ? prng.next() * 0.1 : 0,
      delayMs: prng.pick([20, 200, 1_500]),
    },
    cloud: {
      down: windows(0.4, 3 * MINUTE),
      staleMs: prng.pick([0, 0, 300, 3_000]),
      propagationMs: prng.pick([0, 500, 4_000]),
      settlesSlowly: prng.chance(0.3),
      standing: prng.chance(0.3),
      skewMs: prng.int(-1_500, 1_500),
      tamperEveryMs: prng.pick([0, 5_000, 30_000]),
      room: prng.pick([ROOM, ROOM, 1_000]),
    },
    center: {
      assignmentMs: [prng.int(500, 2_000), prng.pick([2_000, 4_000, 20_000])],
      listDelayMs: [0, prng.pick([0, 1_000, 3_000])],
      accountsDelayMs: [0, 10_000],
      fireDelayMs: [0, 59_000],
      fails: some(0.3, 0.8),
      fires: some(0.3, 0.8),
    },
    database: {
      failBefore: some(0.03, 0.2),
      failStatement: some(0.01, 0.06),
      failCommit: some(0.05, 0.3),
      loseCommitAnswer: some(0.05, 0.3),
      loseAnswer: some(0.03, 0.2),
      delay: stalls ? 0.05 + prng.next() * 0.2 : some(0.1, 0.3),
      delayMs: stalls ? 120_000 : prng.pick([500, 3_000, 15_000]),
      full: windows(0.3, 2 * MINUTE),
      down: windows(0.2, MINUTE),
    },
    node: {
      die: prng.chance(0.7) ? prng.next() * 0.006 : 0,
      backAfterMs: prng.int(500, 30_000),
      pause: stalls || prng.chance(0.5) ? prng.next() * 0.002 : 0,
      pauseMs: stalls ? 120_000 : prng.pick([2_000, 12_000]),
      skewMs: Array.from({ length: nodes }, () => (prng.chance(0.3) ? prng.int(-6_000, 6_000) : prng.int(-400, 400))),
      jumps: windows(0.4, 2 * MINUTE).map((window) => ({
        ...window,
        node: prng.int(0, nodes - 1),
        byMs: prng.pick([-1, 1]) * prng.pick([1_500, 30_000, 5 * MINUTE]),
      })),
      blackout: prng.chance(0.15) ? blackout : null,
      pollMs: prng.int(2_000, 20_000),
      retryMs: prng.int(500, 4_000),
    },
    rules: Array.from({ length: prng.int(0, 5) }, () => ({ at: prng.int(15_000, stormMs), variant: prng.int(0, 4) })),
    afterwardsMs: prng.chance(0.1) ? 75 * MINUTE : 0,
  };
}

/**
 * People in more of a hurry, and at least a little of what goes wrong most often; but less of what keeps a broker from doing anything at
 * all: clocks that it does not trust, and orders that stop everything.
 */
export function thicken(weather: Weather): Weather {
  const { people, network, database, node } = weather;
  return {
    ...weather,
    people: { ...people, everyMs: Math.max(400, Math.round(people.everyMs / 2)), orders: 0 },
    network: {
      ...network,
      loseAnswer: Math.max(network.loseAnswer, 0.1),
      throttle: Math.max(network.throttle, 0.1),
    },
    database: { ...database, failCommit: Math.max(database.failCommit, 0.05) },
    node: {
      ...node,
      // Whoever dies all the time gets nothing done.
      die: Math.min(node.die, 0.001),
      skewMs: node.skewMs.map((skewMs) => Math.max(-400, Math.min(400, skewMs))),
      jumps: [],
    },
  };
}

/** Nothing goes wrong any more. */
export function heal(weather: Weather): Weather {
  return {
    ...weather,
    network: { lose: 0, loseAnswer: 0, late: 0, cut: 0, repeat: 0, throttle: 0, forbid: 0, delayMs: 50 },
    // Whoever owns a role that is full makes room when the alarm has told them: nothing else ends what has no room for its denial.
    cloud: { ...weather.cloud, down: [], staleMs: 0, settlesSlowly: false, room: ROOM },
    database: {
      failBefore: 0,
      failStatement: 0,
      failCommit: 0,
      loseCommitAnswer: 0,
      loseAnswer: 0,
      delay: 0,
      delayMs: 0,
      full: [],
      down: [],
    },
    node: { ...weather.node, die: 0, pause: 0, pauseMs: 0, skewMs: weather.node.skewMs.map(() => 0), jumps: [] },
    rules: [],
  };
}
