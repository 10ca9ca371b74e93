import { principal, type Tenant } from './directory.ts';
import type { ArmPorts } from './arm-call.ts';
import type { PimAccess, PimRequest, PimSchedule } from './pim-state.ts';
import { shownMoment } from './pim-words.ts';
import type { RoleAssignment } from './role-assignment-state.ts';
import { roleIdAt } from './role-assignments.ts';
import { parseScope } from './scopes.ts';

export type Shown = Readonly<Record<string, unknown>>;

const PROVIDER = '/providers/Microsoft.Authorization';

/** What PIM calls its lists, with the large letter that it begins types and ids with. */
export const typeOf = (access: PimAccess, list: 'Requests' | 's' | 'Instances'): string =>
  `Role${access === 'active' ? 'Assignment' : 'Eligibility'}Schedule${list}`;

const idOf = (scope: string, type: string, name: string): string =>
  `${scope === '/' ? '' : scope}${PROVIDER}/${type}/${name}`;

const resource = (scope: string, type: string, name: string, properties: Shown): Shown => ({
  properties,
  name,
  id: idOf(scope, type, name),
  type: `Microsoft.Authorization/${type}`,
});

type Subject = {
  readonly scope: string;
  readonly role: string;
  readonly principalId: string;
  readonly principalType: string;
};

/** Scope, role and holder: as ids, and as names. */
const subject = (ports: ArmPorts, tenant: Tenant, one: Subject): Shown => ({
  scope: one.scope,
  roleDefinitionId: roleIdAt(one.scope, one.role),
  principalId: one.principalId,
  principalType: one.principalType,
  expandedProperties: {
    scope: scopeOf(ports, one.scope),
    roleDefinition: roleOf(ports, tenant, one.scope, one.role),
    principal: holderOf(tenant, one.principalId),
  },
});

/** A scope as PIM expands it. */
export function scopeOf(ports: ArmPorts, id: string): Shown {
  const scope = parseScope(id);
  const { estate } = ports.world;
  switch (scope?.kind) {
    case 'subscription':
      return { id, displayName: estate.subscription(scope.subscription)?.displayName ?? '', type: 'subscription' };
    case 'managementGroup':
      return { id, displayName: estate.managementGroup(scope.name)?.displayName ?? '', type: 'managementgroup' };
    case 'resourceGroup':
      return { id, displayName: scope.resourceGroup, type: 'resourcegroup' };
    default:
      return { id, displayName: id.split('/').at(-1) ?? '', type: 'resource' };
  }
}

export function roleOf(ports: ArmPorts, tenant: Tenant, scope: string, role: string): Shown {
  const found = ports.world.role(tenant.id, role);
  return { id: roleIdAt(scope, role), displayName: found?.roleName ?? '', type: found?.type ?? '' };
}

function holderOf(tenant: Tenant, id: string): Shown {
  const found = principal(tenant, id);
  const mail = found?.type === 'User' ? { email: found.name } : {};
  return { id, displayName: found?.displayName ?? '', ...mail, type: found?.type ?? '' };
}

export function shownRequest(ports: ArmPorts, tenant: Tenant, one: PimRequest): Shown {
  const schedule = one.access === 'active' ? 'targetRoleAssignmentSchedule' : 'targetRoleEligibilitySchedule';
  return resource(one.scope, typeOf(one.access, 'Requests'), one.id, {
    ...subject(ports, tenant, one),
    [`${schedule}Id`]: one.scheduleId,
    [`${schedule}InstanceId`]: null,
    ...(one.access === 'active' ? { linkedRoleEligibilityScheduleId: one.linked } : {}),
    requestType: one.action,
    status: one.status,
    approvalId: one.status === 'PendingApproval' ? idOf('/', 'RoleAssignmentApprovals', one.id) : null,
    scheduleInfo:
      one.expiration === null ? null : { startDateTime: shownMoment(one.startsAt), expiration: one.expiration },
    ticketInfo: { ticketNumber: one.ticketNumber, ticketSystem: one.ticketSystem },
    justification: one.justification,
    requestorId: one.requestorId,
    createdOn: shownMoment(one.createdOn),
    condition: one.condition,
    conditionVersion: one.conditionVersion,
  });
}

export function shownSchedule(ports: ArmPorts, tenant: Tenant, one: PimSchedule, memberType: string): Shown {
  const type = typeOf(one.access, 's');
  const requests = typeOf(one.access, 'Requests');
  const request = `${requests.charAt(0).toLowerCase()}${requests.slice(1, -1)}Id`;
  return resource(one.scope, type, one.id, {
    ...subject(ports, tenant, one),
    [request]: idOf(one.scope, requests, one.requestId),
    ...(one.access === 'active'
      ? { linkedRoleEligibilityScheduleId: one.linked, assignmentType: one.assignmentType }
      : {}),
    status: one.since === null ? 'Granted' : 'Provisioned',
    startDateTime: shownMoment(one.since ?? one.startsAt),
    endDateTime: shownMoment(one.endsAt),
    memberType,
    createdOn: shownMoment(one.createdOn),
    updatedOn: shownMoment(one.updatedOn),
    condition: one.condition,
    conditionVersion: one.conditionVersion,
  });
}

/** What stands for a role assignment: PIM knows an end of those that it made itself. */
export function shownAssignment(
  ports: ArmPorts,
  tenant: Tenant,
  one: RoleAssignment,
  schedule: PimSchedule | null,
  memberType: string,
): Shown {
  return resource(one.scope, typeOf('active', 'Instances'), one.name, {
    ...subject(ports, tenant, { ...one, role: one.roleDefinition }),
    originRoleAssignmentId: idOf(one.scope, 'roleAssignments', one.name),
    roleAssignmentScheduleId: idOf(one.scope, typeOf('active', 's'), schedule?.id ?? one.name),
    linkedRoleEligibilityScheduleId: schedule?.linked ?? null,
    linkedRoleEligibilityScheduleInstanceId: schedule?.linked ?? null,
    assignmentType: schedule?.assignmentType ?? 'Assigned',
    status: 'Provisioned',
    startDateTime: shownMoment(schedule?.since ?? null),
    endDateTime: shownMoment(schedule?.endsAt ?? null),
    memberType,
    createdOn: shownMoment(one.createdOn),
    condition: one.condition,
    conditionVersion: one.conditionVersion,
  });
}

export const shownEligibility = (ports: ArmPorts, tenant: Tenant, one: PimSchedule, memberType: string): Shown =>
  resource(one.scope, typeOf('eligible', 'Instances'), one.id, {
    ...subject(ports, tenant, one),
    roleEligibilityScheduleId: idOf(one.scope, typeOf('eligible', 's'), one.id),
    status: 'Provisioned',
    startDateTime: shownMoment(one.since),
    endDateTime: shownMoment(one.endsAt),
    memberType,
    createdOn: shownMoment(one.createdOn),
    condition: one.condition,
    conditionVersion: one.conditionVersion,
  });
