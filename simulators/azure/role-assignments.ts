import type { HttpAnswer } from '../shared/http-call.ts';
import { json, moment, noContent, type ArmCall, type ArmPorts } from './arm-call.ts';
import { AzureError } from './azure-error.ts';
import { OWNER, type RoleDefinition } from './built-in-roles.ts';
import { requireStorable } from './condition-rules.ts';
import { principal } from './directory.ts';
import { GLOBAL_ADMINISTRATOR } from './entra-roles.ts';
import { isGuid } from './guid.ts';
import { JsonBody } from './json-body.ts';
import { entraRolesOf } from './memberships.ts';
import type { RoleAssignment } from './role-assignment-state.ts';
import type { Scope } from './scopes.ts';

const WRITE = 'Microsoft.Authorization/roleAssignments/write';
const DELETE = 'Microsoft.Authorization/roleAssignments/delete';
const TYPE = 'Microsoft.Authorization/roleAssignments';
/** Bytes of a description (limits.md: 2 KB). */
const DESCRIPTION_BYTES = 2 * 1024;
const PRINCIPAL_TYPES = ['User', 'Group', 'ServicePrincipal', 'ForeignGroup', 'Device'];

/** What a caller asks to be assigned. */
type Wanted = {
  readonly roleDefinition: string;
  readonly principalId: string;
  readonly principalType: string | null;
  readonly description: string | null;
  readonly condition: string | null;
  readonly conditionVersion: string | null;
};

/** Creates an assignment (201), or changes condition and description of the one that has the name (200). */
export function putAssignment(ports: ArmPorts, scope: Scope, name: string, call: ArmCall): HttpAnswer {
  if (!isGuid(name))
    throw new AzureError(
      400,
      'InvalidRoleAssignmentId',
      `The role assignment ID '${name}' is not valid. The role assignment ID must be a GUID.`,
    );
  const wanted = readWanted(call.http.body);
  const { tenant, claims } = call.caller;
  const known = principal(tenant, wanted.principalId);
  const principalType = wanted.principalType ?? known?.type ?? 'Unknown';
  ports.authorization.require(
    call.caller,
    // A type that is not said is not there for a condition that asks about it.
    { action: WRITE, scope, request: attributes(wanted) },
    `${scope.kind === 'root' ? '' : scope.id}/providers/${TYPE}/${name}`,
  );
  ports.world.estate.requireThere(scope);
  const role = requireRole(ports, tenant.id, wanted.roleDefinition, scope);
  if (wanted.condition !== null) requireStorable(wanted.condition, wanted.conditionVersion ?? '2.0', role);
  const old = ports.assignments.written(name);
  if (old !== null) requireSame(old, wanted, scope);
  else requireNew(ports, wanted, scope);
  requirePrincipal(ports, call, wanted);
  const now = ports.now();
  const assignment: RoleAssignment = {
    name: name.toLowerCase(),
    tenant: tenant.id,
    scope: scope.id,
    scopeKey: scope.key,
    roleDefinition: wanted.roleDefinition,
    principalId: wanted.principalId,
    principalType,
    condition: wanted.condition,
    conditionVersion: wanted.condition === null ? null : '2.0',
    description: wanted.description,
    createdOn: old?.createdOn ?? now,
    createdBy: old?.createdBy ?? claims.oid,
    updatedOn: now,
    updatedBy: claims.oid,
  };
  ports.assignments.write(name, assignment, isManagementGroup(scope));
  return json(shown(assignment), old === null ? 201 : 200);
}

/** 200 with what was deleted, 204 where nothing of the name is at the scope. */
export function deleteAssignment(ports: ArmPorts, scope: Scope, name: string, call: ArmCall): HttpAnswer {
  const written = ports.assignments.written(name);
  const found = written?.scopeKey === scope.key && written.tenant === call.caller.tenant.id ? written : null;
  const where = `${scope.kind === 'root' ? '' : scope.id}/providers/${TYPE}/${name}`;
  const decision = ports.authorization.decide(call.caller, {
    action: DELETE,
    scope,
    ...(found === null ? {} : { resource: attributes(found) }),
  });
  // Nothing is deleted, so there is nothing that a condition could look at.
  const harmless = found === null && decision === 'condition' && !ports.settings().absentDeleteRefused;
  if (decision !== 'allowed' && !harmless)
    ports.authorization.require(
      call.caller,
      { action: DELETE, scope, ...(found === null ? {} : { resource: attributes(found) }) },
      where,
    );
  ports.world.estate.requireThere(scope);
  if (found === null) return noContent;
  requireAnotherOwner(ports, found, call);
  requireUnminded(ports, found);
  ports.assignments.write(name, null, isManagementGroup(scope));
  return json(shown(found));
}

export function getAssignment(ports: ArmPorts, scope: Scope, name: string): HttpAnswer {
  ports.world.estate.requireThere(scope);
  const found = ports.assignments.written(name);
  if (found?.scopeKey === scope.key) return json(shown(found));
  throw new AzureError(404, 'RoleAssignmentNotFound', `The role assignment '${name}' is not found.`);
}

/** An assignment as it is answered. */
export function shown(one: RoleAssignment): Readonly<Record<string, unknown>> {
  return {
    properties: {
      roleDefinitionId: roleIdAt(one.scope, one.roleDefinition),
      principalId: one.principalId,
      principalType: one.principalType,
      scope: one.scope,
      condition: one.condition,
      conditionVersion: one.conditionVersion,
      createdOn: moment(one.createdOn),
      updatedOn: moment(one.updatedOn),
      createdBy: one.createdBy,
      updatedBy: one.updatedBy,
      delegatedManagedIdentityResourceId: null,
      description: one.description,
    },
    id: `${one.scope === '/' ? '' : one.scope}/providers/${TYPE}/${one.name}`,
    type: TYPE,
    name: one.name,
  };
}

function readWanted(body: Buffer): Wanted {
  const input = JsonBody.parse(body);
  const properties = input.object('properties');
  input.ignore('id', 'name', 'type');
  const roleDefinition = readRoleId(properties.text('roleDefinitionId'));
  const principalId = properties.text('principalId').toLowerCase();
  if (!isGuid(principalId))
    throw new AzureError(
      400,
      'InvalidPrincipalId',
      `The Principal ID '${principalId}' is not valid. Principal ID must be a GUID.`,
    );
  const principalType = properties.optionalText('principalType');
  if (principalType !== null && !PRINCIPAL_TYPES.includes(principalType))
    throw new AzureError(400, 'InvalidPrincipalType', `The principal type '${principalType}' is not valid.`);
  const description = properties.optionalText('description');
  if (Buffer.byteLength(description ?? '') > DESCRIPTION_BYTES)
    throw new AzureError(400, 'InvalidRoleAssignmentDescription', 'The description is longer than 2 KB.');
  const wanted = {
    roleDefinition,
    principalId,
    principalType,
    description,
    condition: properties.optionalText('condition'),
    conditionVersion: properties.optionalText('conditionVersion'),
  };
  properties.ignore('scope', 'canDelegate', 'delegatedManagedIdentityResourceId');
  input.requireAllRead();
  return wanted;
}

/** The id of a role as it is named at a scope. */
export function roleIdAt(scope: string, role: string): string {
  const [subscription = ''] = /^\/subscriptions\/[^/]+/.exec(scope) ?? [];
  return `${subscription}/providers/Microsoft.Authorization/roleDefinitions/${role}`;
}

/** The GUID of a role that is named by its id. */
export function readRoleId(id: string): string {
  const [, role = ''] =
    /^(?:\/subscriptions\/[^/]+|\/providers\/Microsoft\.Management\/managementGroups\/[^/]+)?\/providers\/Microsoft\.Authorization\/roleDefinitions\/([^/]+)$/i.exec(
      id,
    ) ?? [];
  if (!isGuid(role))
    throw new AzureError(400, 'InvalidRoleDefinitionId', `The role definition ID '${id}' is not valid.`);
  return role.toLowerCase();
}

/** What a condition may ask about an assignment. */
const attributes = (one: {
  readonly roleDefinition: string;
  readonly principalId: string;
  readonly principalType: string | null;
}): Readonly<Record<string, string>> => ({
  [`${TYPE}:RoleDefinitionId`]: one.roleDefinition,
  [`${TYPE}:PrincipalId`]: one.principalId,
  ...(one.principalType === null ? {} : { [`${TYPE}:PrincipalType`]: one.principalType }),
});

/** A role that can be assigned at a scope; throws what Azure says of any other. */
export function requireRole(ports: ArmPorts, tenant: string, name: string, scope: Scope): RoleDefinition {
  const role = ports.world.role(tenant, name);
  const chain = ports.world.estate.chain(scope);
  if (role === null)
    throw new AzureError(
      404,
      'RoleDefinitionDoesNotExist',
      `The specified role definition with ID '${name}' does not exist.`,
    );
  if (!role.assignableScopes.some((one) => chain.includes(one.toLowerCase())))
    throw new AzureError(
      400,
      'ScopeDoesNotMatchRoleDefinition',
      `The role definition with ID '${name}' cannot be assigned at scope '${scope.id}'.`,
    );
  return role;
}

function requireSame(old: RoleAssignment, wanted: Wanted, scope: Scope): void {
  if (
    old.scopeKey === scope.key &&
    old.principalId === wanted.principalId &&
    old.roleDefinition === wanted.roleDefinition
  )
    return;
  throw new AzureError(
    400,
    'RoleAssignmentUpdateNotPermitted',
    'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
  );
}

function requireNew(ports: ArmPorts, wanted: Wanted, scope: Scope): void {
  const same = ports.assignments
    .allWritten()
    .some(
      (one) =>
        one.scopeKey === scope.key &&
        one.principalId === wanted.principalId &&
        one.roleDefinition === wanted.roleDefinition,
    );
  if (same) throw new AzureError(409, 'RoleAssignmentExists', 'The role assignment already exists.');
  requireRoom(ports, scope);
}

/** Throws where a subscription or a management group has as many assignments as it takes. */
export function requireRoom(ports: ArmPorts, scope: Scope): void {
  const { assignmentsPerManagementGroup, assignmentsPerSubscription } = ports.settings();
  const [limit, inside] = isManagementGroup(scope)
    ? [assignmentsPerManagementGroup, (one: RoleAssignment) => one.scopeKey === scope.key]
    : [assignmentsPerSubscription, (one: RoleAssignment) => one.scopeKey.startsWith(subscriptionKey(scope))];
  if (ports.assignments.allWritten().filter(inside).length >= limit)
    throw new AzureError(400, 'RoleAssignmentLimitExceeded', 'No more role assignments can be created.');
}

/** Who has a type said for them need not be known yet; Azure looks nobody up then. */
function requirePrincipal(ports: ArmPorts, { caller }: ArmCall, wanted: Wanted): void {
  const found = principal(caller.tenant, wanted.principalId);
  const known = found !== null && found.knownAt <= ports.now() ? found : null;
  if (known === null && wanted.principalType === null)
    throw new AzureError(
      400,
      'PrincipalNotFound',
      `Principal ${wanted.principalId.replaceAll('-', '')} does not exist in the directory ${caller.tenant.id}. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype`,
    );
  if (known !== null && wanted.principalType !== null && known.type !== wanted.principalType)
    throw new AzureError(
      400,
      'UnmatchedPrincipalType',
      `The PrincipalId '${wanted.principalId.replaceAll('-', '')}' has type '${known.type}' , which is different from specified PrinciaplType '${wanted.principalType}'.`,
    );
}

/** A subscription keeps an Owner of its own, unless a global administrator takes the last one away. */
function requireAnotherOwner(ports: ArmPorts, leaving: RoleAssignment, { caller }: ArmCall): void {
  if (leaving.roleDefinition !== OWNER || !/^\/subscriptions\/[^/]+$/.test(leaving.scopeKey)) return;
  if (entraRolesOf(caller.tenant, caller.claims.oid, ports.now()).includes(GLOBAL_ADMINISTRATOR)) return;
  const another = ports.assignments
    .allWritten()
    .some((one) => one.name !== leaving.name && one.scopeKey === leaving.scopeKey && one.roleDefinition === OWNER);
  if (!another)
    throw new AzureError(412, 'CannotDeleteLastRbacAdminAssignment', 'Cannot delete the last RBAC admin assignment');
}

/** What PIM assigned is taken away by PIM alone, unless that is set. */
function requireUnminded(
  ports: ArmPorts,
  { tenant, scope, scopeKey, roleDefinition, principalId }: RoleAssignment,
): void {
  if (ports.settings().pimLetsOthersRemove) return;
  if (ports.pim.minds({ kind: 'arm', access: 'active', tenant, scope, scopeKey, role: roleDefinition, principalId }))
    throw new AzureError(400, 'BadRequest', 'The role assignment is managed by Privileged Identity Management.');
}

const isManagementGroup = (scope: Scope): boolean => scope.kind === 'managementGroup' || scope.kind === 'root';
const subscriptionKey = (scope: Scope): string =>
  'subscription' in scope ? `/subscriptions/${scope.subscription}` : '/';
