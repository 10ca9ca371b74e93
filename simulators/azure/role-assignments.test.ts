import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  assignmentPath,
  AzureUnderTest,
  BLOB_READER,
  codeOf,
  constrain,
  CONTRIBUTOR,
  GROUP_SCOPE,
  OTHER_SUBSCRIPTION,
  READER,
  startedAzure,
  SUBSCRIPTION,
  TENANT,
  WORLD,
  type Answer,
} from './azure-under-test.ts';
import { stableGuid } from './guid.ts';

const OWNER = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635';
const AT_SUBSCRIPTION = `/subscriptions/${SUBSCRIPTION}`;

let cloud: AzureUnderTest;
let broker: string;
let olga: string;

beforeEach(async () => {
  ({ cloud, broker, olga } = await startedAzure());
});
afterEach(() => cloud.close());

const values = (answer: Answer): readonly { readonly name: string }[] =>
  answer.body['value'] as readonly { readonly name: string }[];

describe('an assignment', () => {
  test('is created with 201 and read as it was written', async () => {
    const created = await cloud.assign(broker, 'ana', READER, GROUP_SCOPE, { description: 'until noon' });
    expect(created.status).toBe(201);
    const name = stableGuid('ana', READER, GROUP_SCOPE);
    const path = assignmentPath(GROUP_SCOPE, name);
    expect(created.body).toEqual({
      id: path,
      name,
      type: 'Microsoft.Authorization/roleAssignments',
      properties: {
        roleDefinitionId: `${AT_SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/${READER}`,
        principalId: cloud.idOf('ana'),
        principalType: 'User',
        scope: GROUP_SCOPE,
        condition: null,
        conditionVersion: null,
        createdOn: '2026-03-02T09:00:00.0000000Z',
        updatedOn: '2026-03-02T09:00:00.0000000Z',
        createdBy: cloud.idOf('Curfew'),
        updatedBy: cloud.idOf('Curfew'),
        delegatedManagedIdentityResourceId: null,
        description: 'until noon',
      },
    });
    expect((await cloud.arm('GET', path, broker)).body).toEqual(created.body);
  });

  test('changes in condition and description alone, with 200', async () => {
    await cloud.assign(broker, 'ana', BLOB_READER);
    const condition = "@Environment[UtcNow] DateTimeLessThan '2026-03-02T10:00:00.0Z'";
    const again = await cloud.assign(broker, 'ana', BLOB_READER, GROUP_SCOPE, { condition, conditionVersion: '2.0' });
    expect([again.status, again.body['properties']]).toMatchObject([200, { condition, conditionVersion: '2.0' }]);
  });

  test('does not change otherwise, and its name is taken in every scope', async () => {
    await cloud.assign(broker, 'ana', READER);
    const name = stableGuid('ana', READER, GROUP_SCOPE);
    const refused = 'RoleAssignmentUpdateNotPermitted';
    expect(codeOf(await cloud.assign(broker, 'bo', READER, GROUP_SCOPE, {}, name))).toBe(refused);
    expect(codeOf(await cloud.assign(broker, 'ana', BLOB_READER, GROUP_SCOPE, {}, name))).toBe(refused);
    expect(codeOf(await cloud.assign(broker, 'ana', READER, AT_SUBSCRIPTION, {}, name))).toBe(refused);
  });

  test('is there once for a scope, a principal and a role, whatever its name', async () => {
    await cloud.assign(broker, 'ana', READER);
    const other = await cloud.assign(broker, 'ana', READER, GROUP_SCOPE, {}, stableGuid('other'));
    expect([other.status, codeOf(other)]).toEqual([409, 'RoleAssignmentExists']);
    const upper = GROUP_SCOPE.replace('billing', 'BILLING');
    expect(codeOf(await cloud.assign(broker, 'ana', READER, upper, {}, stableGuid('other')))).toBe(
      'RoleAssignmentExists',
    );
  });

  test('is deleted with 200, and with 204 where nothing is', async () => {
    await cloud.assign(broker, 'ana', READER);
    const deleted = await cloud.unassign(broker, 'ana', READER);
    expect([deleted.status, deleted.body['name']]).toEqual([200, stableGuid('ana', READER, GROUP_SCOPE)]);
    expect((await cloud.unassign(broker, 'ana', READER)).status).toBe(204);
    const path = assignmentPath(GROUP_SCOPE, stableGuid('ana', READER, GROUP_SCOPE));
    expect(codeOf(await cloud.arm('GET', path, broker))).toBe('RoleAssignmentNotFound');
  });
});

describe('refused', () => {
  const cases: readonly (readonly [string, Readonly<Record<string, unknown>>, string])[] = [
    ['a principal that nobody knows', { principalId: stableGuid('x'), principalType: null }, 'PrincipalNotFound'],
    ['a type that is not the principal’s', { principalType: 'Group' }, 'UnmatchedPrincipalType'],
    [
      'a role that is not there',
      { roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${stableGuid('x')}` },
      'RoleDefinitionDoesNotExist',
    ],
    ['what is no role', { roleDefinitionId: 'Reader' }, 'InvalidRoleDefinitionId'],
    ['a principal that is no GUID', { principalId: 'ana' }, 'InvalidPrincipalId'],
    ['a long description', { description: 'x'.repeat(2_049) }, 'InvalidRoleAssignmentDescription'],
    ['a member that is not known', { endsAt: 'noon' }, 'InvalidRequestContent'],
    ['a condition on a role without data', { condition: "ActionMatches{'a'}" }, 'InvalidRoleAssignmentCondition'],
  ];
  test.each(cases)('%s', async (_, more, code) => {
    expect(codeOf(await cloud.assign(olga, 'ana', READER, GROUP_SCOPE, more))).toBe(code);
  });

  test.each([
    ["@Environment[UtcNow] DateTimeLessThan 'soon'"],
    ["@Resource[Microsoft.ServiceBus/namespaces/queues:Name] StringEquals 'foo'"],
    [`@Environment[UtcNow] DateTimeLessThan '2026-03-02T10:00:00Z' ${' '.repeat(8_192)}`],
  ])('the condition %s', async (condition) => {
    expect(codeOf(await cloud.assign(olga, 'ana', BLOB_READER, GROUP_SCOPE, { condition }))).toBe(
      'InvalidRoleAssignmentCondition',
    );
  });

  test('a condition of version 1.0', async () => {
    const more = { condition: "ActionMatches{'a'}", conditionVersion: '1.0' };
    const answer = await cloud.assign(olga, 'ana', BLOB_READER, GROUP_SCOPE, more);
    expect(answer.text).toContain('The given role assignment condition is invalid.');
  });

  test('a name that is no GUID', async () => {
    expect(codeOf(await cloud.assign(olga, 'ana', READER, GROUP_SCOPE, {}, 'mine'))).toBe('InvalidRoleAssignmentId');
  });

  test('a resource group that is not there, though only to who may', async () => {
    const gone = `${AT_SUBSCRIPTION}/resourceGroups/gone`;
    expect(codeOf(await cloud.assign(broker, 'ana', READER, gone))).toBe('ResourceGroupNotFound');
    expect(codeOf(await cloud.unassign(broker, 'ana', READER, gone))).toBe('ResourceGroupNotFound');
    expect(codeOf(await cloud.assign(await cloud.tokenOf('ana'), 'ana', READER, gone))).toBe('AuthorizationFailed');
  });

  test('more than a subscription or a management group takes', async () => {
    await cloud.call('POST', '/_sim/settings', {
      json: { assignmentsPerSubscription: 3, assignmentsPerManagementGroup: 0 },
    });
    expect((await cloud.assign(olga, 'ana', READER)).status).toBe(201);
    expect(codeOf(await cloud.assign(olga, 'bo', READER))).toBe('RoleAssignmentLimitExceeded');
    await cloud.unassign(olga, 'ana', READER);
    expect((await cloud.assign(olga, 'bo', READER)).status).toBe(201);
  });

  test('to take the last owner away, unless another is there', async () => {
    const path = assignmentPath(AT_SUBSCRIPTION, stableGuid(AT_SUBSCRIPTION, OWNER, cloud.idOf('olga')));
    const last = await cloud.arm('DELETE', path, olga);
    expect([last.status, codeOf(last)]).toEqual([412, 'CannotDeleteLastRbacAdminAssignment']);
    await cloud.assign(olga, 'bo', OWNER, AT_SUBSCRIPTION);
    expect((await cloud.arm('DELETE', path, olga)).status).toBe(200);
  });
});

describe('what the broker’s condition does not hold for', () => {
  test('is refused with a sentence that names conditions', async () => {
    const owner = await cloud.assign(broker, 'ana', CONTRIBUTOR);
    expect([owner.status, codeOf(owner)]).toEqual([403, 'AuthorizationFailed']);
    expect(owner.text).toContain('does not have authorization or an ABAC condition not fulfilled to perform action');
    const machine = { principalId: cloud.idOf('Curfew'), principalType: 'ServicePrincipal' };
    expect((await cloud.assign(broker, 'Curfew', READER, GROUP_SCOPE, machine)).status).toBe(403);
  });

  test('is so, too, for a type that is not said: the directory is not asked', async () => {
    const untold = await cloud.assign(broker, 'ana', READER, GROUP_SCOPE, { principalType: null });
    expect([untold.status, codeOf(untold)]).toEqual([403, 'AuthorizationFailed']);
    expect((await cloud.assign(broker, 'ana', READER)).status).toBe(201);
  });

  test('is not deleted either; what is not there is', async () => {
    await cloud.assign(olga, 'ana', CONTRIBUTOR);
    expect((await cloud.unassign(broker, 'ana', CONTRIBUTOR)).status).toBe(403);
    expect((await cloud.unassign(broker, 'bo', CONTRIBUTOR)).status).toBe(204);
    await cloud.call('POST', '/_sim/settings', { json: { absentDeleteRefused: true } });
    expect((await cloud.unassign(broker, 'bo', CONTRIBUTOR)).status).toBe(403);
  });

  test('nobody may assign beside the subscription, nor widen their own condition', async () => {
    expect((await cloud.assign(broker, 'ana', READER, `/subscriptions/${OTHER_SUBSCRIPTION}`)).status).toBe(403);
    const own = { condition: constrain([OWNER]) };
    const rbac = 'f58310d9-a9f6-439a-9e8d-f62e7b41a168';
    expect((await cloud.assign(broker, 'Curfew', rbac, AT_SUBSCRIPTION, own)).status).toBe(403);
  });
});

describe('lists', () => {
  const list = async (scope: string, filter?: string): Promise<readonly string[]> => {
    const query = filter === undefined ? '' : `?$filter=${encodeURIComponent(filter)}`;
    const answer = await cloud.arm('GET', `${scope}/providers/Microsoft.Authorization/roleAssignments${query}`, olga);
    return answer.status === 200 ? values(answer).map((one) => one.name) : [codeOf(answer)];
  };
  const named = (to: string, scope: string): string => stableGuid(to, READER, scope);

  test('have what is at a scope, above it and below it, as the filter says', async () => {
    await cloud.assign(olga, 'ana', READER, AT_SUBSCRIPTION);
    await cloud.assign(olga, 'ana', READER);
    await cloud.assign(olga, 'outer', READER);
    cloud.wait(1_000);
    const [above, own, group] = [named('ana', AT_SUBSCRIPTION), named('ana', GROUP_SCOPE), named('outer', GROUP_SCOPE)];
    expect(await list(AT_SUBSCRIPTION)).toEqual(expect.arrayContaining([above, own, group]));
    expect(await list(AT_SUBSCRIPTION, 'atScope()')).not.toContain(own);
    expect(await list(GROUP_SCOPE, 'atScope()')).toEqual(expect.arrayContaining([above, own, group]));
    expect(await list(`${AT_SUBSCRIPTION}/resourceGroups/other`)).not.toContain(own);
    expect(await list(AT_SUBSCRIPTION, `principalId eq '${cloud.idOf('ana')}'`)).toEqual([above, own]);
    expect(await list(AT_SUBSCRIPTION, `assignedTo('${cloud.idOf('bo')}')`)).toEqual([group]);
    expect(await list(AT_SUBSCRIPTION, `atScope()+and+assignedTo('${cloud.idOf('ana')}')`)).toEqual([above]);
    expect(await list(AT_SUBSCRIPTION, 'principalType eq "User"')).toEqual(['BadRequest']);
  });

  test('lag behind what was written, both ways', async () => {
    await cloud.call('POST', '/_sim/settings', { json: { listDelayMs: 5_000 } });
    await cloud.assign(olga, 'ana', READER);
    const own = named('ana', GROUP_SCOPE);
    expect(await list(GROUP_SCOPE)).not.toContain(own);
    cloud.wait(5_000);
    expect(await list(GROUP_SCOPE)).toContain(own);
    await cloud.unassign(olga, 'ana', READER);
    expect(await list(GROUP_SCOPE)).toContain(own);
    cloud.wait(5_000);
    expect(await list(GROUP_SCOPE)).not.toContain(own);
  });
});

describe('access', () => {
  test('comes after a while, and goes after a while', async () => {
    await cloud.call('POST', '/_sim/settings', { json: { roleAdditionMs: 3_000, roleRemovalMs: 7_000 } });
    expect(await cloud.canRead('ana')).toBe('AuthorizationFailed');
    await cloud.assign(broker, 'ana', READER);
    cloud.wait(2_999);
    expect(await cloud.canRead('ana')).toBe('AuthorizationFailed');
    cloud.wait(1);
    expect(await cloud.canRead('ana')).toBe('200');
    await cloud.unassign(broker, 'ana', READER);
    cloud.wait(6_999);
    expect(await cloud.canRead('ana')).toBe('200');
    cloud.wait(1);
    expect(await cloud.canRead('ana')).toBe('AuthorizationFailed');
  });

  test('of a token that is newer than the change is new at once, where that is set', async () => {
    await cloud.call('POST', '/_sim/settings', { json: { roleAdditionMs: 600_000, newTokenSeesChanges: true } });
    await cloud.tokenOf('bo');
    await cloud.assign(broker, 'ana', READER);
    await cloud.assign(broker, 'bo', READER);
    cloud.wait(1_000);
    expect(await cloud.canRead('ana')).toBe('200');
    expect(await cloud.canRead('bo')).toBe('AuthorizationFailed');
  });

  test('is had through a group in a group, and from above', async () => {
    await cloud.assign(broker, 'outer', READER, AT_SUBSCRIPTION);
    cloud.wait(4_000);
    expect(await cloud.canRead('bo')).toBe('200');
    expect(await cloud.canRead('ana')).toBe('AuthorizationFailed');
  });

  test('to read is none to write', async () => {
    await cloud.assign(olga, 'ana', READER);
    await cloud.assign(olga, 'bo', CONTRIBUTOR);
    cloud.wait(4_000);
    const tag = async (person: string): Promise<string> => {
      const path = `${GROUP_SCOPE}?api-version=2021-04-01`;
      return codeOf(await cloud.arm('PATCH', path, await cloud.tokenOf(person), { tags: { by: person } }));
    };
    expect([await tag('ana'), await tag('bo')]).toEqual(['AuthorizationFailed', '200']);
    expect(codeOf(await cloud.assign(await cloud.tokenOf('bo'), 'bo', OWNER))).toBe('AuthorizationFailed');
  });

  test('of one tenant is none in another', async () => {
    const [tenant] = WORLD.tenants;
    const other = stableGuid('tenant');
    await cloud.close();
    cloud = await AzureUnderTest.start({
      ...WORLD,
      tenants: [{ ...tenant, id: TENANT }, { id: other }],
      subscriptions: [...(WORLD.subscriptions ?? []), { id: stableGuid('theirs'), tenant: other }],
    });
    const theirs = await cloud.arm(
      'GET',
      `/subscriptions/${stableGuid('theirs')}?api-version=2022-12-01`,
      await cloud.tokenOf('olga'),
    );
    expect(codeOf(theirs)).toBe('InvalidAuthenticationTokenTenant');
  });
});
