import { AwsError } from './aws-error.ts';
import { boundaryNode, document, encode, inline, NAME, readAt, withinLimit, type IamPorts } from './iam-parts.ts';
import type { Operation, QueryCall } from './query-service.ts';
import { newUser, userArn, type User, type World } from './world.ts';
import { element, memberList, type XmlNode } from './xml.ts';

/** Characters of all inline policies of one user together; white space does not count. */
const INLINE_LIMIT = 2_048;
const PREFIX = /^\/[\u0021-\u007F]*$/;

/** Users and their inline policies. Keys and boundaries come with the description of the world. */
export function userOperations({ world, now, delays, authorized }: IamPorts): Readonly<Record<string, Operation>> {
  const publish = (user: User): void =>
    world.publishUser(user, now() + delays().authorizationMs, readAt(delays(), now()));
  /** Finds the user a call is about, after asking whether the caller may do that to it. Who does not exist has no path. */
  const userOf = (call: QueryCall, action: string, own = false): User => {
    const given = call.parameters.optional('UserName', NAME, 1, 128);
    if (given === null && !(own && call.session?.kind === 'user'))
      throw new AwsError('ValidationError', 400, 'Must specify userName when calling with non-User credentials');
    const name = given ?? call.session?.role.name ?? '';
    const account = call.session?.role.account ?? '';
    const user = world.user(account, name);
    authorized(call, action, () => (user === null ? `arn:aws:iam::${account}:user/${name}` : userArn(user)), user);
    if (user === null) throw new AwsError('NoSuchEntity', 404, `The user with name ${name} cannot be found.`);
    return user;
  };
  const policyName = (call: QueryCall): string => call.parameters.require('PolicyName', NAME, 1, 128);

  return {
    GetUser: (call) => {
      const user = userOf(call, 'GetUser', true);
      call.parameters.requireAllRead();
      return [element('User', [...userNodes(user), boundaryNode(user.permissionsBoundary)].filter(isThere))];
    },
    ListUsers: (call) => {
      const prefix = call.parameters.optional('PathPrefix', PREFIX, 1, 512) ?? '/';
      call.parameters.integer('MaxItems', 100, 1, 1_000);
      const session = authorized(call, 'ListUsers', (own) => `arn:aws:iam::${own.role.account}:user${prefix}*`);
      call.parameters.requireAllRead();
      const { account } = session.role;
      const users = world.users.filter((user) => user.account === account && user.path.startsWith(prefix));
      return [memberList('Users', users.map(userNodes)), element('IsTruncated', false)];
    },
    CreateUser: (call) => {
      const name = call.parameters.require('UserName', NAME, 1, 64);
      const path = call.parameters.optional('Path', /^(\/|\/[\u0021-\u007E]+\/)$/, 1, 512) ?? '/';
      const session = authorized(call, 'CreateUser', (own) => `arn:aws:iam::${own.role.account}:user${path}${name}`);
      call.parameters.requireAllRead();
      const { account } = session.role;
      if (world.user(account, name) !== null)
        throw new AwsError('EntityAlreadyExists', 409, `User with name ${name} already exists.`);
      const user = newUser(account, { name, path }, now(), String(now()));
      world.users.push(user);
      world.save();
      return [element('User', userNodes(user))];
    },
    DeleteUser: (call) => {
      const user = userOf(call, 'DeleteUser');
      call.parameters.requireAllRead();
      if (Object.keys(user.inlinePolicies).length > 0)
        throw new AwsError('DeleteConflict', 409, 'Cannot delete entity, must delete policies first.');
      world.users.splice(world.users.indexOf(user), 1);
      world.save();
      return null;
    },
    PutUserPolicy: (call) => {
      const user = userOf(call, 'PutUserPolicy');
      const name = policyName(call);
      const text = document(call, 'PolicyDocument', 'identity');
      call.parameters.requireAllRead();
      user.inlinePolicies = withinLimit({ ...user.inlinePolicies, [name]: text }, INLINE_LIMIT, `user ${user.name}`);
      publish(user);
      return null;
    },
    GetUserPolicy: (call) => {
      const user = userOf(call, 'GetUserPolicy');
      const name = policyName(call);
      call.parameters.requireAllRead();
      return [
        element('UserName', user.name),
        element('PolicyName', name),
        element('PolicyDocument', encode(inline('user', world.readable(user, now()), name))),
      ];
    },
    DeleteUserPolicy: (call) => {
      const user = userOf(call, 'DeleteUserPolicy');
      const name = policyName(call);
      call.parameters.requireAllRead();
      inline('user', user.inlinePolicies, name);
      const { [name]: _removed, ...rest } = user.inlinePolicies;
      user.inlinePolicies = rest;
      publish(user);
      return null;
    },
    ListUserPolicies: (call) => {
      const user = userOf(call, 'ListUserPolicies');
      call.parameters.integer('MaxItems', 100, 1, 1_000);
      call.parameters.requireAllRead();
      return [memberList('PolicyNames', Object.keys(world.readable(user, now()))), element('IsTruncated', false)];
    },
  };
}

/** `UserDetailList` of GetAccountAuthorizationDetails. */
export function userDetails(world: World, account: string): XmlNode[][] {
  const own = world.users.filter((user) => user.account === account);
  return own.map((user) => [
    ...userNodes(user),
    memberList(
      'UserPolicyList',
      Object.entries(user.inlinePolicies).map(([name, text]) => [
        element('PolicyName', name),
        element('PolicyDocument', encode(text)),
      ]),
    ),
    memberList('GroupList', []),
    memberList('AttachedManagedPolicies', []),
  ]);
}

function userNodes(user: User): XmlNode[] {
  return [
    element('Path', user.path),
    element('UserName', user.name),
    element('UserId', user.id),
    element('Arn', userArn(user)),
    element('CreateDate', new Date(user.createdAt).toISOString()),
  ];
}

function isThere(node: XmlNode | null): node is XmlNode {
  return node !== null;
}
