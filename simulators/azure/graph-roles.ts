import type { HttpAnswer } from '../shared/http-call.ts';
import { principal } from './directory.ts';
import { ENTRA_ROLES, GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR, type EntraRole } from './entra-roles.ts';
import {
  badRequest,
  context,
  graphBody,
  graphJson,
  graphNothing,
  notThere,
  type GraphCall,
  type GraphPorts,
  type GraphRow,
} from './graph-call.ts';
import { roleAssignmentId } from './graph-pim-shown.ts';
import { equalities, fits, selected, type Shown } from './graph-query.ts';
import { isMember, membersOf, writeMembership } from './memberships.ts';

const ROLES = '/roleManagement/directory';
const MANAGE = 'RoleManagement.ReadWrite.Directory';
const READ = [
  'RoleManagement.Read.Directory',
  'RoleManagement.Read.All',
  'Directory.Read.All',
  MANAGE,
  'Directory.ReadWrite.All',
];
const ADMINISTRATORS = [GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR];

/** Roles of Entra, and who holds them: without PIM, and so without an end. */
export const ROLE_ROWS: readonly GraphRow[] = [
  [`GET ${ROLES}/roleDefinitions`, READ, 'everybody', ['$filter', '$select'], (_, call) => listRoles(call)],
  [`GET ${ROLES}/roleDefinitions/{id}`, READ, 'everybody', ['$select'], (_, call, [id = '']) => getRole(id, call)],
  [`GET ${ROLES}/roleAssignments`, READ, ADMINISTRATORS, ['$filter'], (ports, call) => listAssignments(ports, call)],
  [`POST ${ROLES}/roleAssignments`, [MANAGE], ADMINISTRATORS, [], (ports, call) => assign(ports, call)],
  [
    `DELETE ${ROLES}/roleAssignments/{id}`,
    [MANAGE],
    ADMINISTRATORS,
    [],
    (ports, call, [id = '']) => unassign(ports, id, call),
  ],
];

const SHOWN = ['description', 'displayName', 'isBuiltIn', 'isEnabled', 'templateId', 'version'];
const shownRole = (one: EntraRole): Shown => ({
  id: one.id,
  description: one.displayName,
  displayName: one.displayName,
  isBuiltIn: true,
  isEnabled: true,
  templateId: one.id,
  version: '1',
});

function listRoles(call: GraphCall): HttpAnswer {
  const wanted = equalities(call.http, ['displayName']);
  const found = ENTRA_ROLES.map(shownRole).filter((one) => fits(one, wanted));
  const value = found.map((one) => selected(call.http, one, 'unifiedRoleDefinition', SHOWN));
  return graphJson({ ...context('roleManagement/directory/roleDefinitions'), value });
}

function getRole(id: string, call: GraphCall): HttpAnswer {
  const found = ENTRA_ROLES.find((one) => one.id === id.toLowerCase());
  if (found === undefined) throw notThere(id);
  return graphJson({
    ...context('roleManagement/directory/roleDefinitions/$entity'),
    ...selected(call.http, shownRole(found), 'unifiedRoleDefinition', SHOWN),
  });
}

const shownAssignment = (role: string, principalId: string): Shown => ({
  id: roleAssignmentId(role, principalId),
  principalId,
  directoryScopeId: '/',
  roleDefinitionId: role,
});

function listAssignments(ports: GraphPorts, call: GraphCall): HttpAnswer {
  const wanted = equalities(call.http, ['principalId', 'roleDefinitionId']);
  const { roleHolders } = call.caller.tenant;
  const all = ENTRA_ROLES.flatMap((role) =>
    membersOf(roleHolders, role.id, 'listed', ports.now()).map((holder) => shownAssignment(role.id, holder)),
  );
  return graphJson({
    ...context('roleManagement/directory/roleAssignments'),
    value: all.filter((one) => fits(one, wanted)),
  });
}

function assign(ports: GraphPorts, call: GraphCall): HttpAnswer {
  const { tenant } = call.caller;
  const body = graphBody(call);
  const role = body.text('roleDefinitionId').toLowerCase();
  const holder = principal(tenant, body.text('principalId'));
  const scope = body.text('directoryScopeId');
  body.ignore('@odata.type');
  body.requireAllRead();
  if (scope !== '/') throw badRequest(`This simulator has no directoryScopeId '${scope}'.`);
  if (!ENTRA_ROLES.some((one) => one.id === role)) throw notThere(role);
  if (holder === null) throw notThere('principalId');
  if (holder.type === 'Group' && !holder.roleAssignable)
    throw badRequest('The group is not one to which roles can be assigned.');
  if (isMember(tenant.roleHolders, role, holder.id, 'written', ports.now()))
    throw badRequest(
      'A conflicting object with one or more of the specified property values is present in the directory.',
    );
  writeMembership(ports, tenant.roleHolders, role, holder.id, true);
  return graphJson(
    { ...context('roleManagement/directory/roleAssignments/$entity'), ...shownAssignment(role, holder.id) },
    201,
  );
}

function unassign(ports: GraphPorts, id: string, call: GraphCall): HttpAnswer {
  const { tenant } = call.caller;
  const found = ENTRA_ROLES.flatMap((role) =>
    membersOf(tenant.roleHolders, role.id, 'written', ports.now()).map((holder) => ({ role: role.id, holder })),
  ).find((one) => roleAssignmentId(one.role, one.holder) === id.toLowerCase());
  if (found === undefined) throw notThere(id);
  const target = { kind: 'entra', access: 'active', tenant: tenant.id, scope: '/', scopeKey: '/' } as const;
  if (
    !ports.settings().pimLetsOthersRemove &&
    ports.pim.minds({ ...target, role: found.role, principalId: found.holder })
  )
    throw badRequest('The role assignment is managed by Privileged Identity Management.');
  writeMembership(ports, tenant.roleHolders, found.role, found.holder, false);
  return graphNothing;
}
