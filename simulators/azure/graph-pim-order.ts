import { randomUUID } from 'node:crypto';
import { AzureError } from './azure-error.ts';
import { principal, type Principal } from './directory.ts';
import { ENTRA_ROLES } from './entra-roles.ts';
import { graphBody, notThere, type GraphCall, type GraphPorts } from './graph-call.ts';
import type { JsonBody } from './json-body.ts';
import type { PimOrder } from './pim-order.ts';
import { readExpiration, readMoment, readTicket } from './pim-words.ts';
import { membership, PIM_ACTIONS, type PimAccess, type PimAction, type PimTarget } from './pim-state.ts';

const refused = (code: string, message: string): AzureError => new AzureError(400, code, message);

/** What a body asks of PIM, about a group or a role of Entra. Throws what Graph says of what cannot be asked. */
export function readOrder(
  ports: GraphPorts,
  kind: 'group' | 'entra',
  access: PimAccess,
  call: GraphCall,
): { readonly order: PimOrder; readonly validationOnly: boolean } {
  const { tenant, claims } = call.caller;
  ports.pim.requireLicence(tenant);
  const body = graphBody(call);
  const action = readAction(body.text('action'));
  const principalId = body.text('principalId').toLowerCase();
  const named = kind === 'group' ? readGroup(body) : readRole(body);
  const schedule = body.optionalObject('scheduleInfo');
  const expiration = schedule?.optionalObject('expiration') ?? null;
  const words = {
    justification: body.optionalText('justification'),
    ...readTicket(body.optionalObject('ticketInfo')),
    customData: body.optionalText('customData'),
    condition: null,
    conditionVersion: null,
  };
  const validationOnly = body.flag('isValidationOnly');
  const startsAt = readMoment(schedule?.optionalText('startDateTime') ?? null);
  const end = expiration === null ? null : readExpiration(expiration);
  schedule?.ignore('recurrence');
  body.requireAllRead();
  const found = principal(tenant, principalId);
  if (found === null || found.readableAt > ports.now())
    throw refused('SubjectNotFound', `The subject '${principalId}' is not found.`);
  const target = named(call, found, access);
  // Nobody can sign in as one to activate it.
  if (access === 'eligible' && found.type === 'ServicePrincipal') throw invalid();
  const order: PimOrder = {
    target,
    chain: [target.scopeKey],
    principalType: found.type,
    action,
    id: randomUUID(),
    startsAt,
    expiration: end,
    meant: null,
    linked: null,
    words,
    requestorId: claims.oid,
    mfa: claims.amr?.includes('mfa') ?? false,
  };
  return { order, validationOnly };
}

const invalid = (): AzureError => refused('InvalidRoleAssignmentRequest', 'The role assignment request is invalid.');

/** Graph writes actions with a small letter. */
function readAction(sent: string): PimAction {
  const found = PIM_ACTIONS.find((one) => `${one.charAt(0).toLowerCase()}${one.slice(1)}` === sent);
  if (found === undefined) throw refused('BadRequest', `This simulator has no action '${sent}'.`);
  return found;
}

type Named = (call: GraphCall, holder: Principal, access: PimAccess) => PimTarget;

function readGroup(body: JsonBody): Named {
  const id = body.text('groupId').toLowerCase();
  const relation = body.text('accessId');
  if (relation !== 'member') throw refused('BadRequest', `This simulator has no accessId '${relation}'.`);
  return ({ caller: { tenant } }, holder, access) => {
    const group = principal(tenant, id);
    if (group?.type !== 'Group') throw notThere(id);
    if (group.dynamic || group.onPremisesSynced)
      throw refused('InvalidRoleAssignmentRequest', 'The group is dynamic or synchronized from on-premises.');
    return membership(tenant, group.id, access, holder.id);
  };
}

function readRole(body: JsonBody): Named {
  const role = body.text('roleDefinitionId').toLowerCase();
  const scope = body.text('directoryScopeId');
  if (scope !== '/') throw refused('BadRequest', `This simulator has no directoryScopeId '${scope}'.`);
  return ({ caller: { tenant } }, holder, access) => {
    if (!ENTRA_ROLES.some((one) => one.id === role)) throw refused('RoleNotFound', 'The role is not found.');
    if (holder.type === 'Group' && !holder.roleAssignable) throw invalid();
    return { kind: 'entra', access, tenant: tenant.id, scope, scopeKey: scope, role, principalId: holder.id };
  };
}
