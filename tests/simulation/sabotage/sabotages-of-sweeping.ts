import type { Sabotage } from './patch-source.ts';
import { earlyEnds } from './storms.ts';

/** Deliberate bugs in what ends access without a broker, and in what tells it that access is over. */
export const SABOTAGED_SWEEPING: readonly Sabotage[] = [
  {
    name: 'sweeps-what-is-live',
    what: 'the sweeper takes every lease for one that is over',
    edits: [
      {
        file: 'src/providers/aws/sweep-assignments.ts',
        find: '    if (after(ports.clock.now(), aheadMs) < after(leased.endsAt, CLOCK_TOLERANCE_MS)) {',
        replace: '    if (aheadMs === Infinity) {',
      },
      {
        file: 'src/providers/aws/sweep-assignments.ts',
        find: 'if (latest === null || after(ports.clock.now(), aheadMs) < after(latest.endsAt, CLOCK_TOLERANCE_MS)) return;',
        replace: 'if (latest === null) return;',
      },
    ],
    caughtBy: ['slots'],
    weather: earlyEnds,
    seed: 1,
  },
  {
    name: 'no-lease',
    what: 'nobody writes down for whoever sweeps when an assignment ends',
    edits: [
      {
        file: 'src/providers/aws/leases.ts',
        find: '      await bucket.put(key, signLease(signer, statement), call);\n',
        replace: '      void signLease(signer, statement);\n',
      },
    ],
    caughtBy: ['cloud'],
    weather: earlyEnds,
    seed: 2,
  },
  {
    name: 'lease-outlives-its-end',
    what: 'nobody forgets a lease, and the sweeper does not ask who assigned what it finds: it takes what somebody gave by hand',
    edits: [
      {
        file: 'src/providers/aws/identity-center-assignments.ts',
        find: '    for (const names of everybodyLeased(place, at)) await this.#leases.release(leaseSlot(names), call);\n',
        replace: '    void at;\n',
      },
      {
        file: 'src/providers/aws/identity-center-assignments.ts',
        find: '    for (const key of settled) await this.#leases?.remove(key, call);\n',
        replace: '',
      },
      {
        file: 'src/providers/aws/sweep-assignments.ts',
        find: '  for (const key of leased.keys) {',
        replace: '  for (const key of leased.keys.slice(0, 0)) {',
      },
      {
        file: 'src/providers/aws/sweep-assignments.ts',
        find: 'isSettled(ports, due) ? await assignedAfter(place, settledAt(endsAt)) : null;',
        replace: 'isSettled(ports, due) && endsAt === 0 ? await assignedAfter(place, settledAt(endsAt)) : null;',
      },
    ],
    caughtBy: ['slots'],
    weather: earlyEnds,
    seed: 1,
  },
  {
    name: 'sweeps-living-policies',
    what: 'the sweeper takes every timed policy for one that is over',
    edits: [
      {
        file: 'src/providers/aws/sweep-timed-policies.ts',
        find: "kind: now < after(endsAt, CLOCK_TOLERANCE_MS) ? 'live' : 'overdue'",
        replace: "kind: now < 0 ? 'live' : 'overdue'",
      },
    ],
    caughtBy: ['cloud', 'ledger'],
    weather: earlyEnds,
    seed: 1,
  },
];
