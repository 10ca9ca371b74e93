import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AzureUnderTest, codeOf, READER, startedAzure, type Answer } from './azure-under-test.ts';

const GROUPS = '/identityGovernance/privilegedAccess/group';
const MINUTE = 60_000;

let cloud: AzureUnderTest;
let broker: string;

beforeEach(async () => {
  ({ cloud, broker } = await startedAzure());
  await cloud.happens('settings', {
    pimProvisionMs: 2_000,
    pimRemovalMs: 3_000,
    pimExpiryMs: 1_000,
    groupChangeMs: 4_000,
    graphReadMs: 0,
  });
});
afterEach(() => cloud.close());

type More = Readonly<Record<string, unknown>>;
const forTime = (duration: string): More => ({ scheduleInfo: { expiration: { type: 'afterDuration', duration } } });

function ask(
  action: string,
  name: string,
  more: More = {},
  options: { list?: string; person?: string } = {},
): Promise<Answer> {
  const body = {
    accessId: 'member',
    principalId: cloud.idOf(name),
    groupId: cloud.idOf('inner'),
    action,
    justification: 'grant 1',
    ...more,
  };
  return cloud.graph('POST', `${GROUPS}/${options.list ?? 'assignment'}ScheduleRequests`, body, options.person);
}
const assign = (name: string, duration = 'PT1H', more: More = {}): Promise<Answer> =>
  ask('adminAssign', name, { ...forTime(duration), ...more });
const said = (answer: Answer): string => (answer.status === 201 ? String(answer.body['status']) : codeOf(answer));

async function instances(name: string, person?: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const filter = encodeURIComponent(`principalId eq '${cloud.idOf(name)}'`);
  const answer = await cloud.graph('GET', `${GROUPS}/assignmentScheduleInstances?$filter=${filter}`, undefined, person);
  if (answer.status !== 200) throw new Error(answer.text);
  return answer.body['value'] as readonly Readonly<Record<string, unknown>>[];
}
const status = async (made: Answer): Promise<unknown> =>
  (await cloud.graph('GET', `${GROUPS}/assignmentScheduleRequests/${String(made.body['id'])}`)).body['status'];

describe('an assignment', () => {
  test('makes somebody a member who can read then, and ends by itself', async () => {
    await cloud.assign(broker, 'inner', READER);
    const made = await assign('ana', 'PT1H');
    expect([made.status, made.body]).toMatchObject([
      201,
      {
        status: 'PendingProvisioning',
        action: 'adminAssign',
        accessId: 'member',
        groupId: cloud.idOf('inner'),
        isValidationOnly: false,
        createdBy: { user: { id: cloud.idOf('Curfew') } },
        scheduleInfo: {
          startDateTime: '2026-03-02T09:00:00.000Z',
          expiration: { type: 'afterDuration', duration: 'PT1H' },
        },
      },
    ]);
    expect(await instances('ana')).toEqual([]);
    cloud.wait(2_000);
    expect(await status(made)).toBe('Provisioned');
    expect(await instances('ana')).toMatchObject([
      {
        startDateTime: '2026-03-02T09:00:02.000Z',
        endDateTime: '2026-03-02T10:00:00.000Z',
        assignmentType: 'Assigned',
        memberType: 'Direct',
        assignmentScheduleId: made.body['targetScheduleId'],
      },
    ]);
    expect(await cloud.canRead('ana')).toBe('AuthorizationFailed');
    cloud.wait(4_000);
    expect(await cloud.canRead('ana')).toBe('200');
    cloud.nowMs = Date.parse('2026-03-02T10:00:04.999Z');
    expect([await cloud.canRead('ana'), await instances('ana')]).toEqual(['200', []]);
    cloud.wait(1);
    expect(await cloud.canRead('ana')).toBe('AuthorizationFailed');
  });

  test('ends at its time though nobody called meanwhile', async () => {
    await assign('ana', 'PT1H');
    cloud.wait(120 * MINUTE);
    expect(await instances('ana')).toEqual([]);
  });

  test('is not shorter than five minutes, and not taken away in its first five', async () => {
    const short = await assign('ana', 'PT4M59S');
    expect([short.status, codeOf(short)]).toEqual([400, 'ActiveDurationTooShort']);
    await assign('ana', 'PT1H');
    expect(said(await ask('adminRemove', 'ana'))).toBe('RoleAssignmentDoesNotExist');
    cloud.wait(2_000 + 5 * MINUTE - 1);
    expect(said(await ask('adminRemove', 'ana'))).toBe('ActiveDurationTooShort');
    cloud.wait(1);
    const removed = await ask('adminRemove', 'ana');
    expect([said(removed), removed.body['scheduleInfo']]).toEqual(['Revoked', null]);
    expect(await instances('ana')).toHaveLength(1);
    expect(said(await ask('adminRemove', 'ana'))).toBe('RoleAssignmentDoesNotExist');
    cloud.wait(3_000);
    expect(await instances('ana')).toEqual([]);
  });

  test('is there once: not beside another, nor beside a plain member', async () => {
    await assign('ana');
    expect(said(await assign('ana'))).toBe('PendingRoleAssignmentRequest');
    cloud.wait(2_000);
    expect(said(await assign('ana'))).toBe('RoleAssignmentExists');
    expect(said(await assign('bo'))).toBe('RoleAssignmentExists');
    expect(await instances('bo')).toMatchObject([
      { startDateTime: null, endDateTime: null, assignmentType: 'Assigned' },
    ]);
  });

  test('moves its end, later and earlier', async () => {
    await assign('ana', 'PT1H');
    cloud.wait(2_000);
    const until = (endDateTime: string): More => ({
      scheduleInfo: { expiration: { type: 'afterDateTime', endDateTime } },
    });
    expect(said(await ask('adminExtend', 'ana', until('2026-03-02T11:00:00Z')))).toBe('PendingProvisioning');
    expect(await instances('ana')).toMatchObject([{ endDateTime: '2026-03-02T10:00:00.000Z' }]);
    cloud.wait(2_000);
    expect(await instances('ana')).toMatchObject([{ endDateTime: '2026-03-02T11:00:00.000Z' }]);
    await ask('adminUpdate', 'ana', until('2026-03-02T09:30:00Z'));
    cloud.wait(31 * MINUTE);
    expect(await instances('ana')).toEqual([]);
    expect(said(await ask('adminExtend', 'ana', until('2026-03-02T12:00:00Z')))).toBe('RoleAssignmentDoesNotExist');
  });

  test('of later is granted, and can be withdrawn', async () => {
    const startDateTime = '2026-03-02T12:00:00Z';
    const later = { scheduleInfo: { startDateTime, expiration: { type: 'afterDuration', duration: 'PT1H' } } };
    const made = await ask('adminAssign', 'ana', later);
    expect(said(made)).toBe('Granted');
    const path = `${GROUPS}/assignmentScheduleRequests/${String(made.body['id'])}/cancel`;
    expect((await cloud.graph('POST', path)).status).toBe(204);
    expect([await status(made), codeOf(await cloud.graph('POST', path))]).toEqual([
      'Canceled',
      'InvalidRoleAssignmentRequest',
    ]);
    const again = await ask('adminAssign', 'ana', later);
    cloud.nowMs = Date.parse('2026-03-02T12:00:02Z');
    expect([await status(again), await instances('ana')]).toMatchObject(['Provisioned', [{}]]);
  });

  test('fails where the test says so, and leaves nothing', async () => {
    await cloud.happens('pim', {
      change: 'outcomes',
      outcomes: [{ kind: 'group', status: 'Failed', delayMs: 30_000 }],
    });
    const made = await assign('ana');
    cloud.wait(29_999);
    expect([await status(made), said(await assign('ana'))]).toEqual([
      'PendingProvisioning',
      'PendingRoleAssignmentRequest',
    ]);
    cloud.wait(1);
    expect([await status(made), await instances('ana')]).toEqual(['Failed', []]);
    expect(said(await assign('ana'))).toBe('PendingProvisioning');
  });

  test('goes only through PIM, unless that is set', async () => {
    await assign('ana');
    cloud.wait(2_000);
    const member = `/groups/${cloud.idOf('inner')}/members/${cloud.idOf('ana')}/$ref`;
    expect(codeOf(await cloud.graph('DELETE', member))).toBe('Request_BadRequest');
    await cloud.happens('settings', { pimLetsOthersRemove: true });
    expect((await cloud.graph('DELETE', member)).status).toBe(204);
    expect([await instances('ana'), said(await ask('adminRemove', 'ana'))]).toEqual([[], 'RoleAssignmentDoesNotExist']);
    expect(said(await assign('ana'))).toBe('PendingProvisioning');
  });

  test('does not take over somebody who became a member meanwhile', async () => {
    const made = await assign('ana');
    await cloud.happens('directory', { change: 'add-member', group: 'inner', name: 'ana@acme.example' });
    cloud.wait(2 * 60 * MINUTE);
    expect([await status(made), await instances('ana')]).toMatchObject(['Failed', [{ endDateTime: null }]]);
  });
});

describe('refused', () => {
  test.each([
    ['nobody that is known', { principalId: '11111111-2222-4333-8444-555555555555' }, 'SubjectNotFound'],
    ['no group', { groupId: '11111111-2222-4333-8444-555555555555' }, 'Request_ResourceNotFound'],
    ['an owner', { accessId: 'owner' }, 'BadRequest'],
    ['an action that is not simulated', { action: 'adminRenew' }, 'BadRequest'],
    ['large letters', { action: 'AdminAssign' }, 'BadRequest'],
    ['a length that is none', forTime('one hour'), 'InvalidRoleAssignmentRequest'],
    ['no schedule', { scheduleInfo: undefined }, 'InvalidRoleAssignmentRequest'],
    ['what nobody knows', { endsAt: 'noon' }, 'BadRequest'],
    ['more than the policy allows', forTime('P181D'), 'RoleAssignmentRequestPolicyValidationFailed'],
    [
      'no end',
      { scheduleInfo: { expiration: { type: 'noExpiration' } } },
      'RoleAssignmentRequestPolicyValidationFailed',
    ],
    [
      'no length',
      { scheduleInfo: { expiration: { type: 'afterDuration' } } },
      'RoleAssignmentRequestPolicyValidationFailed',
    ],
    ['no reason', { justification: ' ' }, 'RoleAssignmentRequestPolicyValidationFailed'],
  ])('%s', async (_, more, code) => {
    expect(codeOf(await assign('ana', 'PT1H', more))).toBe(code);
  });

  test.each(['everyone', 'headquarters'])('the group %s, about which something else decides', async (group) => {
    expect(codeOf(await assign('olga', 'PT1H', { groupId: cloud.idOf(group) }))).toBe('InvalidRoleAssignmentRequest');
  });

  test('a rule by name, where it wants two proofs', async () => {
    const rules = { Enablement_Admin_Assignment: { enabledRules: ['MultiFactorAuthentication', 'Ticketing'] } };
    await cloud.happens('pim', { change: 'rules', kind: 'group', scope: cloud.idOf('inner'), role: 'member', rules });
    const answer = await assign('ana', 'PT1H');
    expect(answer.text).toContain(String.raw`The following policy rules failed: [\"MfaRule\",\"TicketingRule\"]`);
  });

  test('a list of instances that is about nobody', async () => {
    expect(codeOf(await cloud.graph('GET', `${GROUPS}/assignmentScheduleInstances`))).toBe('InvalidFilter');
  });

  test('who has no permission', async () => {
    const permission = 'PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup';
    await cloud.happens('directory', { change: 'revoke-permission', name: 'Curfew', permission });
    expect(codeOf(await assign('ana'))).toBe('Authorization_RequestDenied');
    expect(codeOf(await ask('adminAssign', 'ana', forTime('PT1H'), { person: 'ana' }))).toBe(
      'Authorization_RequestDenied',
    );
    await expect(instances('bo', 'ana')).rejects.toThrow('Authorization_RequestDenied');
    expect(await instances('ana', 'ana')).toEqual([]);
  });

  test('nothing comes of what is only validated', async () => {
    const answer = await assign('ana', 'PT1H', { isValidationOnly: true });
    expect([answer.status, answer.body['isValidationOnly']]).toEqual([201, true]);
    cloud.wait(10_000);
    expect(await instances('ana')).toEqual([]);
  });
});

describe('an eligibility', () => {
  const eligible = (name: string, duration = 'P30D'): Promise<Answer> =>
    ask('adminAssign', name, forTime(duration), { list: 'eligibility' });
  const activate = (name: string, duration = 'PT1H', person = name): Promise<Answer> =>
    ask('selfActivate', name, forTime(duration), { person });

  test('is activated by its holder alone, for so long, with two proofs', async () => {
    expect(codeOf(await activate('ana'))).toBe('RoleAssignmentRequestPolicyValidationFailed');
    await eligible('ana');
    cloud.wait(2_000);
    expect(await instances('ana')).toEqual([]);
    expect(codeOf(await activate('ana', 'PT1H', 'bo'))).toBe('Authorization_RequestDenied');
    expect((await activate('ana', 'PT9H')).text).toContain('ExpirationRule');
    expect(said(await activate('ana'))).toBe('PendingProvisioning');
    cloud.wait(2_000);
    expect(await instances('ana', 'ana')).toMatchObject([{ assignmentType: 'Activated' }]);
    cloud.wait(5 * MINUTE);
    expect(said(await ask('selfDeactivate', 'ana', {}, { person: 'ana' }))).toBe('Revoked');
    cloud.wait(3_000);
    expect(await instances('ana')).toEqual([]);
  });

  test('may have no length, which is for ever', async () => {
    const endless = { scheduleInfo: { expiration: { type: 'afterDuration', duration: null } } };
    await ask('adminAssign', 'ana', endless, { list: 'eligibility' });
    cloud.wait(2_000);
    const filter = encodeURIComponent(`groupId eq '${cloud.idOf('inner')}'`);
    const list = await cloud.graph('GET', `${GROUPS}/eligibilityScheduleInstances?$filter=${filter}`);
    expect(list.body['value']).toMatchObject([{ principalId: cloud.idOf('ana'), endDateTime: null }]);
  });

  test('waits for somebody where the policy says so', async () => {
    const rules = { Approval_EndUser_Assignment: { setting: { isApprovalRequired: true } } };
    await cloud.happens('pim', { change: 'rules', kind: 'group', scope: cloud.idOf('inner'), role: 'member', rules });
    await eligible('ana');
    cloud.wait(2_000);
    const waiting = await activate('ana');
    expect(said(waiting)).toBe('PendingApproval');
    cloud.wait(60_000);
    expect(await instances('ana')).toEqual([]);
    await cloud.happens('pim', { change: 'approve', request: waiting.body['id'] });
    expect([await status(waiting), await instances('ana')]).toMatchObject(['Provisioned', [{}]]);
  });
});

describe('the licence', () => {
  test('that is missing refuses everything', async () => {
    await cloud.happens('directory', { change: 'licence', name: 'Free' });
    const answer = await assign('ana');
    expect([answer.status, codeOf(answer)]).toEqual([400, 'AadPremiumLicenseRequired']);
    await expect(instances('ana')).rejects.toThrow('AadPremiumLicenseRequired');
  });

  test('that lapses makes what is there permanent, and takes eligibilities', async () => {
    await cloud.assign(broker, 'inner', READER);
    await assign('ana', 'PT1H');
    await ask('adminAssign', 'olga', forTime('P30D'), { list: 'eligibility' });
    cloud.wait(10_000);
    await cloud.happens('directory', { change: 'licence', name: 'Free' });
    cloud.wait(48 * 60 * MINUTE);
    cloud.forgetTokens();
    expect(await cloud.canRead('ana')).toBe('200');
    const member = `/groups/${cloud.idOf('inner')}/members/${cloud.idOf('ana')}/$ref`;
    expect((await cloud.graph('DELETE', member)).status).toBe(204);
    cloud.wait(4_000);
    expect(await cloud.canRead('ana')).toBe('AuthorizationFailed');
    await cloud.happens('directory', { change: 'licence', name: 'P2' });
    const activated = await ask('selfActivate', 'olga', forTime('PT1H'), { person: 'olga' });
    expect(activated.text).toContain('EligibilityRule');
  });
});
