import { AzureError } from './azure-error.ts';
import type { ArmCall, ArmPorts } from './arm-call.ts';
import { requireStorable } from './condition-rules.ts';
import { principal } from './directory.ts';
import { isGuid } from './guid.ts';
import { JsonBody } from './json-body.ts';
import type { PimOrder } from './pim-order.ts';
import { PIM_ACTIONS, type PimAccess, type PimAction } from './pim-state.ts';
import { readExpiration, readMoment, readTicket } from './pim-words.ts';
import { readRoleId, requireRole, requireRoom } from './role-assignments.ts';
import type { Scope } from './scopes.ts';

const refused = (code: string, message: string): AzureError => new AzureError(400, code, message);

/** What a body asks of PIM at a scope. Whether it can be done is asked by `requirePossible`, after the caller's rights. */
export function readOrder(scope: Scope, name: string, access: PimAccess, call: ArmCall): PimOrder {
  if (!isGuid(name))
    throw refused('InvalidRoleAssignmentRequestId', `The request ID '${name}' is not valid. It must be a GUID.`);
  const { tenant, claims } = call.caller;
  const body = JsonBody.parse(call.http.body);
  const properties = body.object('properties');
  body.ignore('id', 'name', 'type');
  const role = readRoleId(properties.text('roleDefinitionId'));
  const principalId = properties.text('principalId').toLowerCase();
  const action = readAction(properties.text('requestType'));
  const schedule = properties.optionalObject('scheduleInfo');
  const expiration = schedule?.optionalObject('expiration') ?? null;
  const linked = properties.optionalText('linkedRoleEligibilityScheduleId');
  const meant = properties.optionalText('targetRoleAssignmentScheduleId');
  if (properties.optionalText('targetRoleAssignmentScheduleInstanceId') !== null)
    throw refused('BadRequest', 'This simulator has no targetRoleAssignmentScheduleInstanceId.');
  const words = {
    justification: properties.optionalText('justification'),
    ...readTicket(properties.optionalObject('ticketInfo')),
    condition: properties.optionalText('condition'),
    conditionVersion: properties.optionalText('conditionVersion'),
    customData: null,
  };
  const startsAt = readMoment(schedule?.optionalText('startDateTime') ?? null);
  const end = expiration === null ? null : readExpiration(expiration);
  body.requireAllRead();
  return {
    target: { kind: 'arm', access, tenant: tenant.id, scope: scope.id, scopeKey: scope.key, role, principalId },
    chain: [],
    principalType: principal(tenant, principalId)?.type ?? 'User',
    action,
    id: name.toLowerCase(),
    startsAt,
    expiration: end,
    meant: meant?.split('/').at(-1)?.toLowerCase() ?? null,
    linked: linked?.split('/').at(-1)?.toLowerCase() ?? null,
    words,
    requestorId: claims.oid,
    mfa: claims.amr?.includes('mfa') ?? false,
  };
}

/** Resource Manager writes actions with a large letter. */
function readAction(sent: string): PimAction {
  const found = PIM_ACTIONS.find((one) => one === sent);
  if (found === undefined) throw refused('BadRequest', `This simulator has no requestType '${sent}'.`);
  return found;
}

/** The order with what is known about its scope. Throws for scopes, roles and people that are not there. */
export function requirePossible(ports: ArmPorts, scope: Scope, order: PimOrder, call: ArmCall): PimOrder {
  const { tenant } = call.caller;
  const { access, role, principalId } = order.target;
  ports.world.estate.requireThere(scope);
  ports.pim.requireLicence(tenant);
  const definition = requireRole(ports, tenant.id, role, scope);
  if (order.words.condition !== null)
    requireStorable(order.words.condition, order.words.conditionVersion ?? '2.0', definition);
  const found = principal(tenant, principalId);
  if (order.action === 'AdminAssign' && (found === null || found.knownAt > ports.now()))
    throw refused('SubjectNotFound', `The subject '${principalId}' is not found.`);
  // Nobody can sign in as one to activate it.
  if (access === 'eligible' && found?.type === 'ServicePrincipal')
    throw refused('InvalidRoleAssignmentRequest', 'The role assignment request is invalid.');
  if (access === 'active' && (order.action === 'AdminAssign' || order.action === 'SelfActivate'))
    requireRoom(ports, scope);
  return { ...order, chain: ports.world.estate.chain(scope) };
}
