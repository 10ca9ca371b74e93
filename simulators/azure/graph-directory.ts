import type { HttpAnswer } from '../shared/http-call.ts';
import { moment } from './arm-call.ts';
import { principal, type Principal, type Tenant } from './directory.ts';
import { GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR } from './entra-roles.ts';
import {
  badRequest,
  context,
  denied,
  graphBody,
  graphJson,
  graphNothing,
  notThere,
  type GraphCall,
  type GraphPorts,
} from './graph-call.ts';
import { equalities, page, selected, type Shown } from './graph-query.ts';
import { isGuid } from './guid.ts';
import { isMember, membersOf, writeMembership } from './memberships.ts';
import { membership } from './pim-state.ts';

const TYPES = { User: 'user', Group: 'group', ServicePrincipal: 'servicePrincipal' } as const;
/** What is shown without `$select`. */
const USER = [
  'businessPhones',
  'displayName',
  'givenName',
  'jobTitle',
  'mail',
  'mobilePhone',
  'officeLocation',
  'preferredLanguage',
  'surname',
  'userPrincipalName',
];
const GROUP = [
  'deletedDateTime',
  'description',
  'displayName',
  'groupTypes',
  'isAssignableToRole',
  'mail',
  'mailEnabled',
  'mailNickname',
  'membershipRule',
  'onPremisesSyncEnabled',
  'securityEnabled',
];
const SERVICE_PRINCIPAL = ['accountEnabled', 'appDisplayName', 'appId', 'displayName', 'servicePrincipalType'];
const ANYWAY = { User: USER, Group: GROUP, ServicePrincipal: SERVICE_PRINCIPAL };

/** Everything that is known of somebody. What an organization without on-premises directory has is null. */
function all(one: Principal): Shown {
  const synced = one.onPremisesSynced ? true : null;
  switch (one.type) {
    case 'User':
      return {
        id: one.id,
        ...Object.fromEntries(USER.map((name) => [name, null])),
        businessPhones: [],
        displayName: one.displayName,
        userPrincipalName: one.name,
        mail: one.name,
        accountEnabled: one.enabled,
        onPremisesSyncEnabled: synced,
        signInSessionsValidFromDateTime: moment(one.revoked?.validFrom ?? 0),
        userType: 'Member',
      };
    case 'Group':
      return {
        id: one.id,
        ...Object.fromEntries(GROUP.map((name) => [name, null])),
        displayName: one.displayName,
        groupTypes: one.dynamic ? ['DynamicMembership'] : [],
        isAssignableToRole: one.roleAssignable ? true : null,
        mailEnabled: false,
        membershipRule: one.dynamic ? '(user.accountEnabled -eq true)' : null,
        onPremisesSyncEnabled: synced,
        securityEnabled: true,
      };
    case 'ServicePrincipal':
      return {
        id: one.id,
        accountEnabled: one.enabled,
        appDisplayName: one.displayName,
        appId: one.name,
        displayName: one.displayName,
        servicePrincipalType: 'Application',
      };
  }
}

const chosen = (call: GraphCall, one: Principal): Shown =>
  selected(call.http, all(one), TYPES[one.type], ANYWAY[one.type]);

/** Who has the id, or for people the name, as reads show it: who is new comes later. */
function readable(ports: GraphPorts, tenant: Tenant, type: Principal['type'], id: string): Principal {
  const wanted = id.toLowerCase();
  const found = tenant.principals.find(
    (one) =>
      one.type === type &&
      !one.deleted &&
      one.readableAt <= ports.now() &&
      (one.id === wanted || (type === 'User' && one.name.toLowerCase() === wanted)),
  );
  if (found === undefined) throw notThere(id);
  return found;
}

export function getPrincipal(ports: GraphPorts, type: Principal['type'], id: string, call: GraphCall): HttpAnswer {
  const found = readable(ports, call.caller.tenant, type, id);
  return graphJson({ ...context(`${TYPES[type]}s/$entity`), ...chosen(call, found) });
}

/** Users by `userPrincipalName eq`, groups by `displayName eq`; all without a filter. */
export function listPrincipals(ports: GraphPorts, type: 'User' | 'Group', call: GraphCall): HttpAnswer {
  const field = type === 'User' ? 'userPrincipalName' : 'displayName';
  const wanted = equalities(call.http, [field])[field]?.toLowerCase();
  const found = call.caller.tenant.principals.filter(
    (one) =>
      one.type === type &&
      !one.deleted &&
      one.readableAt <= ports.now() &&
      (wanted === undefined || (type === 'User' ? one.name : one.displayName).toLowerCase() === wanted),
  );
  const { value, next } = page(call.http, ports.url(), found);
  return graphJson({ ...context(`${TYPES[type]}s`), ...next, value: value.map((one) => chosen(call, one)) });
}

export function getMembers(ports: GraphPorts, id: string, call: GraphCall): HttpAnswer {
  const { tenant } = call.caller;
  const group = readable(ports, tenant, 'Group', id);
  const members = membersOf(tenant.memberships, group.id, 'listed', ports.now())
    .map((member) => principal(tenant, member))
    .filter((one) => one !== null);
  const { value, next } = page(call.http, ports.url(), members);
  return graphJson({
    ...context('directoryObjects'),
    ...next,
    value: value.map((one) => ({ '@odata.type': `#microsoft.graph.${TYPES[one.type]}`, ...chosen(call, one) })),
  });
}

/** Who has the ids, of whatever type; whoever is not there is left out. */
export function getByIds(ports: GraphPorts, call: GraphCall): HttpAnswer {
  const body = graphBody(call);
  const ids = body.texts('ids').map((one) => one.toLowerCase());
  body.ignore('types');
  body.requireAllRead();
  const found = call.caller.tenant.principals.filter(
    (one) => ids.includes(one.id) && !one.deleted && one.readableAt <= ports.now(),
  );
  return graphJson({
    ...context('directoryObjects'),
    value: found.map((one) => ({ '@odata.type': `#microsoft.graph.${TYPES[one.type]}`, ...all(one) })),
  });
}

export function addMember(ports: GraphPorts, id: string, call: GraphCall): HttpAnswer {
  const { tenant } = call.caller;
  const body = graphBody(call);
  const named = body.text('@odata.id');
  body.requireAllRead();
  const base = named.startsWith(`${ports.url()}/`) ? ports.url() : 'https://graph.microsoft.com';
  const [, member = ''] =
    /^\/v1\.0\/(?:directoryObjects|users|groups|servicePrincipals)\/([^/]+)$/.exec(named.replace(base, '')) ?? [];
  if (!isGuid(member)) throw badRequest(`The reference '${named}' names no object of the directory.`);
  const group = writableGroup(ports, id, call);
  const found = principal(tenant, member);
  if (found === null) throw notThere(member);
  if (isMember(tenant.memberships, group.id, found.id, 'written', ports.now()))
    throw badRequest(
      "One or more added object references already exist for the following modified properties: 'members'.",
    );
  writeMembership(ports, tenant.memberships, group.id, found.id, true);
  return graphNothing;
}

export function removeMember(ports: GraphPorts, id: string, member: string, call: GraphCall): HttpAnswer {
  const { tenant } = call.caller;
  const group = writableGroup(ports, id, call);
  const principalId = member.toLowerCase();
  if (!isMember(tenant.memberships, group.id, principalId, 'written', ports.now())) throw notThere(member);
  if (!ports.settings().pimLetsOthersRemove && ports.pim.minds(membership(tenant, group.id, 'active', principalId)))
    throw badRequest('The membership is managed by Privileged Identity Management.');
  writeMembership(ports, tenant.memberships, group.id, principalId, false);
  return graphNothing;
}

/** A group whose members can be written here: neither a rule nor another directory decides them. */
function writableGroup(ports: GraphPorts, id: string, { caller }: GraphCall): Principal {
  const group = principal(caller.tenant, id);
  if (group?.type !== 'Group') throw notThere(id);
  if (group.roleAssignable && !mayWriteRoles(caller.claims)) throw denied();
  if (group.dynamic) throw denied();
  if (group.onPremisesSynced)
    throw badRequest(
      'Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.',
    );
  return group;
}

const mayWriteRoles = (claims: GraphCall['caller']['claims']): boolean =>
  claims.idtyp === 'app'
    ? (claims.roles?.includes('RoleManagement.ReadWrite.Directory') ?? false)
    : [GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR].some((one) => claims.wids?.includes(one));

/** Ends a person's sessions: Graph refuses the tokens that there are, a little later. */
export function revokeSessions(ports: GraphPorts, id: string, call: GraphCall): HttpAnswer {
  const { sessionRevocationMs, seed } = ports.settings();
  const found = call.caller.tenant.principals.find(
    (one) =>
      one.type === 'User' &&
      !one.deleted &&
      (one.id === id.toLowerCase() || one.name.toLowerCase() === id.toLowerCase()),
  );
  if (found === undefined) throw notThere(id);
  const at = ports.now();
  found.revoked = { validFrom: at, heardAt: at + ports.world.draw(sessionRevocationMs, seed) };
  ports.world.save();
  return graphJson({ ...context('Edm.Boolean'), value: true });
}
