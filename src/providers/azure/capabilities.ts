import type { AzureRbac } from '../../core/role.ts';
import type { Target } from '../../core/target.ts';
import { CLOCK_TOLERANCE_MS } from '../calling.ts';
import type { EndedBy, MethodCapabilities, Residual } from '../contract.ts';

/** How long Resource Manager takes, at most, to obey a change of a role assignment (role-based-access-control/troubleshooting.md). */
export const ROLE_CHANGE_MS = 600_000;

/**
 * How long a call that we gave up on may still come to anything. Resource Manager answers or drops a request within a minute (its own limit for
 * a synchronous call); what it has written at last needs some seconds more until lists show it.
 */
export const ABANDONED_CALL_MS = 65_000;

/** Token buckets of Resource Manager, for each subscription and caller (azure-resource-manager, request-limits-and-throttling.md). */
export const READS = { perSecond: 25, burst: 249 };
export const WRITES = { perSecond: 10, burst: 199 };
export const DELETES = { perSecond: 10, burst: 199 };

const TEN_MINUTES = 'Azure takes up to ten minutes to obey that everywhere.';
const GOES_ON =
  'Tokens do not prolong it: Azure looks at assignments at each call. Keys, tokens and signatures of other services that the role let its holder ' +
  'read or make go on until somebody changes them, and so does what was started.';

/** What `method: rbac` promises for most roles: nobody but us ends it. */
export const RBAC: MethodCapabilities = {
  method: 'rbac',
  slot: 'shared',
  endedBy: 'broker',
  cut: { possible: true, withinMs: ROLE_CHANGE_MS },
  residual: {
    maxMs: ROLE_CHANGE_MS,
    words: `At its end the role assignment is deleted, and ${TEN_MINUTES} While Curfew is gone its sweeper ends it, where one runs. ${GOES_ON}`,
  },
  shortestDurationMs: 60_000,
  earliestRemovalMs: 0,
  // Whoever is new to a role may have to wait as long; that it is listed shows sooner.
  settleMs: ROLE_CHANGE_MS,
  abandonedCallMs: ABANDONED_CALL_MS,
  proofAtExpiry: 'observed',
  rungs: ['Delete the role assignment'],
};

/** What `method: pim` promises: PIM ends it, as long as the tenant pays for it. */
export const PIM: MethodCapabilities = {
  ...RBAC,
  method: 'pim',
  endedBy: 'cloud',
  // PIM takes nothing away in the first five minutes.
  cut: { possible: true, withinMs: ROLE_CHANGE_MS + 300_000 },
  residual: {
    maxMs: ROLE_CHANGE_MS + 300_000,
    words:
      'At its end Privileged Identity Management takes the role assignment away, even when Curfew is gone, as long as the tenant has its licence: where that ' +
      `lapses, Azure makes the assignment permanent, and Curfew deletes it. An end in the first five minutes waits for the sixth. ${TEN_MINUTES} ${GOES_ON}`,
  },
  // It has to be five minutes at least when it is asked for, and may be asked for late.
  shortestDurationMs: 600_000,
  earliestRemovalMs: 300_000,
  rungs: [
    'Ask Privileged Identity Management to take the assignment away; where it has no licence any more, delete the role assignment',
  ],
};

/** Who ends a grant of a role while Curfew is gone: Azure, where nothing is left of the assignment that changes anything. */
export function endedBy({ nativeEnd }: AzureRbac): EndedBy {
  return nativeEnd?.whole === true ? 'cloud' : 'broker';
}

/** What can survive the end of a grant of a role at a target. */
export function residualOf(definition: AzureRbac, { kind }: Pick<Target, 'kind'>): Residual {
  const { nativeEnd } = definition;
  if (kind === 'management-group') {
    const itself =
      nativeEnd === null
        ? 'While Curfew is gone its sweeper ends it, where one runs.'
        : 'Data actions end at the end by themselves, by a condition, even when Curfew is gone.';
    return {
      maxMs: null,
      words:
        `At its end the role assignment is deleted, and ${TEN_MINUTES} For data actions that come from a management group it takes several hours, for ` +
        `which Azure gives no bound. ${itself} ${GOES_ON}`,
    };
  }
  if (nativeEnd === null) return RBAC.residual;
  const seconds = CLOCK_TOLERANCE_MS / 1_000;
  const left = nativeEnd.whole
    ? 'What is left then can read no more than the names of what there is.'
    : 'What else the role may, such as to make and delete containers, goes on until the assignment is deleted.';
  return {
    maxMs: ROLE_CHANGE_MS,
    words:
      `At its end Azure refuses all access to the data, to the second of its own clock (at most ${seconds} s from ours, or nothing is given), even when ` +
      `Curfew is gone. ${left} After an early end the assignment is deleted, and ${TEN_MINUTES} ${GOES_ON}`,
  };
}
