import { afterEach, describe, expect, test } from 'vitest';
import { IdentityCenterUnderTest } from './identity-center-under-test.ts';
import { allow, MANAGEMENT, organizationWorld, PROD, STAGING } from './organization-under-test.ts';

/** What Identity Center does in time: the states of an assignment, what collides, what is limited, and who may act on what. */
let center: IdentityCenterUnderTest;

afterEach(() => center.cloud.close());

describe('an assignment', () => {
  test('is in progress, then there; its deletion is in progress, then gone', async () => {
    center = await IdentityCenterUnderTest.start();
    const created = await center.create();
    expect(await center.statusOf('Creation', created)).toMatchObject({ Status: 'IN_PROGRESS' });
    expect(await center.listed()).toBe(0);
    expect(await center.cloud.credentials('ana@acme.example', PROD)).toBe('ForbiddenException');
    center.wait(2_000);
    expect(await center.statusOf('Creation', created)).toMatchObject({ Status: 'SUCCEEDED' });
    expect(await center.listed()).toBe(1);
    const removed = await center.remove();
    expect(await center.listed()).toBe(1);
    center.wait(2_000);
    expect(await center.statusOf('Deletion', removed)).toMatchObject({ Status: 'SUCCEEDED' });
    expect(await center.listed()).toBe(0);
  });

  test('made twice is one; deleted twice fails with a 404 in its status, not in its answer', async () => {
    center = await IdentityCenterUnderTest.start();
    for (let round = 0; round < 2; round += 1) {
      const answer = await center.create();
      center.wait(2_000);
      expect(await center.statusOf('Creation', answer)).toMatchObject({ Status: 'SUCCEEDED' });
    }
    expect(await center.listed()).toBe(1);
    await center.remove();
    center.wait(2_000);
    const again = await center.remove();
    expect(again.status).toBe(200);
    center.wait(2_000);
    const failed = await center.statusOf('Deletion', again);
    expect(failed.Status).toBe('FAILED');
    expect(failed.FailureReason).toContain("Received a 404 status error: EntitlementItem doesn't exist");
  });

  test('is listed late in both directions, and access does not wait for the list', async () => {
    center = await IdentityCenterUnderTest.start({ listDelayMs: [5_000, 5_000] });
    await center.create();
    center.wait(2_000);
    expect(await center.listed()).toBe(0);
    expect(await center.cloud.credentials('ana@acme.example', PROD)).toMatchObject({ accessKeyId: expect.any(String) });
    center.wait(5_000);
    expect(await center.listed()).toBe(1);
    await center.remove();
    center.wait(2_000);
    expect(await center.listed()).toBe(1);
    expect(await center.cloud.credentials('ana@acme.example', PROD)).toBe('ForbiddenException');
    center.wait(5_000);
    expect(await center.listed()).toBe(0);
  });

  test('fails when its account is suspended or closed meanwhile, and when its person has left', async () => {
    center = await IdentityCenterUnderTest.start();
    const first = await center.create();
    await center.cloud.control('POST', 'account-state', { account: PROD, state: 'SUSPENDED' });
    center.wait(2_000);
    expect(await center.statusOf('Creation', first)).toMatchObject({
      Status: 'FAILED',
      FailureReason: expect.stringContaining('SUSPENDED'),
    });
    await center.cloud.control('POST', 'account-state', { account: PROD, state: 'ACTIVE' });
    await center.create();
    center.wait(2_000);
    await center.cloud.control('POST', 'directory', { userName: 'ana@acme.example', change: 'remove' });
    const removed = await center.remove();
    center.wait(2_000);
    expect(await center.statusOf('Deletion', removed)).toMatchObject({
      Status: 'FAILED',
      FailureReason: expect.stringContaining('was not found in directory'),
    });
    // It stands, for whoever gets that id back.
    expect(await center.listed()).toBe(1);
  });

  test('of a group gives its members access, and shows in a member’s list as the group’s', async () => {
    center = await IdentityCenterUnderTest.start();
    const groups = await center.cloud.call('identitystore', 'ListGroups', {
      IdentityStoreId: (await center.state()).identityStoreId,
    });
    const [{ GroupId }] = groups.body['Groups'] as [{ GroupId: string }];
    await center.create({ PrincipalType: 'GROUP', PrincipalId: GroupId });
    center.wait(2_000);
    const answer = await center.cloud.call('sso', 'ListAccountAssignmentsForPrincipal', {
      InstanceArn: center.instance,
      PrincipalId: center.ana,
      PrincipalType: 'USER',
    });
    expect(answer.body['AccountAssignments']).toEqual([
      expect.objectContaining({ PrincipalType: 'GROUP', PrincipalId: GroupId }),
    ]);
    expect(await center.cloud.credentials('ana@acme.example', PROD)).toMatchObject({ accessKeyId: expect.any(String) });
    expect(await center.cloud.credentials('bo@acme.example', PROD)).toBe('ForbiddenException');
  });

  test('can be made to fail, to hang, and to be done but reported as failed', async () => {
    center = await IdentityCenterUnderTest.start();
    await center.cloud.control('POST', 'faults', [{ service: 'sso', action: 'finish-create', kind: 'unavailable' }]);
    const failed = await center.create();
    center.wait(2_000);
    expect(await center.statusOf('Creation', failed)).toMatchObject({ Status: 'FAILED' });
    expect(await center.listed()).toBe(0);
    await center.cloud.control('POST', 'faults', [
      { service: 'sso', action: 'finish-create', kind: 'delay', delayMs: 60_000 },
    ]);
    const stuck = await center.create();
    center.wait(30_000);
    expect(await center.statusOf('Creation', stuck)).toMatchObject({ Status: 'IN_PROGRESS' });
    center.wait(32_000);
    expect(await center.statusOf('Creation', stuck)).toMatchObject({ Status: 'SUCCEEDED' });
    await center.cloud.control('POST', 'faults', [{ service: 'sso', action: 'finish-delete', kind: 'drop-after' }]);
    const lost = await center.remove();
    center.wait(2_000);
    expect(await center.statusOf('Deletion', lost)).toMatchObject({ Status: 'FAILED' });
    expect(await center.listed()).toBe(0);
  });
});

describe('what collides and what is limited', () => {
  test('a second operation on the same account and permission set conflicts; another account does not', async () => {
    center = await IdentityCenterUnderTest.start();
    await center.create();
    expect(await center.remove()).toMatchObject({ status: 400, code: 'ConflictException' });
    expect(await center.create({ TargetId: STAGING })).toMatchObject({ status: 200 });
    expect(await center.provisionEverywhere()).toMatchObject({ code: 'ConflictException' });
    center.wait(2_000);
    expect(await center.remove()).toMatchObject({ status: 200 });
  });

  test('so many operations may be outstanding, and one more is refused by a code that depends on its kind', async () => {
    center = await IdentityCenterUnderTest.start({ outstandingOperations: 2 });
    await center.create();
    await center.create({ TargetId: STAGING });
    expect(await center.create({ TargetId: MANAGEMENT })).toMatchObject({ code: 'ServiceQuotaExceededException' });
    expect(await center.remove({ TargetId: MANAGEMENT })).toMatchObject({ code: 'ThrottlingException' });
    center.wait(2_000);
    expect(await center.create({ TargetId: MANAGEMENT })).toMatchObject({ status: 200 });
  });

  test('twenty calls a second over all operations together, filled up again with time', async () => {
    center = await IdentityCenterUnderTest.start();
    const list = () => center.cloud.call('sso', 'ListInstances');
    for (let call = 0; call < 20; call += 1) expect(await list()).toMatchObject({ status: 200 });
    expect(await list()).toMatchObject({ status: 400, code: 'ThrottlingException' });
    expect(await center.create()).toMatchObject({ code: 'ThrottlingException' });
    center.wait(100);
    expect([(await list()).status, (await list()).status, (await list()).status]).toEqual([200, 200, 400]);
  });

  test('an inline policy has 10,240 characters without white space, and must be a policy', async () => {
    center = await IdentityCenterUnderTest.start();
    const frame = JSON.stringify(allow('s3:')).length;
    const long = (size: number) => JSON.stringify(allow(`s3:${'x'.repeat(size - frame)}`));
    expect(long(10_240)).toHaveLength(10_240);
    expect(await center.put(long(10_240))).toMatchObject({ status: 200 });
    expect(await center.put(` ${long(10_240)}\n`)).toMatchObject({ status: 200 });
    expect(await center.put(long(10_241))).toMatchObject({ code: 'ServiceQuotaExceededException' });
    expect(await center.put('{"Version":"2012-10-17"}')).toMatchObject({ code: 'ValidationException' });
    expect(await center.put(' '.repeat(32_769))).toMatchObject({ code: 'ValidationException' });
  });
});

describe('who may do what', () => {
  test('a caller without the permission on instance, permission set and account is refused', async () => {
    const only = allow('sso:CreateAccountAssignment', {
      Resource: ['arn:aws:sso:::instance/*', 'arn:aws:sso:::permissionSet/*', `arn:aws:sso:::account/${STAGING}`],
    });
    center = await IdentityCenterUnderTest.start({}, organizationWorld({ broker: only }));
    expect(await center.create({ TargetId: STAGING })).toMatchObject({ status: 200 });
    expect(await center.create({ TargetId: PROD })).toMatchObject({ status: 400, code: 'AccessDeniedException' });
    expect(await center.remove({ TargetId: STAGING })).toMatchObject({ code: 'AccessDeniedException' });
  });

  test.each([
    ['curfew', 200],
    ['somebody else', 400],
  ])('a permission for permission sets with the tag of %s answers %i', async (owner, status) => {
    const tagged = allow('sso:*', { Condition: { StringEqualsIfExists: { 'aws:ResourceTag/owner': owner } } });
    center = await IdentityCenterUnderTest.start({}, organizationWorld({ broker: tagged }));
    expect(await center.create()).toMatchObject({ status });
  });

  test('a delegated administrator manages all accounts but the management account, and another account none', async () => {
    const world = organizationWorld();
    const role = {
      name: 'admin',
      trustPolicy: allow('sts:AssumeRole', { Resource: undefined, Principal: { AWS: '*' } }),
      inlinePolicies: { own: allow('sso:*') },
    };
    const accounts = world.accounts.map((one) => (one.id === MANAGEMENT ? one : { ...one, roles: [role] }));
    const identityCenter = { ...world.identityCenter, delegatedAdministrator: PROD };
    center = await IdentityCenterUnderTest.start({}, { ...world, accounts, identityCenter });
    const as = async (account: string, TargetId: string) => {
      const keys = await center.cloud.session(`arn:aws:iam::${account}:role/admin`);
      const more = { InstanceArn: center.instance, TargetId, TargetType: 'AWS_ACCOUNT', PermissionSetArn: center.set };
      const principal = { PrincipalType: 'USER', PrincipalId: center.ana };
      return (await center.cloud.call('sso', 'CreateAccountAssignment', { ...more, ...principal }, keys)).code;
    };
    expect(await as(PROD, MANAGEMENT)).toBe('AccessDeniedException');
    expect(await as(STAGING, PROD)).toBe('AccessDeniedException');
    expect(await as(PROD, STAGING)).toBeNull();
  });

  test('a member that the service does not know, a bad id and a missing one are refused', async () => {
    center = await IdentityCenterUnderTest.start();
    expect(await center.create({ Surprise: 1 })).toMatchObject({ status: 400, code: 'ValidationException' });
    expect(await center.create({ TargetId: '12' })).toMatchObject({ code: 'ValidationException' });
    expect(await center.create({ PrincipalId: undefined })).toMatchObject({ code: 'ValidationException' });
    expect(await center.create({ PermissionSetArn: center.set.replace(/.{4}$/, '0000') })).toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });

  test('IAM lets nobody change the role of a permission set, whatever it may do itself', async () => {
    center = await IdentityCenterUnderTest.start();
    await center.put(JSON.stringify(allow('iam:*')));
    await center.create();
    center.wait(2_000);
    const roleName = (await center.state()).provisioned[0]?.roleName ?? '';
    expect(roleName).toMatch(/^AWSReservedSSO_invoice-reader_[0-9a-f]{16}$/);
    const keys = await center.keysOf('ana@acme.example');
    expect(await center.cloud.iam(`Action=GetRole&RoleName=${roleName}`, keys)).toBe('OK');
    expect(await center.cloud.iam(`Action=DeleteRole&RoleName=${roleName}`, keys)).toBe('UnmodifiableEntity');
    const drop = `Action=DeleteRolePolicy&RoleName=${roleName}&PolicyName=AwsSSOInlinePolicy`;
    expect(await center.cloud.iam(drop, keys)).toBe('UnmodifiableEntity');
  });
});
