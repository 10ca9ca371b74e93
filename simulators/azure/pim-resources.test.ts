import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BLOB_READER, codeOf, GROUP_SCOPE, READER, SUBSCRIPTION } from './azure-under-test.ts';
import { stableGuid } from './guid.ts';
import { MINUTE, PIM, PimUnderTest, propertiesOf, said, until } from './pim-under-test.ts';

let pim: PimUnderTest;

beforeEach(async () => {
  pim = await PimUnderTest.start();
});
afterEach(() => pim.cloud.close());

describe('an assignment', () => {
  test('lets somebody read for so long, in the control plane and on data, as a role assignment that comes and goes', async () => {
    const made = await pim.assign('ana');
    expect([made.status, made.body]).toMatchObject([
      201,
      {
        type: `${PIM}/RoleAssignmentScheduleRequests`,
        properties: {
          status: 'PendingProvisioning',
          requestType: 'AdminAssign',
          principalType: 'User',
          scope: GROUP_SCOPE,
          scheduleInfo: { startDateTime: '2026-03-02T09:00:00.000Z', expiration: { duration: 'PT1H' } },
          expandedProperties: { roleDefinition: { displayName: 'Reader' }, principal: { email: 'ana@acme.example' } },
        },
      },
    ]);
    await pim.assign('ana', 'PT1H', {}, { role: BLOB_READER });
    const march = async (): Promise<number> => {
      const token = await pim.cloud.tokenOf('ana', 'https://storage.azure.com');
      const headers = { 'x-ms-version': '2023-11-03' };
      return (await pim.cloud.call('GET', '/acmeinvoices/invoices/2026/march.txt', { token, headers })).status;
    };
    pim.cloud.wait(5_999);
    expect([await pim.cloud.canRead('ana'), await march()]).toEqual(['AuthorizationFailed', 403]);
    pim.cloud.wait(1);
    expect([await pim.cloud.canRead('ana'), await march()]).toEqual(['200', 200]);
    expect(await pim.statusOf(made)).toBe('Provisioned');
    const [reader] = await pim.instances('ana');
    expect(reader).toMatchObject({
      assignmentType: 'Assigned',
      memberType: 'Direct',
      startDateTime: '2026-03-02T09:00:02.000Z',
      endDateTime: '2026-03-02T10:00:00.000Z',
    });
    const origin = await pim.cloud.arm('GET', String(reader?.['originRoleAssignmentId']), pim.olga);
    expect(propertiesOf(origin)).toMatchObject({ principalId: pim.cloud.idOf('ana'), scope: GROUP_SCOPE });
    pim.cloud.nowMs = Date.parse('2026-03-02T10:00:04.999Z');
    expect([await pim.cloud.canRead('ana'), await march()]).toEqual(['200', 200]);
    pim.cloud.wait(1);
    expect([await pim.cloud.canRead('ana'), await march()]).toEqual(['AuthorizationFailed', 403]);
    expect(codeOf(await pim.cloud.arm('GET', String(reader?.['originRoleAssignmentId']), pim.olga))).toBe(
      'RoleAssignmentNotFound',
    );
  });

  test('is not taken away in its first five minutes, neither by PIM nor past it', async () => {
    await pim.assign('ana');
    pim.cloud.wait(2_000);
    const [instance] = await pim.instances('ana');
    const origin = String(instance?.['originRoleAssignmentId']);
    expect(codeOf(await pim.ask('AdminRemove', 'ana'))).toBe('ActiveDurationTooShort');
    expect(codeOf(await pim.cloud.arm('DELETE', origin, pim.olga))).toBe('BadRequest');
    pim.cloud.wait(5 * MINUTE);
    expect(said(await pim.ask('AdminRemove', 'ana'))).toBe('Revoked');
    expect(codeOf(await pim.ask('AdminRemove', 'ana'))).toBe('RoleAssignmentDoesNotExist');
    pim.cloud.wait(3_000);
    expect(await pim.instances('ana')).toEqual([]);
    pim.cloud.wait(4_000);
    expect(await pim.cloud.canRead('ana')).toBe('AuthorizationFailed');
  });

  test('is taken away past PIM where that is set, and PIM forgets it', async () => {
    await pim.cloud.happens('settings', { pimLetsOthersRemove: true });
    await pim.assign('ana');
    pim.cloud.wait(2_000);
    const [instance] = await pim.instances('ana');
    expect((await pim.cloud.arm('DELETE', String(instance?.['originRoleAssignmentId']), pim.olga)).status).toBe(200);
    expect([await pim.instances('ana'), said(await pim.assign('ana'))]).toEqual([[], 'PendingProvisioning']);
  });

  test('is there once, beside what was assigned without PIM, too, which PIM takes away as well', async () => {
    await pim.cloud.assign(pim.olga, 'ana', READER);
    expect(codeOf(await pim.assign('ana'))).toBe('RoleAssignmentExists');
    expect(await pim.instances('ana')).toMatchObject([{ endDateTime: null, assignmentType: 'Assigned' }]);
    expect(said(await pim.ask('AdminRemove', 'ana'))).toBe('Revoked');
    expect(await pim.instances('ana')).toEqual([]);
    await pim.assign('ana');
    expect(codeOf(await pim.assign('ana'))).toBe('PendingRoleAssignmentRequest');
    pim.cloud.wait(2_000);
    expect(codeOf(await pim.assign('ana'))).toBe('RoleAssignmentExists');
    expect(codeOf(await pim.cloud.assign(pim.olga, 'ana', READER))).toBe('RoleAssignmentExists');
  });

  test('has a request of one name once', async () => {
    const name = stableGuid('once');
    await pim.assign('ana', 'PT1H', {}, { name });
    expect(codeOf(await pim.assign('bo', 'PT1H', {}, { name }))).toBe('RoleAssignmentRequestExists');
    expect(codeOf(await pim.assign('bo', 'PT1H', {}, { name: 'mine' }))).toBe('InvalidRoleAssignmentRequestId');
  });

  test('keeps its condition', async () => {
    const condition = "@Environment[UtcNow] DateTimeLessThan '2026-03-02T09:30:00.0Z'";
    await pim.assign('ana', 'PT1H', { condition, conditionVersion: '2.0' }, { role: BLOB_READER });
    pim.cloud.wait(2_000);
    expect(await pim.instances('ana')).toMatchObject([{ condition, conditionVersion: '2.0' }]);
    expect(codeOf(await pim.assign('bo', 'PT1H', { condition }))).toBe('InvalidRoleAssignmentCondition');
  });

  test('of later is granted, listed as a schedule, and withdrawn', async () => {
    const startDateTime = '2026-03-02T12:00:00Z';
    const later = { scheduleInfo: { startDateTime, expiration: { type: 'AfterDuration', duration: 'PT1H' } } };
    const made = await pim.ask('AdminAssign', 'ana', later);
    expect(said(made)).toBe('Granted');
    const schedules = (): Promise<readonly unknown[]> => pim.listed('roleAssignmentSchedules', 'atScope()');
    expect(await schedules()).toMatchObject([{ status: 'Granted', endDateTime: '2026-03-02T13:00:00.000Z' }]);
    expect(await pim.instances('ana')).toEqual([]);
    const cancel = `${String(made.body['id'])}/cancel?api-version=2020-10-01`;
    expect((await pim.cloud.arm('POST', cancel, pim.olga)).status).toBe(200);
    expect([await schedules(), codeOf(await pim.cloud.arm('POST', cancel, pim.olga))]).toEqual([
      [],
      'InvalidRoleAssignmentRequest',
    ]);
  });

  test('is denied, fails or waits as the test says', async () => {
    const outcomes = ['Denied', 'FailedAsResourceIsLocked'].map((status) => ({ kind: 'arm', status, delayMs: 9_000 }));
    await pim.cloud.happens('pim', { change: 'outcomes', outcomes });
    const first = await pim.assign('ana');
    const second = await pim.assign('bo');
    pim.cloud.wait(9_000);
    expect([await pim.statusOf(first), await pim.statusOf(second)]).toEqual(['Denied', 'FailedAsResourceIsLocked']);
    expect([await pim.instances('ana'), await pim.instances('bo')]).toEqual([[], []]);
    await pim.cloud.happens('pim', {
      change: 'outcomes',
      outcomes: [{ kind: 'arm', action: 'AdminRemove', status: 'Failed' }],
    });
    await pim.assign('ana');
    pim.cloud.wait(6 * MINUTE);
    expect(said(await pim.ask('AdminRemove', 'ana'))).toBe('Failed');
    expect(await pim.instances('ana')).toHaveLength(1);
  });

  test('fails where its resource group went meanwhile', async () => {
    const made = await pim.assign('ana');
    await pim.cloud.happens('estate', { subscription: SUBSCRIPTION, change: 'remove-resource-group', name: 'billing' });
    await pim.cloud.happens('estate', { subscription: SUBSCRIPTION, change: 'add-resource-group', name: 'billing' });
    pim.cloud.wait(2_000);
    expect(await pim.statusOf(made)).toBe('Provisioned');
    const other = await pim.assign('bo');
    await pim.cloud.happens('estate', { subscription: SUBSCRIPTION, change: 'remove-resource-group', name: 'billing' });
    pim.cloud.wait(2_000);
    await pim.cloud.happens('estate', { subscription: SUBSCRIPTION, change: 'add-resource-group', name: 'billing' });
    expect(await pim.statusOf(other)).toBe('Failed');
    expect([await pim.instances('ana'), await pim.instances('bo')]).toEqual([[], []]);
  });

  test('moves its end', async () => {
    await pim.assign('ana');
    pim.cloud.wait(2_000);
    expect(said(await pim.ask('AdminUpdate', 'ana', until('2026-03-02T11:00:00Z')))).toBe('PendingProvisioning');
    expect(await pim.instances('ana')).toMatchObject([{ endDateTime: '2026-03-02T10:00:00.000Z' }]);
    pim.cloud.wait(2_000);
    expect(await pim.instances('ana')).toMatchObject([{ endDateTime: '2026-03-02T11:00:00.000Z' }]);
    expect(codeOf(await pim.ask('AdminExtend', 'bo', until('2026-03-02T11:00:00Z')))).toBe(
      'RoleAssignmentDoesNotExist',
    );
  });
});

describe('the licence', () => {
  test('that is missing refuses everything', async () => {
    await pim.cloud.happens('directory', { change: 'licence', name: 'Free' });
    const answer = await pim.assign('ana');
    expect([answer.status, codeOf(answer)]).toEqual([400, 'AadPremiumLicenseRequired']);
    await expect(pim.instances('ana')).rejects.toThrow('AadPremiumLicenseRequired');
    expect(codeOf(await pim.read(`${GROUP_SCOPE}/providers/${PIM}/roleManagementPolicies`))).toBe(
      'AadPremiumLicenseRequired',
    );
  });

  test('that lapses leaves what PIM assigned for ever, until somebody takes it away as a role assignment', async () => {
    await pim.assign('ana');
    pim.cloud.wait(10_000);
    const [instance] = await pim.instances('ana');
    await pim.cloud.happens('directory', { change: 'licence', name: 'Free' });
    pim.cloud.wait(72 * 60 * MINUTE);
    pim.cloud.forgetTokens();
    pim.olga = await pim.cloud.tokenOf('olga');
    expect(await pim.cloud.canRead('ana')).toBe('200');
    expect((await pim.cloud.arm('DELETE', String(instance?.['originRoleAssignmentId']), pim.olga)).status).toBe(200);
    pim.cloud.wait(4_000);
    expect(await pim.cloud.canRead('ana')).toBe('AuthorizationFailed');
  });
});
