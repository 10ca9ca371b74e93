import type { Weather } from '../kernel/weather.ts';

/** Processes and answers of the database that stand still for longer than anything they hold is good for. */
export const stalls = (drawn: Weather): Weather => ({
  ...drawn,
  database: { ...drawn.database, delay: 0.2, delayMs: 120_000, down: [], full: [] },
  node: { ...drawn.node, pause: 0.002, pauseMs: 120_000, die: 0, blackout: null },
});

/** Most calls are given up, and land when nobody waits for them any more. */
export const lateCalls = (drawn: Weather): Weather => ({
  ...drawn,
  network: { ...drawn.network, late: 0.4, cut: 0.2, lose: 0, throttle: 0, forbid: 0 },
  cloud: { ...drawn.cloud, down: [] },
  node: { ...drawn.node, die: Math.min(drawn.node.die, 0.001), blackout: null },
});

/** The same, with people who ask and give back all the time. */
export const lateReturns = (drawn: Weather): Weather => ({
  ...lateCalls(drawn),
  people: { ...drawn.people, everyMs: 700, haste: 0.1, orders: 0 },
  network: { ...drawn.network, late: 0.3, cut: 0, lose: 0, throttle: 0, forbid: 0, delayMs: 20 },
  node: { ...drawn.node, die: 0, pause: 0, jumps: [], skewMs: drawn.node.skewMs.map(() => 0), blackout: null },
  rules: [],
});

/** Somebody takes schedules away all the time, then everybody is dead for half an hour, and all is looked at until long after. */
export const longAfter = (drawn: Weather): Weather => ({
  ...lateReturns(drawn),
  network: { ...drawn.network, late: 0, cut: 0, lose: 0, loseAnswer: 0, throttle: 0, forbid: 0, delayMs: 20 },
  cloud: { ...drawn.cloud, down: [], tamperEveryMs: 2_000 },
  center: { ...drawn.center, fails: 0 },
  database: { ...drawn.database, down: [], full: [] },
  node: { ...lateReturns(drawn).node, blackout: { from: 90_000, until: 90_000 + 30 * 60_000 } },
  afterwardsMs: 75 * 60_000,
});

/** Somebody with a console of their own gets in the way all the time, and little else does. */
export const meddling = (drawn: Weather): Weather => ({
  ...lateReturns(drawn),
  network: { ...drawn.network, late: 0, cut: 0, lose: 0, loseAnswer: 0, throttle: 0, forbid: 0, delayMs: 20 },
  cloud: { ...drawn.cloud, down: [], tamperEveryMs: 4_000 },
  database: { ...drawn.database, delay: 0, down: [], full: [] },
});

/** Much is given back and taken away long before its end, and little else happens. */
export const earlyEnds = (drawn: Weather): Weather => ({
  ...meddling(drawn),
  people: { ...drawn.people, everyMs: 700, haste: 0, orders: 0 },
  cloud: { ...drawn.cloud, down: [], tamperEveryMs: 0, room: 10_240 },
});

/** The same, of a database that often answers with an error. */
export const unreadable = (drawn: Weather): Weather => ({
  ...earlyEnds(drawn),
  database: { ...earlyEnds(drawn).database, failBefore: 0.1 },
});

/** What waits for people waits long, while rules come and go between two variants. */
export const undecided = (drawn: Weather): Weather => ({
  ...earlyEnds(drawn),
  people: { ...drawn.people, everyMs: 2_000, haste: 0, orders: 0 },
  rules: [1, 0, 1, 0, 1, 0].map((variant, n) => ({ at: (n + 1) * 30_000, variant })),
});

/** Somebody reaches for the kill switch all the time, and little else happens. */
export const manyOrders = (drawn: Weather): Weather => ({
  ...earlyEnds(drawn),
  people: { ...drawn.people, everyMs: 700, haste: 0, orders: 2.5 },
});

/** Calls are lost or refused all the time, lists are very late, no call lands late, and nobody dies or stands still. */
export const lostCalls = (drawn: Weather): Weather => ({
  ...drawn,
  people: { ...drawn.people, orders: 0 },
  network: {
    ...drawn.network,
    lose: 0.1,
    loseAnswer: 0,
    late: 0,
    cut: 0,
    repeat: 0,
    throttle: 0.05,
    forbid: 0,
    delayMs: 20,
  },
  cloud: { ...drawn.cloud, down: [], tamperEveryMs: 0 },
  center: { ...drawn.center, accountsDelayMs: [0, 25_000], fails: 0, fires: 0 },
  database: { ...drawn.database, delay: 0, down: [], full: [] },
  node: { ...drawn.node, die: 0, pause: 0, jumps: [], skewMs: drawn.node.skewMs.map(() => 0), blackout: null },
  rules: [],
});

/** AWS refuses or throttles every fourth call, at any place of what an act needs, and little else happens. */
export const refusals = (drawn: Weather): Weather => ({
  ...meddling(drawn),
  network: { ...lateReturns(drawn).network, late: 0, throttle: 0.15, forbid: 0.15 },
  cloud: { ...drawn.cloud, down: [], tamperEveryMs: 0 },
});

/** The same as meddling, more of it, by a cloud that takes its time to obey. */
export const slowToObey = (drawn: Weather): Weather => ({
  ...meddling(drawn),
  cloud: { ...drawn.cloud, down: [], tamperEveryMs: 3_000, propagationMs: 4_000 },
});

/** Everybody is dead for half an hour, and nobody else gets in the way. */
export const dark = (drawn: Weather): Weather => ({
  ...longAfter(drawn),
  cloud: { ...drawn.cloud, down: [], tamperEveryMs: 0 },
  center: { ...drawn.center, fails: 0, fires: 0 },
  afterwardsMs: 0,
});
