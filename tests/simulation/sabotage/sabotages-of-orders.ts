import type { Sabotage } from './patch-source.ts';
import { manyOrders } from './storms.ts';

/** Deliberate bugs in the kill switch. */
export const SABOTAGED_ORDERS: readonly Sabotage[] = [
  {
    name: 'order-ends-once',
    what: 'an order ends what it finds, and nothing keeps more from starting',
    edits: [
      {
        file: 'src/operations/recheck-grant.ts',
        find: 'if (order !== null) return refused({ code:',
        replace: 'if (order === undefined) return refused({ code:',
      },
      {
        file: 'src/operations/request-access.ts',
        find: 'if (order !== null) {\n      const stopped',
        replace: 'if (order === undefined) {\n      const stopped',
      },
    ],
    caughtBy: ['orders'],
    weather: manyOrders,
    seed: 1,
  },
  {
    name: 'order-forgets-the-rest',
    what: 'what an order could not write down counts as told to end, and nobody takes it away',
    edits: [
      {
        file: 'src/operations/carry-out-revocation.ts',
        find: "    await Promise.all(covered.map((grant) => world.endUnrecorded(grant, 'revoked', by)));\n    return 'unrecorded';",
        replace: "    return 'ended';",
      },
    ],
    caughtBy: ['orders'],
    seed: 43,
  },
  {
    name: 'lifted-order-takes',
    what: 'a process that waited long for its database takes away what came after an order was lifted',
    edits: [
      {
        file: 'src/operations/carry-out-revocation.ts',
        find: "    const covered = standing === 'stands' ? batch : batch.filter((grant) => wasThereBefore(grant, order));",
        replace: '    const covered = batch;',
      },
      {
        file: 'src/operations/carry-out-revocation.ts',
        find: "    if (standing === 'lifted') return 'lifted';\n",
        replace: '',
      },
    ],
    caughtBy: ['ledger'],
    seed: 1450,
  },
  {
    name: 'zero-before-the-proof',
    what: 'an order is finished while some of what it ended is not proven gone',
    edits: [
      {
        file: 'src/store/revocations.ts',
        find: "where s.revocation_id = r.id and g.state not in ('ended', 'failed'))",
        replace: "where s.revocation_id = r.id and g.state not in ('ended', 'failed', 'ending'))",
      },
    ],
    caughtBy: ['orders'],
    seed: 5,
  },
  {
    name: 'zero-when-noticed',
    what: 'the time to zero runs until somebody notices that all is gone',
    edits: [
      {
        file: 'src/store/revocations.ts',
        find: 'set finished_at = greatest(r.started_at, (',
        replace: 'set finished_at = greatest(app_now(), (',
      },
    ],
    caughtBy: ['orders'],
    seed: 1,
  },
];
