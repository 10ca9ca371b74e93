import { AwsError } from './aws-error.ts';
import { boundaryNode, document, encode, inline, NAME, readAt, withinLimit, type IamPorts } from './iam-parts.ts';
import { isReservedRole } from './identity-center.ts';
import { userDetails, userOperations } from './iam-users.ts';
import type { Operation, QueryCall } from './query-service.ts';
import type { Session, Sessions } from './sessions.ts';
import { newRole, roleArn, type Role, type World } from './world.ts';
import { element, memberList, type XmlNode } from './xml.ts';

export const IAM_NAMESPACE = 'https://iam.amazonaws.com/doc/2010-05-08/';

/** Characters of all inline policies of one role together; white space does not count. */
const INLINE_LIMIT = 10_240;

/** Roles and users with their inline policies. */
export function iamOperations(
  world: World,
  sessions: Sessions,
  now: () => number,
  delays: IamPorts['delays'],
): Readonly<Record<string, Operation>> {
  const publish = (role: Role): void => world.publish(role, now() + delays().authorizationMs, readAt(delays(), now()));
  const authorized: IamPorts['authorized'] = (call, action, resource, role) => {
    if (call.session === null)
      throw new AwsError('MissingAuthenticationToken', 403, 'Request is missing Authentication Token');
    const boundary = role?.permissionsBoundary;
    const facts = sessions.facts(
      call.session,
      call.http,
      call.region,
      boundary ? { 'iam:PermissionsBoundary': boundary } : {},
    );
    sessions.authorize(call.session, `iam:${action}`, resource(call.session), facts);
    return call.session;
  };
  /** Finds the role a call is about, after asking whether the caller may do that to it. */
  const roleOf = (call: QueryCall, action: string): Role => {
    const name = call.parameters.require('RoleName', NAME, 1, 64);
    const account = call.session?.role.account ?? '';
    const role = world.role(account, name);
    authorized(call, action, () => (role === null ? `arn:aws:iam::${account}:role/${name}` : roleArn(role)), role);
    if (role === null) throw new AwsError('NoSuchEntity', 404, `The role with name ${name} cannot be found.`);
    if (isReservedRole(role) && !/^(?:Get|List)/.test(action))
      throw new AwsError(
        'UnmodifiableEntity',
        400,
        `Cannot perform the operation on the protected role '${name}' - this role is only modifiable by AWS`,
      );
    return role;
  };
  const policyName = (call: QueryCall): string => call.parameters.require('PolicyName', NAME, 1, 128);
  const accountRoles = (session: Session): Role[] =>
    world.roles.filter((role) => role.account === session.role.account);

  return {
    ...userOperations({ world, now, delays, authorized }),
    GetRole: (call) => {
      const role = roleOf(call, 'GetRole');
      call.parameters.requireAllRead();
      return [element('Role', roleNodes(role))];
    },
    ListRoles: (call) => {
      const prefix = call.parameters.optional('PathPrefix', /^\/[\u0021-\u007F]*$/, 1, 512) ?? '/';
      call.parameters.integer('MaxItems', 100, 1, 1_000);
      const session = authorized(call, 'ListRoles', (own) => `arn:aws:iam::${own.role.account}:role${prefix}*`);
      call.parameters.requireAllRead();
      const roles = accountRoles(session).filter((role) => role.path.startsWith(prefix));
      return [memberList('Roles', roles.map(roleNodes)), element('IsTruncated', false)];
    },
    CreateRole: (call) => {
      const { parameters } = call;
      const name = parameters.require('RoleName', NAME, 1, 64);
      const path = parameters.optional('Path', /^(\/|\/[\u0021-\u007E]+\/)$/, 1, 512) ?? '/';
      const trustPolicy = document(call, 'AssumeRolePolicyDocument', 'trust');
      const maxSessionDurationSeconds = parameters.integer('MaxSessionDuration', 3_600, 3_600, 43_200);
      parameters.optional('Description', /^[\s\S]*$/, 0, 1_000);
      const session = authorized(call, 'CreateRole', (own) => `arn:aws:iam::${own.role.account}:role${path}${name}`);
      parameters.requireAllRead();
      if (world.role(session.role.account, name) !== null)
        throw new AwsError('EntityAlreadyExists', 409, `Role with name ${name} already exists.`);
      const role = newRole(
        session.role.account,
        { name, path, trustPolicy, maxSessionDurationSeconds },
        now(),
        String(now()),
      );
      world.roles.push(role);
      world.save();
      return [element('Role', roleNodes(role))];
    },
    DeleteRole: (call) => {
      const role = roleOf(call, 'DeleteRole');
      call.parameters.requireAllRead();
      if (Object.keys(role.inlinePolicies).length > 0)
        throw new AwsError('DeleteConflict', 409, 'Cannot delete entity, must delete policies first.');
      world.roles.splice(world.roles.indexOf(role), 1);
      world.save();
      return null;
    },
    UpdateRole: (call) => {
      const role = roleOf(call, 'UpdateRole');
      // What is left out is an hour again (API reference, UpdateRole).
      const maxSessionDurationSeconds = call.parameters.integer('MaxSessionDuration', 3_600, 3_600, 43_200);
      call.parameters.optional('Description', /^[\s\S]*$/, 0, 1_000);
      call.parameters.requireAllRead();
      Object.assign(role, { maxSessionDurationSeconds });
      world.save();
      return [];
    },
    UpdateAssumeRolePolicy: (call) => {
      const role = roleOf(call, 'UpdateAssumeRolePolicy');
      role.trustPolicy = document(call, 'PolicyDocument', 'trust');
      call.parameters.requireAllRead();
      publish(role);
      return null;
    },
    PutRolePolicy: (call) => {
      const role = roleOf(call, 'PutRolePolicy');
      const name = policyName(call);
      const text = document(call, 'PolicyDocument', 'identity');
      call.parameters.requireAllRead();
      role.inlinePolicies = withinLimit({ ...role.inlinePolicies, [name]: text }, INLINE_LIMIT, `role ${role.name}`);
      publish(role);
      return null;
    },
    GetRolePolicy: (call) => {
      const role = roleOf(call, 'GetRolePolicy');
      const name = policyName(call);
      call.parameters.requireAllRead();
      return [
        element('RoleName', role.name),
        element('PolicyName', name),
        element('PolicyDocument', encode(inline('role', world.readable(role, now()), name))),
      ];
    },
    DeleteRolePolicy: (call) => {
      const role = roleOf(call, 'DeleteRolePolicy');
      const name = policyName(call);
      call.parameters.requireAllRead();
      inline('role', role.inlinePolicies, name);
      const { [name]: _removed, ...rest } = role.inlinePolicies;
      role.inlinePolicies = rest;
      publish(role);
      return null;
    },
    ListRolePolicies: (call) => {
      const role = roleOf(call, 'ListRolePolicies');
      call.parameters.integer('MaxItems', 100, 1, 1_000);
      call.parameters.requireAllRead();
      return [memberList('PolicyNames', Object.keys(world.readable(role, now()))), element('IsTruncated', false)];
    },
    ListAttachedRolePolicies: (call) => {
      roleOf(call, 'ListAttachedRolePolicies');
      call.parameters.requireAllRead();
      return [memberList('AttachedPolicies', []), element('IsTruncated', false)];
    },
    GetAccountAuthorizationDetails: (call) => {
      call.parameters.list('Filter');
      call.parameters.integer('MaxItems', 100, 1, 1_000);
      const session = authorized(call, 'GetAccountAuthorizationDetails', () => '*');
      call.parameters.requireAllRead();
      const details = accountRoles(session).map((role) => [
        ...roleNodes(role),
        memberList(
          'RolePolicyList',
          Object.entries(role.inlinePolicies).map(([name, text]) => [
            element('PolicyName', name),
            element('PolicyDocument', encode(text)),
          ]),
        ),
        memberList('AttachedManagedPolicies', []),
        memberList('InstanceProfileList', []),
      ]);
      return [
        element('IsTruncated', false),
        memberList('UserDetailList', userDetails(world, session.role.account)),
        memberList('GroupDetailList', []),
        memberList('RoleDetailList', details),
        memberList('Policies', []),
      ];
    },
  };
}

function roleNodes(role: Role): XmlNode[] {
  return [
    element('Path', role.path),
    element('RoleName', role.name),
    element('RoleId', role.id),
    element('Arn', roleArn(role)),
    element('CreateDate', new Date(role.createdAt).toISOString()),
    element('AssumeRolePolicyDocument', encode(role.trustPolicy)),
    element('MaxSessionDuration', role.maxSessionDurationSeconds),
    boundaryNode(role.permissionsBoundary),
  ].filter((node) => node !== null);
}
