import type { Instant } from '../core/time.ts';
import type { Act } from '../providers/contract.ts';
import type { GrantRecord } from '../store/grants.ts';
import { triedBefore } from '../store/leases.ts';
import { takeAhead, takePlaces } from '../store/quotas.ts';
import { bindingPlace, methodOf } from './binding-spec.ts';
import type { StepPorts } from './ports.ts';

/**
 * When a start may call, if it has to wait for the rates that the cloud allows; `null`: at once. One that has waited already has its place.
 * Its clock has not started meanwhile, and whoever asked sees when it will.
 */
export async function waitsForQuota(ports: StepPorts, grant: GrantRecord): Promise<Instant | null> {
  if (grant.cellAt !== null) return null;
  return takePlaces(ports.db, quotaOf(ports, grant, 'provision'));
}

/**
 * Counts an act that waits for nobody, so that starts wait for it: ends go ahead of them in every rate. What is counted is the whole act with
 * all looks until it is done, so only its first attempt counts.
 */
export async function goAhead(ports: StepPorts, grant: GrantRecord, act: Act): Promise<void> {
  if (triedBefore('starts', grant) || triedBefore('ends', grant)) return;
  await takeAhead(ports.db, quotaOf(ports, grant, act));
}

function quotaOf(ports: StepPorts, grant: GrantRecord, act: Act) {
  return methodOf(ports.providers, grant).provider.quota?.(bindingPlace(grant), act) ?? [];
}
