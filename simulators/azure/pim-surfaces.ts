import type { AzureSettings } from './azure-settings.ts';
import type { Membership, Tenant } from './directory.ts';
import { isMember, writeMembership } from './memberships.ts';
import type { PimSurface } from './pim.ts';
import type { PimKind, PimTarget } from './pim-state.ts';
import type { RoleAssignment } from './role-assignment-state.ts';
import type { RoleAssignments } from './role-assignment-store.ts';
import { parseScope } from './scopes.ts';
import type { World } from './world.ts';

type Ports = {
  readonly world: World;
  readonly assignments: RoleAssignments;
  readonly settings: () => AzureSettings;
  readonly now: () => number;
};

/** What PIM assigns is the same as what is assigned without it: authorization does not ask who did. */
export const pimSurfaces = (ports: Ports): Readonly<Record<PimKind, PimSurface>> => ({
  arm: roleAssignments(ports),
  group: listed(
    ports,
    (tenant) => tenant.memberships,
    (target) => target.scopeKey,
  ),
  entra: listed(
    ports,
    (tenant) => tenant.roleHolders,
    (target) => target.role,
  ),
});

/** The role assignment that stands for a target, whoever made it, or null. */
export const assignmentOf = (assignments: RoleAssignments, target: PimTarget): RoleAssignment | null =>
  assignments
    .allWritten()
    .find(
      (one) =>
        one.tenant === target.tenant &&
        one.scopeKey === target.scopeKey &&
        one.roleDefinition === target.role &&
        one.principalId === target.principalId,
    ) ?? null;

function roleAssignments({ assignments, now, world }: Ports): PimSurface {
  const onManagementGroup = (target: PimTarget): boolean => !target.scopeKey.startsWith('/subscriptions/');
  return {
    canGive: (target) => {
      const scope = parseScope(target.scope);
      return scope !== null && world.estate.isThere(scope);
    },
    has: (target) => assignmentOf(assignments, target) !== null,
    give: (schedule) =>
      assignments.write(
        schedule.id,
        {
          name: schedule.id,
          tenant: schedule.tenant,
          scope: schedule.scope,
          scopeKey: schedule.scopeKey,
          roleDefinition: schedule.role,
          principalId: schedule.principalId,
          principalType: schedule.principalType,
          condition: schedule.condition,
          conditionVersion: schedule.conditionVersion,
          description: null,
          createdOn: now(),
          updatedOn: now(),
          createdBy: '',
          updatedBy: '',
        },
        onManagementGroup(schedule),
      ),
    take: (target) => {
      const found = assignmentOf(assignments, target);
      if (found !== null) assignments.write(found.name, null, onManagementGroup(target));
    },
  };
}

function listed(
  ports: Ports,
  listOf: (tenant: Tenant) => Membership[],
  groupOf: (target: PimTarget) => string,
): PimSurface {
  const write = (target: PimTarget, inside: boolean): void => {
    const tenant = ports.world.tenant(target.tenant);
    if (tenant === null || has(target) === inside) return;
    writeMembership(ports, listOf(tenant), groupOf(target), target.principalId, inside);
  };
  const has = (target: PimTarget): boolean => {
    const tenant = ports.world.tenant(target.tenant);
    return tenant !== null && isMember(listOf(tenant), groupOf(target), target.principalId, 'written', ports.now());
  };
  return {
    canGive: () => true,
    has,
    give: (schedule) => write(schedule, true),
    take: (target) => write(target, false),
  };
}
