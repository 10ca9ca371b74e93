import type { AwsDefinition } from '../../core/role.ts';
import { toIso } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { ProviderFault, type Act, type BindingSpec, type Plan, type Quota } from '../contract.ts';
import { IDENTITY_CENTER, TOMBSTONE_RESIDUAL } from './capabilities.ts';
import { Assignments } from './identity-center-assignments.ts';
import {
  createIdentityCenterClient,
  type IdentityCenterCaller,
  type IdentityCenterPlace,
} from './identity-center-client.ts';
import { IdentityCenterDirectory } from './identity-center-directory.ts';
import { Operations, OUTSTANDING } from './identity-center-operations.ts';
import { assignmentNames, resolveAssignment, type AssignmentPlace } from './identity-center-place.ts';
import { CALLS_PER_SECOND, CallQuota } from './identity-center-quota.ts';
import { endSchedules, scheduleName } from './identity-center-schedule.ts';
import type { Leases } from './leases.ts';
import type { Method } from '../method.ts';
import { wholeSecond, type Partition } from './names.ts';
import { permissionSets } from './permission-sets.ts';
import { Tombstones } from './tombstones.ts';

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
  const client = createIdentityCenterClient(place, ports.caller, {
    quota: new CallQuota(clock, place.limits?.callsPerSecond),
    clock,
  });
  const directory = new IdentityCenterDirectory(client, clock);
  const schedules = endSchedules(client, ports.partition);
  const operations = new Operations(client, clock, place.limits?.outstanding);
  const tombstones = new Tombstones({ sets: permissionSets(client), directory, operations, clock });
  return {
    place,
    directory,
    schedules,
    tombstones,
    assignments: new Assignments({ directory, schedules, operations, leases, tombstones, clock }),
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
): Method {
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
    revoke: async (binding, ending, _rung, call) => {
      const { place, at } = resolve(binding);
      await at.revoke(place, binding, ending, call);
    },
    // AWS changes one assignment of a permission set in an account at a time, and refuses whoever comes meanwhile. A set that is itself
    // written has one writer wherever it is assigned: AWS knows no conditional write of its policy.
    exclusive: (binding) => {
      const found = resolveAssignment(where, binding);
      if (!found.ok) return null;
      const { account, permissionSet, tombstone } = found.value;
      return `${partition}:${tombstone ? (where?.account ?? '') : account}:permission-set/${permissionSet}`;
    },
    quota: (binding, act) => {
      const found = resolveAssignment(where, binding);
      return where === null || !found.ok ? [] : quotaOf(where, found.value, act);
    },
    residual: ({ role: { aws } }) => (hasTombstone(aws) ? TOMBSTONE_RESIDUAL : IDENTITY_CENTER.residual),
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
    forget: async (binding, call) => {
      const { place, at } = resolve(binding);
      await at.forget(place, binding, call);
    },
    tidy: async (binding, call) => {
      const { place, at } = resolve(binding);
      return { removed: await at.tidy(place, binding, call), left: 0 };
    },
  };
}

const hasTombstone = (aws: AwsDefinition | null): boolean =>
  aws?.method === 'identity-center' && aws.tombstone === true;

/** How long AWS takes for an operation: twenty a minute, one after the other, were measured (aws-iam-identity-center-extensions, Scaling.md). */
const OPERATION_MS = 3_000;

/**
 * What one assignment takes of AWS's rates: of the calls to the whole instance, a change, and looks until it is done, with a tombstone two
 * changes of the set more, and looks until the account knows; of what may run in the instance at once, and of the one that may run for its
 * account and permission set, each operation.
 */
function quotaOf(where: IdentityCenterPlace, place: AssignmentPlace, act: Act): readonly Quota[] {
  const {
    callsPerSecond = CALLS_PER_SECOND,
    outstanding = OUTSTANDING,
    operationMs = OPERATION_MS,
  } = where.limits ?? {};
  const { account, permissionSet, tombstone } = place;
  const calls = { perSecond: callsPerSecond, burst: callsPerSecond, calls: tombstone ? 12 : 5 };
  const changes = act === 'move-end' || act === 'tidy' ? 0 : 1;
  // A tombstone that stands already is all that an expiry needs.
  const operations = changes + (tombstone && act !== 'expire' ? 1 : 0);
  const rates: readonly Quota[] = [{ key: `aws:sso-admin:${where.account}`, ...calls }];
  if (operations === 0) return rates;
  const perSecond = 1_000 / operationMs;
  return [
    ...rates,
    {
      key: `aws:sso-operations:${where.account}`,
      perSecond: perSecond * outstanding,
      burst: outstanding - 1,
      calls: operations,
    },
    { key: `aws:sso-set:${account}:${permissionSet}`, perSecond, burst: 0, calls: operations },
  ];
}

function plan(center: IdentityCenterPlace | null, wanted: BindingSpec): Plan {
  const found = resolveAssignment(center, wanted);
  if (!found.ok) return { ok: false, ...found.refusal };
  const { account, permissionSet, userName, tombstone } = found.value;
  const denial = `put a denial from then on into the permission set, if it has room, and bring it to ${account}; `;
  const words =
    `Write the schedule ${scheduleName(wanted.slot)}, which removes the assignment at ${wholeSecond(wanted.endsAt)} even if Curfew is gone; ` +
    `${tombstone ? denial : ''}then assign the permission set ${permissionSet} in ${account} to ${userName}`;
  return { ok: true, words, policyHash: null };
}
