import {
  BROKER_ROLE,
  delegationCondition,
  PIM_ROLE,
  SWEEPER_ACTIONS,
  sweeperCondition,
} from '../src/providers/azure/permissions.ts';
import { block, raw, variable, type Raw } from './infra-text.ts';

/* What a customer installs on Azure, as Terraform modules and as Bicep files: the identities, and what each of them may do at a scope. */

const HEADER = 'Generated from src/providers/azure/permissions.ts by tools/generate-infra.ts. Do not edit.';
const ISSUER_AUDIENCE = 'api://AzureADTokenExchange';

const TEXTS = {
  name: 'Name of the identity.',
  location: 'Region.',
  group: 'Name of the resource group in which the identity is made.',
  issuer: "Issuer of the platform's tokens: of an AKS cluster, its OIDC issuer URL.",
  subject: 'Subject of the token: system:serviceaccount:NAMESPACE:NAME.',
  scope: 'Where it holds: /subscriptions/ID, or /providers/Microsoft.Management/managementGroups/NAME.',
  principal: 'Object id of the service principal of the identity (an output of the identity module).',
  roles: 'GUIDs of the roles that the catalogue gives by method: rbac. curfew doctor names those that are missing.',
};

/** Every generated file for Azure: path from the repository's root, and its text. */
export function azureFiles(): readonly (readonly [path: string, text: string])[] {
  return [
    ['infra/azure/terraform/identity/main.tf', identity()],
    ['infra/azure/terraform/broker/main.tf', broker()],
    ['infra/azure/terraform/pim/main.tf', pim()],
    ['infra/azure/terraform/sweeper/main.tf', sweeper()],
    ['infra/azure/bicep/identity.bicep', identityBicep()],
    ['infra/azure/bicep/broker.bicep', brokerBicep()],
    ['infra/azure/bicep/pim.bicep', pimBicep()],
    ['infra/azure/bicep/sweeper.bicep', sweeperBicep()],
  ];
}

/** A condition with the place of its roles marked, as a language writes the rest. */
function condition(of: (roles: readonly string[]) => string, join: string, escaped: (text: string) => string): string {
  const any = '00000000-0000-0000-0000-000000000000';
  return escaped(of([any])).replaceAll(any, join);
}

function module(parts: readonly string[]): string {
  const requirements =
    'terraform {\n  required_version = ">= 1.5"\n  required_providers {\n    azurerm = {\n      source  = "hashicorp/azurerm"\n      version = ">= 4.0"\n    }\n  }\n}\n';
  return [`# ${HEADER}\n`, requirements, ...parts].join('\n');
}

const roles = `variable "role_definitions" {\n  type        = list(string)\n  description = ${JSON.stringify(TEXTS.roles)}\n  validation {\n    condition     = length(var.role_definitions) > 0\n    error_message = "Name at least one role."\n  }\n}\n`;
const rolesLocal = 'locals {\n  roles = join(", ", sort(distinct([for id in var.role_definitions : lower(id)])))\n}\n';

/** Quotation marks of HCL; the roles are filled in by Terraform. */
const inTerraform = (of: (roles: readonly string[]) => string): Raw =>
  raw(condition(of, '${local.roles}', (text) => JSON.stringify(text)));

function identity(): string {
  const params = ['name', 'resource_group', 'location', 'issuer', 'subject'] as const;
  const texts = [TEXTS.name, TEXTS.group, TEXTS.location, TEXTS.issuer, TEXTS.subject];
  return module([
    ...params.map((name, index) => variable(name, texts[index] ?? '')),
    block('resource "azurerm_user_assigned_identity" "this"', {
      name: raw('var.name'),
      resource_group_name: raw('var.resource_group'),
      location: raw('var.location'),
    }),
    block('resource "azurerm_federated_identity_credential" "platform"', {
      name: 'curfew',
      resource_group_name: raw('var.resource_group'),
      parent_id: raw('azurerm_user_assigned_identity.this.id'),
      issuer: raw('var.issuer'),
      subject: raw('var.subject'),
      audience: raw(`["${ISSUER_AUDIENCE}"]`),
    }),
    block('output "client_id"', { value: raw('azurerm_user_assigned_identity.this.client_id') }),
    block('output "principal_id"', { value: raw('azurerm_user_assigned_identity.this.principal_id') }),
  ]);
}

const ASSIGNED = { scope: raw('var.scope'), principal_id: raw('var.principal_id'), principal_type: 'ServicePrincipal' };
/** A built-in role has the same GUID everywhere; its definition is read at the scope. */
const builtIn = (id: string) =>
  block('data "azurerm_role_definition" "this"', { role_definition_id: id, scope: raw('var.scope') });

function broker(): string {
  return module([
    variable('scope', TEXTS.scope),
    variable('principal_id', TEXTS.principal),
    roles,
    rolesLocal,
    builtIn(BROKER_ROLE),
    block('resource "azurerm_role_assignment" "broker"', {
      ...ASSIGNED,
      role_definition_id: raw('data.azurerm_role_definition.this.id'),
      description: 'Curfew assigns the roles of its catalogue to people, and takes them away.',
      condition_version: '2.0',
      condition: inTerraform(delegationCondition),
    }),
  ]);
}

function pim(): string {
  const note =
    '# Whoever has this identity can give anybody anything at the scope: no condition can limit what may be asked of PIM.\n' +
    '# Make it another one than the broker\'s, where roles by "method: pim" are and nowhere else.\n';
  return module([
    `${note}${variable('scope', TEXTS.scope)}`,
    variable('principal_id', TEXTS.principal),
    builtIn(PIM_ROLE),
    block('resource "azurerm_role_assignment" "pim"', {
      ...ASSIGNED,
      role_definition_id: raw('data.azurerm_role_definition.this.id'),
      description: 'Curfew asks Privileged Identity Management for active assignments.',
    }),
  ]);
}

function sweeper(): string {
  const actions = SWEEPER_ACTIONS.map((one) => `      "${one}",\n`).join('');
  return module([
    variable('scope', TEXTS.scope),
    variable('principal_id', TEXTS.principal),
    roles,
    rolesLocal,
    `resource "azurerm_role_definition" "sweeper" {\n  name              = "Curfew sweeper"\n  scope             = var.scope\n  description       = "Deletes role assignments of grants that are over; can make none."\n  assignable_scopes = [var.scope]\n  permissions {\n    actions = [\n${actions}    ]\n  }\n}\n`,
    block('resource "azurerm_role_assignment" "sweeper"', {
      ...ASSIGNED,
      role_definition_id: raw('azurerm_role_definition.sweeper.role_definition_resource_id'),
      description: 'Ends what is overdue while Curfew is gone.',
      condition_version: '2.0',
      condition: inTerraform(sweeperCondition),
    }),
  ]);
}

function bicep(scope: 'subscription' | 'resourceGroup', parts: readonly string[]): string {
  return [`// ${HEADER}\n`, `targetScope = '${scope}'\n`, ...parts].join('\n');
}

const param = (name: string, description: string, type = 'string'): string =>
  `@description('${quote(description)}')\nparam ${name} ${type}\n`;
const quote = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('${', '\\${');
const rolesParam = `@description('${quote(TEXTS.roles)}')\n@minLength(1)\nparam roleDefinitions string[]\n`;
/** Bicep's \`union\` drops what is there twice; the order of Azure's own is kept, which a condition does not mind. */
const rolesVar = "var roles = join(map(union(roleDefinitions, []), id => toLower(id)), ', ')\n";
const inBicep = (of: (roles: readonly string[]) => string): string => `'${condition(of, '${roles}', quote)}'`;
const definition = (id: string): string => `subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '${id}')`;

function identityBicep(): string {
  return bicep('resourceGroup', [
    param('name', TEXTS.name),
    param('issuer', TEXTS.issuer),
    param('subject', TEXTS.subject),
    "resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {\n  name: name\n  location: resourceGroup().location\n}\n",
    `resource platform 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = {\n  parent: identity\n  name: 'curfew'\n  properties: {\n    issuer: issuer\n    subject: subject\n    audiences: ['${ISSUER_AUDIENCE}']\n  }\n}\n`,
    'output clientId string = identity.properties.clientId\noutput principalId string = identity.properties.principalId\n',
  ]);
}

function assignmentBicep(name: string, role: string, description: string, conditioned: string | null): string {
  const more = conditioned === null ? '' : `    conditionVersion: '2.0'\n    condition: ${conditioned}\n`;
  return (
    `resource ${name} 'Microsoft.Authorization/roleAssignments@2022-04-01' = {\n  name: guid(subscription().id, principalId, '${name}')\n  properties: {\n` +
    `    roleDefinitionId: ${role}\n    principalId: principalId\n    principalType: 'ServicePrincipal'\n    description: '${quote(description)}'\n${more}  }\n}\n`
  );
}

function brokerBicep(): string {
  const words = 'Curfew assigns the roles of its catalogue to people, and takes them away.';
  return bicep('subscription', [
    param('principalId', TEXTS.principal),
    rolesParam,
    rolesVar,
    assignmentBicep('broker', definition(BROKER_ROLE), words, inBicep(delegationCondition)),
  ]);
}

function pimBicep(): string {
  const note =
    '// Whoever has this identity can give anybody anything here: no condition can limit what may be asked of PIM.\n';
  const words = 'Curfew asks Privileged Identity Management for active assignments.';
  return bicep('subscription', [
    `${note}${param('principalId', TEXTS.principal)}`,
    assignmentBicep('pim', definition(PIM_ROLE), words, null),
  ]);
}

function sweeperBicep(): string {
  const actions = SWEEPER_ACTIONS.map((one) => `          '${one}'\n`).join('');
  return bicep('subscription', [
    param('principalId', TEXTS.principal),
    rolesParam,
    rolesVar,
    `resource sweeperRole 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {\n  name: guid(subscription().id, 'curfew-sweeper')\n  properties: {\n    roleName: 'Curfew sweeper (\${subscription().displayName})'\n    description: 'Deletes role assignments of grants that are over; can make none.'\n    assignableScopes: [subscription().id]\n    permissions: [\n      {\n        actions: [\n${actions}        ]\n      }\n    ]\n  }\n}\n`,
    assignmentBicep(
      'sweeper',
      'sweeperRole.id',
      'Ends what is overdue while Curfew is gone.',
      inBicep(sweeperCondition),
    ),
  ]);
}
