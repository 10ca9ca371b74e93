import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GRAPH, GROUP_SCOPE, READER, SUBSCRIPTION, TENANT, WORLD } from '../../simulators/azure/azure-under-test.ts';
import { stableGuid } from '../../simulators/azure/guid.ts';
import { AzLab } from './az-lab.ts';
import { hasAz } from './has-az.ts';
import type { Outcome } from './refusal.ts';

/** `az rest` against PIM and Graph; `olga` owns the subscription and administrates groups, `ana` tries the access. */
const idOf = (name: string): string => stableGuid(TENANT, 'User', `${name}@acme.example`);
const INNER = stableGuid(TENANT, 'Group', 'inner');
const [tenant] = WORLD.tenants;
const ELSEWHERE = {
  tenant: TENANT,
  scope: GROUP_SCOPE.replace('billing', 'other'),
  role: 'Reader',
  principal: 'ana@acme.example',
};
const IN_GROUP = { tenant: TENANT, scope: GROUP_SCOPE, role: 'Reader', principal: 'inner' };
const PIM = '/providers/Microsoft.Authorization';
const GROUPS = '/v1.0/identityGovernance/privilegedAccess/group';
/** Less than half of the time for which a token is good. */
const FOR_A_WHILE = { scheduleInfo: { expiration: { type: 'afterDuration', duration: 'PT20M' } } };

let lab: AzLab;

describe.skipIf(!hasAz())('the az command', { timeout: 300_000 }, () => {
  beforeAll(async () => {
    const users = ['ana', 'bo', 'olga'].map((name) => ({
      userPrincipalName: `${name}@acme.example`,
      globalAdministrator: name === 'olga',
    }));
    lab = await AzLab.start(['olga', 'ana'], {
      ...WORLD,
      tenants: [{ ...tenant, id: TENANT, users }],
      roleAssignments: [...(WORLD.roleAssignments ?? []), ELSEWHERE, IN_GROUP],
    });
  }, 300_000);
  afterAll(() => lab.close());

  const show = (): Promise<Outcome> => lab.az('ana', 'group', 'show', '-n', 'billing', '--query', 'name');
  const rest = (method: string, path: string, body: object | null, query: string): Promise<Outcome> =>
    lab.az(
      'olga',
      'rest',
      '--method',
      method,
      '--url',
      path,
      ...(body === null ? [] : ['--body', JSON.stringify(body)]),
      '--query',
      query,
    );
  const graph = (method: string, path: string, body: object | null, query: string): Promise<Outcome> =>
    lab.az(
      'olga',
      'rest',
      '--method',
      method,
      '--resource',
      GRAPH,
      '--url',
      `${lab.url}${path}`,
      ...(body === null ? [] : ['--body', JSON.stringify(body)]),
      '--query',
      query,
    );

  test('assigns a role through PIM, which ends by itself', async () => {
    expect((await show()).stderr).toContain('AuthorizationFailed');
    const properties = {
      principalId: idOf('ana'),
      roleDefinitionId: `/subscriptions/${SUBSCRIPTION}${PIM}/roleDefinitions/${READER}`,
      requestType: 'AdminAssign',
      justification: 'on call',
      ...FOR_A_WHILE,
    };
    const request = `${GROUP_SCOPE}${PIM}/roleAssignmentScheduleRequests/${stableGuid('az')}?api-version=2020-10-01`;
    expect(await rest('put', request, { properties }, 'properties.status')).toMatchObject({ code: 0 });
    lab.pass(10_000);
    expect(await rest('get', request, null, 'properties.status')).toMatchObject({ code: 0, stdout: 'Provisioned\n' });
    expect(await show()).toMatchObject({ code: 0, stdout: 'billing\n' });
    const removal = request.replace(stableGuid('az'), stableGuid('removal'));
    const early = await rest('put', removal, { properties: { ...properties, requestType: 'AdminRemove' } }, 'name');
    expect(early.stderr).toContain('ActiveDurationTooShort');
    lab.pass(1_200_000);
    expect((await show()).stderr).toContain('AuthorizationFailed');
  });

  test('makes somebody a member through PIM and Graph, which ends by itself', async () => {
    const ask = {
      accessId: 'member',
      principalId: idOf('ana'),
      groupId: INNER,
      action: 'adminAssign',
      justification: 'on call',
      ...FOR_A_WHILE,
    };
    const made = await graph('post', `${GROUPS}/assignmentScheduleRequests`, ask, 'groupId');
    expect(made).toMatchObject({ code: 0, stdout: `${INNER}\n` });
    lab.pass(10_000);
    const members = `/v1.0/groups/${INNER}/members?$select=id`;
    expect((await graph('get', members, null, 'value[].id')).stdout).toContain(idOf('ana'));
    expect(await show()).toMatchObject({ code: 0, stdout: 'billing\n' });
    lab.pass(1_210_000);
    const left = await graph('get', members, null, 'value[].id');
    expect([left.code, left.stdout.split('\n')]).toEqual([0, [idOf('bo'), '']]);
    expect((await show()).stderr).toContain('AuthorizationFailed');
  });

  test('is refused in words of Graph’s', async () => {
    const user = '/v1.0/users/nobody@acme.example';
    expect((await graph('get', user, null, 'id')).stderr).toContain('Request_ResourceNotFound');
  });
});
