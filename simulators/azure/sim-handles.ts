import type { ArmPorts } from './arm-call.ts';
import { newPrincipal, principalNamed, type Tenant } from './directory.ts';
import type { ResourceGroup, Subscription } from './estate.ts';
import { writeMembership } from './memberships.ts';

type Body = Readonly<Record<string, unknown>>;

/**
 * What happens in a company beside Resource Manager's interface: people come and go, groups change, what roles are about is
 * moved or deleted. Throws an Error for what cannot be.
 */
export function changeDirectory(ports: ArmPorts, body: Body): Body {
  const tenant = tenantOf(ports, body);
  const { graphReadMs, principalReplicationMs, seed } = ports.settings();
  const change = text(body, 'change');
  switch (change) {
    case 'add-user':
    case 'add-group': {
      const knownAt = ports.now() + ports.world.draw(principalReplicationMs, seed);
      const type = change === 'add-user' ? 'User' : 'Group';
      const readableAt = ports.now() + ports.world.draw(graphReadMs, seed);
      const kind =
        type === 'Group' ? { dynamic: body['dynamic'] === true, roleAssignable: body['roleAssignable'] === true } : {};
      const onPremisesSynced = body['onPremisesSynced'] === true;
      const made = newPrincipal(tenant, type, text(body, 'name'), { knownAt, readableAt, onPremisesSynced, ...kind });
      tenant.principals.push(made);
      ports.world.save();
      return { id: made.id, knownAt };
    }
    case 'add-member':
    case 'remove-member': {
      const group = principalNamed(tenant, text(body, 'group')).id;
      const member = principalNamed(tenant, text(body, 'name')).id;
      const { knownAt } = writeMembership(ports, tenant.memberships, group, member, change === 'add-member');
      return { knownAt };
    }
    case 'enable':
    case 'disable':
    case 'remove': {
      const found = principalNamed(tenant, text(body, 'name'));
      if (change === 'remove') found.deleted = true;
      else found.enabled = change === 'enable';
      ports.world.save();
      return { id: found.id };
    }
    case 'grant-permission':
    case 'revoke-permission': {
      const found = principalNamed(tenant, text(body, 'name'));
      const application = tenant.applications.find((one) => one.servicePrincipalId === found.id);
      if (application === undefined) throw new Error(`${found.name} is no application`);
      const permission = text(body, 'permission');
      const others = application.graphPermissions.filter((one) => one !== permission);
      application.graphPermissions = change === 'grant-permission' ? [...others, permission] : others;
      ports.world.save();
      return { permissions: application.graphPermissions };
    }
    case 'licence': {
      const licence = text(body, 'name');
      if (licence !== 'P2' && licence !== 'Free') throw new Error('a licence is P2 or Free');
      if (licence === 'Free') ports.pim.lapse(tenant);
      else tenant.premium = true;
      ports.world.save();
      return { premium: tenant.premium };
    }
    default:
      throw new Error(`there is no change ${change}`);
  }
}

/** Changes the estate; role assignments of a resource group go with it, and those of what is moved stay where it was. */
export function changeEstate(ports: ArmPorts, body: Body): Body {
  const { estate } = ports.world;
  const subscription = estate.subscription(text(body, 'subscription'));
  if (subscription === null) throw new Error('there is no such subscription');
  const change = text(body, 'change');
  switch (change) {
    case 'add-resource-group':
      subscription.resourceGroups.push({
        name: text(body, 'name'),
        location: 'westeurope',
        tags: {},
        storageAccounts: [],
      });
      break;
    case 'remove-resource-group':
      removeGroup(ports, subscription, groupNamed(subscription, text(body, 'name')));
      break;
    case 'move-storage-account': {
      const target = estate.subscription(text(body, 'toSubscription'));
      if (target === null) throw new Error('there is no such subscription to move to');
      const to = groupNamed(target, text(body, 'toGroup'));
      const from = groupNamed(subscription, text(body, 'group'));
      const at = from.storageAccounts.findIndex((one) => one.name === text(body, 'name'));
      to.storageAccounts.push(...from.storageAccounts.splice(at, at < 0 ? 0 : 1));
      break;
    }
    case 'move-subscription': {
      const group = estate.managementGroup(text(body, 'managementGroup'));
      if (group?.tenant !== subscription.tenant) throw new Error('there is no such management group');
      subscription.managementGroup = group.name;
      break;
    }
    case 'subscription-state': {
      const state = text(body, 'state');
      if (state !== 'Enabled' && state !== 'Disabled') throw new Error('a subscription is Enabled or Disabled');
      subscription.state = state;
      break;
    }
    default:
      throw new Error(`there is no change ${change}`);
  }
  ports.world.save();
  return {};
}

function removeGroup(ports: ArmPorts, subscription: Subscription, group: ResourceGroup): void {
  const key = `/subscriptions/${subscription.id}/resourcegroups/${group.name.toLowerCase()}`;
  for (const one of ports.assignments.allWritten())
    if (one.scopeKey === key || one.scopeKey.startsWith(`${key}/`)) ports.assignments.write(one.name, null, false);
  subscription.resourceGroups = subscription.resourceGroups.filter((one) => one !== group);
}

function groupNamed(subscription: Subscription, name: string): ResourceGroup {
  const found = subscription.resourceGroups.find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (found === undefined) throw new Error(`there is no resource group ${name}`);
  return found;
}

/** The tenant that is named, or the first. */
function tenantOf(ports: ArmPorts, body: Body): Tenant {
  const [first] = ports.world.tenants;
  const found = body['tenant'] === undefined ? first : ports.world.tenant(text(body, 'tenant'));
  if (found === null || found === undefined) throw new Error('there is no such tenant');
  return found;
}

function text(body: Body, name: string): string {
  const value = body[name];
  if (typeof value !== 'string' || value === '') throw new Error(`${name} is a text`);
  return value;
}
