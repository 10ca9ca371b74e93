import * as reads from '../operations/read-ledger.ts';
import type { World } from '../operations/world.ts';
import type { LedgerReads } from './ledger-port.ts';

/** The real reads of a world's log. `masterKey` opens personal values. */
export function ledgerReads(world: World, masterKey: Uint8Array): LedgerReads {
  return {
    entries: (actor, from, limit) => reads.exportEntries(world, actor, from, limit),
    checkpoints: (actor, from, limit) => reads.exportCheckpoints(world, actor, from, limit),
    latestCheckpoint: (actor) => reads.exportLatestCheckpoint(world, actor),
    proof: (actor, seq) => reads.exportProof(world, actor, seq),
    personal: (actor, seq) => reads.exportPersonal(world, masterKey, actor, seq),
    reconciliation: (actor, after, limit) => reads.exportReconciliation(world, actor, after, limit),
  };
}
