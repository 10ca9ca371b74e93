import { AwsError } from './aws-error.ts';
import { page, type TextRule } from './json-input.ts';
import { seconds, type JsonCall, type JsonOperation } from './json-service.ts';
import { hex, permissionSetArn, sessionSeconds, type PermissionSet } from './organization-state.ts';
import { parsePolicy } from './policy-parse.ts';
import {
  authorizeSso,
  readInstance,
  readPermissionSetArn,
  readTagKeys,
  readTags,
  type SsoPorts,
} from './sso-admin-rules.ts';

const NAME: TextRule = { min: 1, max: 32, pattern: /^[\w+=,.@-]+$/ };
const DESCRIPTION: TextRule = { min: 1, max: 700, pattern: /^[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*$/ };
const RELAY_STATE: TextRule = { min: 1, max: 240, pattern: /^[a-zA-Z0-9&$@#\\/%?=~\-_'"|!:,.;*+[\] (){}]+$/ };
const POLICY: TextRule = { min: 1, max: 32_768, pattern: /^[\u0009\u000A\u000D\u0020-\u00FF]+$/ };
/** Characters of an inline policy, white space apart. */
const POLICY_CHARACTERS = 10_240;
const MAX_SETS = 3_500;
const MAX_TAGS = 50;

/** Instances, permission sets, their inline policies and tags. */
export function permissionSetOperations(ports: SsoPorts): Readonly<Record<string, JsonOperation>> {
  const { center, world, now } = ports;
  /** The permission set that a call is about, after asking whether the caller may do that to it. */
  const setOf = (call: JsonCall, action: string): PermissionSet => {
    readInstance(ports, call.input);
    const set = center.permissionSet(readPermissionSetArn(call.input));
    authorizeSso(ports, call, action, { set });
    return set;
  };
  const changed = (set: PermissionSet): Record<string, never> => {
    center.changeSet(set.arn, () => (set.revision += 1));
    world.save();
    return {};
  };
  /** A set that is on its way to an account cannot be edited meanwhile. */
  const requireIdle = (set: PermissionSet): void => {
    const busy = center.state.operations.some(
      (one) => one.status === 'IN_PROGRESS' && one.kind === 'provision' && one.permissionSetArn === set.arn,
    );
    if (busy) throw conflict('The permission set is being provisioned. Please try again later.');
  };

  return {
    ListInstances: (call) => {
      const all = world.organization.identityCenter === null ? [] : [center.state];
      if (all.length > 0) authorizeSso(ports, call, 'ListInstances', {});
      const { items, next } = page(all, call.input);
      const Instances = items.map((one) => ({
        InstanceArn: one.instanceArn,
        IdentityStoreId: one.identityStoreId,
        OwnerAccountId: one.ownerAccount,
        CreatedDate: seconds(one.createdAt),
        Status: 'ACTIVE',
      }));
      return { Instances, ...next };
    },
    CreatePermissionSet: (call) => createPermissionSet(ports, call),
    DescribePermissionSet: (call) => ({ PermissionSet: described(setOf(call, 'DescribePermissionSet')) }),
    ListPermissionSets: (call) => {
      readInstance(ports, call.input);
      authorizeSso(ports, call, 'ListPermissionSets', {});
      const { items, next } = page(center.state.permissionSets, call.input);
      return { PermissionSets: items.map((set) => set.arn), ...next };
    },
    UpdatePermissionSet: (call) => {
      const set = setOf(call, 'UpdatePermissionSet');
      const description = call.input.optionalText('Description', DESCRIPTION);
      const relayState = call.input.optionalText('RelayState', RELAY_STATE);
      const sessionDuration = readDuration(call);
      call.input.requireAllRead();
      requireIdle(set);
      if (description !== null) set.description = description;
      if (relayState !== null) set.relayState = relayState;
      if (sessionDuration !== null) set.sessionDuration = sessionDuration;
      return changed(set);
    },
    DeletePermissionSet: (call) => {
      const set = setOf(call, 'DeletePermissionSet');
      call.input.requireAllRead();
      const state = center.state;
      const used =
        state.assignments.some((one) => one.permissionSetArn === set.arn && one.until === null) ||
        state.operations.some((one) => one.permissionSetArn === set.arn && one.status === 'IN_PROGRESS');
      if (used) throw conflict('Could not delete because PermissionSet has ApplicationProfile associated with it');
      for (const { account } of state.provisioned.filter((one) => one.permissionSetArn === set.arn)) {
        const role = center.roleOf(set, account);
        if (role !== null) world.roles.splice(world.roles.indexOf(role), 1);
      }
      state.provisioned = state.provisioned.filter((one) => one.permissionSetArn !== set.arn);
      state.permissionSets = state.permissionSets.filter((one) => one !== set);
      world.save();
      return {};
    },
    PutInlinePolicyToPermissionSet: (call) => {
      const set = setOf(call, 'PutInlinePolicyToPermissionSet');
      const text = call.input.text('InlinePolicy', POLICY);
      call.input.requireAllRead();
      parsePolicy(text, 'identity');
      if (text.replace(/\s/g, '').length > POLICY_CHARACTERS)
        throw new AwsError(
          'ServiceQuotaExceededException',
          400,
          `The inline policy is longer than ${POLICY_CHARACTERS} characters, white space apart.`,
        );
      requireIdle(set);
      set.inlinePolicy = text;
      return changed(set);
    },
    GetInlinePolicyForPermissionSet: (call) => ({
      // A set without a policy answers an empty text.
      InlinePolicy: setOf(call, 'GetInlinePolicyForPermissionSet').inlinePolicy ?? '',
    }),
    DeleteInlinePolicyFromPermissionSet: (call) => {
      const set = setOf(call, 'DeleteInlinePolicyFromPermissionSet');
      call.input.requireAllRead();
      requireIdle(set);
      set.inlinePolicy = null;
      return changed(set);
    },
    TagResource: (call) => {
      const tags = readTags(call.input);
      const set = taggedOf(ports, call, 'TagResource', tags);
      if (Object.keys({ ...set.tags, ...tags }).length > MAX_TAGS)
        throw new AwsError('ServiceQuotaExceededException', 400, `A resource has ${MAX_TAGS} tags at most.`);
      set.tags = { ...set.tags, ...tags };
      world.save();
      return {};
    },
    UntagResource: (call) => {
      const keys = readTagKeys(call.input);
      const set = taggedOf(ports, call, 'UntagResource', Object.fromEntries(keys.map((key) => [key, ''])));
      set.tags = Object.fromEntries(Object.entries(set.tags).filter(([key]) => !keys.includes(key)));
      world.save();
      return {};
    },
    ListTagsForResource: (call) => {
      const set = taggedOf(ports, call, 'ListTagsForResource', {});
      return { Tags: Object.entries(set.tags).map(([Key, Value]) => ({ Key, Value })) };
    },
  };

  function createPermissionSet({ center: own }: SsoPorts, call: JsonCall): Readonly<Record<string, unknown>> {
    const { input } = call;
    readInstance(ports, input);
    const name = input.text('Name', NAME);
    const [description, relayState] = [
      input.optionalText('Description', DESCRIPTION),
      input.optionalText('RelayState', RELAY_STATE),
    ];
    const sessionDuration = readDuration(call) ?? 'PT1H';
    const tags = readTags(input);
    input.requireAllRead();
    authorizeSso(ports, call, 'CreatePermissionSet', {}, requestTags(tags));
    const { permissionSets, instanceArn } = own.state;
    if (permissionSets.some((set) => set.name === name))
      throw conflict(`PermissionSet with name ${name} already exists.`);
    if (permissionSets.length >= MAX_SETS)
      throw new AwsError('ServiceQuotaExceededException', 400, `There are ${MAX_SETS} permission sets already.`);
    world.organization.draws += 1;
    const arn = permissionSetArn(instanceArn, hex(16, 'permission set', name, String(world.organization.draws)));
    const set = {
      arn,
      name,
      description,
      relayState,
      sessionDuration,
      inlinePolicy: null,
      tags,
      createdAt: now(),
      revision: 1,
    };
    permissionSets.push(set);
    world.save();
    return { PermissionSet: described(set) };
  }
}

/** The permission set whose tags a call is about. Tags of an instance or an application are not simulated. */
function taggedOf(
  ports: SsoPorts,
  call: JsonCall,
  action: string,
  tags: Readonly<Record<string, string>>,
): PermissionSet {
  if (call.input.has('InstanceArn')) readInstance(ports, call.input);
  call.input.optionalText('NextToken', { max: 2_048 });
  const set = ports.center.permissionSet(readPermissionSetArn(call.input, 'ResourceArn'));
  call.input.requireAllRead();
  authorizeSso(ports, call, action, { set }, requestTags(tags));
  return set;
}

function requestTags(tags: Readonly<Record<string, string>>): Record<string, string | readonly string[]> {
  const facts: Record<string, string | readonly string[]> = {};
  for (const [key, value] of Object.entries(tags)) facts[`aws:RequestTag/${key}`] = value;
  if (Object.keys(tags).length > 0) facts['aws:TagKeys'] = Object.keys(tags);
  return facts;
}

function readDuration(call: JsonCall): string | null {
  const text = call.input.optionalText('SessionDuration', { min: 1, max: 100 });
  if (text !== null && sessionSeconds(text) === null)
    throw new AwsError('ValidationException', 400, `SessionDuration ${text} is not between PT1H and PT12H.`);
  return text;
}

function described(set: PermissionSet): Readonly<Record<string, unknown>> {
  return {
    Name: set.name,
    PermissionSetArn: set.arn,
    CreatedDate: seconds(set.createdAt),
    SessionDuration: set.sessionDuration,
    ...(set.description === null ? {} : { Description: set.description }),
    ...(set.relayState === null ? {} : { RelayState: set.relayState }),
  };
}

const conflict = (message: string): AwsError => new AwsError('ConflictException', 400, message);
