import { header, queryValue, type HttpAnswer, type HttpCall } from '../shared/http-call.ts';
import { listActivity, recordActivity } from './activity-log.ts';
import { json, type ArmCall, type ArmPorts, type ArmRoute } from './arm-call.ts';
import { pimRoute } from './arm-pim.ts';
import {
  getManagementGroup,
  getResourceGroup,
  getStorageAccount,
  getSubscription,
  listManagementGroups,
  listResourceGroups,
  listStorageAccounts,
  listSubscriptions,
  listTenants,
  patchResourceGroup,
} from './arm-resources.ts';
import type { Caller } from './authorization.ts';
import { AzureError } from './azure-error.ts';
import { isGuid } from './guid.ts';
import { listAssignments } from './role-assignment-list.ts';
import { deleteAssignment, getAssignment, putAssignment } from './role-assignments.ts';
import { deleteDefinition, getDefinition, listDefinitions, putDefinition } from './role-definitions.ts';
import { parseScope, type Scope } from './scopes.ts';

/** Versions that are understood; Azure has more of them. */
const ASSIGNMENT_VERSIONS = ['2020-04-01-preview', '2020-08-01-preview', '2020-10-01-preview', '2022-04-01'];
const DEFINITION_VERSIONS = ['2018-01-01-preview', '2022-04-01'];
const PERMISSION_VERSIONS = ['2018-07-01', '2022-04-01'];
const RESOURCE_VERSIONS = ['2019-11-01', '2020-01-01', '2021-01-01', '2021-04-01', '2022-09-01', '2022-12-01'];
const MANAGEMENT_GROUP_VERSIONS = ['2020-05-01', '2021-04-01', '2023-04-01'];
const STORAGE_VERSIONS = ['2022-09-01', '2023-01-01', '2023-05-01'];

const ACTIVITY_VERSIONS = ['2015-04-01'];

const ACTIVITY = /^(\/subscriptions\/[^/]+)\/providers\/Microsoft\.Insights\/eventtypes\/management\/values$/i;
const AUTHORIZATION = /^(.*)\/providers\/Microsoft\.Authorization\/(roleAssignments|roleDefinitions)(?:\/([^/]+))?$/i;
const PERMISSIONS = /^(.*)\/providers\/Microsoft\.Authorization\/permissions$/i;
const STORAGE = /^(.*)\/providers\/Microsoft\.Storage\/storageAccounts(?:\/[^/]+)?$/i;
const ROOT: Scope = { kind: 'root', id: '/', key: '/' };

/** Where a call to Resource Manager leads, or null for what it does not have. Slashes at the end and doubled ones do not count. */
export function armRoute(ports: ArmPorts, call: HttpCall): ArmRoute | null {
  const path = decode(call.rawPath).replace(/\/+/g, '/').replace(/\/$/, '');
  const [, before, kind, name] = AUTHORIZATION.exec(path) ?? [];
  if (before !== undefined && kind !== undefined) {
    const scope = parseScope(before);
    if (scope === null) return null;
    return /^roleAssignments$/i.test(kind)
      ? assignments(ports, call.method, scope, name ?? null)
      : definitions(ports, call.method, scope, name ?? null);
  }
  const [, asked] = PERMISSIONS.exec(path) ?? [];
  const own = asked === undefined ? null : parseScope(asked);
  if (own !== null) return call.method === 'GET' ? permissions(ports, own) : null;
  const pim = pimRoute(ports, call.method, path);
  if (pim !== null) return pim;
  const [, logged] = ACTIVITY.exec(path) ?? [];
  const subscription = logged === undefined ? null : parseScope(logged);
  if (subscription?.kind === 'subscription') return call.method === 'GET' ? activity(ports, subscription) : null;
  return resources(ports, call.method, path);
}

/** What the caller may do at a scope. Nobody needs a right to ask for their own. */
function permissions(ports: ArmPorts, scope: Scope): ArmRoute {
  const perform: ArmRoute['perform'] = ({ caller }) => {
    ports.world.estate.requireThere(scope);
    return json({ value: ports.authorization.permissionsOf(caller, scope) });
  };
  const action = 'Microsoft.Authorization/permissions/read';
  return { action, type: 'permissions', versions: PERMISSION_VERSIONS, scope, perform };
}

function activity(ports: ArmPorts, scope: Extract<Scope, { kind: 'subscription' }>): ArmRoute {
  const action = 'Microsoft.Insights/eventtypes/values/read';
  const perform = authorized(ports, action, scope, (call) => listActivity(ports, scope.subscription, call));
  return { action, type: 'eventtypes/management', versions: ACTIVITY_VERSIONS, scope, filtered: true, perform };
}

function assignments(ports: ArmPorts, method: string, scope: Scope, name: string | null): ArmRoute | null {
  const route = (verb: string, perform: ArmRoute['perform']): ArmRoute => ({
    action: `Microsoft.Authorization/roleAssignments/${verb}`,
    type: 'roleAssignments',
    versions: ASSIGNMENT_VERSIONS,
    scope,
    perform,
  });
  if (name === null)
    return method === 'GET'
      ? {
          ...route(
            'read',
            reading(ports, (call) => listAssignments(ports, scope, call)),
          ),
          filtered: true,
        }
      : null;
  switch (method) {
    case 'GET':
      return route(
        'read',
        reading(ports, () => getAssignment(ports, scope, name)),
      );
    // These two ask about conditions, which look at the assignment.
    case 'PUT':
      return route('write', (call) => putAssignment(ports, scope, name, call));
    case 'DELETE':
      return route('delete', (call) => deleteAssignment(ports, scope, name, call));
    default:
      return null;
  }

  function reading(of: ArmPorts, perform: ArmRoute['perform']): ArmRoute['perform'] {
    return authorized(of, 'Microsoft.Authorization/roleAssignments/read', scope, perform);
  }
}

function definitions(ports: ArmPorts, method: string, scope: Scope, name: string | null): ArmRoute | null {
  const route = (verb: string, perform: ArmRoute['perform']): ArmRoute => {
    const action = `Microsoft.Authorization/roleDefinitions/${verb}`;
    const checked = authorized(ports, action, scope, perform);
    // Every tenant may read Azure's own roles.
    const open = verb === 'read' && scope.kind === 'root';
    return { action, type: 'roleDefinitions', versions: DEFINITION_VERSIONS, scope, perform: open ? perform : checked };
  };
  if (name === null)
    return method === 'GET'
      ? { ...route('read', (call) => listDefinitions(ports, scope, call)), filtered: true }
      : null;
  switch (method) {
    case 'GET':
      return route('read', (call) => getDefinition(ports, scope, name, call));
    case 'PUT':
      return route('write', (call) => putDefinition(ports, scope, name, call));
    case 'DELETE':
      return route('delete', (call) => deleteDefinition(ports, scope, name, call));
    default:
      return null;
  }
}

function resources(ports: ArmPorts, method: string, path: string): ArmRoute | null {
  const own = (verb: string, scope: Scope, perform: ArmRoute['perform'], check = true): ArmRoute => {
    const action = `Microsoft.Resources/${verb}`;
    return {
      action,
      type: null,
      versions: RESOURCE_VERSIONS,
      scope,
      perform: check ? authorized(ports, action, scope, perform) : perform,
    };
  };
  const lower = path.toLowerCase();
  if (method === 'GET' && lower === '/tenants') return own('tenants/read', ROOT, listTenants, false);
  if (method === 'GET' && lower === '/subscriptions')
    return own('subscriptions/read', ROOT, (call) => listSubscriptions(ports, call), false);
  if (method === 'GET' && lower === '/providers/microsoft.management/managementgroups')
    return managementGroups(ROOT, (call) => listManagementGroups(ports, call));
  const [, groupsOf] = /^(\/subscriptions\/[^/]+)\/resourcegroups$/.exec(lower) ?? [];
  const listed = groupsOf === undefined ? null : parseScope(groupsOf);
  if (method === 'GET' && listed?.kind === 'subscription')
    return own('subscriptions/resourceGroups/read', listed, () => listResourceGroups(ports, listed.subscription));
  if (STORAGE.test(path)) return method === 'GET' ? storage(ports, path) : null;
  const scope = parseScope(path);
  if (method === 'GET' && scope?.kind === 'subscription')
    return own('subscriptions/read', scope, (call) => getSubscription(ports, scope.subscription, call), false);
  if (scope?.kind === 'resourceGroup' && method === 'GET')
    return own('subscriptions/resourceGroups/read', scope, () => getResourceGroup(ports, scope));
  if (scope?.kind === 'resourceGroup' && method === 'PATCH')
    return own('subscriptions/resourceGroups/write', scope, (call) => patchResourceGroup(ports, scope, call));
  if (scope?.kind === 'managementGroup' && method === 'GET') {
    const action = 'Microsoft.Management/managementGroups/read';
    return managementGroups(
      scope,
      authorized(ports, action, scope, () => getManagementGroup(ports, scope)),
    );
  }
  return null;
}

const managementGroups = (scope: Scope, perform: ArmRoute['perform']): ArmRoute => ({
  action: 'Microsoft.Management/managementGroups/read',
  type: 'managementGroups',
  versions: MANAGEMENT_GROUP_VERSIONS,
  scope,
  perform,
});

function storage(ports: ArmPorts, path: string): ArmRoute | null {
  const [, before = ''] = STORAGE.exec(path) ?? [];
  const account = parseScope(path);
  const scope = account?.kind === 'resource' ? account : parseScope(before);
  if (scope === null || scope.kind === 'root' || scope.kind === 'managementGroup') return null;
  const action = 'Microsoft.Storage/storageAccounts/read';
  const perform = (): HttpAnswer =>
    scope.kind === 'resource' ? getStorageAccount(ports, scope) : listStorageAccounts(ports, scope);
  const checked = authorized(ports, action, scope, perform);
  return { action, type: 'storageAccounts', versions: STORAGE_VERSIONS, scope, perform: checked };
}

function authorized(ports: ArmPorts, action: string, scope: Scope, perform: ArmRoute['perform']): ArmRoute['perform'] {
  return (call) => {
    ports.authorization.require(call.caller, { action, scope });
    return perform(call);
  };
}

/** The version of the interface that a call names. Throws what Azure says where it names none, or one that is none. */
export function requireVersion(call: HttpCall): string {
  const version = queryValue(call, 'api-version');
  if (version === null || version === '')
    throw new AzureError(
      400,
      'MissingApiVersionParameter',
      'The api-version query parameter (?api-version=) is required for all requests.',
    );
  return version;
}

/** Throws for a version that the type does not have. */
export function requireSupported(route: ArmRoute, version: string): void {
  if (route.versions.includes(version)) return;
  const known = route.versions.join(', ');
  if (route.type === null || !/^\d{4}-\d\d-\d\d(-preview)?$/.test(version))
    throw new AzureError(
      400,
      'InvalidApiVersionParameter',
      `The api-version '${version}' is invalid. The supported versions are '${known}'.`,
    );
  throw new AzureError(
    400,
    'NoRegisteredProviderFound',
    `No registered resource provider found for location 'global' and API version '${version}' for type '${route.type}'. The supported api-versions are '${known}'. The supported locations are ''.`,
  );
}

/** Performs a call that has been recognised. Subscriptions of other tenants, and those that are not there, are told apart from what is forbidden. */
export function performArm(
  ports: ArmPorts,
  route: ArmRoute,
  http: HttpCall,
  caller: Caller,
  requestId: string,
): HttpAnswer {
  const version = requireVersion(http);
  requireSupported(route, version);
  if ('subscription' in route.scope) {
    const found = ports.world.estate.requireSubscription(route.scope.subscription);
    if (found.tenant !== caller.tenant.id)
      throw new AzureError(
        401,
        'InvalidAuthenticationTokenTenant',
        `The access token is from the wrong issuer 'https://sts.windows.net/${caller.tenant.id}/'. It must match the tenant 'https://sts.windows.net/${found.tenant}/' associated with this subscription. Please use the authority (URL) 'https://login.windows.net/${found.tenant}' to get the token. Note, if the subscription is transferred to another tenant there is no impact to the services, but information about new tenant could take time to propagate (up to an hour). If you just transferred your subscription and see this error message, please try back later.`,
      );
  }
  requireKnownQuery(http, route, caller);
  const sent = header(http, 'x-ms-correlation-request-id') ?? '';
  const call: ArmCall = { http, caller, version, correlationId: isGuid(sent) ? sent : requestId };
  if (http.method === 'GET') return route.perform(call);
  const path = decode(http.rawPath);
  try {
    const answer = route.perform(call);
    recordActivity(ports, route, call, path, answer.status);
    return answer;
  } catch (error) {
    if (error instanceof AzureError) recordActivity(ports, route, call, path, error.status);
    throw error;
  }
}

/** Query parameters that the operation knows. Azure ignores others. */
function requireKnownQuery(http: HttpCall, route: ArmRoute, caller: Caller): void {
  const isKnown = (name: string, value: string): boolean =>
    name === 'api-version' ||
    (name === '$filter' && route.filtered === true) ||
    // Role assignments of the caller's own tenant, and of no other.
    (name === 'tenantId' && route.type === 'roleAssignments' && value.toLowerCase() === caller.tenant.id);
  const unknown = http.query.find(([name, value]) => !isKnown(name, value));
  if (unknown !== undefined)
    throw new AzureError(400, 'BadRequest', `This simulator has no query parameter '${unknown[0]}' here.`);
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new AzureError(400, 'BadRequest', 'The path cannot be decoded.');
  }
}
