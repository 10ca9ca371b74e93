import { afterEach, expect, test } from 'vitest';
import { IdentityCenterUnderTest } from './identity-center-under-test.ts';
import { PROD } from './organization-under-test.ts';

/** What a session from the portal can do and for how long: it outlives its assignment, and only a provisioned deny cuts it. */
let center: IdentityCenterUnderTest;

afterEach(() => center.cloud.close());

const deny = (user: string, endMs: number): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'iam:ListRoles', Resource: '*' },
      {
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: {
          StringEquals: { 'identitystore:UserId': user, 'aws:PrincipalAccount': PROD },
          DateGreaterThan: { 'aws:CurrentTime': new Date(endMs).toISOString() },
        },
      },
    ],
  });

async function assigned(...people: readonly string[]): Promise<void> {
  for (const PrincipalId of people) {
    expect(await center.create({ PrincipalId })).toMatchObject({ status: 200 });
    center.wait(2_000);
  }
}

test('it outlives its assignment, and ends with the permission set’s session duration', async () => {
  center = await IdentityCenterUnderTest.start();
  await assigned(center.ana);
  const keys = await center.keysOf('ana@acme.example');
  expect(await center.cloud.tryAccess(keys)).toBe('OK');
  await center.remove();
  center.wait(2_000);
  expect(await center.cloud.credentials('ana@acme.example', PROD)).toBe('ForbiddenException');
  expect(await center.cloud.tryAccess(keys)).toBe('OK');
  center.wait(3_590_000);
  expect(await center.cloud.tryAccess(keys)).toBe('OK');
  center.wait(10_000);
  expect(await center.cloud.tryAccess(keys)).toBe('ExpiredToken');
});

test('it is cut at its time by a provisioned deny on user and account, and nobody else’s is', async () => {
  center = await IdentityCenterUnderTest.start();
  await assigned(center.ana, center.bo);
  const [hers, his] = [await center.keysOf('ana@acme.example'), await center.keysOf('bo@acme.example')];
  await center.put(deny(center.ana, center.cloud.nowMs + 60_000));
  await center.provisionEverywhere();
  center.wait(60_000);
  expect(await center.cloud.tryAccess(hers)).toBe('OK');
  center.wait(1);
  expect(await center.cloud.tryAccess(hers)).toBe('AccessDenied');
  expect(await center.cloud.tryAccess(his)).toBe('OK');
  // The portal still hands out credentials, as the assignment stands; they are worth nothing.
  expect(await center.cloud.tryAccess(await center.keysOf('ana@acme.example'))).toBe('AccessDenied');
});

test('it does not see a policy before it is provisioned', async () => {
  center = await IdentityCenterUnderTest.start();
  await assigned(center.ana);
  const keys = await center.keysOf('ana@acme.example');
  await center.put(deny(center.ana, center.cloud.nowMs - 1_000));
  expect(await center.cloud.tryAccess(keys)).toBe('OK');
  const behind = { PermissionSetArn: center.set, ProvisioningStatus: 'LATEST_PERMISSION_SET_NOT_PROVISIONED' };
  const list = () => center.sso('ListAccountsForProvisionedPermissionSet', behind);
  expect((await list()).body['AccountIds']).toEqual([PROD]);
  const here = { PermissionSetArn: center.set, TargetType: 'AWS_ACCOUNT', TargetId: PROD };
  await center.sso('ProvisionPermissionSet', here);
  center.wait(1_999);
  expect(await center.cloud.tryAccess(keys)).toBe('OK');
  center.wait(1);
  expect(await center.cloud.tryAccess(keys)).toBe('AccessDenied');
  expect((await list()).body['AccountIds']).toEqual([]);
});

test('lists may show later which accounts have a permission set, and whether as it is now', async () => {
  center = await IdentityCenterUnderTest.start({ accountsDelayMs: [5_000, 5_000] });
  const list = async (ProvisioningStatus?: string) => {
    const answer = await center.sso('ListAccountsForProvisionedPermissionSet', {
      PermissionSetArn: center.set,
      ...(ProvisioningStatus === undefined ? {} : { ProvisioningStatus }),
    });
    return answer.body['AccountIds'];
  };
  await assigned(center.ana);
  expect(await list()).toEqual([]);
  center.wait(5_000);
  expect(await list()).toEqual([PROD]);
  await center.put(deny(center.ana, center.cloud.nowMs));
  expect(await list('LATEST_PERMISSION_SET_PROVISIONED')).toEqual([PROD]);
  center.wait(5_000);
  expect(await list('LATEST_PERMISSION_SET_PROVISIONED')).toEqual([]);
});

test('another creation in the account does not bring a policy that was not provisioned', async () => {
  center = await IdentityCenterUnderTest.start();
  await assigned(center.ana);
  const keys = await center.keysOf('ana@acme.example');
  await center.put(deny(center.ana, center.cloud.nowMs - 1_000));
  await assigned(center.bo);
  expect(await center.cloud.tryAccess(keys)).toBe('OK');
});

test('it dies with its role where the role goes with the last assignment, and a new role has another name', async () => {
  center = await IdentityCenterUnderTest.start({ roleAfterLastAssignment: 'deleted' });
  await assigned(center.ana);
  const keys = await center.keysOf('ana@acme.example');
  const [before] = (await center.state()).provisioned;
  await center.remove();
  center.wait(2_000);
  expect(await center.cloud.tryAccess(keys)).toBe('AccessDenied');
  const sets = await center.sso('ListPermissionSetsProvisionedToAccount', { AccountId: PROD });
  expect(sets.body['PermissionSets']).toEqual([]);
  await assigned(center.ana);
  const [after] = (await center.state()).provisioned;
  expect(after?.roleName).not.toBe(before?.roleName);
  expect(await center.cloud.tryAccess(keys)).toBe('AccessDenied');
});
