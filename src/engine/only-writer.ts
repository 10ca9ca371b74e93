import type { Act } from '../providers/contract.ts';
import type { GrantRecord } from '../store/grants.ts';
import { releaseCloudLock, takeCloudLock } from '../store/leases.ts';
import { bindingPlace, methodOf } from './binding-spec.ts';
import { PACE, type StepPorts } from './ports.ts';

/** How long to wait for another writer of the same thing in a cloud: a call or two. */
export const WRITER_MS = 100;

/** The right to be the only one who changes something that the cloud has no conditional write for. */
export interface OnlyWriter {
  /** Last before the call, so that the right outlives the longest call. False: somebody else writes there. */
  take(): Promise<boolean>;
  /** Whether somebody else wrote there when it was tried last. */
  busy(): boolean;
  release(): Promise<void>;
}

/** The only writer of what a grant's binding stands in, if its provider names one for this act (`Provider.exclusive`). */
export function onlyWriter(ports: StepPorts, grant: GrantRecord, act: Act): OnlyWriter {
  const key = methodOf(ports.providers, grant).provider.exclusive?.(bindingPlace(grant), act) ?? null;
  const owner = `${ports.owner}/${grant.id}`;
  let busy = false;
  return {
    async take() {
      busy = key !== null && !(await takeCloudLock(ports.db, key, owner, PACE.leaseMs));
      return !busy;
    },
    busy: () => busy,
    async release() {
      if (key !== null) await releaseCloudLock(ports.db, key, owner);
    },
  };
}
