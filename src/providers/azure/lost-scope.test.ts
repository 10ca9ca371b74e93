import { describe, expect, test } from 'vitest';
import { instant } from '../../core/time.ts';
import { ProviderFault } from '../contract.ts';
import type { Arm } from './call.ts';
import { whyLost } from './lost-scope.ts';
import type { Assignment, RoleAssignments } from './rbac-assignments.ts';
import type { AssignmentPlace } from './rbac-place.ts';

const SUB = '/subscriptions/33333333-3333-4333-8333-333333333333';
const ANA = 'aaaaaaaa-1111-4111-8111-111111111111';
const READER = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';

/** What the parents say. `null`: not found. */
interface World {
  readonly groups: readonly string[] | null;
  readonly state?: string | null;
  readonly inGroup?: readonly string[];
}

function lost(scope: string, { groups, state = null, inGroup = [] }: World) {
  const gone = () => Promise.reject(new ProviderFault('target-gone', 'not found'));
  const arm: Arm = {
    tryList: async () => null,
    list: async () => (groups === null ? gone() : groups.map((name) => ({ name }))),
    call: async () =>
      state === null
        ? { code: 'SubscriptionNotFound', body: null, cloudNow: null }
        : { code: null, body: { state }, cloudNow: null },
  };
  const listed = inGroup.map((at) => ({ scope: at, principalId: ANA, roleDefinition: READER }) as Assignment);
  const assignments = { list: async () => listed } as unknown as RoleAssignments;
  const definition = { roleDefinition: READER } as AssignmentPlace['definition'];
  const call = { now: instant(0), signal: AbortSignal.timeout(1_000) };
  return whyLost(arm, assignments, { scope, principalId: ANA, definition }, call);
}

describe('a resource group', () => {
  test('that its subscription does not list is gone, however it is written', async () => {
    expect(await lost(`${SUB}/resourceGroups/Data`, { groups: ['other'] })).toMatchObject({ resourceGroupIs: 'gone' });
    expect(await lost(`${SUB}/resourceGroups/Data`, { groups: ['DATA'] })).toBeNull();
  });

  test('of a subscription that is not found is gone only where that says so itself', async () => {
    const scope = `${SUB}/resourceGroups/data`;
    expect(await lost(scope, { groups: null })).toBeNull();
    expect(await lost(scope, { groups: null, state: 'Disabled' })).toBeNull();
    expect(await lost(scope, { groups: null, state: 'Deleted' })).toMatchObject({ subscriptionIs: 'Deleted' });
  });
});

test.each([
  [null, null],
  ['Enabled', null],
  ['Warned', null],
  ['Deleted', { subscription: SUB, subscriptionIs: 'Deleted', saidBy: 'the subscription itself' }],
])('a subscription that says %s of itself', async (state, said) => {
  expect(await lost(SUB, { groups: [], state })).toEqual(said);
});

test('a resource is gone to us unless its group lists our assignment there', async () => {
  const scope = `${SUB}/resourceGroups/data/providers/Microsoft.Sql/servers/erp`;
  expect(await lost(scope, { groups: ['data'] })).toMatchObject({ resourceIs: 'not found' });
  expect(await lost(scope, { groups: ['data'], inGroup: [scope.toUpperCase()] })).toBeNull();
  expect(await lost(scope, { groups: ['data'], inGroup: [`${SUB}/resourceGroups/data`] })).not.toBeNull();
});

test('a management group has no parent that we could ask', async () => {
  const scope = '/providers/Microsoft.Management/managementGroups/acme';
  expect(await lost(scope, { groups: [], state: 'Deleted' })).toBeNull();
});
