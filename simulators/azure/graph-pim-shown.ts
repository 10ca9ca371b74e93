import type { Membership, Tenant } from './directory.ts';
import type { GraphPorts } from './graph-call.ts';
import type { Shown } from './graph-query.ts';
import { stableGuid } from './guid.ts';
import { membersOf } from './memberships.ts';
import type { PimAccess, PimRequest, PimSchedule } from './pim-state.ts';
import { shownMoment } from './pim-words.ts';

/** The id of the role assignment that somebody has by holding a role of Entra. */
export const roleAssignmentId = (role: string, principalId: string): string =>
  stableGuid('entra role assignment', role, principalId);

const small = (text: string): string => `${text.charAt(0).toLowerCase()}${text.slice(1)}`;

/** What names a target: of a group or of a role of Entra. */
const named = (one: { readonly kind: string; readonly scope: string; readonly role: string }): Shown =>
  one.kind === 'group'
    ? { accessId: one.role, groupId: one.scope }
    : { roleDefinitionId: one.role, directoryScopeId: one.scope, appScopeId: null };

/** The id of a schedule: in groups it begins with the group. */
const scheduleName = (
  one: { readonly kind: string; readonly scope: string; readonly role: string },
  id: string,
): string => (one.kind === 'group' ? `${one.scope}_${one.role}_${id}` : id);

/** A request as it is answered. */
export const shownRequest = (one: PimRequest): Shown => ({
  id: one.id,
  status: one.status,
  createdDateTime: shownMoment(one.createdOn),
  completedDateTime: shownMoment(one.completedOn),
  approvalId: one.status === 'PendingApproval' ? one.id : null,
  customData: one.customData,
  createdBy: { application: null, device: null, user: { displayName: null, id: one.requestorId } },
  action: small(one.action),
  isValidationOnly: false,
  justification: one.justification,
  principalId: one.principalId,
  ...named(one),
  targetScheduleId: scheduleName(one, one.scheduleId),
  scheduleInfo:
    one.expiration === null
      ? null
      : {
          startDateTime: shownMoment(one.startsAt),
          recurrence: null,
          expiration: { ...one.expiration, type: small(one.expiration.type) },
        },
  ticketInfo: { ticketNumber: one.ticketNumber, ticketSystem: one.ticketSystem },
});

/** What is there: one for each member or holder that lists show, whoever made them one; or each eligibility in force. */
export function shownInstances(
  ports: GraphPorts,
  kind: 'group' | 'entra',
  access: PimAccess,
  tenant: Tenant,
): readonly Shown[] {
  const schedules = ports.pim.schedules(kind, access, tenant.id);
  if (access === 'eligible') return schedules.filter((one) => one.since !== null).map((one) => eligibility(one));
  // Reported: PIM shows a group only once something was asked of it there.
  const asked = (['active', 'eligible'] as const).flatMap((one) => ports.pim.requests('group', one, tenant.id));
  const list: readonly Membership[] = kind === 'group' ? tenant.memberships : tenant.roleHolders;
  const all = kind === 'group' ? asked.map((one) => one.scope) : list.map((one) => one.group);
  const groups = [...new Set(all)];
  return groups.flatMap((group) =>
    membersOf(list, group, 'listed', ports.now()).map((principalId) => {
      const own = { kind, scope: kind === 'group' ? group : '/', role: kind === 'group' ? 'member' : group };
      const found = schedules.find(
        (one) =>
          one.scope === own.scope && one.role === own.role && one.principalId === principalId && one.since !== null,
      );
      return assignment(own, principalId, found ?? null);
    }),
  );
}

function assignment(
  own: { readonly kind: 'group' | 'entra'; readonly scope: string; readonly role: string },
  principalId: string,
  schedule: PimSchedule | null,
): Shown {
  const id = scheduleName(own, schedule?.id ?? stableGuid(own.scope, own.role, principalId));
  return {
    id,
    principalId,
    ...named(own),
    startDateTime: shownMoment(schedule?.since ?? null),
    endDateTime: shownMoment(schedule?.endsAt ?? null),
    assignmentType: schedule?.assignmentType ?? 'Assigned',
    memberType: 'Direct',
    ...(own.kind === 'group'
      ? { assignmentScheduleId: id }
      : { roleAssignmentOriginId: roleAssignmentId(own.role, principalId), roleAssignmentScheduleId: id }),
  };
}

function eligibility(one: PimSchedule): Shown {
  const id = scheduleName(one, one.id);
  return {
    id,
    principalId: one.principalId,
    ...named(one),
    startDateTime: shownMoment(one.since),
    endDateTime: shownMoment(one.endsAt),
    memberType: 'Direct',
    ...(one.kind === 'group' ? { eligibilityScheduleId: id } : { roleEligibilityScheduleId: id }),
  };
}
