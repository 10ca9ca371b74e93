import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AzureUnderTest, codeOf, GRAPH, startedAzure, WORLD, type Answer } from './azure-under-test.ts';
import type { AzureSettings } from './azure-settings.ts';
import { lasting as forTime, MINUTE, type More } from './pim-under-test.ts';

const USER_ADMINISTRATOR = 'fe930be7-5e62-47db-91af-98c3a49a38b1';
const ROLES = '/roleManagement/directory';
const QUICK: Partial<AzureSettings> = {
  pimProvisionMs: [2_000, 2_000],
  pimRemovalMs: [3_000, 3_000],
  pimExpiryMs: [1_000, 1_000],
  groupChangeMs: [4_000, 4_000],
  graphReadMs: [0, 0],
};

let cloud: AzureUnderTest;

beforeEach(async () => {
  ({ cloud } = await startedAzure());
  await cloud.happens('settings', QUICK);
});
afterEach(() => cloud.close());

type Values = readonly Readonly<Record<string, unknown>>[];

const role = (action: string, more: More = {}): Promise<Answer> =>
  cloud.graph('POST', `${ROLES}/roleAssignmentScheduleRequests`, {
    action,
    principalId: cloud.idOf('ana'),
    roleDefinitionId: USER_ADMINISTRATOR,
    directoryScopeId: '/',
    justification: 'grant 2',
    ...more,
  });
async function list(path: string, filter: string): Promise<Values> {
  const answer = await cloud.graph('GET', `${path}?$filter=${encodeURIComponent(filter)}`);
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.body['value'] as Values;
}
const ofAna = (): string => `principalId eq '${cloud.idOf('ana')}'`;
const instances = (): Promise<Values> => list(`${ROLES}/roleAssignmentScheduleInstances`, ofAna());
const assignments = (): Promise<Values> => list(`${ROLES}/roleAssignments`, ofAna());
const said = (answer: Answer): string => (answer.status === 201 ? String(answer.body['status']) : codeOf(answer));

test('a role begins and ends like a membership, and the token says it until it expires', async () => {
  const addBo = (token: string): Promise<Answer> =>
    cloud.call('POST', `/v1.0/groups/${cloud.idOf('outer')}/members/$ref`, {
      token,
      json: { '@odata.id': `${GRAPH}/v1.0/users/${cloud.idOf('bo')}` },
    });
  const fresh = (): Promise<string> => (cloud.forgetTokens(), cloud.tokenOf('ana', GRAPH));
  expect((await role('adminAssign', forTime('PT1H'))).body).toMatchObject({
    status: 'PendingProvisioning',
    roleDefinitionId: USER_ADMINISTRATOR,
    directoryScopeId: '/',
    appScopeId: null,
  });
  cloud.wait(6_000);
  expect(await instances()).toMatchObject([
    { roleDefinitionId: USER_ADMINISTRATOR, endDateTime: '2026-03-02T10:00:00.000Z' },
  ]);
  const token = await fresh();
  expect((await addBo(token)).status).toBe(204);
  expect(codeOf(await role('adminRemove'))).toBe('ActiveDurationTooShort');
  cloud.wait(5 * MINUTE);
  expect(said(await role('adminRemove'))).toBe('Revoked');
  cloud.wait(7_000);
  expect(await instances()).toEqual([]);
  expect(codeOf(await addBo(token))).toBe('Request_BadRequest');
  expect(codeOf(await addBo(await fresh()))).toBe('Authorization_RequestDenied');
  await cloud.graph('POST', `/users/${cloud.idOf('ana')}/revokeSignInSessions`);
  cloud.wait(5_000);
  expect(codeOf(await addBo(token))).toBe('InvalidAuthenticationToken');
  expect(codeOf(await role('adminAssign', { ...forTime('PT1H'), directoryScopeId: '/administrativeUnits/x' }))).toBe(
    'BadRequest',
  );
  expect(codeOf(await role('adminAssign', { ...forTime('PT1H'), roleDefinitionId: cloud.idOf('ana') }))).toBe(
    'RoleNotFound',
  );
});

test('definitions are found by name', async () => {
  const found = await list(`${ROLES}/roleDefinitions`, "displayName eq 'User Administrator'");
  expect(found).toMatchObject([{ id: USER_ADMINISTRATOR, isBuiltIn: true }]);
});

describe('an assignment without PIM', () => {
  const assign = (more: More = {}): Promise<Answer> =>
    cloud.graph('POST', `${ROLES}/roleAssignments`, {
      principalId: cloud.idOf('ana'),
      roleDefinitionId: USER_ADMINISTRATOR,
      directoryScopeId: '/',
      ...more,
    });
  const remove = async (): Promise<string> => {
    const [found] = await assignments();
    return codeOf(await cloud.graph('DELETE', `${ROLES}/roleAssignments/${String(found?.['id'])}`));
  };

  test('has no end, and is what PIM lists, too', async () => {
    const made = await assign();
    expect([made.status, made.body]).toMatchObject([201, { roleDefinitionId: USER_ADMINISTRATOR }]);
    expect(codeOf(await assign())).toBe('Request_BadRequest');
    expect(await instances()).toMatchObject([{ endDateTime: null, roleAssignmentOriginId: made.body['id'] }]);
    expect(codeOf(await role('adminAssign', forTime('PT1H')))).toBe('RoleAssignmentExists');
    expect(await remove()).toBe('204');
    expect([await assignments(), await instances()]).toEqual([[], []]);
  });

  test('is for role-assignable groups, and for no others', async () => {
    expect(codeOf(await assign({ principalId: cloud.idOf('inner') }))).toBe('Request_BadRequest');
    expect((await assign({ principalId: cloud.idOf('admins') })).status).toBe(201);
  });

  test('is the way to end what PIM left behind when the licence lapsed, and not before', async () => {
    await role('adminAssign', forTime('PT1H'));
    cloud.wait(10_000);
    expect(await remove()).toBe('Request_BadRequest');
    await cloud.happens('directory', { change: 'licence', name: 'Free' });
    cloud.wait(120 * MINUTE);
    expect(codeOf(await role('adminRemove'))).toBe('AadPremiumLicenseRequired');
    expect(await assignments()).toHaveLength(1);
    expect(await remove()).toBe('204');
    expect(await assignments()).toEqual([]);
  });
});

describe('policies', () => {
  const read = (query: string): Promise<Answer> =>
    cloud.graph('GET', `/policies/roleManagementPolicyAssignments?${query}`);
  const ofRole = `$filter=scopeId eq '/' and scopeType eq 'DirectoryRole' and roleDefinitionId eq '${USER_ADMINISTRATOR}'`;

  test('are shown with their rules as they are in force', async () => {
    const rules = { Expiration_Admin_Assignment: { isExpirationRequired: true, maximumDuration: 'PT30M' } };
    await cloud.happens('pim', { change: 'rules', kind: 'entra', scope: '/', role: USER_ADMINISTRATOR, rules });
    const { body } = await read(`${ofRole}&$expand=policy($expand=rules)`);
    const [found] = body['value'] as readonly { readonly policy: { readonly rules: Values } }[];
    expect(found?.policy.rules).toHaveLength(17);
    expect(found?.policy.rules.find((one) => one['id'] === 'Expiration_Admin_Assignment')).toMatchObject({
      '@odata.type': '#microsoft.graph.unifiedRoleManagementPolicyExpirationRule',
      maximumDuration: 'PT30M',
      target: { caller: 'Admin', level: 'Assignment', operations: ['all'] },
    });
    expect(codeOf(await role('adminAssign', forTime('PT1H')))).toBe('RoleAssignmentRequestPolicyValidationFailed');
    expect((await read(ofRole)).body['value']).toMatchObject([
      { roleDefinitionId: USER_ADMINISTRATOR, scopeType: 'DirectoryRole' },
    ]);
  });

  test('of groups want a permission of their own', async () => {
    const ofGroup = `$filter=scopeId eq '${cloud.idOf('inner')}' and scopeType eq 'Group'&$expand=policy($expand=rules)`;
    expect(codeOf(await read(ofGroup))).toBe('Authorization_RequestDenied');
    const permission = 'RoleManagementPolicy.Read.AzureADGroup';
    await cloud.happens('directory', { change: 'grant-permission', name: 'Curfew', permission });
    expect((await read(ofGroup)).body['value']).toMatchObject([{ roleDefinitionId: 'member', scopeType: 'Group' }]);
  });

  test.each([
    ['', 'InvalidFilter'],
    ["$filter=scopeId eq '/'", 'InvalidFilter'],
    ["$filter=scopeId eq '/' and scopeType eq 'Directory'&$expand=rules", 'BadRequest'],
  ])('are not shown for "%s"', async (query, code) => {
    expect(codeOf(await read(query))).toBe(code);
  });
});

test('what PIM was asked outlives a restart, and what became due meanwhile is done at its time', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'azure-'));
  const start = (nowMs = cloud.nowMs): Promise<AzureUnderTest> =>
    AzureUnderTest.start(WORLD, QUICK, { stateFile: join(folder, 'state.json'), nowMs });
  await cloud.close();
  cloud = await start();
  await role('adminAssign', forTime('PT1H'));
  await cloud.close();
  cloud = await start(cloud.nowMs + 30 * MINUTE);
  expect(await instances()).toMatchObject([
    { startDateTime: '2026-03-02T09:00:02.000Z', endDateTime: '2026-03-02T10:00:00.000Z' },
  ]);
  await cloud.close();
  cloud = await start(cloud.nowMs + 60 * MINUTE);
  expect(await instances()).toEqual([]);
  rmSync(folder, { recursive: true });
});
