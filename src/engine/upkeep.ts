import { repeat } from '../platform/repeat.ts';
import { takeCloudLock } from '../store/leases.ts';
import { lookAfterRestore } from './look-after-restore.ts';
import type { EnginePorts } from './ports.ts';
import { tidy } from './tidy.ts';

/** How often the traces of early ends are removed from the clouds; they are made to be removable at full hours. */
const TIDY_MS = 3_600_000;
/** How often it is asked whether there is access to be looked at because the database was restored. */
const LOOK_MS = 1_000;

/** The right to go through what ends have left, which one process has at a time. */
const TIDYING = 'upkeep/tidy';

/**
 * Goes through what ends have left, unless this or another process has done so within the hour: also one that is gone since, so that nobody
 * begins anew because somebody was started. Returns how many places were made clean.
 */
export async function tidyInTurn(ports: EnginePorts, stopping: AbortSignal): Promise<number> {
  const turn = () => takeCloudLock(ports.db, TIDYING, ports.node, TIDY_MS);
  return (await turn()) ? tidy(ports, stopping, turn) : 0;
}

/** What the engine does beside its lanes, until the signal fires. */
export async function upkeep(ports: EnginePorts, stopping: AbortSignal): Promise<void> {
  await Promise.all([
    repeat(TIDY_MS, stopping, ports.log, async () => void (await tidyInTurn(ports, stopping))),
    repeat(LOOK_MS, stopping, ports.log, async () => void (await lookAfterRestore(ports, stopping))),
  ]);
}
