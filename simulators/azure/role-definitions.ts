import { queryValue, type HttpAnswer } from '../shared/http-call.ts';
import { json, noContent, type ArmCall, type ArmPorts } from './arm-call.ts';
import { JsonBody } from './json-body.ts';
import { AzureError } from './azure-error.ts';
import type { Permission, RoleDefinition } from './built-in-roles.ts';
import { isGuid } from './guid.ts';
import { parseScope, type Scope } from './scopes.ts';
import type { CustomRole } from './world.ts';

const TYPE = 'Microsoft.Authorization/roleDefinitions';

export function getDefinition(ports: ArmPorts, scope: Scope, name: string, call: ArmCall): HttpAnswer {
  return json(shown(requireDefinition(ports, name, call), scope));
}

/** Lists roles that can be assigned at a scope. Filters: `roleName eq '…'`, `type eq 'BuiltInRole|CustomRole'`, `atScopeAndBelow()`. */
export function listDefinitions(ports: ArmPorts, scope: Scope, call: ArmCall): HttpAnswer {
  ports.world.estate.requireThere(scope);
  const chain = ports.world.estate.chain(scope);
  const keep = readFilter(queryValue(call.http, '$filter'));
  const roles = ports.world
    .roles(call.caller.tenant.id)
    .filter((role) => keep(role) && role.assignableScopes.some((one) => chain.includes(one.toLowerCase())));
  return json({ value: roles.map((role) => shown(role, scope)) });
}

/** Creates a custom role, or changes it. Whoever does needs the right on every scope that it can be assigned on. */
export function putDefinition(ports: ArmPorts, scope: Scope, name: string, call: ArmCall): HttpAnswer {
  if (!isGuid(name))
    throw new AzureError(400, 'InvalidRoleDefinitionId', `The role definition ID '${name}' is not valid.`);
  const tenant = call.caller.tenant.id;
  const role = readRole(name.toLowerCase(), tenant, call.http.body);
  for (const assignable of role.assignableScopes) {
    const target = parseScope(assignable);
    if (target === null)
      throw new AzureError(400, 'InvalidAssignableScope', `The assignable scope '${assignable}' is not valid.`);
    const allowed = ports.authorization.decide(call.caller, { action: `${TYPE}/write`, scope: target });
    if (allowed !== 'allowed')
      throw new AzureError(
        403,
        'LinkedAuthorizationFailed',
        `The client '${call.caller.claims.appid}' with object id '${call.caller.claims.oid}' has permission to perform action '${TYPE}/write' on scope '${scope.id}'; however, it does not have permission to perform action '${TYPE}/write' on the linked scope(s) '${assignable}' or the linked scope(s) are invalid.`,
      );
    ports.world.estate.requireThere(target);
  }
  requireGoodScopes(role);
  const all = ports.world.roles(tenant);
  if (all.some((one) => one.roleName === role.roleName && one.name !== role.name))
    throw new AzureError(
      409,
      'RoleDefinitionWithSameNameExists',
      `A custom role with the same name already exists in this directory. Use a different name.`,
    );
  const old = all.find((one) => one.name === role.name);
  if (old?.type === 'BuiltInRole')
    throw new AzureError(400, 'RoleDefinitionUpdateNotPermitted', 'A built-in role cannot be changed.');
  const custom = ports.world.customRoles;
  const at = custom.findIndex((one) => one.name === role.name && one.tenant === tenant);
  if (at >= 0) custom[at] = role;
  else custom.push(role);
  ports.world.save();
  return json(shown(role, scope), 201);
}

export function deleteDefinition(ports: ArmPorts, scope: Scope, name: string, call: ArmCall): HttpAnswer {
  const custom = ports.world.customRoles;
  const tenant = call.caller.tenant.id;
  const at = custom.findIndex((one) => one.name === name.toLowerCase() && one.tenant === tenant);
  const role = custom[at];
  if (role === undefined) {
    if (ports.world.role(tenant, name) === null) return noContent;
    throw new AzureError(400, 'RoleDefinitionUpdateNotPermitted', 'A built-in role cannot be deleted.');
  }
  if (ports.assignments.allWritten().some((one) => one.roleDefinition === role.name))
    throw new AzureError(
      400,
      'RoleDefinitionHasAssignments',
      `There are existing role assignments referencing role (code: RoleDefinitionHasAssignments)`,
    );
  custom.splice(at, 1);
  ports.world.save();
  return json(shown(role, scope));
}

function requireDefinition(ports: ArmPorts, name: string, call: ArmCall): RoleDefinition {
  const role = ports.world.role(call.caller.tenant.id, name);
  if (role !== null) return role;
  throw new AzureError(
    404,
    'RoleDefinitionDoesNotExist',
    `The specified role definition with ID '${name}' does not exist.`,
  );
}

function shown(role: RoleDefinition, scope: Scope): Readonly<Record<string, unknown>> {
  const prefix = 'subscription' in scope ? `/subscriptions/${scope.subscription}` : '';
  return {
    properties: {
      roleName: role.roleName,
      type: role.type,
      description: role.description,
      assignableScopes: role.assignableScopes,
      permissions: role.permissions,
    },
    id: `${prefix}/providers/${TYPE}/${role.name}`,
    type: TYPE,
    name: role.name,
  };
}

function readRole(name: string, tenant: string, body: Buffer): CustomRole {
  const input = JsonBody.parse(body);
  const properties = input.object('properties');
  input.ignore('id', 'name', 'type');
  const type = properties.optionalText('type') ?? 'CustomRole';
  if (type !== 'CustomRole') throw new AzureError(400, 'InvalidRoleDefinitionType', `The type '${type}' is not valid.`);
  const permissions = properties.objects('permissions').map((one): Permission => ({
    actions: one.texts('actions'),
    notActions: one.texts('notActions'),
    dataActions: one.texts('dataActions'),
    notDataActions: one.texts('notDataActions'),
  }));
  const role: CustomRole = {
    name,
    tenant,
    roleName: properties.text('roleName'),
    type: 'CustomRole',
    description: properties.optionalText('description') ?? '',
    permissions,
    assignableScopes: properties.texts('assignableScopes'),
  };
  input.requireAllRead();
  return role;
}

/** One management group at most, and none with data actions; never the root. */
function requireGoodScopes(role: CustomRole): void {
  const kinds = role.assignableScopes.map((one) => parseScope(one)?.kind);
  const groups = kinds.filter((kind) => kind === 'managementGroup').length;
  if (kinds.length === 0 || kinds.includes('root') || groups > 1)
    throw new AzureError(400, 'InvalidAssignableScope', 'The assignable scopes are not valid.');
  if (groups > 0 && role.permissions.some((one) => one.dataActions.length > 0))
    throw new AzureError(
      400,
      'InvalidAssignableScope',
      'You cannot add data action permissions when you have a management group as an assignable scope',
    );
}

function readFilter(sent: string | null): (role: RoleDefinition) => boolean {
  const text = (sent ?? '').replaceAll('+', ' ').trim();
  if (text === '') return () => true;
  const tests = text.split(/ and /i).map((part): ((role: RoleDefinition) => boolean) => {
    if (/^atScopeAndBelow\(\)$/i.test(part)) return () => true;
    const [, field, value] = /^(roleName|type) eq '([^']*)'$/i.exec(part) ?? [];
    if (field === undefined) throw new AzureError(400, 'BadRequest', `The filter '${text}' is not supported.`);
    return (role) => (field.toLowerCase() === 'type' ? role.type : role.roleName) === value;
  });
  return (role) => tests.every((one) => one(role));
}
