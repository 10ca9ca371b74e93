import { AwsError } from './aws-error.ts';
import { page, type JsonInput, type TextRule } from './json-input.ts';
import { authorizeAll, type JsonCall, type JsonOperation, type Touched } from './json-service.ts';
import { stableUuid, type DirectoryGroup, type DirectoryUser, type IdentityCenterState } from './organization-state.ts';
import type { Sessions } from './sessions.ts';
import { PRINCIPAL } from './sso-admin-rules.ts';
import type { World } from './world.ts';

/** Constraints of botocore's service model of identitystore (2020-06-15). */
const STORE: TextRule = { min: 1, max: 36, pattern: /^(d-[0-9a-f]{10}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/ };
const PATH: TextRule = {
  min: 1,
  max: 255,
  pattern: /^(?:\p{L}+:\p{L}+:\p{L}+(?:\.\p{L}+){0,3}|\p{L}+(?:\.\p{L}+){0,2})$/u,
};
const VALUE: TextRule = { min: 1, max: 1_024 };
const PAGES = { max: 100, tokenMax: 65_535 };

/** Users and groups of the directory, read only. */
export function identityStoreOperations(world: World, sessions: Sessions): Readonly<Record<string, JsonOperation>> {
  /** The directory that a call names, after asking whether the caller may read it and what else it touches. */
  const storeOf = (call: JsonCall, action: string, touched: readonly Touched[]): IdentityCenterState => {
    const id = call.input.text('IdentityStoreId', STORE);
    const state = world.organization.identityCenter;
    const owner = state?.ownerAccount ?? call.session.role.account;
    const store = { arn: `arn:aws:identitystore::${owner}:identitystore/${id}` };
    authorizeAll(sessions, call, `identitystore:${action}`, [store, ...touched]);
    if (state === null || state.identityStoreId !== id) throw missing('IDENTITY_STORE', id);
    return state;
  };
  const allUsers = { arn: 'arn:aws:identitystore:::user/*' };
  const allGroups = { arn: 'arn:aws:identitystore:::group/*' };
  const memberships = { arn: 'arn:aws:identitystore:::membership/*' };
  const oneUser = (id: string): Touched => ({ arn: `arn:aws:identitystore:::user/${id}` });
  const memberOf = (input: JsonInput): string => input.object('MemberId').text('UserId', PRINCIPAL);
  const userIn = (state: IdentityCenterState, id: string): DirectoryUser => {
    const user = state.users.find((one) => one.id === id);
    if (user === undefined) throw missing('USER', id);
    return user;
  };

  return {
    ListUsers: (call) => {
      const filter = readFilter(call.input);
      const state = storeOf(call, 'ListUsers', [allUsers]);
      if (filter !== null && filter.path !== 'UserName') throw unknownPath(filter.path);
      const users = state.users.filter((user) => filter === null || user.userName === filter.value);
      const { items, next } = page(users, call.input, PAGES);
      return { Users: items.map((user) => userOf(user, state)), ...next };
    },
    DescribeUser: (call) => {
      const id = call.input.text('UserId', PRINCIPAL);
      const state = storeOf(call, 'DescribeUser', [oneUser(id)]);
      return userOf(userIn(state, id), state);
    },
    GetUserId: (call) => {
      const wanted = readAlternate(call.input.object('AlternateIdentifier'));
      const state = storeOf(call, 'GetUserId', [allUsers]);
      const user = state.users.find(wanted);
      if (user === undefined) throw missing('USER', null);
      return { IdentityStoreId: state.identityStoreId, UserId: user.id };
    },
    ListGroups: (call) => {
      const filter = readFilter(call.input);
      const state = storeOf(call, 'ListGroups', [allGroups]);
      if (filter !== null && filter.path !== 'DisplayName') throw unknownPath(filter.path);
      const groups = state.groups.filter((group) => filter === null || group.displayName === filter.value);
      const { items, next } = page(groups, call.input, PAGES);
      const Groups = items.map((group) => ({
        GroupId: group.id,
        DisplayName: group.displayName,
        IdentityStoreId: state.identityStoreId,
      }));
      return { Groups, ...next };
    },
    ListGroupMembershipsForMember: (call) => {
      const id = memberOf(call.input);
      const state = storeOf(call, 'ListGroupMembershipsForMember', [oneUser(id), memberships]);
      userIn(state, id);
      const { items, next } = page(groupsOf(state, id), call.input, PAGES);
      const GroupMemberships = items.map((group) => ({
        IdentityStoreId: state.identityStoreId,
        MembershipId: stableUuid('membership', group.id, id),
        GroupId: group.id,
        MemberId: { UserId: id },
      }));
      return { GroupMemberships, ...next };
    },
    IsMemberInGroups: (call) => {
      const id = memberOf(call.input);
      const ids = call.input.texts('GroupIds', PRINCIPAL, 1, 100);
      const groups = ids.map((group) => ({ arn: `arn:aws:identitystore:::group/${group}` }));
      const state = storeOf(call, 'IsMemberInGroups', [oneUser(id), ...groups]);
      userIn(state, id);
      const unknown = ids.find((group) => !state.groups.some((one) => one.id === group));
      if (unknown !== undefined) throw missing('GROUP', unknown);
      const held = new Set(groupsOf(state, id).map((group) => group.id));
      const Results = ids.map((GroupId) => ({
        GroupId,
        MemberId: { UserId: id },
        MembershipExists: held.has(GroupId),
      }));
      return { Results };
    },
  };
}

const groupsOf = (state: IdentityCenterState, user: string): DirectoryGroup[] =>
  state.groups.filter((group) => group.members.includes(user));

function readFilter(input: JsonInput): { path: string; value: string } | null {
  const [filter] = input.objects('Filters', 1);
  if (filter === undefined) return null;
  return { path: filter.text('AttributePath', PATH), value: filter.text('AttributeValue', VALUE) };
}

/** One of the two alternate identifiers, as the question whether a user is it. */
function readAlternate(alternate: JsonInput): (user: DirectoryUser) => boolean {
  const external = alternate.optionalObject('ExternalId');
  const unique = alternate.optionalObject('UniqueAttribute');
  if ((external === null) === (unique === null))
    throw new AwsError('ValidationException', 400, 'AlternateIdentifier takes ExternalId or UniqueAttribute.');
  if (external !== null) {
    const [issuer, id] = [external.text('Issuer', { min: 1, max: 256 }), external.text('Id', { min: 1, max: 256 })];
    return (user) => user.externalIds.some((one) => one.issuer === issuer && one.id === id);
  }
  const path = unique?.text('AttributePath', PATH).toLowerCase() ?? '';
  const value = unique?.text('AttributeValue', VALUE) ?? '';
  if (path === 'username') return (user) => user.userName.toLowerCase() === value.toLowerCase();
  if (path === 'emails.value') return (user) => user.email.toLowerCase() === value.toLowerCase();
  throw unknownPath(path);
}

function userOf(user: DirectoryUser, state: IdentityCenterState): Readonly<Record<string, unknown>> {
  const [givenName = user.displayName, ...family] = user.displayName.split(' ');
  return {
    IdentityStoreId: state.identityStoreId,
    UserId: user.id,
    UserName: user.userName,
    DisplayName: user.displayName,
    Name: { GivenName: givenName, FamilyName: family.join(' ') || givenName, Formatted: user.displayName },
    Emails: [{ Value: user.email, Type: 'work', Primary: true }],
    UserStatus: 'ENABLED',
    ...(user.externalIds.length === 0
      ? {}
      : { ExternalIds: user.externalIds.map(({ issuer, id }) => ({ Issuer: issuer, Id: id })) }),
  };
}

const missing = (kind: string, id: string | null): AwsError =>
  new AwsError('ResourceNotFoundException', 404, `${kind} not found.${id === null ? '' : ` (${id})`}`);

const unknownPath = (path: string): AwsError =>
  new AwsError('ValidationException', 400, `The attribute path ${path} is not supported.`);
