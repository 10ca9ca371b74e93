import { queryValue, type HttpAnswer } from '../shared/http-call.ts';
import { json, type ArmCall, type ArmPorts } from './arm-call.ts';
import { roleOf, scopeOf, type Shown } from './arm-pim-shown.ts';
import { AzureError } from './azure-error.ts';
import type { RoleDefinition } from './built-in-roles.ts';
import { isGuid, stableGuid } from './guid.ts';
import { JsonBody } from './json-body.ts';
import { DEFAULT_RULES, ruleTarget, ruleTypeOf, type PimRules } from './pim-policy.ts';
import { shownMoment } from './pim-words.ts';
import { roleIdAt } from './role-assignments.ts';
import type { Scope } from './scopes.ts';

const PROVIDER = '/providers/Microsoft.Authorization';

/** Each role has one policy at each scope, with a name of its own: nothing above it or below it counts. */
const nameOf = (scope: Scope, role: string): string => stableGuid('policy', scope.key, role);
const ruled = (scope: Scope, role: string, call: ArmCall) =>
  ({ kind: 'arm', tenant: call.caller.tenant.id, scopeKey: scope.key, role }) as const;

/** Roles that can be assigned at a scope. */
const rolesAt = (ports: ArmPorts, scope: Scope, call: ArmCall): readonly RoleDefinition[] => {
  const chain = ports.world.estate.chain(scope);
  return ports.world
    .roles(call.caller.tenant.id)
    .filter((one) => one.assignableScopes.some((at) => chain.includes(at.toLowerCase())));
};

function roleOfPolicy(ports: ArmPorts, scope: Scope, name: string, call: ArmCall): RoleDefinition {
  const found = rolesAt(ports, scope, call).find((one) => nameOf(scope, one.name) === name.toLowerCase());
  if (found !== undefined) return found;
  throw new AzureError(404, 'RoleManagementPolicyNotFound', `The role management policy '${name}' is not found.`);
}

export function listPolicies(ports: ArmPorts, scope: Scope, call: ArmCall): HttpAnswer {
  require(ports, scope, call);
  return json({ value: rolesAt(ports, scope, call).map((one) => shownPolicy(ports, scope, one.name, call)) });
}

export function getPolicy(ports: ArmPorts, scope: Scope, name: string, call: ArmCall): HttpAnswer {
  require(ports, scope, call);
  return json(shownPolicy(ports, scope, roleOfPolicy(ports, scope, name, call).name, call));
}

/** Changes the rules that are sent, and leaves the others. */
export function patchPolicy(ports: ArmPorts, scope: Scope, name: string, call: ArmCall): HttpAnswer {
  require(ports, scope, call);
  const role = roleOfPolicy(ports, scope, name, call);
  const body = JsonBody.parse(call.http.body);
  const rules = Object.fromEntries(body.object('properties').objects('rules').map(readRule));
  body.requireAllRead();
  ports.pim.changeRules(ruled(scope, role.name, call), rules, call.caller.claims.oid);
  return json(shownPolicy(ports, scope, role.name, call));
}

function readRule(sent: JsonBody): readonly [string, PimRules[string]] {
  const id = sent.text('id');
  const type = sent.text('ruleType');
  sent.ignore('target', 'exceptionMembers');
  const members = sent.others();
  const known = DEFAULT_RULES[id];
  if (known === undefined || type !== ruleTypeOf(id) || Object.keys(members).some((name) => !(name in known)))
    throw new AzureError(400, 'InvalidPolicy', `The policy rule '${id}' is not valid.`);
  return [id, { ...known, ...members }];
}

/** One for each role, with the rules as they are in force. Filter: `roleDefinitionId eq '…'`. */
export function listPolicyAssignments(ports: ArmPorts, scope: Scope, call: ArmCall): HttpAnswer {
  require(ports, scope, call);
  const text = (queryValue(call.http, '$filter') ?? '').replaceAll('+', ' ').trim();
  const [, wanted = ''] = /^roleDefinitionId eq '([^']+)'$/.exec(text) ?? [];
  const role = wanted.split('/').at(-1) ?? '';
  if (text !== '' && !isGuid(role)) throw new AzureError(400, 'BadRequest', `The filter '${text}' is not supported.`);
  const roles = rolesAt(ports, scope, call).filter((one) => text === '' || one.name === role.toLowerCase());
  return json({ value: roles.map((one) => shownPolicyAssignment(ports, scope, one.name, call)) });
}

export function getPolicyAssignment(ports: ArmPorts, scope: Scope, name: string, call: ArmCall): HttpAnswer {
  require(ports, scope, call);
  const role = roleOfPolicy(ports, scope, name.split('_')[0] ?? '', call);
  if (name.split('_')[1] !== role.name)
    throw new AzureError(404, 'RoleManagementPolicyNotFound', `The policy assignment '${name}' is not found.`);
  return json(shownPolicyAssignment(ports, scope, role.name, call));
}

function require(ports: ArmPorts, scope: Scope, call: ArmCall): void {
  ports.world.estate.requireThere(scope);
  ports.pim.requireLicence(call.caller.tenant);
}

const shownRules = (rules: PimRules): readonly Shown[] =>
  Object.entries(rules).map(([id, rule]) => ({ ...rule, id, ruleType: ruleTypeOf(id), target: ruleTarget(id) }));

const policyId = (scope: Scope, role: string): string =>
  `${scope.id === '/' ? '' : scope.id}${PROVIDER}/roleManagementPolicies/${nameOf(scope, role)}`;

const modifier = (id: string | null): Shown => ({ id, displayName: null, type: null, email: null });

function shownPolicy(ports: ArmPorts, scope: Scope, role: string, call: ArmCall): Shown {
  const policy = ports.pim.policy(ruled(scope, role, call));
  const rules = shownRules(policy.rules);
  return {
    properties: {
      scope: scope.id,
      displayName: null,
      description: null,
      isOrganizationDefault: false,
      lastModifiedDateTime: shownMoment(policy.modifiedOn),
      lastModifiedBy: modifier(policy.modifiedBy),
      rules,
      effectiveRules: rules,
      policyProperties: { scope: scopeOf(ports, scope.id) },
    },
    name: nameOf(scope, role),
    id: policyId(scope, role),
    type: 'Microsoft.Authorization/RoleManagementPolicies',
  };
}

function shownPolicyAssignment(ports: ArmPorts, scope: Scope, role: string, call: ArmCall): Shown {
  const policy = ports.pim.policy(ruled(scope, role, call));
  const name = `${nameOf(scope, role)}_${role}`;
  const lastModifiedDateTime = shownMoment(policy.modifiedOn);
  return {
    properties: {
      scope: scope.id,
      roleDefinitionId: roleIdAt(scope.id, role),
      policyId: policyId(scope, role),
      effectiveRules: shownRules(policy.rules),
      policyAssignmentProperties: {
        scope: scopeOf(ports, scope.id),
        roleDefinition: roleOf(ports, call.caller.tenant, scope.id, role),
        policy: { id: policyId(scope, role), lastModifiedBy: modifier(policy.modifiedBy), lastModifiedDateTime },
      },
    },
    name,
    id: `${scope.id === '/' ? '' : scope.id}${PROVIDER}/roleManagementPolicyAssignment/${name}`,
    type: 'Microsoft.Authorization/RoleManagementPolicyAssignment',
  };
}
