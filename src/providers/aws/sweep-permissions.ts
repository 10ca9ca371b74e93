import type { JsonObject } from '../../core/json.ts';
import { HEARTBEATS } from './heartbeat.ts';
import { LEASES } from './leases.ts';
import { ROLE_PATH, SWEEPER } from './names.ts';
import { policy, TIMED_POLICY_LISTS, type Names } from './permissions.ts';

/**
 * Every permission that the sweeper needs, and what the broker needs because of it. As in `permissions.ts`, infra/aws is generated from
 * here, and the tests give the simulated sweeper these permissions and no others.
 */

/** What the sweeper calls on people's identities under one path: it reads, and deletes policies. It can put none. */
export const SWEEPER_READS = [
  'iam:GetRolePolicy',
  'iam:GetUserPolicy',
  'iam:ListRolePolicies',
  'iam:ListUserPolicies',
] as const;
export const SWEEPER_WRITES = ['iam:DeleteRolePolicy', 'iam:DeleteUserPolicy'] as const;

/** What the sweeper calls where Identity Center is administered. It can assign nothing. */
export const SWEEPER_ASSIGNMENTS = [
  'sso:DeleteAccountAssignment',
  'sso:DescribeAccountAssignmentCreationStatus',
  'sso:DescribeAccountAssignmentDeletionStatus',
  'sso:ListAccountAssignmentCreationStatus',
  'sso:ListAccountAssignments',
] as const;

/** Identity policy of the sweeper's own role in the hub: it goes to the accounts, and reads and removes leases. It can write none. */
export function sweeperHubPolicy({ partition }: Pick<Names, 'partition'>, bucket: string): JsonObject {
  const objects = `arn:${partition}:s3:::${bucket}`;
  return policy([
    {
      Sid: 'GoToTheAccounts',
      Effect: 'Allow',
      Action: ['sts:AssumeRole', 'sts:SetSourceIdentity'],
      Resource: `arn:${partition}:iam::*:role/${SWEEPER}`,
    },
    listing(objects, [LEASES]),
    {
      Sid: 'ReadAndForgetLeases',
      Effect: 'Allow',
      Action: ['s3:DeleteObject', 's3:GetObject'],
      Resource: `${objects}/${LEASES}*`,
    },
    { Sid: 'SayThatItRan', Effect: 'Allow', Action: 's3:PutObject', Resource: `${objects}/${HEARTBEATS}*` },
  ]);
}

/** What the broker needs in the same bucket, on top of its own: it writes leases and reads heartbeats. */
export function leasePermissions({ partition }: Pick<Names, 'partition'>, bucket: string): JsonObject {
  const objects = `arn:${partition}:s3:::${bucket}`;
  return policy([
    listing(objects, [LEASES, HEARTBEATS]),
    {
      Sid: 'WriteLeases',
      Effect: 'Allow',
      Action: ['s3:DeleteObject', 's3:PutObject'],
      Resource: `${objects}/${LEASES}*`,
    },
    { Sid: 'ReadHeartbeats', Effect: 'Allow', Action: 's3:GetObject', Resource: `${objects}/${HEARTBEATS}*` },
  ]);
}

function listing(bucketArn: string, prefixes: readonly string[]): JsonObject {
  return {
    Sid: 'ListWhatIsCurfews',
    Effect: 'Allow',
    Action: 's3:ListBucket',
    Resource: bucketArn,
    Condition: { StringLike: { 's3:prefix': prefixes.map((prefix) => `${prefix}*`) } },
  };
}

/**
 * What the sweeper needs in an account whose people get timed policies. IAM cannot limit the deletion to policy names of ours; what bounds
 * a sweeper that was stolen is that it can put nothing, and reaches no identity outside the path or without a boundary under /curfew/.
 */
export function sweeperPeoplePermissions(
  { partition, account }: Pick<Names, 'partition' | 'account'>,
  path: string,
): JsonObject {
  const identities = ['role', 'user'].map((kind) => `arn:${partition}:iam::${account}:${kind}/${path}*`);
  return policy([
    { Sid: 'ReadPeople', Effect: 'Allow', Action: [...SWEEPER_READS], Resource: identities },
    { Sid: 'ListPeople', Effect: 'Allow', Action: [...TIMED_POLICY_LISTS], Resource: '*' },
    {
      Sid: 'DeleteTimedPolicies',
      Effect: 'Allow',
      Action: [...SWEEPER_WRITES],
      Resource: identities,
      Condition: {
        StringLike: { 'iam:PermissionsBoundary': `arn:${partition}:iam::${account}:policy/${ROLE_PATH}*` },
      },
    },
  ]);
}

/** What the sweeper needs in the account that administers Identity Center. AWS names instances, permission sets and accounts as resources. */
export function sweeperAssignmentPermissions({ partition }: Pick<Names, 'partition'>): JsonObject {
  return policy([
    {
      Sid: 'EndAssignments',
      Effect: 'Allow',
      Action: [...SWEEPER_ASSIGNMENTS],
      Resource: [
        `arn:${partition}:sso:::instance/*`,
        `arn:${partition}:sso:::permissionSet/*`,
        `arn:${partition}:sso:::account/*`,
      ],
    },
  ]);
}

/** Trust policy of the sweeper in an account: only the sweeper of the hub, only with the external id, under a name of its own. */
export function sweeperTrust(sweeperRoleArn: string, externalId: string): JsonObject {
  return policy([
    {
      Effect: 'Allow',
      Principal: { AWS: sweeperRoleArn },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': externalId, 'sts:SourceIdentity': 'curfew-sweeper' } },
    },
    { Effect: 'Allow', Principal: { AWS: sweeperRoleArn }, Action: 'sts:SetSourceIdentity' },
  ]);
}

/** What a Lambda function needs to write its log: streams in its own group, which is made for it. */
export function sweeperLogPermissions(
  { partition, account }: Pick<Names, 'partition' | 'account'>,
  group: string,
): JsonObject {
  return policy([
    {
      Sid: 'WriteItsLog',
      Effect: 'Allow',
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: `arn:${partition}:logs:*:${account}:log-group:${group}:*`,
    },
  ]);
}
