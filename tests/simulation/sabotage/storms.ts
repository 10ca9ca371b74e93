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
