import { PACE, type StepPorts } from '../../src/engine/ports.ts';
import { Writers } from '../../src/engine/writers.ts';
import { recheckGrant } from '../../src/operations/recheck-grant.ts';
import type { Db } from '../../src/store/schema.ts';
import type { AcmeOperations } from './acme-operations.ts';

/** The ports of one step of the engine on any connection, for tests that take steps apart. */
export function stepPorts({ world }: AcmeOperations, db: Db, owner = 'one'): StepPorts {
  return {
    db,
    owner,
    claimed: null,
    writers: new Writers(db, world.clock, owner, { forMs: PACE.leaseMs, waitMs: PACE.writerMs }),
    node: owner,
    clock: world.clock,
    random: world.random,
    providers: world.providers,
    recheck: (grant) => recheckGrant(world, grant),
    append: world.append,
    publish: () => {},
    log: world.log,
  };
}
