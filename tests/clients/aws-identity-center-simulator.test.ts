import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  environment,
  IdentityCenterCloud,
  MANAGEMENT,
  policy,
  PROD,
  SCHEDULER_ROLE,
  type Json,
  type Outcome,
} from './aws-identity-center-cloud.ts';
import { hasAws } from './has-aws.ts';

/**
 * The real `aws` command against the simulated organization: botocore serializes, signs and parses by AWS's own service models,
 * so a wrong name, header or shape in the simulator fails here. Each test stands on the ones before it.
 */
let cloud: IdentityCenterCloud;
let instance: string;
let permissionSet: string;
let ana: string;
let saved: Record<string, string>;

const assigned = () => ({
  'instance-arn': instance,
  'target-id': PROD,
  'target-type': 'AWS_ACCOUNT',
  'permission-set-arn': permissionSet,
  'principal-type': 'USER',
  'principal-id': ana,
});
const listed = async (): Promise<unknown[]> => {
  const options = { 'instance-arn': instance, 'account-id': PROD, 'permission-set-arn': permissionSet };
  return (await cloud.aws('sso-admin list-account-assignments', options))['AccountAssignments'] as unknown[];
};
const tryAccess = (keys: Record<string, string>): Promise<Outcome> =>
  cloud.run(['s3', 'ls', 's3://prod-invoices'], keys);

describe.skipIf(!hasAws())(
  'the simulated organization with the real aws command (skipped where aws is not on the PATH)',
  () => {
    beforeAll(async () => {
      cloud = await IdentityCenterCloud.start();
    }, 60_000);

    afterAll(() => cloud.stop());

    test('organizations: the organization and its accounts', async () => {
      const [organization, accounts, one] = await Promise.all([
        cloud.aws('organizations describe-organization'),
        cloud.aws('organizations list-accounts'),
        cloud.aws('organizations describe-account', { 'account-id': PROD }),
      ]);
      expect(organization['Organization']).toMatchObject({ MasterAccountId: MANAGEMENT, FeatureSet: 'ALL' });
      expect(accounts['Accounts']).toHaveLength(2);
      expect(one['Account']).toMatchObject({ Id: PROD, Name: 'prod', Status: 'ACTIVE', State: 'ACTIVE' });
    });

    test('identitystore: users, groups and memberships', async () => {
      const instances = (await cloud.aws('sso-admin list-instances'))['Instances'] as Json[];
      instance = String(instances[0]?.['InstanceArn']);
      const inStore = { 'identity-store-id': String(instances[0]?.['IdentityStoreId']) };
      const alternate = { UniqueAttribute: { AttributePath: 'userName', AttributeValue: 'ana' } };
      const found = await cloud.aws('identitystore get-user-id', {
        ...inStore,
        'alternate-identifier': JSON.stringify(alternate),
      });
      ana = String(found['UserId']);
      const member = { ...inStore, 'member-id': `UserId=${ana}` };
      const [users, user, groups, memberships] = await Promise.all([
        cloud.aws('identitystore list-users', inStore),
        cloud.aws('identitystore describe-user', { ...inStore, 'user-id': ana }),
        cloud.aws('identitystore list-groups', inStore),
        cloud.aws('identitystore list-group-memberships-for-member', member),
      ]);
      expect(users['Users']).toHaveLength(2);
      expect(user).toMatchObject({ UserName: 'ana', Emails: [{ Value: 'ana@acme.example' }] });
      const ids = (groups['Groups'] as Json[]).map((group) => String(group['GroupId']));
      expect(memberships['GroupMemberships']).toMatchObject([{ GroupId: ids[0] }]);
      const words = Object.entries(member).flatMap(([name, value]) => [`--${name}`, value]);
      const { stdout } = await cloud.run(['identitystore', 'is-member-in-groups', ...words, '--group-ids', ...ids]);
      expect(JSON.parse(stdout)).toMatchObject({ Results: [{ MembershipExists: true }, { MembershipExists: false }] });
    });

    test('sso-admin: a permission set with its policy and tags', async () => {
      const inInstance = { 'instance-arn': instance };
      const made = await cloud.aws('sso-admin create-permission-set', {
        ...inInstance,
        name: 'invoice-reader',
        description: 'Reads invoices',
        'session-duration': 'PT1H',
        tags: 'Key=owner,Value=curfew',
      });
      permissionSet = String((made['PermissionSet'] as Json)['PermissionSetArn']);
      const inSet = { ...inInstance, 'permission-set-arn': permissionSet };
      await cloud.aws('sso-admin put-inline-policy-to-permission-set', {
        ...inSet,
        'inline-policy': JSON.stringify(policy(['s3:ListBucket', 's3:GetObject'])),
      });
      await cloud.aws('sso-admin update-permission-set', { ...inSet, description: 'Reads the invoices' });
      const resource = { ...inInstance, 'resource-arn': permissionSet };
      await cloud.aws('sso-admin tag-resource', { ...resource, tags: 'Key=grant,Value=grt_1' });
      await cloud.aws('sso-admin untag-resource', { ...resource, 'tag-keys': 'grant' });
      const [sets, described, inline, tags] = await Promise.all([
        cloud.aws('sso-admin list-permission-sets', inInstance),
        cloud.aws('sso-admin describe-permission-set', inSet),
        cloud.aws('sso-admin get-inline-policy-for-permission-set', inSet),
        cloud.aws('sso-admin list-tags-for-resource', resource),
      ]);
      expect(sets['PermissionSets']).toEqual([permissionSet]);
      expect(described['PermissionSet']).toMatchObject({ Name: 'invoice-reader', Description: 'Reads the invoices' });
      expect(inline['InlinePolicy']).toContain('s3:ListBucket');
      expect(tags['Tags']).toEqual([{ Key: 'owner', Value: 'curfew' }]);
      const twice = await cloud.run([
        'sso-admin',
        'create-permission-set',
        '--instance-arn',
        instance,
        '--name',
        'invoice-reader',
      ]);
      expect(twice.stderr).toContain('ConflictException');
    });

    test('sso-admin: an assignment is in progress, then listed', async () => {
      const created = await cloud.aws('sso-admin create-account-assignment', assigned());
      const { Status, RequestId } = created['AccountAssignmentCreationStatus'] as Json;
      expect(Status).toBe('IN_PROGRESS');
      const describeStatus = async (): Promise<Json> => {
        const options = { 'instance-arn': instance, 'account-assignment-creation-request-id': String(RequestId) };
        const answer = await cloud.aws('sso-admin describe-account-assignment-creation-status', options);
        return answer['AccountAssignmentCreationStatus'] as Json;
      };
      await cloud.pass(10_000);
      expect(await describeStatus()).toMatchObject({
        Status: 'SUCCEEDED',
      });
      expect(await listed()).toMatchObject([{ PrincipalId: ana, PrincipalType: 'USER' }]);
      const inInstance = { 'instance-arn': instance };
      const [hers, accounts, sets, requests] = await Promise.all([
        cloud.aws('sso-admin list-account-assignments-for-principal', {
          ...inInstance,
          'principal-id': ana,
          'principal-type': 'USER',
        }),
        cloud.aws('sso-admin list-accounts-for-provisioned-permission-set', {
          ...inInstance,
          'permission-set-arn': permissionSet,
        }),
        cloud.aws('sso-admin list-permission-sets-provisioned-to-account', { ...inInstance, 'account-id': PROD }),
        cloud.aws('sso-admin list-account-assignment-creation-status', inInstance),
      ]);
      expect(hers['AccountAssignments']).toHaveLength(1);
      expect(accounts['AccountIds']).toEqual([PROD]);
      expect(sets['PermissionSets']).toEqual([permissionSet]);
      expect(requests['AccountAssignmentsCreationStatus']).toMatchObject([{ RequestId, Status: 'SUCCEEDED' }]);
    });

    test('sso: ana gets credentials with her token, and they can do what the permission set says', async () => {
      const { accessToken } = await cloud.control('sso-token', { userName: 'ana' });
      const token = { 'access-token': String(accessToken) };
      const [accounts, roles, given] = await Promise.all([
        cloud.aws('sso list-accounts --no-sign-request', token),
        cloud.aws('sso list-account-roles --no-sign-request', { ...token, 'account-id': PROD }),
        cloud.aws('sso get-role-credentials', { ...token, 'account-id': PROD, 'role-name': 'invoice-reader' }),
      ]);
      expect(accounts['accountList']).toMatchObject([{ accountId: PROD, accountName: 'prod' }]);
      expect(roles['roleList']).toEqual([{ roleName: 'invoice-reader', accountId: PROD }]);
      const { expiration, ...keys } = given['roleCredentials'] as Json;
      expect(Number(expiration) - Date.now()).toBeGreaterThan(3_500_000);
      saved = environment(keys);
      const [bucket, identity, foreign] = await Promise.all([
        tryAccess(saved),
        cloud.run(['sts', 'get-caller-identity', '--query', 'Arn', '--output', 'text'], saved),
        cloud.run(['organizations', 'list-accounts'], saved),
      ]);
      expect(bucket).toMatchObject({ code: 0, stdout: expect.stringContaining('2026-10.csv') });
      expect(identity.stdout).toMatch(/:assumed-role\/AWSReservedSSO_invoice-reader_[0-9a-f]{16}\/ana\n$/);
      expect(foreign.stderr).toContain('AccessDeniedException');
      const { accessToken: his } = await cloud.control('sso-token', { userName: 'bo' });
      const words = ['--access-token', String(his), '--account-id', PROD, '--role-name', 'invoice-reader'];
      expect((await cloud.run(['sso', 'get-role-credentials', ...words])).stderr).toContain('ForbiddenException');
    });

    test('scheduler: a schedule made beforehand deletes the assignment; the session goes on', async () => {
      const end = new Date(cloud.now() + 60_000).toISOString().slice(0, 19);
      const capital = (name: string): string =>
        name.replace(/(^|-)([a-z])/g, (_, __, letter: string) => letter.toUpperCase());
      const Input = JSON.stringify(
        Object.fromEntries(Object.entries(assigned()).map(([name, value]) => [capital(name), value])),
      );
      const target = {
        Arn: 'arn:aws:scheduler:::aws-sdk:ssoadmin:deleteAccountAssignment',
        RoleArn: SCHEDULER_ROLE,
        Input,
      };
      const options = {
        name: 'grt_1',
        'schedule-expression': `at(${end})`,
        'flexible-time-window': 'Mode=OFF',
        'action-after-completion': 'DELETE',
        'client-token': 'grt_1',
        target: JSON.stringify(target),
      };
      const made = await cloud.aws('scheduler create-schedule', options);
      const [found, all, groups] = await Promise.all([
        cloud.aws('scheduler get-schedule', { name: 'grt_1' }),
        cloud.aws('scheduler list-schedules', { 'group-name': 'default' }),
        cloud.aws('scheduler list-schedule-groups'),
      ]);
      expect(found).toMatchObject({ Arn: made['ScheduleArn'], State: 'ENABLED', Target: target });
      expect(all['Schedules']).toHaveLength(1);
      expect(groups['ScheduleGroups']).toMatchObject([{ Name: 'default' }]);
      await cloud.pass(75_000);
      expect(await listed()).toEqual([]);
      expect((await cloud.run(['scheduler', 'get-schedule', '--name', 'grt_1'])).stderr).toContain(
        'ResourceNotFoundException',
      );
      expect(await tryAccess(saved)).toMatchObject({ code: 0 });
      const fired = ((await cloud.control('journal')) as unknown as Json[]).find(
        (one) => one['action'] === 'DeleteAccountAssignment',
      );
      expect(fired).toMatchObject({ code: 'OK', principal: `arn:aws:sts::${MANAGEMENT}:assumed-role/scheduler/grt_1` });
    });

    test('sso-admin: a deny on the person, provisioned, cuts the session that the deletion left', async () => {
      const inSet = { 'instance-arn': instance, 'permission-set-arn': permissionSet };
      const deny = {
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: {
          StringEquals: { 'identitystore:UserId': ana, 'aws:PrincipalAccount': PROD },
          DateGreaterThan: { 'aws:CurrentTime': new Date(cloud.now()).toISOString() },
        },
      };
      const document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }, deny] };
      await cloud.aws('sso-admin put-inline-policy-to-permission-set', {
        ...inSet,
        'inline-policy': JSON.stringify(document),
      });
      expect(await tryAccess(saved)).toMatchObject({ code: 0 });
      const started = await cloud.aws('sso-admin provision-permission-set', {
        ...inSet,
        'target-type': 'ALL_PROVISIONED_ACCOUNTS',
      });
      const { RequestId } = started['PermissionSetProvisioningStatus'] as Json;
      const ask = async (): Promise<Json> => {
        const options = { 'instance-arn': instance, 'provision-permission-set-request-id': String(RequestId) };
        const answer = await cloud.aws('sso-admin describe-permission-set-provisioning-status', options);
        return answer['PermissionSetProvisioningStatus'] as Json;
      };
      await cloud.pass(10_000);
      expect(await ask()).toMatchObject({ Status: 'SUCCEEDED' });
      expect((await tryAccess(saved)).stderr).toContain('AccessDenied');
    });

    test('sso-admin: deleting what is not there fails later, in its status', async () => {
      const removed = await cloud.aws('sso-admin delete-account-assignment', assigned());
      const { RequestId } = removed['AccountAssignmentDeletionStatus'] as Json;
      const ask = async (): Promise<Json> => {
        const options = { 'instance-arn': instance, 'account-assignment-deletion-request-id': String(RequestId) };
        const answer = await cloud.aws('sso-admin describe-account-assignment-deletion-status', options);
        return answer['AccountAssignmentDeletionStatus'] as Json;
      };
      await cloud.pass(10_000);
      expect(await ask()).toMatchObject({
        Status: 'FAILED',
        FailureReason: expect.stringContaining('404'),
      });
      await cloud.control('account-state', { account: PROD, state: 'CLOSED' });
      const closed = (await cloud.aws('organizations describe-account', { 'account-id': PROD }))['Account'];
      expect(closed).toMatchObject({ Status: 'SUSPENDED', State: 'CLOSED' });
    });

    test('what is left is taken away', async () => {
      const [inInstance, inSet] = [
        { 'instance-arn': instance },
        { 'instance-arn': instance, 'permission-set-arn': permissionSet },
      ];
      const scheduled = (minutes: number) => ({
        name: 'grt_2',
        'schedule-expression': `at(${new Date(cloud.now() + minutes * 60_000).toISOString().slice(0, 19)})`,
        'flexible-time-window': 'Mode=OFF',
        target: JSON.stringify({
          Arn: 'arn:aws:scheduler:::aws-sdk:iam:deleteRolePolicy',
          RoleArn: SCHEDULER_ROLE,
          Input: '{"RoleName":"reader","PolicyName":"timed"}',
          RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 600 },
        }),
      });
      const schedule = async (): Promise<Json> => {
        await cloud.aws('scheduler create-schedule', scheduled(30));
        await cloud.aws('scheduler update-schedule', { ...scheduled(40), state: 'DISABLED' });
        const found = await cloud.aws('scheduler get-schedule', { name: 'grt_2' });
        await cloud.aws('scheduler delete-schedule', { name: 'grt_2' });
        return found;
      };
      const { accessToken } = await cloud.control('sso-token', { userName: 'ana' });
      const token = { 'access-token': String(accessToken) };
      const [found, deletions, provisionings] = await Promise.all([
        schedule(),
        cloud.aws('sso-admin list-account-assignment-deletion-status', inInstance),
        cloud.aws('sso-admin list-permission-set-provisioning-status', inInstance),
        cloud.aws('sso logout', token),
        cloud.aws('sso-admin delete-inline-policy-from-permission-set', inSet),
      ]);
      expect(found).toMatchObject({ State: 'DISABLED', Target: { RetryPolicy: { MaximumRetryAttempts: 3 } } });
      expect(deletions['AccountAssignmentsDeletionStatus']).toMatchObject([
        { Status: 'FAILED' },
        { Status: 'SUCCEEDED' },
      ]);
      expect(provisionings['PermissionSetsProvisioningStatus']).toMatchObject([{ Status: 'SUCCEEDED' }]);
      await cloud.aws('sso-admin delete-permission-set', inSet);
      const [sets, accounts] = await Promise.all([
        cloud.aws('sso-admin list-permission-sets', inInstance),
        cloud.run(['sso', 'list-accounts', '--access-token', String(accessToken)]),
      ]);
      expect(sets['PermissionSets']).toEqual([]);
      expect(accounts.stderr).toContain('UnauthorizedException');
    });

    test('each service refuses in words that the command understands', async () => {
      const nobody = { AWS_SECRET_ACCESS_KEY: 'wrong' };
      const missing = permissionSet.replace(/.{4}$/, 'zzzz');
      const [signature, foreign, unknown, name] = await Promise.all([
        cloud.run(['sso-admin', 'list-instances'], nobody),
        cloud.run(['identitystore', 'list-users', '--identity-store-id', 'd-0123456789']),
        cloud.run([
          'sso-admin',
          'describe-permission-set',
          '--instance-arn',
          instance,
          '--permission-set-arn',
          missing,
        ]),
        cloud.run(['scheduler', 'get-schedule', '--name', 'a b']),
      ]);
      expect(signature.stderr).toContain('InvalidSignatureException');
      expect(foreign.stderr).toContain('ResourceNotFoundException');
      expect(unknown.stderr).toContain('ResourceNotFoundException');
      expect(name.stderr).toContain('ValidationException');
    });
  },
);
