import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { codeOf, CONTRIBUTOR, GROUP_SCOPE, READER, type Answer } from './azure-under-test.ts';
import { BUILT_IN_ROLES } from './built-in-roles.ts';
import { stableGuid } from './guid.ts';
import {
  AT_SUBSCRIPTION,
  lasting,
  MINUTE,
  PIM,
  PimUnderTest,
  propertiesOf,
  said,
  USER_ACCESS_ADMINISTRATOR,
  type More,
  type Options,
} from './pim-under-test.ts';

let pim: PimUnderTest;

beforeEach(async () => {
  pim = await PimUnderTest.start();
});
afterEach(() => pim.cloud.close());

describe('who may assign', () => {
  test('has Owner or User Access Administrator, without a condition', async () => {
    const refused = await pim.assign('ana', 'PT1H', {}, { token: pim.broker });
    expect([refused.status, codeOf(refused)]).toEqual([403, 'AuthorizationFailed']);
    const machine = { principalId: pim.cloud.idOf('Curfew'), principalType: 'ServicePrincipal' };
    const condition = `!(ActionMatches{'${PIM}/roleAssignments/write'})`;
    const limited = { ...machine, condition, conditionVersion: '2.0' };
    const name = stableGuid('broker');
    await pim.cloud.assign(pim.olga, 'Curfew', USER_ACCESS_ADMINISTRATOR, AT_SUBSCRIPTION, limited, name);
    pim.cloud.wait(4_000);
    const constrained = await pim.assign('ana', 'PT1H', {}, { token: pim.broker });
    expect([codeOf(constrained), constrained.text]).toEqual([
      'AuthorizationFailed',
      expect.stringContaining('ABAC condition'),
    ]);
    await pim.cloud.assign(pim.olga, 'Curfew', USER_ACCESS_ADMINISTRATOR, AT_SUBSCRIPTION, machine, name);
    pim.cloud.wait(4_000);
    expect(said(await pim.assign('ana', 'PT1H', {}, { token: pim.broker }))).toBe('PendingProvisioning');
    expect(codeOf(await pim.assign('ana', 'PT1H', {}, { token: await pim.cloud.tokenOf('ana') }))).toBe(
      'AuthorizationFailed',
    );
  });

  test('is a person where the policy wants two proofs: an application fails', async () => {
    const machine = { principalId: pim.cloud.idOf('Curfew'), principalType: 'ServicePrincipal' };
    await pim.cloud.assign(pim.olga, 'Curfew', USER_ACCESS_ADMINISTRATOR, AT_SUBSCRIPTION, machine);
    pim.cloud.wait(4_000);
    const rules = { Enablement_Admin_Assignment: { enabledRules: ['MultiFactorAuthentication', 'Justification'] } };
    await pim.cloud.happens('pim', { change: 'rules', kind: 'arm', scope: GROUP_SCOPE, role: READER, rules });
    const answer = await pim.assign('ana', 'PT1H', {}, { token: pim.broker });
    expect([codeOf(answer), answer.text]).toEqual([
      'RoleAssignmentRequestPolicyValidationFailed',
      expect.stringContaining(String.raw`[\"MfaRule\"]`),
    ]);
    expect(said(await pim.assign('ana'))).toBe('PendingProvisioning');
  });
});

describe('refused', () => {
  test.each([
    ['nobody that is known', { principalId: stableGuid('x') }, 'SubjectNotFound'],
    [
      'a role that is not there',
      { roleDefinitionId: `/providers/${PIM}/roleDefinitions/${stableGuid('x')}` },
      'RoleDefinitionDoesNotExist',
    ],
    ['small letters', { requestType: 'adminAssign' }, 'BadRequest'],
    ['what nobody knows', { endsAt: 'noon' }, 'InvalidRequestContent'],
    ['a target that is not simulated', { targetRoleAssignmentScheduleInstanceId: stableGuid('x') }, 'BadRequest'],
    ['less than five minutes', lasting('PT4M'), 'ActiveDurationTooShort'],
    ['more than half a year', lasting('P181D'), 'RoleAssignmentRequestPolicyValidationFailed'],
    ['no length', lasting(null), 'RoleAssignmentRequestPolicyValidationFailed'],
    ['no reason', { justification: '' }, 'RoleAssignmentRequestPolicyValidationFailed'],
  ])('%s', async (_, more, code) => {
    expect(codeOf(await pim.assign('ana', 'PT1H', more))).toBe(code);
  });

  test('another version, a resource group that is not there, and more than there can be', async () => {
    const path = `${GROUP_SCOPE}/providers/${PIM}/roleAssignmentScheduleInstances?api-version=2022-04-01`;
    expect(codeOf(await pim.cloud.arm('GET', path, pim.olga))).toBe('NoRegisteredProviderFound');
    const scope = `${AT_SUBSCRIPTION}/resourceGroups/gone`;
    expect(codeOf(await pim.assign('ana', 'PT1H', {}, { scope }))).toBe('ResourceGroupNotFound');
    await pim.cloud.happens('settings', { assignmentsPerSubscription: 2 });
    expect(codeOf(await pim.assign('ana'))).toBe('RoleAssignmentLimitExceeded');
  });

  test('somebody who is not replicated yet, but no longer than that', async () => {
    await pim.cloud.happens('settings', { principalReplicationMs: 60_000 });
    const { body } = await pim.cloud.happens('directory', { change: 'add-user', name: 'new@acme.example' });
    const assign = (): Promise<Answer> => pim.assign('new', 'PT1H', { principalId: body['id'] });
    expect(codeOf(await assign())).toBe('SubjectNotFound');
    pim.cloud.wait(60_000);
    expect(said(await assign())).toBe('PendingProvisioning');
  });

  test('nothing comes of what is only validated', async () => {
    const answer = await pim.assign('ana', 'PT1H', {}, { verb: '/validate' });
    expect([answer.status, propertiesOf(answer)['requestType']]).toEqual([200, 'AdminAssign']);
    expect(codeOf(await pim.assign('ana', 'P181D', {}, { verb: '/validate' }))).toBe(
      'RoleAssignmentRequestPolicyValidationFailed',
    );
    pim.cloud.wait(10_000);
    expect(await pim.instances('ana')).toEqual([]);
  });
});

describe('a policy', () => {
  const policies = `${GROUP_SCOPE}/providers/${PIM}/roleManagementPolicyAssignments`;
  const policyAt = async (scope: string): Promise<More> => {
    const [found] = await pim.listed(
      'roleManagementPolicyAssignments',
      `roleDefinitionId eq '${READER}'`,
      pim.olga,
      scope,
    );
    return found ?? {};
  };
  const rule = (policy: More, id: string): unknown =>
    (policy['effectiveRules'] as readonly { readonly id: string }[]).find((one) => one.id === id);
  const change = async (scope: string, rules: readonly More[]): Promise<Answer> =>
    pim.cloud.arm('PATCH', `${String((await policyAt(scope))['policyId'])}?api-version=2020-10-01`, pim.olga, {
      properties: { rules },
    });
  const shortest = {
    id: 'Expiration_Admin_Assignment',
    ruleType: 'RoleManagementPolicyExpirationRule',
    isExpirationRequired: true,
    maximumDuration: 'PT30M',
  };

  test('has seventeen rules for each role', async () => {
    const policy = await policyAt(GROUP_SCOPE);
    expect(policy['effectiveRules']).toHaveLength(17);
    expect(rule(policy, 'Expiration_Admin_Assignment')).toMatchObject({
      ruleType: 'RoleManagementPolicyExpirationRule',
      isExpirationRequired: true,
      maximumDuration: 'P180D',
      target: { caller: 'Admin', level: 'Assignment' },
    });
    expect((await pim.read(policies)).body['value']).toHaveLength(BUILT_IN_ROLES.length);
    expect(propertiesOf(await pim.read(String(policy['policyId'])))['rules']).toHaveLength(17);
  });

  test('of the subscription says nothing about a resource group, nor the other way round', async () => {
    expect((await change(AT_SUBSCRIPTION, [shortest])).status).toBe(200);
    expect(rule(await policyAt(AT_SUBSCRIPTION), shortest.id)).toMatchObject({ maximumDuration: 'PT30M' });
    expect(codeOf(await pim.assign('ana', 'PT1H', {}, { scope: AT_SUBSCRIPTION }))).toBe(
      'RoleAssignmentRequestPolicyValidationFailed',
    );
    expect(said(await pim.assign('ana'))).toBe('PendingProvisioning');
    await change(GROUP_SCOPE, [{ ...shortest, maximumDuration: 'PT10M' }]);
    expect(codeOf(await pim.assign('bo', 'PT20M'))).toBe('RoleAssignmentRequestPolicyValidationFailed');
    expect(said(await pim.assign('bo', 'PT20M', {}, { role: CONTRIBUTOR }))).toBe('PendingProvisioning');
    expect(said(await pim.assign('bo', 'PT20M', {}, { scope: AT_SUBSCRIPTION }))).toBe('PendingProvisioning');
  });

  test.each([
    ['that is none', { ...shortest, id: 'Expiration_Nobody' }],
    ['of another type', { ...shortest, ruleType: 'RoleManagementPolicyEnablementRule' }],
    ['with members that it does not have', { ...shortest, enabledRules: [] }],
  ])('has no rule %s', async (_, sent) => {
    expect(codeOf(await change(GROUP_SCOPE, [sent]))).toBe('InvalidPolicy');
  });

  test('is read and changed by who may', async () => {
    const ana = await pim.cloud.tokenOf('ana');
    expect(codeOf(await pim.read(policies, ana))).toBe('AuthorizationFailed');
    expect((await pim.read(policies, pim.broker)).status).toBe(200);
    const { policyId } = await policyAt(GROUP_SCOPE);
    const patch = pim.cloud.arm('PATCH', `${String(policyId)}?api-version=2020-10-01`, pim.broker, {
      properties: { rules: [shortest] },
    });
    expect(codeOf(await patch)).toBe('AuthorizationFailed');
  });
});

describe('an eligibility', () => {
  const eligible = (name: string, options: Options = {}): Promise<Answer> =>
    pim.ask('AdminAssign', name, lasting('P30D'), { list: 'Eligibility', ...options });
  const activate = async (person: string, more: More = lasting('PT1H'), options: Options = {}): Promise<Answer> =>
    pim.ask('SelfActivate', person, more, { token: await pim.cloud.tokenOf(person), ...options });
  const own = async (kind: string, person: string): Promise<readonly More[]> =>
    pim.listed(kind, 'asTarget()', await pim.cloud.tokenOf(person));

  test('is activated by its holder, below where it is, and seen as activated', async () => {
    expect((await activate('ana')).text).toContain('EligibilityRule');
    await eligible('ana', { scope: AT_SUBSCRIPTION });
    pim.cloud.wait(2_000);
    const [eligibility] = await own('roleEligibilityScheduleInstances', 'ana');
    expect(eligibility).toMatchObject({ memberType: 'Inherited', endDateTime: '2026-04-01T09:00:00.000Z' });
    const linked = { linkedRoleEligibilityScheduleId: eligibility?.['roleEligibilityScheduleId'] };
    expect(codeOf(await pim.ask('SelfActivate', 'ana', lasting('PT1H')))).toBe('AuthorizationFailed');
    expect(
      (await activate('ana', { ...lasting('PT1H'), linkedRoleEligibilityScheduleId: stableGuid('x') })).text,
    ).toContain('EligibilityRule');
    expect(said(await activate('ana', { ...lasting('PT1H'), ...linked }))).toBe('PendingProvisioning');
    pim.cloud.wait(6_000);
    expect(await pim.cloud.canRead('ana')).toBe('200');
    expect(await own('roleAssignmentScheduleInstances', 'ana')).toMatchObject([
      { assignmentType: 'Activated', memberType: 'Direct' },
    ]);
    expect(await own('roleAssignmentScheduleRequests', 'ana')).toMatchObject([{ requestType: 'SelfActivate' }]);
    await expect(
      pim.listed('roleAssignmentScheduleInstances', 'atScope()', await pim.cloud.tokenOf('bo')),
    ).rejects.toThrow('AuthorizationFailed');
    pim.cloud.wait(5 * MINUTE);
    const back = await pim.ask('SelfDeactivate', 'ana', {}, { token: await pim.cloud.tokenOf('ana') });
    expect(said(back)).toBe('Revoked');
    pim.cloud.wait(7_000);
    expect(await pim.cloud.canRead('ana')).toBe('AuthorizationFailed');
  });

  test('of a group is for who is in it', async () => {
    await eligible('outer');
    pim.cloud.wait(2_000);
    expect(await own('roleEligibilityScheduleInstances', 'bo')).toMatchObject([{ memberType: 'Group' }]);
    expect(await own('roleEligibilityScheduleInstances', 'ana')).toEqual([]);
    expect(said(await activate('bo'))).toBe('PendingProvisioning');
    expect((await activate('ana')).text).toContain('EligibilityRule');
  });

  test('without a length is for ever, and is taken away', async () => {
    const rules = { Expiration_Admin_Eligibility: { isExpirationRequired: true, maximumDuration: 'P30D' } };
    await pim.cloud.happens('pim', { change: 'rules', kind: 'arm', scope: GROUP_SCOPE, role: READER, rules });
    await pim.ask('AdminAssign', 'ana', lasting(null), { list: 'Eligibility' });
    pim.cloud.wait(2_000);
    expect(await own('roleEligibilitySchedules', 'ana')).toMatchObject([{ endDateTime: null, status: 'Provisioned' }]);
    expect(said(await pim.ask('AdminRemove', 'ana', {}, { list: 'Eligibility' }))).toBe('Revoked');
    pim.cloud.wait(3_000);
    expect(await own('roleEligibilitySchedules', 'ana')).toEqual([]);
  });

  test('is not for machines', async () => {
    expect(codeOf(await eligible('Curfew'))).toBe('InvalidRoleAssignmentRequest');
  });
});
