import type { Act } from '../providers/contract.ts';
import type { GrantRecord } from '../store/grants.ts';
import { bindingPlace, methodOf } from './binding-spec.ts';
import type { StepPorts } from './ports.ts';

/** How long to wait for another node that writes the same thing in a cloud: a call or two. */
export const WRITER_MS = 100;

/** The right to be the only one who changes something that the cloud has no conditional write for. */
export interface OnlyWriter {
  /** Last before the call, so that the right outlives the longest call. False: another node writes there. */
  take(): Promise<boolean>;
  /** Whether it was another node when it was tried last. */
  busy(): boolean;
  release(): Promise<void>;
}

/** The only writer of what a grant's binding stands in, if its provider names one for this act (`Provider.exclusive`). */
export function onlyWriter(ports: StepPorts, grant: GrantRecord, act: Act): OnlyWriter {
  const key = methodOf(ports.providers, grant).provider.exclusive?.(bindingPlace(grant), act) ?? null;
  let held = false;
  let busy = false;
  return {
    async take() {
      if (key === null || held) return true;
      held = await ports.writers.take(key);
      busy = !held;
      return held;
    },
    busy: () => busy,
    async release() {
      if (key !== null && held) await ports.writers.release(key);
      held = false;
    },
  };
}
