import type { JsonObject } from '../../core/json.ts';
import { END_ROLE, GRANT_TAG, PROVISIONER, ROLE_PATH } from './names.ts';

/**
 * Every permission that Curfew needs on AWS, and the one place where they are written down. infra/aws is generated from
 * here, `doctor` prints its fixes from here, and the contract suite compares the journal of all calls made with it.
 */

/** What the broker's own identity calls. GetCallerIdentity needs no permission; everything else acts through a session. */
export const BROKER_ACTIONS = ['sts:AssumeRole', 'sts:SetSourceIdentity', 'sts:TagSession'] as const;

/** What the provisioner of an account calls, on roles under /curfew/ only. */
export const PROVISIONER_READS = ['iam:GetRole', 'iam:GetRolePolicy'] as const;
export const PROVISIONER_WRITES = ['iam:DeleteRolePolicy', 'iam:PutRolePolicy'] as const;

/** What `method: timed-policy` calls as well, on people's own identities under one path; an account opts in to it. */
export const TIMED_POLICY_READS = [
  'iam:GetRole',
  'iam:GetRolePolicy',
  'iam:GetUser',
  'iam:GetUserPolicy',
  'iam:ListRolePolicies',
  'iam:ListUserPolicies',
] as const;
export const TIMED_POLICY_LISTS = ['iam:ListRoles', 'iam:ListUsers'] as const;
export const TIMED_POLICY_WRITES = [
  'iam:DeleteRolePolicy',
  'iam:DeleteUserPolicy',
  'iam:PutRolePolicy',
  'iam:PutUserPolicy',
] as const;

/** What `method: roles-anywhere` calls as well, in an account that opts in to it. */
export const ROLES_ANYWHERE_READS = [
  'iam:ListRolePolicies',
  'rolesanywhere:ListCrls',
  'rolesanywhere:ListProfiles',
  'rolesanywhere:ListTrustAnchors',
] as const;
export const ROLES_ANYWHERE_WRITES = [
  'rolesanywhere:EnableCrl',
  'rolesanywhere:ImportCrl',
  'rolesanywhere:UpdateCrl',
] as const;

/** Name of the inline policy that gives these to the provisioner. */
export const ROLES_ANYWHERE_PERMISSIONS = 'curfew-roles-anywhere';

/** Name of the inline policy that gives these to the provisioner. */
export const TIMED_POLICY_PERMISSIONS = 'curfew-timed-policy';
/** Name, under /curfew/, of the boundary that people's identities need. */
export const PEOPLE_BOUNDARY = 'curfew-people-boundary';

/** What `method: identity-center` calls in the account that administers IAM Identity Center. Most reads are of everything that is there. */
export const IDENTITY_CENTER_READS = [
  'identitystore:GetUserId',
  'identitystore:ListUsers',
  'organizations:DescribeAccount',
  'sso:DescribeAccountAssignmentCreationStatus',
  'sso:DescribeAccountAssignmentDeletionStatus',
  'sso:DescribePermissionSet',
  'sso:ListAccountAssignmentCreationStatus',
  'sso:ListAccountAssignmentDeletionStatus',
  'sso:ListAccountAssignments',
  'sso:ListInstances',
  'sso:ListPermissionSets',
] as const;
export const IDENTITY_CENTER_WRITES = ['sso:CreateAccountAssignment', 'sso:DeleteAccountAssignment'] as const;
/** On schedules of Curfew's own names only. */
export const SCHEDULE_ACTIONS = [
  'scheduler:CreateSchedule',
  'scheduler:DeleteSchedule',
  'scheduler:GetSchedule',
  'scheduler:UpdateSchedule',
] as const;
/** What a schedule does, as a role of its own. */
export const END_ACTIONS = ['sso:DeleteAccountAssignment'] as const;

/** Calls that AWS allows to everybody. */
export const FREE_ACTIONS = ['sts:GetCallerIdentity'] as const;

/** Names that differ from place to place. Templates put their own variables here, so these are not parsed. */
export interface Names {
  readonly partition: string;
  readonly account: string;
  readonly brokerRoleArn: string;
  readonly externalId: string;
}

/** Identity policy of the broker's role. */
export function brokerPolicy({ partition }: Pick<Names, 'partition'>): JsonObject {
  return policy([
    {
      Sid: 'AssumeCatalogueRoles',
      Effect: 'Allow',
      Action: [...BROKER_ACTIONS],
      Resource: `arn:${partition}:iam::*:role/${ROLE_PATH}*`,
    },
  ]);
}

/**
 * Identity policy of the provisioner. IAM cannot limit PutRolePolicy to one policy name, so what bounds a stolen provisioner
 * is the permissions boundary: it may write only to roles that carry one under /curfew/, and a role can never do more
 * than its boundary allows. It can touch neither itself nor the boundaries.
 *
 * A role that does not exist has no path, so AWS answers with AccessDenied for it. Telling the two apart would need the right to
 * read every role of the account, which is not worth it: neither answer counts as proof that access is gone.
 */
export function provisionerPolicy({ partition, account }: Pick<Names, 'partition' | 'account'>): JsonObject {
  const roles = `arn:${partition}:iam::${account}:role/${ROLE_PATH}*`;
  return policy([
    { Sid: 'ReadCatalogueRoles', Effect: 'Allow', Action: [...PROVISIONER_READS], Resource: roles },
    {
      Sid: 'WriteRevocations',
      Effect: 'Allow',
      Action: [...PROVISIONER_WRITES],
      Resource: roles,
      Condition: {
        StringLike: { 'iam:PermissionsBoundary': `arn:${partition}:iam::${account}:policy/${ROLE_PATH}*` },
      },
    },
    {
      Sid: 'NeverItself',
      Effect: 'Deny',
      Action: [...PROVISIONER_WRITES],
      Resource: `arn:${partition}:iam::${account}:role/${PROVISIONER}`,
    },
  ]);
}

/**
 * Trust policy of a catalogue role: only the broker, only with the deployment's external id, and only for a session that
 * says which grant it belongs to. Setting the source identity and the tag need their own statement, because the
 * conditions on the first one do not exist for them.
 */
export function catalogueTrust({ brokerRoleArn, externalId }: Pick<Names, 'brokerRoleArn' | 'externalId'>): JsonObject {
  return policy([
    {
      Effect: 'Allow',
      Principal: { AWS: brokerRoleArn },
      Action: 'sts:AssumeRole',
      Condition: {
        StringEquals: { 'sts:ExternalId': externalId },
        StringLike: { 'sts:SourceIdentity': '?*', [`aws:RequestTag/${GRANT_TAG}`]: '?*' },
      },
    },
    {
      Effect: 'Allow',
      Principal: { AWS: brokerRoleArn },
      Action: ['sts:SetSourceIdentity', 'sts:TagSession'],
      Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': [GRANT_TAG] } },
    },
  ]);
}

/** Trust policy of the provisioner: only the broker, only with the external id, under a name of its own in AWS's logs. */
export function provisionerTrust({
  brokerRoleArn,
  externalId,
}: Pick<Names, 'brokerRoleArn' | 'externalId'>): JsonObject {
  return policy([
    {
      Effect: 'Allow',
      Principal: { AWS: brokerRoleArn },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'sts:ExternalId': externalId, 'sts:SourceIdentity': 'curfew-provisioner' } },
    },
    { Effect: 'Allow', Principal: { AWS: brokerRoleArn }, Action: 'sts:SetSourceIdentity' },
  ]);
}

const READS_OF_IDENTITY = [
  'iam:Get*',
  'iam:List*',
  'iam:PassRole',
  'iam:SimulateCustomPolicy',
  'iam:SimulatePrincipalPolicy',
] as const;

const NEVER_ORGANIZATION: JsonObject = {
  Sid: 'NeverOrganization',
  Effect: 'Deny',
  Action: ['account:*', 'organizations:*', 'sso:*', 'sso-directory:*', 'identitystore:*'],
  Resource: '*',
};

/**
 * Permissions boundary of the catalogue roles: whatever is written into such a role, it cannot change who has access. A role
 * that must (an access administrator) gets a boundary of its own under the same path.
 */
export function catalogueBoundary({ partition }: Pick<Names, 'partition'>): JsonObject {
  return policy([
    { Sid: 'NoMoreThanTheRoleSays', Effect: 'Allow', Action: '*', Resource: '*' },
    {
      Sid: 'NeverIdentity',
      Effect: 'Deny',
      NotAction: [...READS_OF_IDENTITY],
      Resource: `arn:${partition}:iam::*:*`,
    },
    NEVER_ORGANIZATION,
  ]);
}

/**
 * What the provisioner needs for `method: timed-policy`, on top of its own. IAM cannot limit these calls to policy names of ours, so what
 * bounds them, and a provisioner that was stolen, is the path and the boundary: they reach only identities under `path` that carry a
 * permissions boundary under /curfew/, and no policy gives an identity more than its boundary. `path` is like `people/`.
 */
export function timedPolicyPermissions(
  { partition, account }: Pick<Names, 'partition' | 'account'>,
  path: string,
): JsonObject {
  const identities = ['role', 'user'].map((kind) => `arn:${partition}:iam::${account}:${kind}/${path}*`);
  return policy([
    { Sid: 'ReadPeople', Effect: 'Allow', Action: [...TIMED_POLICY_READS], Resource: identities },
    // Which path is listed is a parameter and no resource that could be named here; the answer is names, never policies.
    { Sid: 'ListPeople', Effect: 'Allow', Action: [...TIMED_POLICY_LISTS], Resource: '*' },
    {
      Sid: 'WriteTimedPolicies',
      Effect: 'Allow',
      Action: [...TIMED_POLICY_WRITES],
      Resource: identities,
      Condition: {
        StringLike: { 'iam:PermissionsBoundary': `arn:${partition}:iam::${account}:policy/${ROLE_PATH}*` },
      },
    },
  ]);
}

/**
 * What the provisioner needs for `method: roles-anywhere`, on top of its own. It may revoke certificates and look at what hands out
 * sessions, and change nothing of that: trust anchors and profiles are the account's. Lists have no resource that could be named, and
 * neither has an import; a list is signed by our authority or Roles Anywhere does not take it.
 */
export function rolesAnywherePermissions({ partition, account }: Pick<Names, 'partition' | 'account'>): JsonObject {
  const [enable, importing, update] = ROLES_ANYWHERE_WRITES;
  const [policies, ...lists] = ROLES_ANYWHERE_READS;
  return policy([
    {
      Sid: 'LookAtRolesAnywhere',
      Effect: 'Allow',
      Action: [...lists, importing],
      Resource: '*',
    },
    {
      Sid: 'FindArmedEnds',
      Effect: 'Allow',
      Action: [policies],
      Resource: `arn:${partition}:iam::${account}:role/${ROLE_PATH}*`,
    },
    {
      Sid: 'RevokeCertificates',
      Effect: 'Allow',
      Action: [enable, update],
      Resource: `arn:${partition}:rolesanywhere:*:${account}:crl/*`,
    },
  ]);
}

/**
 * Trust policy of a catalogue role that certificates are issued for: only Roles Anywhere, only by our trust anchor, only for a certificate
 * that names this very role, and only as a grant. Our anchor stands in many accounts, and without the name of the role a certificate for one
 * would open them all. `roleArn` and `trustAnchorArn` are of the same account.
 */
export function anywhereTrust(names: { readonly roleArn: string; readonly trustAnchorArn: string }): JsonObject {
  return policy([
    {
      Effect: 'Allow',
      Principal: { Service: 'rolesanywhere.amazonaws.com' },
      Action: ['sts:AssumeRole', 'sts:SetSourceIdentity', 'sts:TagSession'],
      Condition: {
        ArnEquals: { 'aws:SourceArn': names.trustAnchorArn },
        StringEquals: { 'aws:PrincipalTag/x509SAN/URI': names.roleArn },
        StringLike: { 'aws:PrincipalTag/x509Subject/CN': 'grt_?*', 'sts:SourceIdentity': 'grt_?*' },
      },
    },
  ]);
}

/**
 * Permissions boundary of people's identities that timed policies are put on: whatever is put there, it cannot change who has access. What
 * people do for themselves stays: their password and their second factor.
 */
export function peopleBoundary({ partition }: Pick<Names, 'partition'>): JsonObject {
  return policy([
    { Sid: 'NoMoreThanTheIdentitySays', Effect: 'Allow', Action: '*', Resource: '*' },
    {
      Sid: 'NeverIdentity',
      Effect: 'Deny',
      NotAction: [
        ...READS_OF_IDENTITY,
        'iam:ChangePassword',
        'iam:CreateVirtualMFADevice',
        'iam:EnableMFADevice',
        'iam:ResyncMFADevice',
      ],
      Resource: `arn:${partition}:iam::*:*`,
    },
    NEVER_ORGANIZATION,
  ]);
}

/**
 * What Curfew may do in the account that administers IAM Identity Center: give and take assignments, and schedule their ends. It can
 * change no permission set, so an assignment never gives more than those who own the sets have written into them.
 */
export function identityCenterPolicy({ partition, account }: Pick<Names, 'partition' | 'account'>): JsonObject {
  return policy([
    { Sid: 'Look', Effect: 'Allow', Action: [...IDENTITY_CENTER_READS], Resource: '*' },
    {
      Sid: 'GiveAndTakeAssignments',
      Effect: 'Allow',
      Action: [...IDENTITY_CENTER_WRITES],
      Resource: assignments(partition),
    },
    {
      Sid: 'ScheduleEnds',
      Effect: 'Allow',
      Action: [...SCHEDULE_ACTIONS],
      Resource: `arn:${partition}:scheduler:*:${account}:schedule/default/curfew-*`,
    },
    {
      Sid: 'LetSchedulesEndAssignments',
      Effect: 'Allow',
      Action: 'iam:PassRole',
      Resource: `arn:${partition}:iam::${account}:role/${END_ROLE}`,
      Condition: { StringEquals: { 'iam:PassedToService': 'scheduler.amazonaws.com' } },
    },
  ]);
}

/** What a schedule may do: take assignments away, and nothing else. */
export function endPolicy({ partition }: Pick<Names, 'partition'>): JsonObject {
  return policy([
    { Sid: 'TakeAssignments', Effect: 'Allow', Action: [...END_ACTIONS], Resource: assignments(partition) },
  ]);
}

/**
 * Trust policy of the role of schedules: EventBridge Scheduler, for schedules of the same account. `aws:SourceArn` would be the ARN of the
 * schedule group, and that group is everybody's.
 */
export function endTrust({ account }: Pick<Names, 'account'>): JsonObject {
  return policy([
    {
      Effect: 'Allow',
      Principal: { Service: 'scheduler.amazonaws.com' },
      Action: 'sts:AssumeRole',
      Condition: { StringEquals: { 'aws:SourceAccount': account } },
    },
  ]);
}

/** What an assignment is made of: AWS asks for the right to each. */
export function assignments(partition: string): readonly string[] {
  return ['instance/*', 'permissionSet/*/*', 'account/*'].map((what) => `arn:${partition}:sso:::${what}`);
}

/** A policy document in the language that all of ours are written in. */
export function policy(statements: readonly JsonObject[]): JsonObject {
  return { Version: '2012-10-17', Statement: statements };
}
