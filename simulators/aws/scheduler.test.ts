import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { CloudSettings } from './cloud-settings.ts';
import {
  allow,
  MANAGEMENT,
  organizationWorld,
  OrganizationUnderTest,
  PROD,
  SCHEDULER_ROLE,
  START,
} from './organization-under-test.ts';

/** Schedules fire by the simulator's clock, with the rights of their role and nothing else, and try again as they were told. */
let cloud: OrganizationUnderTest;
let assignment: Record<string, string>;

type Failed = { code: string; attempts: number };
type State = {
  identityCenter: {
    instanceArn: string;
    permissionSets: { arn: string }[];
    users: { id: string }[];
    assignments: { until: number | null }[];
  };
  schedules: { name: string; attempts: number }[];
  failedInvocations: Failed[];
};
const state = async () => (await cloud.control('GET', 'organization')) as unknown as State;

/** With an assignment that stands, and that a schedule is to delete. */
async function start(settings: Partial<CloudSettings> = {}, world = organizationWorld(), file?: string): Promise<void> {
  cloud = await OrganizationUnderTest.start(world, { assignmentMs: [1_000, 1_000], ...settings }, file);
  const { identityCenter } = await state();
  assignment = {
    InstanceArn: identityCenter.instanceArn,
    TargetId: PROD,
    TargetType: 'AWS_ACCOUNT',
    PermissionSetArn: identityCenter.permissionSets[0]?.arn ?? '',
    PrincipalType: 'USER',
    PrincipalId: identityCenter.users[0]?.id ?? '',
  };
  await cloud.call('sso', 'CreateAccountAssignment', assignment);
  cloud.nowMs += 1_000;
  expect(await standing()).toBe(true);
}

const standing = async () => (await state()).identityCenter.assignments.some((one) => one.until === null);
const journal = async () =>
  (await cloud.control('GET', 'journal')) as unknown as {
    at: string;
    action: string;
    principal: string;
    code: string;
  }[];
const at = (ms: number): string => new Date(ms).toISOString();

const END = START + 600_000;
function schedule(target: object = {}, more: object = {}) {
  return {
    ScheduleExpression: `at(${at(END).slice(0, 19)})`,
    FlexibleTimeWindow: { Mode: 'OFF' },
    ActionAfterCompletion: 'DELETE',
    ClientToken: 'token-1',
    Target: {
      Arn: 'arn:aws:scheduler:::aws-sdk:ssoadmin:deleteAccountAssignment',
      RoleArn: SCHEDULER_ROLE,
      Input: JSON.stringify(assignment),
      ...target,
    },
    ...more,
  };
}
const put = (body: object, name = 'grant-1') => cloud.scheduler('POST', `/schedules/${name}`, body);

afterEach(() => cloud.close());

describe('a schedule', () => {
  test('deletes the assignment at its time and is gone itself', async () => {
    await start();
    expect(await put(schedule())).toMatchObject({ status: 200 });
    cloud.nowMs = END - 1;
    expect(await standing()).toBe(true);
    cloud.nowMs = END + 1_000;
    expect(await standing()).toBe(false);
    expect((await state()).schedules).toEqual([]);
    const fired = (await journal()).find((one) => one.action === 'DeleteAccountAssignment');
    expect(fired).toMatchObject({ at: at(END), code: 'OK' });
    expect(fired?.principal).toBe(`arn:aws:sts::${MANAGEMENT}:assumed-role/scheduler/grant-1`);
  });

  test('fires at its own time when nobody calls for an hour', async () => {
    await start({ fireDelayMs: [0, 59_000] });
    await put(schedule());
    cloud.nowMs = END + 3_600_000;
    expect(await standing()).toBe(false);
    const fired = (await journal()).find((one) => one.action === 'DeleteAccountAssignment');
    const lateMs = Date.parse(fired?.at ?? '') - END;
    expect(lateMs).toBeGreaterThanOrEqual(0);
    expect(lateMs).toBeLessThan(60_000);
  });

  test('fires although the simulator was down at its time', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'curfew-schedule-'));
    const file = join(folder, 'state.json');
    try {
      await start({}, organizationWorld(), file);
      await put(schedule());
      await cloud.close();
      cloud = await OrganizationUnderTest.start(organizationWorld(), {}, file);
      cloud.nowMs = END + 5_000;
      expect(await standing()).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('stays with ActionAfterCompletion NONE, and does not fire again', async () => {
    await start();
    await put(schedule({}, { ActionAfterCompletion: 'NONE' }));
    cloud.nowMs = END + 5_000;
    expect(await standing()).toBe(false);
    await cloud.call('sso', 'CreateAccountAssignment', assignment);
    cloud.nowMs += 1_800_000;
    expect(await standing()).toBe(true);
    expect(await cloud.scheduler('GET', '/schedules/grant-1')).toMatchObject({ status: 200 });
  });

  test('is the same one by its token, and another one under its name is refused', async () => {
    await start();
    await put(schedule());
    expect(await put(schedule())).toMatchObject({ status: 200 });
    expect(await put(schedule({}, { ClientToken: 'token-2' }))).toMatchObject({
      status: 409,
      code: 'ConflictException',
    });
    expect(await put(schedule({}, { Description: 'changed' }))).toMatchObject({ status: 409 });
    const listed = await cloud.scheduler('GET', '/schedules?NamePrefix=grant-&State=ENABLED');
    expect(listed.body['Schedules']).toHaveLength(1);
  });

  test('can be moved, switched off and deleted', async () => {
    await start();
    await put(schedule());
    const later = schedule({}, { ScheduleExpression: `at(${at(END + 60_000).slice(0, 19)})` });
    expect(await cloud.scheduler('PUT', '/schedules/grant-1', later)).toMatchObject({ status: 200 });
    cloud.nowMs = END + 30_000;
    expect(await standing()).toBe(true);
    await cloud.scheduler('PUT', '/schedules/grant-1', { ...later, State: 'DISABLED' });
    cloud.nowMs = END + 90_000;
    expect(await standing()).toBe(true);
    expect(await cloud.scheduler('DELETE', '/schedules/grant-1')).toMatchObject({ status: 200 });
    expect(await cloud.scheduler('DELETE', '/schedules/grant-1')).toMatchObject({ status: 404 });
    expect(await cloud.scheduler('GET', '/schedules/grant-1')).toMatchObject({ code: 'ResourceNotFoundException' });
  });

  test.each([
    ['the past', { ScheduleExpression: `at(${at(START - 1_000).slice(0, 19)})` }],
    ['a day that does not exist', { ScheduleExpression: 'at(2027-02-30T10:00:00)' }],
    ['a rate', { ScheduleExpression: 'rate(5 minutes)' }],
    ['a flexible window', { FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 5 } }],
    ['a member that there is not', { Surprise: true }],
  ])('is refused with %s', async (_, more) => {
    await start();
    expect(await put(schedule({}, more))).toMatchObject({ status: 400, code: 'ValidationException' });
  });

  test.each([
    ['a target that is not simulated', { Arn: 'arn:aws:scheduler:::aws-sdk:ec2:terminateInstances' }],
    ['input that is no object', { Input: '[1]' }],
    ['a role that there is not', { RoleArn: `arn:aws:iam::${MANAGEMENT}:role/nobody` }],
    ['a role that does not trust Scheduler', { RoleArn: `arn:aws:iam::${MANAGEMENT}:role/broker` }],
    ['too many attempts', { RetryPolicy: { MaximumRetryAttempts: 186 } }],
  ])('is refused with %s', async (_, target) => {
    await start();
    expect(await put(schedule(target))).toMatchObject({ status: 400, code: 'ValidationException' });
  });

  test('needs iam:PassRole, for Scheduler', async () => {
    const passing = (service: string) => ({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: ['sso:*', 'scheduler:*'], Resource: '*' },
        {
          Effect: 'Allow',
          Action: 'iam:PassRole',
          Resource: SCHEDULER_ROLE,
          Condition: { StringEquals: { 'iam:PassedToService': service } },
        },
      ],
    });
    await start({}, organizationWorld({ broker: passing('lambda.amazonaws.com') }));
    expect(await put(schedule())).toMatchObject({ status: 403, code: 'AccessDeniedException' });
    await cloud.close();
    await start({}, organizationWorld({ broker: passing('scheduler.amazonaws.com') }));
    expect(await put(schedule())).toMatchObject({ status: 200 });
  });
});

describe('an attempt that fails', () => {
  test('is made again, later each time, until it succeeds', async () => {
    await start();
    await put(schedule());
    await cloud.control('POST', 'faults', [{ service: 'scheduler', action: 'fire', kind: 'unavailable', times: 3 }]);
    // Waits of 1, 2 and 4 seconds, of which up to a half is taken away.
    cloud.nowMs = END + 3_499;
    expect(await standing()).toBe(true);
    cloud.nowMs = END + 8_000;
    expect(await standing()).toBe(false);
  });

  test('is made again when sso-admin was busy or throttled', async () => {
    await start();
    await put(schedule());
    cloud.nowMs = END - 500;
    // Another operation on the same account and permission set is still running at the end.
    await cloud.call('sso', 'CreateAccountAssignment', assignment);
    cloud.nowMs = END + 3_000;
    expect(await standing()).toBe(false);
    const codes = (await journal()).filter((one) => one.action === 'DeleteAccountAssignment').map((one) => one.code);
    expect(codes).toEqual(['ConflictException', 'OK']);
  });

  test('is given up when the retry policy says so, and the schedule is gone all the same', async () => {
    await start();
    const queue = `arn:aws:sqs:us-east-1:${MANAGEMENT}:dead`;
    await put(schedule({ RetryPolicy: { MaximumRetryAttempts: 2 }, DeadLetterConfig: { Arn: queue } }));
    await cloud.control('POST', 'faults', [{ service: 'scheduler', action: 'fire', kind: 'deny', times: 99 }]);
    cloud.nowMs = END + 3_600_000;
    const { schedules, failedInvocations } = await state();
    expect(schedules).toEqual([]);
    expect(failedInvocations).toMatchObject([{ code: 'AccessDeniedException', attempts: 3 }]);
    expect(await standing()).toBe(true);
  });

  test('is given up at the age that the retry policy says', async () => {
    await start();
    await put(schedule({ RetryPolicy: { MaximumEventAgeInSeconds: 60 } }));
    await cloud.control('POST', 'faults', [{ service: 'scheduler', action: 'fire', kind: 'throttle', times: 999 }]);
    cloud.nowMs = END + 3_600_000;
    // At most after 0, 1, 3, 7, 15 and 31 seconds, with the next one after 63; at least after half of that, and one more.
    const [failed] = (await state()).failedInvocations;
    expect(failed?.code).toBe('ThrottlingException');
    expect([6, 7]).toContain(failed?.attempts);
  });

  test('is not made again at once where refusals are final', async () => {
    await start({ retryRefused: false }, organizationWorld({ scheduler: allow('iam:DeleteRolePolicy') }));
    await put(schedule());
    cloud.nowMs = END + 1;
    expect((await state()).failedInvocations).toMatchObject([{ code: 'AccessDeniedException', attempts: 1 }]);
    expect(await standing()).toBe(true);
  });

  test('may have been done: the next one then finds nothing to delete, and that is no error of its own', async () => {
    await start();
    await put(schedule());
    await cloud.control('POST', 'faults', [{ service: 'sso', action: 'DeleteAccountAssignment', kind: 'drop-after' }]);
    cloud.nowMs = END + 10_000;
    expect(await standing()).toBe(false);
    expect((await state()).schedules).toEqual([]);
  });

  test('leaves a fault alone that is meant for clients', async () => {
    await start();
    await put(schedule());
    const fault = { service: 'sso', action: 'DeleteAccountAssignment', kind: 'throttle', from: 'client' };
    await cloud.control('POST', 'faults', [fault]);
    cloud.nowMs = END + 1;
    await state();
    expect((await journal()).filter((one) => one.action === 'DeleteAccountAssignment')).toMatchObject([{ code: 'OK' }]);
  });

  test('does without a role that stopped trusting Scheduler', async () => {
    await start();
    await put(schedule());
    const document = encodeURIComponent(JSON.stringify(trustNobody));
    const keys = await cloud.session(`arn:aws:iam::${MANAGEMENT}:role/broker`);
    const update = `Action=UpdateAssumeRolePolicy&RoleName=scheduler&PolicyDocument=${document}`;
    expect(await cloud.iam(update, keys)).toBe('OK');
    cloud.nowMs = END + 1;
    expect(await standing()).toBe(true);
    const refused = (await journal()).find((one) => one.action === 'DeleteAccountAssignment');
    expect(refused).toMatchObject({ code: 'AccessDeniedException', principal: null });
  });
});

test('fifty schedules of one moment on one account and permission set do not block one another for ever', async () => {
  await start();
  for (let grant = 0; grant < 50; grant += 1)
    await put(schedule({}, { ClientToken: `token-${grant}` }), `grant-${grant}`);
  cloud.nowMs = END + 1_800_000;
  expect((await state()).schedules).toEqual([]);
});

test('a schedule can delete an inline policy of a role', async () => {
  await start();
  const keys = await cloud.session(`arn:aws:iam::${MANAGEMENT}:role/broker`);
  const document = encodeURIComponent(JSON.stringify(allow('s3:*')));
  const policy = 'RoleName=broker&PolicyName=timed';
  expect(await cloud.iam(`Action=PutRolePolicy&${policy}&PolicyDocument=${document}`, keys)).toBe('OK');
  const Arn = 'arn:aws:scheduler:::aws-sdk:iam:deleteRolePolicy';
  const Input = JSON.stringify({ RoleName: 'broker', PolicyName: 'timed' });
  expect(await put(schedule({ Arn, Input }))).toMatchObject({ status: 200 });
  expect(await cloud.iam(`Action=GetRolePolicy&${policy}`, keys)).toBe('OK');
  cloud.nowMs = END;
  expect(await cloud.iam(`Action=GetRolePolicy&${policy}`, keys)).toBe('NoSuchEntity');
});

const trustNobody = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};
