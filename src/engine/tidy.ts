import { appNow } from '../store/database.ts';
import { endedWithTraces } from '../store/grants.ts';
import { releaseCloudLock, takeCloudLock } from '../store/leases.ts';
import { bindingSpec } from './binding-spec.ts';
import { asFault } from './fault.ts';
import { faultFacts, PACE, type EnginePorts } from './ports.ts';

/** How long after an early end its traces are still looked for: what an engine that did not run for a week has missed is found as well. */
const LOOK_BACK_MS = 30 * 86_400_000;

/**
 * Removes what early ends have left in the clouds, once nothing needs it any more: entries in a role's revocation policy serve
 * until the last session that they deny has expired, and take up room that the role needs. The next early end of the same role
 * removes them too; this is for roles that have none. Goes through all roles once, one after the other, each under its writer's
 * lock; a role that somebody writes, or whose cloud does not answer, is left for the next time. Returns how many were made clean.
 */
export async function tidy(
  ports: Pick<EnginePorts, 'db' | 'clock' | 'providers' | 'node' | 'log'>,
  stopping: AbortSignal,
): Promise<number> {
  const { db, clock, log } = ports;
  let cleaned = 0;
  for (const grant of await endedWithTraces(db, LOOK_BACK_MS, leavingAtExpiry(ports.providers))) {
    const provider = ports.providers.get(grant.provider);
    if (stopping.aborted) break;
    if (provider?.tidy === undefined) continue;
    const spec = bindingSpec(grant);
    const lock = provider.exclusive?.(spec, 'tidy') ?? null;
    const owner = `${ports.node}/tidy`;
    const signal = clock.timeout(PACE.callTimeoutMs);
    if (lock !== null && !(await takeCloudLock(db, lock, owner, PACE.leaseMs))) continue;
    try {
      const { removed, left } = await provider.tidy(spec, { now: await appNow(db), signal });
      if (removed) cleaned += 1;
      if (removed) log.info({ role: grant.definition.role.name, target: grant.definition.target.key, left }, 'tidied');
    } catch (error) {
      const fault = asFault(error);
      if (fault === null) throw error;
      log.warn({ grant: grant.id, ...faultFacts(fault) }, 'could not remove what an early end has left');
    } finally {
      if (lock !== null) await releaseCloudLock(db, lock, owner);
    }
  }
  return cleaned;
}

/** Methods that leave something in the cloud when a grant ends at its time, too. */
function leavingAtExpiry(providers: EnginePorts['providers']): readonly string[] {
  return [...providers.values()].flatMap((provider) =>
    Object.values(provider.methods).flatMap(({ method, leavesAtExpiry }) => (leavesAtExpiry === true ? method : [])),
  );
}
