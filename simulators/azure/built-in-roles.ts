/** What a role allows. Patterns may have `*`. */
export type Permission = {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly dataActions: readonly string[];
  readonly notDataActions: readonly string[];
};

export type RoleDefinition = {
  readonly name: string;
  readonly roleName: string;
  readonly type: 'BuiltInRole' | 'CustomRole';
  readonly description: string;
  readonly permissions: readonly Permission[];
  readonly assignableScopes: readonly string[];
};

export const OWNER = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635';
export const USER_ACCESS_ADMINISTRATOR = '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9';

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices';
const QUEUES = 'Microsoft.Storage/storageAccounts/queueServices';

/** Azure's own roles, as its reference lists them (role-based-access-control/built-in-roles, July 2026); those that Curfew's world needs. */
export const BUILT_IN_ROLES: readonly RoleDefinition[] = [
  role(
    OWNER,
    'Owner',
    'Grants full access to manage all resources, including the ability to assign roles in Azure RBAC.',
    {
      actions: ['*'],
    },
  ),
  role(
    'b24988ac-6180-42a0-ab88-20f7382dd24c',
    'Contributor',
    'Grants full access to manage all resources, but does not allow you to assign roles in Azure RBAC, manage assignments in Azure Blueprints, or share image galleries.',
    {
      actions: ['*'],
      notActions: [
        'Microsoft.Authorization/*/Delete',
        'Microsoft.Authorization/*/Write',
        'Microsoft.Authorization/elevateAccess/Action',
        'Microsoft.Blueprint/blueprintAssignments/write',
        'Microsoft.Blueprint/blueprintAssignments/delete',
        'Microsoft.Compute/galleries/share/action',
        'Microsoft.Purview/consents/write',
        'Microsoft.Purview/consents/delete',
        'Microsoft.Resources/deploymentStacks/manageDenySetting/action',
        'Microsoft.Subscription/cancel/action',
        'Microsoft.Subscription/enable/action',
      ],
    },
  ),
  role(
    'acdd72a7-3385-48ef-bd42-f606fba81ae7',
    'Reader',
    'View all resources, but does not allow you to make any changes.',
    { actions: ['*/read'] },
  ),
  role(
    'f58310d9-a9f6-439a-9e8d-f62e7b41a168',
    'Role Based Access Control Administrator',
    'Manage access to Azure resources by assigning roles using Azure RBAC. This role does not allow you to manage access using other ways, such as Azure Policy.',
    {
      actions: [
        'Microsoft.Authorization/roleAssignments/write',
        'Microsoft.Authorization/roleAssignments/delete',
        '*/read',
        'Microsoft.Support/*',
      ],
    },
  ),
  role(USER_ACCESS_ADMINISTRATOR, 'User Access Administrator', 'Lets you manage user access to Azure resources.', {
    actions: ['*/read', 'Microsoft.Authorization/*', 'Microsoft.Support/*'],
  }),
  role(
    '4d97b98b-1d4f-4787-a291-c67834d212e7',
    'Network Contributor',
    'Lets you manage networks, but not access to them.',
    {
      actions: [
        'Microsoft.Authorization/*/read',
        'Microsoft.Insights/alertRules/*',
        'Microsoft.Network/*',
        'Microsoft.ResourceHealth/availabilityStatuses/read',
        'Microsoft.Resources/deployments/*',
        'Microsoft.Resources/subscriptions/resourceGroups/read',
        'Microsoft.Support/*',
      ],
    },
  ),
  role(
    '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1',
    'Storage Blob Data Reader',
    'Allows for read access to Azure Storage blob containers and data',
    {
      actions: [`${BLOBS}/containers/read`, `${BLOBS}/generateUserDelegationKey/action`],
      dataActions: [`${BLOBS}/containers/blobs/read`],
    },
  ),
  role(
    'ba92f5b4-2d11-453d-a403-e96b0029c9fe',
    'Storage Blob Data Contributor',
    'Allows for read, write and delete access to Azure Storage blob containers and data',
    {
      actions: [
        `${BLOBS}/containers/delete`,
        `${BLOBS}/containers/read`,
        `${BLOBS}/containers/write`,
        `${BLOBS}/generateUserDelegationKey/action`,
      ],
      dataActions: [
        `${BLOBS}/containers/blobs/delete`,
        `${BLOBS}/containers/blobs/read`,
        `${BLOBS}/containers/blobs/write`,
        `${BLOBS}/containers/blobs/move/action`,
        `${BLOBS}/containers/blobs/add/action`,
      ],
    },
  ),
  role(
    'b7e6dc6d-f1e8-4753-8033-0f276bb0955b',
    'Storage Blob Data Owner',
    'Allows for full access to Azure Storage blob containers and data, including assigning POSIX access control.',
    {
      actions: [`${BLOBS}/containers/*`, `${BLOBS}/generateUserDelegationKey/action`],
      dataActions: [`${BLOBS}/containers/blobs/*`],
    },
  ),
  role(
    '19e7f393-937e-4f77-808e-94535e297925',
    'Storage Queue Data Reader',
    'Allows for read access to Azure Storage queues and queue messages',
    { actions: [`${QUEUES}/queues/read`], dataActions: [`${QUEUES}/queues/messages/read`] },
  ),
  role(
    '974c5e8b-45b9-4653-ba55-5f855dd0fb88',
    'Storage Queue Data Contributor',
    'Allows for read, write, and delete access to Azure Storage queues and queue messages',
    {
      actions: [`${QUEUES}/queues/delete`, `${QUEUES}/queues/read`, `${QUEUES}/queues/write`],
      dataActions: [
        `${QUEUES}/queues/messages/delete`,
        `${QUEUES}/queues/messages/read`,
        `${QUEUES}/queues/messages/write`,
        `${QUEUES}/queues/messages/process/action`,
      ],
    },
  ),
];

function role(name: string, roleName: string, description: string, permission: Partial<Permission>): RoleDefinition {
  const permissions = [{ actions: [], notActions: [], dataActions: [], notDataActions: [], ...permission }];
  return { name, roleName, type: 'BuiltInRole', description, permissions, assignableScopes: ['/'] };
}
