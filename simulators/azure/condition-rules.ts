import { hasStorageData } from './authorization.ts';
import { AzureError } from './azure-error.ts';
import type { RoleDefinition } from './built-in-roles.ts';
import { parseCondition, type Condition } from './condition-parse.ts';
import { ConditionError, type Source } from './condition-words.ts';

const ASSIGNMENTS = 'Microsoft.Authorization/roleAssignments';
const ACCOUNT = 'Microsoft.Storage/storageAccounts';
const CONTAINERS = `${ACCOUNT}/blobServices/containers`;
const TAGS =
  /^Microsoft\.Storage\/storageAccounts\/blobServices\/containers\/blobs\/tags(:[^<>]+<\$key_case_sensitive\$>|&\$keys\$&)$/;
const CUSTOM = /^Microsoft\.Directory\/CustomSecurityAttributes\/Id:\w+_\w+$/;
const DELEGATION = ['RoleDefinitionId', 'PrincipalId', 'PrincipalType'].map((name) => `${ASSIGNMENTS}:${name}`);

/** Attributes that conditions may ask for (conditions-authorization-actions-attributes, storage-auth-abac-attributes). */
const KNOWN: Readonly<Record<Source, readonly (string | RegExp)[]>> = {
  Request: [
    ...DELEGATION,
    'subOperation',
    `${CONTAINERS}/blobs:prefix`,
    `${CONTAINERS}/blobs:snapshot`,
    `${CONTAINERS}/blobs:versionId`,
    TAGS,
  ],
  Resource: [
    ...DELEGATION,
    `${ACCOUNT}:name`,
    `${ACCOUNT}:isHnsEnabled`,
    `${ACCOUNT}/encryptionScopes:name`,
    `${CONTAINERS}:name`,
    `${CONTAINERS}/blobs:path`,
    `${CONTAINERS}/blobs:isCurrentVersion`,
    `${ACCOUNT}/queueServices/queues:name`,
    TAGS,
  ],
  Principal: [CUSTOM],
  Environment: [
    'UtcNow',
    'isPrivateLink',
    'Microsoft.Network/privateEndpoints',
    'Microsoft.Network/virtualNetworks/subnets',
  ],
};

/** Characters that a condition can have (limits.md of role-based-access-control: 8 KB). */
const LENGTH = 8 * 1024;

/**
 * Throws what Azure says of a condition that cannot be stored with an assignment of a role. Only roles that have data actions
 * of storage, or that can assign roles, take one.
 */
export function requireStorable(text: string, version: string, role: RoleDefinition): void {
  if (version !== '2.0' || text.length > LENGTH || !takesCondition(role)) throw invalid();
  let condition: Condition;
  try {
    condition = parseCondition(text);
  } catch (error) {
    if (error instanceof ConditionError) throw invalid();
    throw error;
  }
  for (const { source, name } of attributesOf(condition))
    if (!KNOWN[source].some((known) => (typeof known === 'string' ? known === name : known.test(name))))
      throw new AzureError(400, 'InvalidRoleAssignmentCondition', `${source} attribute ${name} is not valid.`);
}

const invalid = (): AzureError =>
  new AzureError(400, 'InvalidRoleAssignmentCondition', 'The given role assignment condition is invalid.');

const takesCondition = (role: RoleDefinition): boolean =>
  hasStorageData(role) ||
  role.permissions.some((one) =>
    one.actions.some((action) => action === '*' || /^microsoft\.authorization\/(\*|roleassignments\/)/i.test(action)),
  );

function attributesOf(condition: Condition): readonly { readonly source: Source; readonly name: string }[] {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.all.flatMap(attributesOf);
    case 'not':
      return attributesOf(condition.of);
    case 'exists':
      return [condition.attribute];
    case 'compare':
      return [condition.left, condition.right].filter((side) => side.kind === 'attribute');
    default:
      return [];
  }
}
