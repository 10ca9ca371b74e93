import { queryValue, type HttpAnswer } from '../shared/http-call.ts';
import { AzureError } from './azure-error.ts';
import { principal } from './directory.ts';
import { ENTRA_ROLES } from './entra-roles.ts';
import { context, denied, graphJson, notThere, type GraphCall, type GraphPorts, type GraphRow } from './graph-call.ts';
import { equalities, fits, type Shown } from './graph-query.ts';
import { stableGuid } from './guid.ts';
import { ruleTarget, ruleTypeOf, type PimRules } from './pim-policy.ts';
import { shownMoment } from './pim-words.ts';

const OF_GROUPS = ['RoleManagementPolicy.Read.AzureADGroup', 'RoleManagementPolicy.ReadWrite.AzureADGroup'];
const OF_ROLES = [
  'RoleManagementPolicy.Read.Directory',
  'RoleManagement.Read.Directory',
  'RoleManagement.Read.All',
  'RoleManagementPolicy.ReadWrite.Directory',
  'RoleManagement.ReadWrite.Directory',
];
const LIST = '/policies/roleManagementPolicyAssignments';

/** Policies of PIM as Graph shows them; they are read alone. */
export const POLICY_ROWS: readonly GraphRow[] = [
  [`GET ${LIST}`, [...OF_GROUPS, ...OF_ROLES], 'everybody', ['$filter', '$expand'], (ports, call) => list(ports, call)],
];

/** Filter: scope and its type, which are needed, and perhaps a role. `$expand=policy($expand=rules)` shows the rules. */
function list(ports: GraphPorts, call: GraphCall): HttpAnswer {
  const { tenant, claims } = call.caller;
  const { scopeId, scopeType, ...wanted } = equalities(call.http, ['scopeId', 'scopeType', 'roleDefinitionId']);
  const isGroup = scopeType === 'Group';
  if (
    scopeId === undefined ||
    !(isGroup || (scopeId === '/' && (scopeType === 'Directory' || scopeType === 'DirectoryRole')))
  )
    throw new AzureError(400, 'InvalidFilter', 'The filter must be on scopeId and scopeType.');
  if (claims.idtyp === 'app' && !(isGroup ? OF_GROUPS : OF_ROLES).some((one) => claims.roles?.includes(one)))
    throw denied();
  const expand = queryValue(call.http, '$expand');
  if (expand !== null && expand !== 'policy' && expand !== 'policy($expand=rules)')
    throw new AzureError(400, 'BadRequest', `This simulator cannot expand '${expand}'.`);
  ports.pim.requireLicence(tenant);
  if (isGroup && principal(tenant, scopeId)?.type !== 'Group') throw notThere(scopeId);
  const scopeKey = scopeId.toLowerCase();
  const value = (isGroup ? ['member'] : ENTRA_ROLES.map((one) => one.id)).map((role) => {
    const policy = ports.pim.policy({ kind: isGroup ? 'group' : 'entra', tenant: tenant.id, scopeKey, role });
    const policyId = `${scopeType}_${isGroup ? scopeKey : tenant.id}_${stableGuid('policy', scopeKey, role)}`;
    const place = { scopeId, scopeType };
    const shown = {
      id: policyId,
      displayName: scopeType,
      description: scopeType,
      isOrganizationDefault: false,
      ...place,
      lastModifiedDateTime: shownMoment(policy.modifiedOn),
      lastModifiedBy: { displayName: null, id: policy.modifiedBy },
      ...(expand === 'policy' ? {} : { rules: shownRules(policy.rules) }),
    };
    const own = { id: `${policyId}_${role}`, policyId, ...place, roleDefinitionId: role };
    return expand === null ? own : { ...own, policy: shown };
  });
  return graphJson({
    ...context('policies/roleManagementPolicyAssignments'),
    value: value.filter((one) => fits(one, wanted)),
  });
}

const shownRules = (rules: PimRules): readonly Shown[] =>
  Object.entries(rules).map(([id, rule]) => {
    const { caller, level } = ruleTarget(id);
    return {
      '@odata.type': `#microsoft.graph.unified${ruleTypeOf(id)}`,
      id,
      ...rule,
      target: { caller, operations: ['all'], level, inheritableSettings: [], enforcedSettings: [] },
    };
  });
