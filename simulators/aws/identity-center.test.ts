import { afterEach, describe, expect, test } from 'vitest';
import {
  allow,
  MANAGEMENT,
  organizationWorld,
  OrganizationUnderTest,
  PROD,
  STAGING,
} from './organization-under-test.ts';
import type { CloudSettings } from './cloud-settings.ts';

/** What Identity Center does in time: the states of an assignment, what collides, what is limited, and who may act on what. */
let cloud: OrganizationUnderTest;
let instance: string;
let set: string;
let ana: string;

async function start(settings: Partial<CloudSettings> = {}, world = organizationWorld()): Promise<void> {
  cloud = await OrganizationUnderTest.start(world, {
    assignmentMs: [2_000, 2_000],
    provisioningMs: [2_000, 2_000],
    ...settings,
  });
  const organization = await cloud.control('GET', 'organization');
  const center = organization['identityCenter'] as {
    instanceArn: string;
    permissionSets: { arn: string }[];
    users: { id: string }[];
  };
  instance = center.instanceArn;
  set = center.permissionSets[0]?.arn ?? '';
  ana = center.users[0]?.id ?? '';
}

const assignment = (more: object = {}) => ({
  InstanceArn: instance,
  TargetId: PROD,
  TargetType: 'AWS_ACCOUNT',
  PermissionSetArn: set,
  PrincipalType: 'USER',
  PrincipalId: ana,
  ...more,
});
const create = (more: object = {}) => cloud.call('sso', 'CreateAccountAssignment', assignment(more));
const remove = (more: object = {}) => cloud.call('sso', 'DeleteAccountAssignment', assignment(more));
const wait = (ms: number): void => void (cloud.nowMs += ms);

async function statusOf(kind: 'Creation' | 'Deletion', answer: { body: Record<string, unknown> }) {
  const member = `AccountAssignment${kind}Status`;
  const { RequestId } = answer.body[member] as { RequestId: string };
  const described = await cloud.call('sso', `DescribeAccountAssignment${kind}Status`, {
    InstanceArn: instance,
    [`AccountAssignment${kind}RequestId`]: RequestId,
  });
  return described.body[member] as { Status: string; FailureReason?: string };
}

async function listed(account = PROD): Promise<number> {
  const answer = await cloud.call('sso', 'ListAccountAssignments', {
    InstanceArn: instance,
    AccountId: account,
    PermissionSetArn: set,
  });
  return (answer.body['AccountAssignments'] as unknown[]).length;
}

afterEach(() => cloud.close());

describe('an assignment', () => {
  test('is in progress, then there; its deletion is in progress, then gone', async () => {
    await start();
    const created = await create();
    expect(await statusOf('Creation', created)).toMatchObject({ Status: 'IN_PROGRESS' });
    expect(await listed()).toBe(0);
    expect(await cloud.credentials('ana@acme.example', PROD)).toBe('ForbiddenException');
    wait(2_000);
    expect(await statusOf('Creation', created)).toMatchObject({ Status: 'SUCCEEDED' });
    expect(await listed()).toBe(1);
    const removed = await remove();
    expect(await listed()).toBe(1);
    wait(2_000);
    expect(await statusOf('Deletion', removed)).toMatchObject({ Status: 'SUCCEEDED' });
    expect(await listed()).toBe(0);
  });

  test('made twice is one; deleted twice fails with a 404 in its status, not in its answer', async () => {
    await start();
    for (let round = 0; round < 2; round += 1) {
      const answer = await create();
      wait(2_000);
      expect(await statusOf('Creation', answer)).toMatchObject({ Status: 'SUCCEEDED' });
    }
    expect(await listed()).toBe(1);
    await remove();
    wait(2_000);
    const again = await remove();
    expect(again.status).toBe(200);
    wait(2_000);
    const failed = await statusOf('Deletion', again);
    expect(failed.Status).toBe('FAILED');
    expect(failed.FailureReason).toContain("Received a 404 status error: EntitlementItem doesn't exist");
  });

  test('is listed late in both directions, and access does not wait for the list', async () => {
    await start({ listDelayMs: [5_000, 5_000] });
    await create();
    wait(2_000);
    expect(await listed()).toBe(0);
    expect(await cloud.credentials('ana@acme.example', PROD)).toMatchObject({ accessKeyId: expect.any(String) });
    wait(5_000);
    expect(await listed()).toBe(1);
    await remove();
    wait(2_000);
    expect(await listed()).toBe(1);
    expect(await cloud.credentials('ana@acme.example', PROD)).toBe('ForbiddenException');
    wait(5_000);
    expect(await listed()).toBe(0);
  });

  test('fails when its account is suspended or closed meanwhile, and when its person has left', async () => {
    await start();
    const first = await create();
    await cloud.control('POST', 'account-state', { account: PROD, state: 'SUSPENDED' });
    wait(2_000);
    expect(await statusOf('Creation', first)).toMatchObject({
      Status: 'FAILED',
      FailureReason: expect.stringContaining('SUSPENDED'),
    });
    await cloud.control('POST', 'account-state', { account: PROD, state: 'ACTIVE' });
    await create();
    wait(2_000);
    await cloud.control('POST', 'directory', { userName: 'ana@acme.example', change: 'remove' });
    const removed = await remove();
    wait(2_000);
    expect(await statusOf('Deletion', removed)).toMatchObject({
      Status: 'FAILED',
      FailureReason: expect.stringContaining('was not found in directory'),
    });
    // It stands, for whoever gets that id back.
    expect(await listed()).toBe(1);
  });

  test('of a group gives its members access, and shows in a member’s list as the group’s', async () => {
    await start();
    const groups = await cloud.call('identitystore', 'ListGroups', { IdentityStoreId: await store() });
    const [{ GroupId }] = groups.body['Groups'] as [{ GroupId: string }];
    await create({ PrincipalType: 'GROUP', PrincipalId: GroupId });
    wait(2_000);
    const answer = await cloud.call('sso', 'ListAccountAssignmentsForPrincipal', {
      InstanceArn: instance,
      PrincipalId: ana,
      PrincipalType: 'USER',
    });
    expect(answer.body['AccountAssignments']).toEqual([
      expect.objectContaining({ PrincipalType: 'GROUP', PrincipalId: GroupId }),
    ]);
    expect(await cloud.credentials('ana@acme.example', PROD)).toMatchObject({ accessKeyId: expect.any(String) });
    expect(await cloud.credentials('bo@acme.example', PROD)).toBe('ForbiddenException');
  });

  test('can be made to fail, to hang, and to be done but reported as failed', async () => {
    await start();
    await cloud.control('POST', 'faults', [{ service: 'sso', action: 'finish-create', kind: 'unavailable' }]);
    const failed = await create();
    wait(2_000);
    expect(await statusOf('Creation', failed)).toMatchObject({ Status: 'FAILED' });
    expect(await listed()).toBe(0);
    await cloud.control('POST', 'faults', [
      { service: 'sso', action: 'finish-create', kind: 'delay', delayMs: 60_000 },
    ]);
    const stuck = await create();
    wait(30_000);
    expect(await statusOf('Creation', stuck)).toMatchObject({ Status: 'IN_PROGRESS' });
    wait(32_000);
    expect(await statusOf('Creation', stuck)).toMatchObject({ Status: 'SUCCEEDED' });
    await cloud.control('POST', 'faults', [{ service: 'sso', action: 'finish-delete', kind: 'drop-after' }]);
    const lost = await remove();
    wait(2_000);
    expect(await statusOf('Deletion', lost)).toMatchObject({ Status: 'FAILED' });
    expect(await listed()).toBe(0);
  });
});

describe('what collides and what is limited', () => {
  test('a second operation on the same account and permission set conflicts; another account does not', async () => {
    await start();
    await create();
    expect(await remove()).toMatchObject({ status: 400, code: 'ConflictException' });
    expect(await create({ TargetId: STAGING })).toMatchObject({ status: 200 });
    const everywhere = { InstanceArn: instance, PermissionSetArn: set, TargetType: 'ALL_PROVISIONED_ACCOUNTS' };
    expect(await cloud.call('sso', 'ProvisionPermissionSet', everywhere)).toMatchObject({ code: 'ConflictException' });
    wait(2_000);
    expect(await remove()).toMatchObject({ status: 200 });
  });

  test('so many operations may be outstanding, and one more is refused by a code that depends on its kind', async () => {
    await start({ outstandingOperations: 2 });
    await create();
    await create({ TargetId: STAGING });
    expect(await create({ TargetId: MANAGEMENT })).toMatchObject({ code: 'ServiceQuotaExceededException' });
    expect(await remove({ TargetId: MANAGEMENT })).toMatchObject({ code: 'ThrottlingException' });
    wait(2_000);
    expect(await create({ TargetId: MANAGEMENT })).toMatchObject({ status: 200 });
  });

  test('twenty calls a second over all operations together, filled up again with time', async () => {
    await start();
    const list = () => cloud.call('sso', 'ListInstances');
    for (let call = 0; call < 20; call += 1) expect(await list()).toMatchObject({ status: 200 });
    expect(await list()).toMatchObject({ status: 400, code: 'ThrottlingException' });
    expect(await create()).toMatchObject({ code: 'ThrottlingException' });
    wait(100);
    expect([(await list()).status, (await list()).status, (await list()).status]).toEqual([200, 200, 400]);
  });

  test('an inline policy has 10,240 characters without white space, and must be a policy', async () => {
    await start();
    const put = (text: string) =>
      cloud.call('sso', 'PutInlinePolicyToPermissionSet', {
        InstanceArn: instance,
        PermissionSetArn: set,
        InlinePolicy: text,
      });
    const frame = JSON.stringify(allow('s3:')).length;
    const long = (size: number) => JSON.stringify(allow(`s3:${'x'.repeat(size - frame)}`));
    expect(long(10_240)).toHaveLength(10_240);
    expect(await put(long(10_240))).toMatchObject({ status: 200 });
    expect(await put(` ${long(10_240)}\n`)).toMatchObject({ status: 200 });
    expect(await put(long(10_241))).toMatchObject({ code: 'ServiceQuotaExceededException' });
    expect(await put('{"Version":"2012-10-17"}')).toMatchObject({ code: 'ValidationException' });
    expect(await put(' '.repeat(32_769))).toMatchObject({ code: 'ValidationException' });
  });
});

describe('a session', () => {
  const deny = (user: string, end: string) => ({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'iam:ListRoles', Resource: '*' },
      {
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: {
          StringEquals: { 'identitystore:UserId': user, 'aws:PrincipalAccount': PROD },
          DateGreaterThan: { 'aws:CurrentTime': end },
        },
      },
    ],
  });
  const provision = async (policy: object): Promise<void> => {
    const InlinePolicy = JSON.stringify(policy);
    await cloud.call('sso', 'PutInlinePolicyToPermissionSet', {
      InstanceArn: instance,
      PermissionSetArn: set,
      InlinePolicy,
    });
    await cloud.call('sso', 'ProvisionPermissionSet', {
      InstanceArn: instance,
      PermissionSetArn: set,
      TargetType: 'ALL_PROVISIONED_ACCOUNTS',
    });
    wait(2_000);
  };
  const keysOf = async (user: string) => {
    const keys = await cloud.credentials(user, PROD);
    if (typeof keys === 'string') throw new Error(keys);
    return keys;
  };

  test('outlives its assignment, and ends with the permission set’s session duration', async () => {
    await start();
    await create();
    wait(2_000);
    const keys = await keysOf('ana@acme.example');
    expect(await cloud.tryAccess(keys)).toBe('OK');
    await remove();
    wait(2_000);
    expect(await cloud.credentials('ana@acme.example', PROD)).toBe('ForbiddenException');
    expect(await cloud.tryAccess(keys)).toBe('OK');
    wait(3_590_000);
    expect(await cloud.tryAccess(keys)).toBe('OK');
    wait(10_000);
    expect(await cloud.tryAccess(keys)).toBe('ExpiredToken');
  });

  test('is cut at its time by a provisioned deny on user and account, and nobody else’s is', async () => {
    await start();
    await create();
    wait(2_000);
    const bo = ((await cloud.control('GET', 'organization'))['identityCenter'] as { users: { id: string }[] }).users[1]
      ?.id;
    await create({ PrincipalId: bo });
    wait(2_000);
    const [hers, his] = [await keysOf('ana@acme.example'), await keysOf('bo@acme.example')];
    const end = new Date(cloud.nowMs + 60_000).toISOString();
    await provision(deny(ana, end));
    expect(await cloud.tryAccess(hers)).toBe('OK');
    wait(59_000);
    expect(await cloud.tryAccess(hers)).toBe('AccessDenied');
    expect(await cloud.tryAccess(his)).toBe('OK');
    // The portal still hands out credentials, as the assignment stands; they are worth nothing.
    expect(await cloud.tryAccess(await keysOf('ana@acme.example'))).toBe('AccessDenied');
  });

  test('does not see a policy before it is provisioned', async () => {
    await start();
    await create();
    wait(2_000);
    const keys = await keysOf('ana@acme.example');
    const InlinePolicy = JSON.stringify(deny(ana, new Date(cloud.nowMs - 1_000).toISOString()));
    await cloud.call('sso', 'PutInlinePolicyToPermissionSet', {
      InstanceArn: instance,
      PermissionSetArn: set,
      InlinePolicy,
    });
    expect(await cloud.tryAccess(keys)).toBe('OK');
    const behind = {
      InstanceArn: instance,
      PermissionSetArn: set,
      ProvisioningStatus: 'LATEST_PERMISSION_SET_NOT_PROVISIONED',
    };
    const list = () => cloud.call('sso', 'ListAccountsForProvisionedPermissionSet', behind);
    expect((await list()).body['AccountIds']).toEqual([PROD]);
    await cloud.call('sso', 'ProvisionPermissionSet', {
      InstanceArn: instance,
      PermissionSetArn: set,
      TargetType: 'AWS_ACCOUNT',
      TargetId: PROD,
    });
    wait(1_999);
    expect(await cloud.tryAccess(keys)).toBe('OK');
    wait(1);
    expect(await cloud.tryAccess(keys)).toBe('AccessDenied');
    expect((await list()).body['AccountIds']).toEqual([]);
  });

  test('dies with its role where the role goes with the last assignment', async () => {
    await start({ roleAfterLastAssignment: 'deleted' });
    await create();
    wait(2_000);
    const keys = await keysOf('ana@acme.example');
    await remove();
    wait(2_000);
    expect(await cloud.tryAccess(keys)).toBe('AccessDenied');
    const sets = await cloud.call('sso', 'ListPermissionSetsProvisionedToAccount', {
      InstanceArn: instance,
      AccountId: PROD,
    });
    expect(sets.body['PermissionSets']).toEqual([]);
  });
});

describe('who may do what', () => {
  test('a caller without the permission on instance, permission set and account is refused', async () => {
    const only = allow('sso:CreateAccountAssignment', {
      Resource: ['arn:aws:sso:::instance/*', 'arn:aws:sso:::permissionSet/*', `arn:aws:sso:::account/${STAGING}`],
    });
    await start({}, organizationWorld({ broker: only }));
    expect(await create({ TargetId: STAGING })).toMatchObject({ status: 200 });
    expect(await create({ TargetId: PROD })).toMatchObject({ status: 400, code: 'AccessDeniedException' });
    expect(await remove({ TargetId: STAGING })).toMatchObject({ code: 'AccessDeniedException' });
  });

  test('a permission can hang on a tag of the permission set', async () => {
    const owned = allow('sso:*', {
      Condition: { StringEqualsIfExists: { 'aws:ResourceTag/owner': 'somebody else' } },
    });
    await start({}, organizationWorld({ broker: owned }));
    expect(await create()).toMatchObject({ code: 'AccessDeniedException' });
  });

  test('a member that the service does not know, a bad id and a missing one are refused', async () => {
    await start();
    expect(await create({ Surprise: 1 })).toMatchObject({ status: 400, code: 'ValidationException' });
    expect(await create({ TargetId: '12' })).toMatchObject({ code: 'ValidationException' });
    expect(await create({ PrincipalId: undefined })).toMatchObject({ code: 'ValidationException' });
    expect(await create({ PermissionSetArn: set.replace(/.{4}$/, '0000') })).toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });

  test('IAM lets nobody change the role of a permission set, whatever it may do itself', async () => {
    await start();
    const InlinePolicy = JSON.stringify(allow('iam:*'));
    await cloud.call('sso', 'PutInlinePolicyToPermissionSet', {
      InstanceArn: instance,
      PermissionSetArn: set,
      InlinePolicy,
    });
    await create();
    wait(2_000);
    const organization = await cloud.control('GET', 'organization');
    const [{ roleName }] = (organization['identityCenter'] as { provisioned: [{ roleName: string }] }).provisioned;
    expect(roleName).toMatch(/^AWSReservedSSO_invoice-reader_[0-9a-f]{16}$/);
    const keys = await cloud.credentials('ana@acme.example', PROD);
    if (typeof keys === 'string') throw new Error(keys);
    expect(await cloud.iam(`Action=GetRole&RoleName=${roleName}`, keys)).toBe('OK');
    expect(await cloud.iam(`Action=DeleteRole&RoleName=${roleName}`, keys)).toBe('UnmodifiableEntity');
    const drop = `Action=DeleteRolePolicy&RoleName=${roleName}&PolicyName=AwsSSOInlinePolicy`;
    expect(await cloud.iam(drop, keys)).toBe('UnmodifiableEntity');
  });
});

async function store(): Promise<string> {
  const organization = await cloud.control('GET', 'organization');
  return (organization['identityCenter'] as { identityStoreId: string }).identityStoreId;
}
