import type { HttpAnswer } from '../shared/http-call.ts';
import { json, type ArmCall, type ArmPorts, type ArmRoute } from './arm-call.ts';
import { readOrder, requirePossible } from './arm-pim-order.ts';
import {
  getPolicy,
  getPolicyAssignment,
  listPolicies,
  listPolicyAssignments,
  patchPolicy,
} from './arm-pim-policies.ts';
import { shownAssignment, shownEligibility, shownRequest, shownSchedule, type Shown } from './arm-pim-shown.ts';
import { AzureError } from './azure-error.ts';
import type { PimOrder } from './pim-order.ts';
import type { PimAccess, PimRequest, PimSchedule } from './pim-state.ts';
import { isListed, readScopeFilter, type ScopeFilter } from './scope-filter.ts';
import { parseScope, type Scope } from './scopes.ts';

const VERSIONS = ['2020-10-01'];
const LISTS =
  /^(.*)\/providers\/Microsoft\.Authorization\/role(Assignment|Eligibility)Schedule(Request|Instance|)s(?:\/([^/]+)(?:\/(cancel|validate))?)?$/i;
const POLICIES =
  /^(.*)\/providers\/Microsoft\.Authorization\/(roleManagementPolicies|roleManagementPolicyAssignments)(?:\/([^/]+))?$/i;

type Place = { readonly scope: Scope; readonly access: PimAccess };

/** Where a call to PIM in Resource Manager leads, or null for a call to something else. */
export function pimRoute(ports: ArmPorts, method: string, path: string): ArmRoute | null {
  const [, before, kind = '', list = '', name, verb = ''] = LISTS.exec(path) ?? [];
  const scope = before === undefined ? null : parseScope(before);
  if (scope !== null) {
    const access = kind.toLowerCase() === 'assignment' ? 'active' : 'eligible';
    const type = `role${access === 'active' ? 'Assignment' : 'Eligibility'}Schedule${list === '' ? '' : large(list)}s`;
    const place = { scope, access } as const;
    const found =
      list.toLowerCase() === 'request'
        ? requests(ports, place, method, name ?? null, verb.toLowerCase())
        : verb === '' && method === 'GET'
          ? reading(ports, place, list === '' ? schedules : instances, name ?? null)
          : null;
    return found === null ? null : route(type, scope, found);
  }
  const [, at, which = '', policy] = POLICIES.exec(path) ?? [];
  const where = at === undefined ? null : parseScope(at);
  const found = where === null ? null : policies(ports, where, method, /Policies$/i.test(which), policy ?? null);
  return where === null || found === null ? null : route(which, where, found);
}

const large = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1).toLowerCase()}`;

/** The verb that roles name, whether `$filter` means something, and what is done. */
type Found = { readonly verb: string; readonly filtered?: boolean; readonly perform: ArmRoute['perform'] };

const route = (type: string, scope: Scope, { verb, filtered = false, perform }: Found): ArmRoute => ({
  action: `Microsoft.Authorization/${type}/${verb}`,
  type,
  versions: VERSIONS,
  scope,
  filtered,
  perform,
});

function requests(ports: ArmPorts, place: Place, method: string, name: string | null, verb: string): Found | null {
  if (name === null) return method === 'GET' ? reading(ports, place, requestsOf, null) : null;
  if (method === 'GET' && verb === '') return reading(ports, place, requestsOf, name);
  if (method === 'PUT' && verb === '')
    return {
      verb: 'write',
      perform: (call) => json(shownRequest(ports, call.caller.tenant, submit(ports, place, name, call)), 201),
    };
  if (method === 'POST' && verb === 'validate')
    return {
      verb: 'validate/action',
      perform: (call) => {
        const order = allowedOrder(ports, place, name, call);
        return json(shownRequest(ports, call.caller.tenant, ports.pim.validate(order)));
      },
    };
  return method === 'POST' && verb === 'cancel'
    ? { verb: 'cancel/action', perform: (call) => cancel(ports, place, name, call) }
    : null;
}

function submit(ports: ArmPorts, place: Place, name: string, call: ArmCall): PimRequest {
  const order = allowedOrder(ports, place, name, call);
  const isThere = (['active', 'eligible'] as const)
    .flatMap((access) => ports.pim.requests('arm', access, call.caller.tenant.id))
    .some((one) => one.id === order.id);
  if (isThere)
    throw new AzureError(409, 'RoleAssignmentRequestExists', `The role assignment request '${name}' already exists.`);
  return ports.pim.submit(order);
}

/** Who administers needs a right that no condition limits; who activates what is their own needs none. */
function allowedOrder(ports: ArmPorts, { scope, access }: Place, name: string, call: ArmCall): PimOrder {
  const order = readOrder(scope, name, access, call);
  if (order.action.startsWith('Self')) {
    if (order.target.principalId !== call.caller.claims.oid)
      throw new AzureError(
        403,
        'AuthorizationFailed',
        `The client with object id '${call.caller.claims.oid}' cannot activate or deactivate a role for '${order.target.principalId}'.`,
      );
  } else requireRight(ports, { scope, access }, 'write', call);
  return requirePossible(ports, scope, order, call);
}

const requireRight = (ports: ArmPorts, { scope, access }: Place, verb: string, call: ArmCall): void => {
  const type = `role${access === 'active' ? 'Assignment' : 'Eligibility'}ScheduleRequests`;
  ports.authorization.require(call.caller, {
    action: `Microsoft.Authorization/${type}/${verb}`,
    scope,
    unconditional: true,
  });
};

function cancel(ports: ArmPorts, place: Place, name: string, call: ArmCall): HttpAnswer {
  const found = ports.pim
    .requests('arm', place.access, call.caller.tenant.id)
    .find((one) => one.id === name.toLowerCase() && one.scopeKey === place.scope.key);
  if (found?.requestorId !== call.caller.claims.oid) requireRight(ports, place, 'cancel/action', call);
  ports.pim.requireLicence(call.caller.tenant);
  if (found === undefined) throw notFound(name);
  ports.pim.cancel(found);
  return { status: 200, headers: { 'cache-control': 'no-cache' }, body: '' };
}

const notFound = (name: string): AzureError =>
  new AzureError(404, 'RoleAssignmentScheduleNotFound', `'${name}' is not found.`);

type Listed = {
  readonly tenant: string;
  readonly scopeKey: string;
  readonly principalId: string;
  /** Who asked for it, where somebody did. */
  readonly requestorId?: string;
  readonly name: string;
  readonly shown: (memberType: string) => Shown;
};
type Source = (ports: ArmPorts, access: PimAccess, call: ArmCall) => readonly Listed[];

const requestsOf: Source = (ports, access, { caller: { tenant } }) =>
  ports.pim
    .requests('arm', access, tenant.id)
    .map((one) => ({ ...one, name: one.id, shown: () => shownRequest(ports, tenant, one) }));

const schedules: Source = (ports, access, { caller: { tenant } }) =>
  ports.pim
    .schedules('arm', access, tenant.id)
    .map((one) => ({ ...one, name: one.id, shown: (member) => shownSchedule(ports, tenant, one, member) }));

/** Active: one for each role assignment that lists show, whoever made it. */
const instances: Source = (ports, access, { caller: { tenant } }) => {
  const own = ports.pim.schedules('arm', access, tenant.id).filter((one) => one.since !== null);
  if (access === 'eligible')
    return own.map((one) => ({
      ...one,
      name: one.id,
      shown: (member) => shownEligibility(ports, tenant, one, member),
    }));
  const scheduleOf = (name: string): PimSchedule | null => own.find((one) => one.id === name) ?? null;
  return ports.assignments
    .listed()
    .map((one) => ({ ...one, shown: (member) => shownAssignment(ports, tenant, one, scheduleOf(one.name), member) }));
};

/** A list at a scope, or what has a name there. Whoever asks for what is their own needs no right. */
function reading(ports: ArmPorts, { scope, access }: Place, source: Source, name: string | null): Found {
  const kind = source === requestsOf ? 'ScheduleRequests' : source === schedules ? 'Schedules' : 'ScheduleInstances';
  const action = `Microsoft.Authorization/role${access === 'active' ? 'Assignment' : 'Eligibility'}${kind}/read`;
  const perform = (call: ArmCall): HttpAnswer => {
    const { caller } = call;
    const filter = readScopeFilter(call, { own: true });
    const found =
      name === null
        ? null
        : source(ports, access, call).find((one) => one.name === name.toLowerCase() && one.scopeKey === scope.key);
    const isOwn = found !== null && [found?.principalId, found?.requestorId].includes(caller.claims.oid);
    if (!filter.asTarget && !isOwn) ports.authorization.require(caller, { action, scope });
    ports.world.estate.requireThere(scope);
    ports.pim.requireLicence(caller.tenant);
    if (found === undefined) throw notFound(name ?? '');
    if (found !== null) return json(found.shown(memberType(found, scope, filter)));
    const listed = source(ports, access, call).filter(isListed(ports, scope, call, filter));
    return json({ value: listed.map((one) => one.shown(memberType(one, scope, filter))) });
  };
  return { verb: 'read', filtered: name === null, perform };
}

/** How somebody comes by a role: by a group, where their own were asked for; from above; or here. */
function memberType(one: Listed, scope: Scope, filter: ScopeFilter): string {
  if (filter.assignedTo !== null && one.principalId !== filter.assignedTo) return 'Group';
  return scope.key !== one.scopeKey && !one.scopeKey.startsWith(`${scope.key}/`) ? 'Inherited' : 'Direct';
}

function policies(ports: ArmPorts, scope: Scope, method: string, own: boolean, name: string | null): Found | null {
  const type = own ? 'roleManagementPolicies' : 'roleManagementPolicyAssignments';
  const checked = (verb: string, perform: ArmRoute['perform']): Found => ({
    verb,
    filtered: !own && name === null,
    perform: (call) => {
      const action = `Microsoft.Authorization/${type}/${verb}`;
      ports.authorization.require(call.caller, { action, scope, unconditional: verb === 'write' });
      return perform(call);
    },
  });
  if (method === 'GET' && name === null)
    return checked('read', (call) =>
      own ? listPolicies(ports, scope, call) : listPolicyAssignments(ports, scope, call),
    );
  if (method === 'GET' && name !== null)
    return checked('read', (call) =>
      own ? getPolicy(ports, scope, name, call) : getPolicyAssignment(ports, scope, name, call),
    );
  return method === 'PATCH' && own && name !== null
    ? checked('write', (call) => patchPolicy(ports, scope, name, call))
    : null;
}
