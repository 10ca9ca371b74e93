import type { HttpAnswer } from '../shared/http-call.ts';
import { json, type ArmCall, type ArmPorts } from './arm-call.ts';
import { JsonBody } from './json-body.ts';
import { AzureError } from './azure-error.ts';
import { storageAccountId, type ManagementGroup, type ResourceGroup, type Subscription } from './estate.ts';
import { managementGroupId, parseScope, type Scope } from './scopes.ts';

/** Subscriptions on which the caller has any role; the list is empty for whoever has none. */
export function listSubscriptions(ports: ArmPorts, call: ArmCall): HttpAnswer {
  const own = ports.world.estate.subscriptions.filter(
    (one) => one.tenant === call.caller.tenant.id && mayRead(ports, call, one),
  );
  return json({
    value: own.map(shownSubscription),
    count: { type: 'Total', value: own.length },
  });
}

/** A subscription is not found, rather than forbidden, for whoever has no role in it. */
export function getSubscription(ports: ArmPorts, id: string, call: ArmCall): HttpAnswer {
  const found = ports.world.estate.requireSubscription(id);
  if (found.tenant !== call.caller.tenant.id || !mayRead(ports, call, found))
    throw new AzureError(404, 'SubscriptionNotFound', `The subscription '${id}' could not be found.`);
  return json(shownSubscription(found));
}

export const listTenants = (call: ArmCall): HttpAnswer => {
  const { id, displayName, domains } = call.caller.tenant;
  return json({
    value: [
      {
        id: `/tenants/${id}`,
        tenantId: id,
        displayName,
        defaultDomain: domains[0] ?? '',
        domains,
        tenantCategory: 'Home',
      },
    ],
  });
};

export function listResourceGroups(ports: ArmPorts, subscription: string): HttpAnswer {
  const found = ports.world.estate.requireSubscription(subscription);
  return json({ value: found.resourceGroups.map((group) => shownGroup(found, group)) });
}

export function getResourceGroup(ports: ArmPorts, scope: Extract<Scope, { kind: 'resourceGroup' }>): HttpAnswer {
  const [subscription, group] = groupOf(ports, scope);
  return json(shownGroup(subscription, group));
}

/** Changes the tags: the smallest thing that whoever may write can do. */
export function patchResourceGroup(
  ports: ArmPorts,
  scope: Extract<Scope, { kind: 'resourceGroup' }>,
  call: ArmCall,
): HttpAnswer {
  const [subscription, group] = groupOf(ports, scope);
  const input = JsonBody.parse(call.http.body);
  const tags = input.strings('tags');
  input.requireAllRead();
  if (subscription.state === 'Disabled')
    throw new AzureError(
      409,
      'ReadOnlyDisabledSubscription',
      `The subscription '${subscription.id}' is disabled and therefore marked as read only. You cannot perform any write actions on this subscription until it is re-enabled.`,
    );
  group.tags = tags;
  ports.world.save();
  return json(shownGroup(subscription, group));
}

export function listStorageAccounts(ports: ArmPorts, scope: Scope): HttpAnswer {
  ports.world.estate.requireThere(scope);
  if (scope.kind !== 'subscription' && scope.kind !== 'resourceGroup') return json({ value: [] });
  const groups = ports.world.estate
    .requireSubscription(scope.subscription)
    .resourceGroups.filter(
      (one) => scope.kind === 'subscription' || one.name.toLowerCase() === scope.resourceGroup.toLowerCase(),
    );
  return json({
    value: groups.flatMap((group) =>
      group.storageAccounts.map((account) => shownAccount(scope.subscription, group, account.name)),
    ),
  });
}

export function getStorageAccount(ports: ArmPorts, scope: Extract<Scope, { kind: 'resource' }>): HttpAnswer {
  ports.world.estate.requireThere(scope);
  const group = ports.world.estate.resourceGroup(scope.subscription, scope.resourceGroup);
  const account = group?.storageAccounts.find((one) => scope.key.endsWith(`/storageaccounts/${one.name}`));
  if (group === null || account === undefined)
    throw new AzureError(404, 'ResourceNotFound', `The Resource '${scope.id}' was not found.`);
  return json(shownAccount(scope.subscription, group, account.name));
}

/** Management groups on which the caller may read; those that are forbidden are left out. */
export function listManagementGroups(ports: ArmPorts, call: ArmCall): HttpAnswer {
  const own = ports.world.estate.managementGroups.filter((one) => {
    const scope = parseScope(managementGroupId(one.name));
    const action = 'Microsoft.Management/managementGroups/read';
    return (
      one.tenant === call.caller.tenant.id &&
      scope !== null &&
      ports.authorization.decide(call.caller, { action, scope }) === 'allowed'
    );
  });
  return json({
    value: own.map((one) => ({
      ...shownManagementGroup(one),
      properties: { tenantId: one.tenant, displayName: one.displayName },
    })),
  });
}

export function getManagementGroup(ports: ArmPorts, scope: Extract<Scope, { kind: 'managementGroup' }>): HttpAnswer {
  ports.world.estate.requireThere(scope);
  const { estate } = ports.world;
  const found = estate.managementGroup(scope.name);
  if (found === null) throw new AzureError(404, 'NotFound', `The management group '${scope.name}' cannot be found`);
  const parent = found.parent === null ? null : estate.managementGroup(found.parent);
  const details =
    parent === null ? {} : { parent: { ...shownManagementGroup(parent), displayName: parent.displayName } };
  const children = [
    ...estate.managementGroups
      .filter((one) => one.parent === found.name)
      .map((one) => ({ ...shownManagementGroup(one), displayName: one.displayName })),
    ...estate.subscriptions
      .filter((one) => one.managementGroup === found.name)
      .map((one) => ({
        type: '/subscriptions',
        id: `/subscriptions/${one.id}`,
        name: one.id,
        displayName: one.displayName,
      })),
  ];
  return json({
    ...shownManagementGroup(found),
    properties: { tenantId: found.tenant, displayName: found.displayName, details, children },
  });
}

function groupOf(
  ports: ArmPorts,
  scope: Extract<Scope, { kind: 'resourceGroup' }>,
): readonly [Subscription, ResourceGroup] {
  ports.world.estate.requireThere(scope);
  const subscription = ports.world.estate.requireSubscription(scope.subscription);
  const group = ports.world.estate.resourceGroup(scope.subscription, scope.resourceGroup);
  if (group === null)
    throw new AzureError(404, 'ResourceGroupNotFound', `Resource group '${scope.resourceGroup}' could not be found.`);
  return [subscription, group];
}

/** A role on the subscription or above it lets its holder see the subscription; so does one on anything inside. */
function mayRead(ports: ArmPorts, call: ArmCall, subscription: Subscription): boolean {
  const action = 'Microsoft.Resources/subscriptions/read';
  return ports.authorization.hasAnyRoleIn(call.caller, `/subscriptions/${subscription.id}`, action);
}

const shownSubscription = (one: Subscription): Readonly<Record<string, unknown>> => ({
  id: `/subscriptions/${one.id}`,
  authorizationSource: 'RoleBased',
  managedByTenants: [],
  subscriptionId: one.id,
  tenantId: one.tenant,
  displayName: one.displayName,
  state: one.state,
  subscriptionPolicies: {
    locationPlacementId: 'Public_2014-09-01',
    quotaId: 'PayAsYouGo_2014-09-01',
    spendingLimit: 'Off',
  },
});

const shownGroup = (subscription: Subscription, group: ResourceGroup): Readonly<Record<string, unknown>> => ({
  id: `/subscriptions/${subscription.id}/resourceGroups/${group.name}`,
  name: group.name,
  type: 'Microsoft.Resources/resourceGroups',
  location: group.location,
  tags: group.tags,
  properties: { provisioningState: 'Succeeded' },
});

const shownAccount = (subscription: string, group: ResourceGroup, name: string): Readonly<Record<string, unknown>> => ({
  sku: { name: 'Standard_LRS', tier: 'Standard' },
  kind: 'StorageV2',
  id: storageAccountId(subscription, group.name, name),
  name,
  type: 'Microsoft.Storage/storageAccounts',
  location: group.location,
  tags: {},
  properties: {
    provisioningState: 'Succeeded',
    allowSharedKeyAccess: false,
    primaryEndpoints: { blob: `https://${name}.blob.core.windows.net/` },
  },
});

const shownManagementGroup = (one: ManagementGroup): Readonly<Record<string, unknown>> => ({
  id: managementGroupId(one.name),
  type: 'Microsoft.Management/managementGroups',
  name: one.name,
});
