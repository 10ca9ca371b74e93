import { repeat } from '../platform/repeat.ts';
import { lookAfterRestore } from './look-after-restore.ts';
import type { EnginePorts } from './ports.ts';
import { tidy } from './tidy.ts';

/** How often the traces of early ends are removed from the clouds; they are made to be removable at full hours. */
const TIDY_MS = 3_600_000;
/** How often it is asked whether there is access to be looked at because the database was restored. */
const LOOK_MS = 1_000;

/** What the engine does beside its lanes, until the signal fires. */
export async function upkeep(ports: EnginePorts, stopping: AbortSignal): Promise<void> {
  await Promise.all([
    repeat(TIDY_MS, stopping, ports.log, async () => void (await tidy(ports, stopping))),
    repeat(LOOK_MS, stopping, ports.log, async () => void (await lookAfterRestore(ports, stopping))),
  ]);
}
