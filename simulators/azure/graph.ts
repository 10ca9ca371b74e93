import { percentDecode, type HttpAnswer, type HttpCall } from '../shared/http-call.ts';
import type { Caller } from './authorization.ts';
import { GLOBAL_ADMINISTRATOR, GROUPS_ADMINISTRATOR, USER_ADMINISTRATOR } from './entra-roles.ts';
import { denied, type GraphPorts, type GraphRoute, type GraphRow } from './graph-call.ts';
import {
  addMember,
  getByIds,
  getMembers,
  getPrincipal,
  listPrincipals,
  removeMember,
  revokeSessions,
} from './graph-directory.ts';
import { requireGraphRight } from './graph-gate.ts';
import { POLICY_ROWS } from './graph-pim-policies.ts';
import { PIM_ROWS } from './graph-pim.ts';
import { requireKnownOptions } from './graph-query.ts';
import { ROLE_ROWS } from './graph-roles.ts';

const READ_USERS = [
  'User.ReadBasic.All',
  'User.Read.All',
  'User.ReadWrite.All',
  'Directory.Read.All',
  'Directory.ReadWrite.All',
];
const WRITE_MEMBERS = ['GroupMember.ReadWrite.All', 'Group.ReadWrite.All', 'Directory.ReadWrite.All'];
const READ_GROUPS = ['GroupMember.Read.All', 'Group.Read.All', 'Directory.Read.All', ...WRITE_MEMBERS];
const READ_APPLICATIONS = [
  'Application.Read.All',
  'Application.ReadWrite.All',
  'Directory.Read.All',
  'Directory.ReadWrite.All',
];
const READ_DIRECTORY = ['Directory.Read.All', 'Directory.ReadWrite.All'];
const REVOKE = ['User.RevokeSessions.All', 'User.ReadWrite.All', 'Directory.ReadWrite.All'];
const PAGED = ['$select', '$filter', '$top', '$skiptoken'];
const USER_ADMINISTRATORS = [GLOBAL_ADMINISTRATOR, USER_ADMINISTRATOR];
const GROUP_ADMINISTRATORS = [GLOBAL_ADMINISTRATOR, GROUPS_ADMINISTRATOR, USER_ADMINISTRATOR];

const at = (ids: readonly string[], index = 0): string => ids[index] ?? '';

/** Everything that Graph has here. */
const ROWS: readonly GraphRow[] = [
  ['GET /me', [], 'everybody', ['$select'], (ports, call) => getPrincipal(ports, 'User', call.caller.claims.oid, call)],
  [
    'POST /me/revokeSignInSessions',
    [],
    'everybody',
    [],
    (ports, call) => revokeSessions(ports, call.caller.claims.oid, call),
  ],
  ['GET /users', READ_USERS, 'everybody', PAGED, (ports, call) => listPrincipals(ports, 'User', call)],
  [
    'GET /users/{id}',
    READ_USERS,
    'everybody',
    ['$select'],
    (ports, call, ids) => getPrincipal(ports, 'User', at(ids), call),
  ],
  [
    'POST /users/{id}/revokeSignInSessions',
    REVOKE,
    USER_ADMINISTRATORS,
    [],
    (ports, call, ids) => revokeSessions(ports, at(ids), call),
  ],
  ['GET /groups', READ_GROUPS, 'everybody', PAGED, (ports, call) => listPrincipals(ports, 'Group', call)],
  [
    'GET /groups/{id}',
    READ_GROUPS,
    'everybody',
    ['$select'],
    (ports, call, ids) => getPrincipal(ports, 'Group', at(ids), call),
  ],
  [
    'GET /groups/{id}/members',
    READ_GROUPS,
    'everybody',
    ['$select', '$top', '$skiptoken'],
    (ports, call, ids) => getMembers(ports, at(ids), call),
  ],
  [
    'POST /groups/{id}/members/$ref',
    WRITE_MEMBERS,
    GROUP_ADMINISTRATORS,
    [],
    (ports, call, ids) => addMember(ports, at(ids), call),
  ],
  [
    'DELETE /groups/{id}/members/{id}/$ref',
    WRITE_MEMBERS,
    GROUP_ADMINISTRATORS,
    [],
    (ports, call, ids) => removeMember(ports, at(ids), at(ids, 1), call),
  ],
  // Without /$ref this deletes the person, for whoever may. Nobody may here.
  [
    'DELETE /groups/{id}/members/{id}',
    [],
    [],
    [],
    () => {
      throw denied();
    },
  ],
  [
    'GET /servicePrincipals/{id}',
    READ_APPLICATIONS,
    'everybody',
    ['$select'],
    (ports, call, ids) => getPrincipal(ports, 'ServicePrincipal', at(ids), call),
  ],
  ['POST /directoryObjects/getByIds', READ_DIRECTORY, 'everybody', [], (ports, call) => getByIds(ports, call)],
];

const PATTERNS = [...ROWS, ...PIM_ROWS, ...ROLE_ROWS, ...POLICY_ROWS].map((row) => {
  const [method = '', path = ''] = row[0].split(' ');
  return { method, form: new RegExp(`^${path.replaceAll('$', '\\$').replaceAll('{id}', '([^/]+)')}$`, 'i'), row };
});

/** Whether a call is for Graph. */
export const isGraph = (call: HttpCall): boolean => /^\/v1\.0(\/|$)/i.test(call.rawPath);

/** Where a call to Graph leads, or null for what it does not have. */
export function graphRoute(ports: GraphPorts, call: HttpCall): GraphRoute | null {
  const path = percentDecode(call.rawPath)
    .replace(/^\/v1\.0/i, '')
    .replace(/\/$/, '');
  for (const { method, form, row } of PATTERNS) {
    const found = method === call.method ? form.exec(path) : null;
    if (found === null) continue;
    const [action, permissions, people, options, perform] = row;
    return { action, permissions, people, options, perform: (one) => perform(ports, one, found.slice(1)) };
  }
  return null;
}

/** Performs a call whose caller is known. */
export function performGraph(route: GraphRoute, http: HttpCall, caller: Caller): HttpAnswer {
  requireGraphRight(route, caller);
  requireKnownOptions(http, route.options);
  return route.perform({ http, caller });
}
