import type { JsonObject } from '../../core/json.ts';
import { ProviderFault, type CallOptions } from '../contract.ts';
import type { Arm } from './call.ts';
import { record, word } from './faults.ts';
import type { RoleAssignments } from './rbac-assignments.ts';
import { nativeNames, type AssignmentPlace } from './rbac-place.ts';

/** Microsoft.Resources: subscriptions and resource groups. */
const VERSION = '2022-12-01';

/**
 * What became of a place that Azure says is not there: established from its parent, because Azure also answers *not found* to whoever may not
 * look. `null`: the parent does not say that it is gone.
 *
 * A resource is gone to us when its resource group lists no such assignment at it or below; a resource group, when its subscription lists no
 * group of the name; a subscription, when it says itself that it is deleted. That a subscription cannot be found proves nothing: so it is to
 * whoever has lost all rights in it.
 */
export async function whyLost(
  arm: Arm,
  assignments: RoleAssignments,
  place: AssignmentPlace,
  call: CallOptions,
): Promise<JsonObject | null> {
  const [, subscription, group, resource] =
    /^(\/subscriptions\/[^/]+)(?:\/resourceGroups\/([^/]+))?(\/.*)?$/i.exec(place.scope) ?? [];
  if (subscription === undefined) return null;
  if (group !== undefined) {
    const groups = await groupsOf(arm, subscription, call);
    if (groups === null) return isDeleted(arm, subscription, call);
    if (!groups.has(group.toLowerCase()))
      return { resourceGroup: group, resourceGroupIs: 'gone', saidBy: 'its subscription', groupsListed: groups.size };
    if (resource === undefined) return null;
    const parent = `${subscription}/resourceGroups/${group}`;
    const [principal, role, scope] = nativeNames(place);
    const listed = await assignments.list(parent, place.principalId, call);
    const stands = listed.some(
      (one) => one.principalId === principal && one.roleDefinition === role && one.scope.toLowerCase() === scope,
    );
    return stands ? null : { resource: place.scope, resourceIs: 'not found', saidBy: 'its resource group' };
  }
  return isDeleted(arm, subscription, call);
}

/** Names of the groups, in small letters; `null`: the subscription cannot be found. */
async function groupsOf(arm: Arm, subscription: string, call: CallOptions): Promise<ReadonlySet<string> | null> {
  const what = `Listing the resource groups of ${subscription}`;
  try {
    const all = await arm.list({ path: `${subscription}/resourcegroups`, version: VERSION, what }, call);
    return new Set(all.map((one) => word(record(one)['name']).toLowerCase()));
  } catch (error) {
    if (error instanceof ProviderFault && error.kind === 'target-gone') return null;
    throw error;
  }
}

async function isDeleted(arm: Arm, subscription: string, call: CallOptions): Promise<JsonObject | null> {
  const what = `Reading the state of ${subscription}`;
  const asked = {
    method: 'GET',
    path: subscription,
    version: VERSION,
    what,
    expects: ['SubscriptionNotFound'],
  } as const;
  const { body } = await arm.call(asked, call);
  const state = word(record(body)['state']);
  return state === 'Deleted' ? { subscription, subscriptionIs: state, saidBy: 'the subscription itself' } : null;
}
