import { AzureError } from './azure-error.ts';
import type { Tenant } from './directory.ts';
import { isGuid } from './guid.ts';
import { managementGroupId, type Scope } from './scopes.ts';

/** What a tenant owns in Resource Manager. */
export type EstateDescription = {
  /** The root group, named for the tenant, is there anyway; a group without a parent is in it. */
  readonly managementGroups?: readonly {
    readonly tenant: string;
    readonly name: string;
    readonly displayName?: string;
    readonly parent?: string;
  }[];
  readonly subscriptions?: readonly {
    readonly id: string;
    readonly displayName?: string;
    readonly tenant: string;
    /** Default: the root group. */
    readonly managementGroup?: string;
    readonly resourceGroups?: readonly {
      readonly name: string;
      readonly location?: string;
      readonly storageAccounts?: readonly {
        readonly name: string;
        readonly containers?: readonly {
          readonly name: string;
          readonly blobs?: readonly { readonly name: string; readonly content: string }[];
        }[];
      }[];
    }[];
  }[];
};

export type Blob = { content: string; contentType: string; modifiedAt: number; etag: string };
export type StorageAccount = {
  name: string;
  containers: { name: string; modifiedAt: number; blobs: Record<string, Blob> }[];
};
export type ResourceGroup = {
  name: string;
  location: string;
  tags: Record<string, string>;
  storageAccounts: StorageAccount[];
};
export type Subscription = {
  id: string;
  displayName: string;
  tenant: string;
  managementGroup: string;
  state: 'Enabled' | 'Disabled';
  resourceGroups: ResourceGroup[];
};
export type ManagementGroup = { tenant: string; name: string; displayName: string; parent: string | null };

export type EstateState = { managementGroups: ManagementGroup[]; subscriptions: Subscription[] };

/** The estate as it is kept. Throws an Error for what cannot be. */
export function describeEstate(description: EstateDescription, tenants: readonly Tenant[], nowMs: number): EstateState {
  const managementGroups: ManagementGroup[] = tenants.map((tenant) => ({
    tenant: tenant.id,
    name: tenant.id,
    displayName: 'Tenant Root Group',
    parent: null,
  }));
  for (const { tenant, name, displayName, parent } of description.managementGroups ?? [])
    managementGroups.push({ tenant, name, displayName: displayName ?? name, parent: parent ?? tenant });
  for (const { name, parent } of managementGroups)
    if (parent !== null && !managementGroups.some((one) => one.name === parent))
      throw new Error(`the management group ${name} is in ${parent}, which is not there`);
  const subscriptions = (description.subscriptions ?? []).map((one): Subscription => {
    if (!isGuid(one.id)) throw new Error(`"${one.id}" is no subscription id`);
    return {
      id: one.id.toLowerCase(),
      displayName: one.displayName ?? one.id,
      tenant: one.tenant,
      managementGroup: one.managementGroup ?? one.tenant,
      state: 'Enabled',
      resourceGroups: (one.resourceGroups ?? []).map((group) => ({
        name: group.name,
        location: group.location ?? 'westeurope',
        tags: {},
        storageAccounts: (group.storageAccounts ?? []).map((account) => ({
          name: account.name,
          containers: (account.containers ?? []).map((container) => ({
            name: container.name,
            modifiedAt: nowMs,
            blobs: Object.fromEntries(
              (container.blobs ?? []).map((blob) => [
                blob.name,
                {
                  content: Buffer.from(blob.content).toString('base64'),
                  contentType: 'application/octet-stream',
                  modifiedAt: nowMs,
                  etag: '"0x1"',
                },
              ]),
            ),
          })),
        })),
      })),
    };
  });
  return { managementGroups, subscriptions };
}

const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** Finds what is in the estate. */
export class Estate {
  readonly #state: EstateState;

  constructor(state: EstateState) {
    this.#state = state;
  }

  get subscriptions(): Subscription[] {
    return this.#state.subscriptions;
  }
  get managementGroups(): ManagementGroup[] {
    return this.#state.managementGroups;
  }

  managementGroup(name: string): ManagementGroup | null {
    return this.managementGroups.find((one) => same(one.name, name)) ?? null;
  }

  subscription(id: string): Subscription | null {
    return this.subscriptions.find((one) => one.id === id.toLowerCase()) ?? null;
  }

  resourceGroup(subscription: string, name: string): ResourceGroup | null {
    return this.subscription(subscription)?.resourceGroups.find((one) => same(one.name, name)) ?? null;
  }

  /** A storage account by its name, which no other in the world has, and where it is. */
  storageAccount(name: string): { account: StorageAccount; id: string; subscription: Subscription } | null {
    for (const subscription of this.subscriptions)
      for (const group of subscription.resourceGroups)
        for (const account of group.storageAccounts)
          if (account.name === name)
            return { account, subscription, id: storageAccountId(subscription.id, group.name, name) };
    return null;
  }

  /** The tenant that a scope belongs to, or null where the scope's subscription or group is not there. Root belongs to every tenant. */
  tenantOf(scope: Scope, own: string): string | null {
    if (scope.kind === 'root') return own;
    if (scope.kind === 'managementGroup') return this.managementGroup(scope.name)?.tenant ?? null;
    return this.subscription(scope.subscription)?.tenant ?? null;
  }

  /** Keys of a scope and of everything above it: roles on any of them count. */
  chain(scope: Scope): readonly string[] {
    const keys: string[] = [];
    if (scope.kind === 'resource') keys.push(...[...scope.within].reverse().map((id) => id.toLowerCase()));
    if (scope.kind === 'resource' || scope.kind === 'resourceGroup')
      keys.push(`/subscriptions/${scope.subscription}/resourcegroups/${scope.resourceGroup.toLowerCase()}`);
    let group: string | null = scope.kind === 'managementGroup' ? scope.name : null;
    if (scope.kind !== 'root' && scope.kind !== 'managementGroup') {
      keys.push(`/subscriptions/${scope.subscription}`);
      group = this.subscription(scope.subscription)?.managementGroup ?? null;
    }
    while (group !== null) {
      keys.push(managementGroupId(group).toLowerCase());
      group = this.managementGroup(group)?.parent ?? null;
    }
    return [...keys, '/'];
  }

  /** Throws Resource Manager's own error where what a scope names is not there. */
  requireThere(scope: Scope): void {
    if (scope.kind === 'root') return;
    if (scope.kind === 'managementGroup') {
      if (this.managementGroup(scope.name) === null)
        throw new AzureError(404, 'NotFound', `The management group '${scope.name}' cannot be found`);
      return;
    }
    this.requireSubscription(scope.subscription);
    if (scope.kind === 'subscription') return;
    const group = this.resourceGroup(scope.subscription, scope.resourceGroup);
    if (group === null)
      throw new AzureError(404, 'ResourceGroupNotFound', `Resource group '${scope.resourceGroup}' could not be found.`);
    if (scope.kind === 'resource' && !isResource(scope, group))
      throw new AzureError(
        404,
        'ResourceNotFound',
        `The Resource '${scope.id.split('/providers/')[1] ?? ''}' under resource group '${group.name}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
      );
  }

  isThere(scope: Scope): boolean {
    try {
      this.requireThere(scope);
      return true;
    } catch {
      return false;
    }
  }

  requireSubscription(id: string): Subscription {
    const found = this.subscription(id);
    if (found !== null) return found;
    throw new AzureError(404, 'SubscriptionNotFound', `The subscription '${id}' could not be found.`);
  }
}

export const storageAccountId = (subscription: string, group: string, name: string): string =>
  `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Storage/storageAccounts/${name}`;

/** There are storage accounts, and containers in them; no other resource. */
function isResource(scope: Extract<Scope, { kind: 'resource' }>, group: ResourceGroup): boolean {
  const [, account, container] =
    /\/providers\/microsoft\.storage\/storageaccounts\/([^/]+)(?:\/blobservices\/default(?:\/containers\/([^/]+))?)?$/i.exec(
      scope.id,
    ) ?? [];
  const found = group.storageAccounts.find((one) => account !== undefined && same(one.name, account));
  return found !== undefined && (container === undefined || found.containers.some((one) => one.name === container));
}
