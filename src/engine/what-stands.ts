import { isOver } from '../core/grant.ts';
import type { GrantId } from '../core/ids.ts';
import type { JsonObject } from '../core/json.ts';
import type { Instant } from '../core/time.ts';
import { deadline } from '../platform/clock.ts';
import type { BindingSpec } from '../providers/contract.ts';
import { appNow } from '../store/database.ts';
import { findGrant, type GrantRecord } from '../store/grants.ts';
import { methodOf } from './binding-spec.ts';
import { PACE, type StepPorts } from './ports.ts';

/**
 * Looks what stands in the shared slot of a grant on which nothing was written for it. `theirs`: somebody else gave it; it is used as it is
 * and never removed. `left-by-us`: a grant gave it that a restored database does not know. `null`: nothing. `spec`: as of the time of the look.
 * Throws faults.
 */
export async function whatStands(
  ports: StepPorts,
  grant: GrantRecord,
  spec: (now: Instant) => BindingSpec,
): Promise<{ readonly whose: 'theirs' | 'left-by-us'; readonly native: JsonObject } | null> {
  const { provider } = methodOf(ports.providers, grant);
  const now = await appNow(ports.db);
  const seen = await provider.observe(spec(now), null, { now, ...deadline(ports.clock, PACE.callTimeoutMs) });
  if (seen.presence === 'absent') return null;
  const ours = seen.endWrittenFor !== undefined && !(await isKnownToBeOver(ports, seen.endWrittenFor));
  return { whose: ours ? 'left-by-us' : 'theirs', native: seen.native };
}

/** Whether a grant has ended, or failed, with proof: it has left nothing, so what stands beside an end that it wrote was given later. */
async function isKnownToBeOver({ db }: StepPorts, id: GrantId): Promise<boolean> {
  const grant = await findGrant(db, id);
  return grant !== null && isOver(grant.state);
}
