import { toIso } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { ProviderFault, type BindingSpec, type Plan, type Quota } from '../contract.ts';
import { IDENTITY_CENTER } from './capabilities.ts';
import { Assignments } from './identity-center-assignments.ts';
import {
  createIdentityCenterClient,
  type IdentityCenterCaller,
  type IdentityCenterPlace,
} from './identity-center-client.ts';
import { IdentityCenterDirectory } from './identity-center-directory.ts';
import { Operations } from './identity-center-operations.ts';
import { assignmentNames, resolveAssignment, type AssignmentPlace } from './identity-center-place.ts';
import { CALLS_PER_SECOND, CallQuota } from './identity-center-quota.ts';
import { endSchedules, scheduleName } from './identity-center-schedule.ts';
import type { Leases } from './leases.ts';
import type { AwsMethod } from './method.ts';
import { wholeSecond, type Partition } from './names.ts';

/** Everything about one IAM Identity Center that a process shares: its quota, and what is known to run there. */
export function openIdentityCenter(
  place: IdentityCenterPlace,
  ports: {
    readonly caller: IdentityCenterCaller;
    readonly partition: Partition;
    readonly clock: Clock;
    /** `null`: no sweeper reads what would be written. */
    readonly leases: Leases | null;
  },
) {
  const { clock, leases } = ports;
  const client = createIdentityCenterClient(place, ports.caller, new CallQuota(clock, place.limits?.callsPerSecond));
  const directory = new IdentityCenterDirectory(client, clock);
  const schedules = endSchedules(client, ports.partition);
  const operations = new Operations(client, clock, place.limits?.outstanding);
  return {
    place,
    directory,
    schedules,
    assignments: new Assignments({ directory, schedules, operations, leases, clock }),
  };
}

/**
 * Each grant is an account assignment of a permission set to the person's own user. The cloud has one place for it that carries no end,
 * so a schedule that deletes it is written first: it ends even if all of us are gone. Making and removing take AWS seconds; no call here waits
 * for that, the engine comes back and looks. Nothing is handed out.
 */
export function identityCenter(
  partition: Partition,
  center: { readonly place: IdentityCenterPlace; readonly assignments: Assignments } | null,
): AwsMethod {
  const where = center?.place ?? null;
  const resolve = (spec: BindingSpec): { readonly place: AssignmentPlace; readonly at: Assignments } => {
    const found = resolveAssignment(where, spec);
    if (!found.ok) throw new ProviderFault('invalid', found.refusal.message);
    if (center === null) throw new ProviderFault('invalid', 'There is no IAM Identity Center here');
    return { place: found.value, at: center.assignments };
  };
  return {
    capabilities: IDENTITY_CENTER,
    plan: (wanted) => plan(where, wanted),
    provision: async (wanted, call) => {
      const { place, at } = resolve(wanted);
      if (call.now >= wanted.endsAt)
        throw new ProviderFault('invalid', `The grant ${wanted.grant} ended at ${toIso(wanted.endsAt)}`);
      return at.provision(place, wanted, call);
    },
    observe: async (binding, ending, call) => {
      const { place, at } = resolve(binding);
      return at.observe(place, binding, ending, call);
    },
    revoke: async (binding, _ending, _rung, call) => {
      const { place, at } = resolve(binding);
      await at.revoke(place, binding, call);
    },
    // AWS changes one assignment of a permission set in an account at a time, and refuses whoever comes meanwhile.
    exclusive: (binding) => {
      const found = resolveAssignment(where, binding);
      return found.ok ? `${partition}:${found.value.account}:permission-set/${found.value.permissionSet}` : null;
    },
    quota: () => (where === null ? null : quotaOf(where)),
    sharedPlace: (wanted) => {
      const found = resolveAssignment(where, wanted);
      if (!found.ok) throw new ProviderFault('invalid', found.refusal.message);
      return assignmentNames(where, found.value);
    },
    issueCredential: ({ grant }) =>
      Promise.reject(
        new ProviderFault(
          'invalid',
          `Nothing is handed out under ${grant}: its holder signs in to IAM Identity Center`,
        ),
      ),
    landing: (binding) => {
      const found = resolveAssignment(where, binding);
      if (!found.ok) return null;
      const { userName, permissionSet, account } = found.value;
      const identity = `${userName} in IAM Identity Center, ${permissionSet} in ${account}`;
      const words = `The access lands on your own user: ${identity}. Sign in with "aws sso login", or in the access portal.`;
      return { identity, words };
    },
    tidy: async (binding, call) => {
      const { place, at } = resolve(binding);
      return { removed: await at.tidy(place, binding, call), left: 0 };
    },
  };
}

/** What one assignment takes of the rate that the whole instance has, be it made or removed: a change, and looks until it is done. */
function quotaOf(where: IdentityCenterPlace): Quota {
  const perSecond = where.limits?.callsPerSecond ?? CALLS_PER_SECOND;
  return { key: `aws:sso-admin:${where.account}`, perSecond, burst: perSecond, calls: 5 };
}

function plan(center: IdentityCenterPlace | null, wanted: BindingSpec): Plan {
  const found = resolveAssignment(center, wanted);
  if (!found.ok) return { ok: false, ...found.refusal };
  const { account, permissionSet, userName } = found.value;
  const words =
    `Write the schedule ${scheduleName(wanted.slot)}, which removes the assignment at ${wholeSecond(wanted.endsAt)} even if Curfew is gone; ` +
    `then assign the permission set ${permissionSet} in ${account} to ${userName}`;
  return { ok: true, words, policyHash: null };
}
