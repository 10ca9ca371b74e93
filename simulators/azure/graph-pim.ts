import type { HttpAnswer } from '../shared/http-call.ts';
import { AzureError } from './azure-error.ts';
import { GLOBAL_ADMINISTRATOR, GROUPS_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR } from './entra-roles.ts';
import {
  context,
  denied,
  graphJson,
  graphNothing,
  notThere,
  type GraphCall,
  type GraphPorts,
  type GraphRow,
} from './graph-call.ts';
import { readOrder } from './graph-pim-order.ts';
import { shownInstances, shownRequest } from './graph-pim-shown.ts';
import { equalities, fits } from './graph-query.ts';
import type { PimAccess, PimKind, PimRequest } from './pim-state.ts';

const isSelf = (action: string): boolean => action.startsWith('Self');

/** One of the four lists of requests, and the instances that belong to it. */
type Surface = {
  readonly kind: Exclude<PimKind, 'arm'>;
  readonly access: PimAccess;
  /** The path before `Requests` and `Instances`. */
  readonly path: string;
  readonly read: readonly string[];
  readonly write: readonly string[];
  /** Roles of Entra whose holders may do everything here. */
  readonly administrators: readonly string[];
  /** What `$filter` may ask for. */
  readonly fields: readonly string[];
};

const GROUPS = '/identityGovernance/privilegedAccess/group';
const ROLES = '/roleManagement/directory';
const groupSurface = (access: PimAccess, path: string, permission: string): Surface => ({
  kind: 'group',
  access,
  path: `${GROUPS}/${path}Schedule`,
  read: [`${permission}.Read.AzureADGroup`, `${permission}.ReadWrite.AzureADGroup`],
  write: [`${permission}.ReadWrite.AzureADGroup`],
  administrators: [GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR, GROUPS_ADMINISTRATOR],
  fields: ['groupId', 'principalId', 'accessId'],
});
const MANAGE = 'RoleManagement.ReadWrite.Directory';
const roleSurface = (access: PimAccess, path: string, permission: string): Surface => ({
  kind: 'entra',
  access,
  path: `${ROLES}/${path}Schedule`,
  read: [
    `${permission}.Read.Directory`,
    'RoleManagement.Read.Directory',
    'RoleManagement.Read.All',
    `${permission}.ReadWrite.Directory`,
    MANAGE,
  ],
  write: [`${permission}.ReadWrite.Directory`, MANAGE],
  administrators: [GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR],
  fields: ['principalId', 'roleDefinitionId', 'directoryScopeId'],
});

const SURFACES: readonly Surface[] = [
  groupSurface('active', 'assignment', 'PrivilegedAssignmentSchedule'),
  groupSurface('eligible', 'eligibility', 'PrivilegedEligibilitySchedule'),
  roleSurface('active', 'roleAssignment', 'RoleAssignmentSchedule'),
  roleSurface('eligible', 'roleEligibility', 'RoleEligibilitySchedule'),
];
/** Everything that PIM has in Graph here. */
export const PIM_ROWS: readonly GraphRow[] = SURFACES.flatMap((surface): readonly GraphRow[] => {
  const requests = `${surface.path}Requests`;
  const { read, write } = surface;
  return [
    [`POST ${requests}`, write, 'everybody', [], (ports, call) => create(ports, surface, call)],
    [`GET ${requests}`, read, 'everybody', ['$filter'], (ports, call) => listRequests(ports, surface, call)],
    [`GET ${requests}/{id}`, read, 'everybody', [], (ports, call, [id = '']) => getRequest(ports, surface, id, call)],
    [
      `POST ${requests}/{id}/cancel`,
      write,
      'everybody',
      [],
      (ports, call, [id = '']) => cancel(ports, surface, id, call),
    ],
    [
      `GET ${surface.path}Instances`,
      read,
      'everybody',
      ['$filter'],
      (ports, call) => listInstances(ports, surface, call),
    ],
  ];
});

const isAdministrator = (surface: Surface, { caller }: GraphCall): boolean =>
  caller.claims.idtyp === 'app' || surface.administrators.some((one) => caller.claims.wids?.includes(one));

function create(ports: GraphPorts, surface: Surface, call: GraphCall): HttpAnswer {
  const { caller } = call;
  const { order, validationOnly } = readOrder(ports, surface.kind, surface.access, call);
  if (isSelf(order.action) ? order.target.principalId !== caller.claims.oid : !isAdministrator(surface, call))
    throw denied();
  const request = validationOnly ? ports.pim.validate(order) : ports.pim.submit(order);
  return graphJson({ ...entity(surface), ...shownRequest(request), isValidationOnly: validationOnly }, 201);
}

const entity = (surface: Surface): object => context(`${surface.path.slice(1)}Requests/$entity`);

function listRequests(ports: GraphPorts, surface: Surface, call: GraphCall): HttpAnswer {
  ports.pim.requireLicence(call.caller.tenant);
  const wanted = readable(surface, call, ['status', 'action']);
  const all = ports.pim.requests(surface.kind, surface.access, call.caller.tenant.id).map(shownRequest);
  return graphJson({ ...context(`${surface.path.slice(1)}Requests`), value: all.filter((one) => fits(one, wanted)) });
}

function getRequest(ports: GraphPorts, surface: Surface, id: string, call: GraphCall): HttpAnswer {
  return graphJson({ ...entity(surface), ...shownRequest(requestOf(ports, surface, id, call)) });
}

function cancel(ports: GraphPorts, surface: Surface, id: string, call: GraphCall): HttpAnswer {
  ports.pim.cancel(requestOf(ports, surface, id, call));
  return graphNothing;
}

function requestOf(ports: GraphPorts, surface: Surface, id: string, call: GraphCall): PimRequest {
  ports.pim.requireLicence(call.caller.tenant);
  const found = ports.pim
    .requests(surface.kind, surface.access, call.caller.tenant.id)
    .find((one) => one.id === id.toLowerCase());
  const own = found?.requestorId === call.caller.claims.oid || found?.principalId === call.caller.claims.oid;
  if (found === undefined || (!own && !isAdministrator(surface, call))) throw notThere(id);
  return found;
}

function listInstances(ports: GraphPorts, surface: Surface, call: GraphCall): HttpAnswer {
  ports.pim.requireLicence(call.caller.tenant);
  const wanted = readable(surface, call, ['assignmentType', 'memberType']);
  if (surface.kind === 'group' && wanted['groupId'] === undefined && wanted['principalId'] === undefined)
    throw new AzureError(400, 'InvalidFilter', 'The filter must be on groupId or principalId.');
  const all = shownInstances(ports, surface.kind, surface.access, call.caller.tenant);
  return graphJson({ ...context(`${surface.path.slice(1)}Instances`), value: all.filter((one) => fits(one, wanted)) });
}

/** What `$filter` asks for; who is no administrator reads what is their own. */
function readable(surface: Surface, call: GraphCall, more: readonly string[]): Readonly<Record<string, string>> {
  const wanted = equalities(call.http, [...surface.fields, ...more]);
  if (!isAdministrator(surface, call) && wanted['principalId'] !== call.caller.claims.oid) throw denied();
  return wanted;
}
