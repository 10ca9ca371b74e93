import {
  CreateAccountAssignmentCommand,
  PutInlinePolicyToPermissionSetCommand,
  SSOAdminClient,
} from '@aws-sdk/client-sso-admin';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import type { CloudSettings } from '../../simulators/aws/cloud-settings.ts';
import { startAwsSimulator } from '../../simulators/aws/server.ts';
import type { AwsIdentityCenter, Role } from '../../src/core/role.ts';
import { slotKey } from '../../src/core/slot.ts';
import { after } from '../../src/core/time.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import type { AwsProvider, AwsProviderOptions } from '../../src/providers/aws/index.ts';
import {
  BROKER_ACTIONS,
  END_ACTIONS,
  FREE_ACTIONS,
  IDENTITY_CENTER_READS,
  IDENTITY_CENTER_WRITES,
  SCHEDULE_ACTIONS,
} from '../../src/providers/aws/permissions.ts';
import { TOMBSTONE_READS, TOMBSTONE_WRITES } from '../../src/providers/aws/tombstone-permissions.ts';
import type { BindingSpec } from '../../src/providers/contract.ts';
import {
  CENTER,
  centerWorld,
  OWNED_SET,
  OWNERS_POLICY,
  PEOPLE,
  PERMISSION_SET,
  person,
  tombstoneWorld,
} from './aws-center-world.ts';
import { account, binding, grantRole } from './aws-fixtures.ts';
import { attempt, awsProvider, client, hubSession, post, readInvoice } from './aws-harness.ts';
import { ACCOUNT } from './aws-world.ts';
import type { CloudCall, CloudFault, Held, Operation, ProviderHarness } from './provider-harness.ts';

/** An administrator of the organization, who is not Curfew. */
export const ADMIN = `arn:aws:iam::${CENTER}:role/admin`;

const call = (operation: Operation, name: string, more: Partial<CloudCall> = {}): CloudCall => ({
  operation,
  name,
  writes: false,
  ...more,
});
const standing = { standing: true };

/**
 * Every call of `method: identity-center` for a role that names its permission set. All three operations find the ids behind the names in one
 * and the same way, so those calls are broken in one of them.
 */
const CALLS: readonly CloudCall[] = [
  call('provision', 'AssumeRole curfew-identity-center'),
  call('provision', 'ListInstances'),
  call('provision', 'GetUserId'),
  call('provision', 'ListPermissionSets'),
  call('provision', 'DescribePermissionSet'),
  call('provision', 'GetSchedule'),
  call('provision', 'CreateSchedule', { writes: true }),
  call('provision', 'ListAccountAssignments'),
  call('provision', 'CreateAccountAssignment', { writes: true }),
  call('observe', 'GetSchedule'),
  call('observe', 'GetUserId'),
  call('observe', 'ListAccountAssignments'),
  call('observe', 'ListAccountAssignmentCreationStatus'),
  call('revoke', 'GetSchedule'),
  call('revoke', 'ListAccountAssignments'),
  call('revoke', 'DeleteAccountAssignment', { writes: true, followed: true, ...standing }),
  call('revoke', 'UpdateSchedule', { writes: true, ...standing }),
];

/**
 * What a role with `tombstone: true` calls as well, before it is assigned and when it is taken away. What changes something at an end is
 * broken in a test of its own: the suite wants an end to be over by looking alone.
 */
const TOMBSTONE_CALLS: readonly CloudCall[] = [
  call('provision', 'ListTagsForResource'),
  call('provision', 'GetInlinePolicyForPermissionSet'),
  call('provision', 'PutInlinePolicyToPermissionSet', { writes: true }),
  call('provision', 'ProvisionPermissionSet', { writes: true }),
  call('revoke', 'GetInlinePolicyForPermissionSet', standing),
  call('revoke', 'ListAccountsForProvisionedPermissionSet', standing),
];

/** Which service has an action. */
const SERVICES: readonly (readonly [RegExp, string])[] = [
  [/^AssumeRole$/, 'sts'],
  [/Schedule$/, 'scheduler'],
  [/^(GetUserId|ListUsers)$/, 'identitystore'],
  [/^DescribeAccount$/, 'organizations'],
  [/./, 'sso'],
];

/** What the simulator remembers of an organization. */
export interface Remembered {
  readonly identityCenter: {
    readonly instanceArn: string;
    readonly users: readonly { readonly id: string; readonly userName: string }[];
    readonly groups: readonly unknown[];
    readonly permissionSets: readonly {
      readonly arn: string;
      readonly name: string;
      readonly inlinePolicy: string | null;
      readonly revision: number;
    }[];
    readonly provisioned: readonly { readonly account: string; readonly permissionSetArn: string }[];
    readonly assignments: readonly {
      readonly account: string;
      readonly principalId: string;
      readonly principalType: string;
      readonly until: number | null;
    }[];
    readonly operations: readonly {
      readonly kind: string;
      readonly status: string;
      readonly account: string | null;
      readonly principalId: string | null;
      readonly createdAt: number;
      readonly finishAt: number;
    }[];
  };
  readonly schedules: readonly {
    readonly name: string;
    readonly at: number;
    readonly actionAfterCompletion: string;
    readonly target: { readonly input: string };
  }[];
}

export interface CenterHarness extends ProviderHarness {
  readonly provider: AwsProvider;
  readonly url: string;
  own(spec: BindingSpec): Held;
  /** A binding over another definition or with other parts. */
  over(aws: Partial<AwsIdentityCenter>, change?: Partial<BindingSpec>): BindingSpec;
  with(change: Partial<AwsProviderOptions>): AwsProvider;
  remembered(): Promise<Remembered>;
  /** An administrator of the organization, who is not Curfew. */
  admin(): Promise<SSOAdminClient>;
  settings(change: Partial<CloudSettings>): Promise<void>;
}

export function centerRole(aws: Partial<AwsIdentityCenter> = {}): Role {
  const definition = { method: 'identity-center', permissionSet: PERMISSION_SET, ...aws } as const;
  return { ...grantRole({}), aws: definition };
}

/** A role whose sessions are cut at the end. */
export const TOMBSTONE: Partial<AwsIdentityCenter> = { permissionSet: OWNED_SET, tombstone: true };

/** Quick and punctual; the tests of its own make it slow and late. */
export const QUICK = {
  assignmentMs: [30, 30],
  provisioningMs: [30, 30],
  listDelayMs: [0, 0],
  accountsDelayMs: [0, 0],
  fireDelayMs: [0, 0],
  ssoCallsPerSecond: 0,
} as const;

/**
 * The AWS provider with `method: identity-center` in front of the simulator; each binding is of a person of their own. `role`: what the
 * roles of bindings say; where they have tombstones, Curfew may write those.
 */
export async function centerHarness(
  simulated: Partial<CloudSettings> = {},
  role: Partial<AwsIdentityCenter> = {},
): Promise<CenterHarness> {
  const tombstone = role.tombstone === true;
  const settings = { ...QUICK, ...simulated };
  const simulator = await startAwsSimulator({ port: 0, world: tombstone ? tombstoneWorld : centerWorld, settings });
  const set = role.permissionSet ?? PERMISSION_SET;
  const { url } = simulator;
  const make = (change: Partial<AwsProviderOptions> = {}) =>
    awsProvider(url, {
      identityCenter: { account: CENTER, region: 'eu-west-1', limits: { callsPerSecond: 1_000, operationMs: 30 } },
      ...change,
    });
  let provider = make();
  let next = 0;
  const slotted = (spec: BindingSpec): BindingSpec => ({
    ...spec,
    slot: slotKey('aws', 'identity-center', provider.sharedPlace(spec)),
  });
  const fresh = (durationMs: number, change: Partial<BindingSpec> = {}): BindingSpec => {
    next += 1;
    if (next >= PEOPLE) throw new Error('there are no more people in this world');
    const now = systemClock.now();
    const one = binding({
      method: 'identity-center',
      target: { ...account, native: ACCOUNT },
      role: centerRole(role),
      grant: newId(systemRandom, 'grt'),
      principal: person(next),
      activatedAt: now,
      endsAt: after(now, durationMs),
      ...change,
    });
    return one;
  };
  return {
    get provider() {
      return provider;
    },
    with: make,
    url,
    method: 'identity-center',
    calls: tombstone ? TOMBSTONE_CALLS : CALLS,
    // The schedule is never earlier than five seconds from now; a tombstone is as early as the end.
    endsByItself: tombstone ? { durationMs: 4_000, lateMs: 500 } : { durationMs: 7_000, lateMs: 1_000 },
    binding: (durationMs, sameAs) =>
      slotted(fresh(durationMs, sameAs === undefined ? {} : { principal: sameAs.principal })),
    over: (aws, change = {}) => slotted(fresh(600_000, { role: centerRole({ ...role, ...aws }), ...change })),
    impossible: () => fresh(600_000, { role: centerRole({ ...role, permissionSet: 'two words' }) }),
    now: () => systemClock.now(),
    // The name that a person signs in to the portal with; there is no key before there is access.
    own: ({ principal }) => ({ secret: { accessKeyId: principal, secretAccessKey: 'asks the portal' } }),
    use: (held) => usePortal(url, held.secret.accessKeyId, set),
    escapes: escapes(url, set),
    inject: (one, fault) => inject(url, one, fault),
    async heal() {
      await post(url, 'faults', []);
      if (tombstone) await makeRoom(url);
      provider = make();
    },
    bystanders: () => bystanders(url),
    journal: () => journal(url),
    async skewClock(offsetMs) {
      await post(url, 'clock', { offsetMs });
    },
    remembered: () => remembered(url),
    admin: async () => new SSOAdminClient(client(url, await hubSession(url, ADMIN))),
    async settings(change) {
      await post(url, 'settings', change);
    },
    close: () => simulator.close(),
  };
}

/** New credentials from the portal, as `aws sso login` gets them; `null`: the portal gives none. */
export async function portalSession(url: string, userName: string, set = PERMISSION_SET): Promise<Held | null> {
  const { accessToken } = (await post(url, 'sso-token', { userName })) as { accessToken: string };
  const answer = await fetch(`${url}/federation/credentials?role_name=${set}&account_id=${ACCOUNT}`, {
    headers: { 'x-amz-sso_bearer_token': accessToken },
  });
  if (answer.status === 403) return null;
  if (!answer.ok) throw new Error(`the portal answered ${answer.status}`);
  const { roleCredentials } = (await answer.json()) as { roleCredentials: Required<Held['secret']> };
  const { accessKeyId, secretAccessKey, sessionToken } = roleCredentials;
  return { secret: { accessKeyId, secretAccessKey, sessionToken } };
}

async function usePortal(url: string, userName: string, set: string): Promise<'allowed' | 'refused'> {
  const held = await portalSession(url, userName, set);
  return held === null ? 'refused' : attempt(() => readInvoice(url, held));
}

export async function remembered(url: string): Promise<Remembered> {
  return (await (await fetch(`${url}/_sim/organization`)).json()) as Remembered;
}

/** What a person could try to keep the access. What a permission set allows is its owner's business: here it lets nobody out. */
function escapes(url: string, set: string): ProviderHarness['escapes'] {
  const session = async (held: Held) => {
    const own = await portalSession(url, held.secret.accessKeyId, set);
    if (own === null) throw new Error('there is no access to escape from');
    return own.secret;
  };
  return [
    {
      name: 'assigning a permission set',
      attempt: async (held) => {
        const { identityCenter } = await remembered(url);
        const command = new CreateAccountAssignmentCommand({
          InstanceArn: identityCenter.instanceArn,
          TargetId: ACCOUNT,
          TargetType: 'AWS_ACCOUNT',
          PermissionSetArn: identityCenter.permissionSets[0]?.arn ?? '',
          PrincipalType: 'USER',
          PrincipalId: identityCenter.users[0]?.id ?? '',
        });
        const own = await session(held);
        return attempt(() => new SSOAdminClient(client(url, own)).send(command));
      },
    },
    {
      name: 'assuming a role that trusts everybody in the account',
      attempt: async (held) => {
        const own = await session(held);
        const RoleArn = `arn:aws:iam::${ACCOUNT}:role/deployer`;
        return attempt(() =>
          new STSClient(client(url, own)).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'escape' })),
        );
      },
    },
  ];
}

async function inject(url: string, { name }: CloudCall, fault: CloudFault): Promise<void> {
  const [action = '', match] = name.split(' ');
  const service = SERVICES.find(([pattern]) => pattern.test(action))?.[1] ?? 'sso';
  await post(url, 'faults', [
    {
      service,
      action,
      // What a schedule of an earlier test calls meanwhile must not run into it instead.
      from: 'client',
      ...(match === undefined ? {} : { match }),
      kind: fault === 'slow' ? 'delay' : fault,
      times: 1,
      ...(fault === 'slow' ? { delayMs: 1_500 } : {}),
    },
  ]);
}

/** Everything of the organization that is not of a person of the suite. */
async function bystanders(url: string): Promise<unknown> {
  const { identityCenter, schedules } = await remembered(url);
  const { users, groups, permissionSets, assignments } = identityCenter;
  const people = new Set(users.filter((user) => user.userName.startsWith('person-')).map((user) => user.id));
  return {
    users,
    groups,
    permissionSets: permissionSets.map((one) => (one.name === OWNED_SET ? ownersPart(one.inlinePolicy) : one)),
    assignments: assignments.filter((one) => !people.has(one.principalId)),
    schedules: schedules.filter((one) => !one.name.startsWith('curfew-')),
  };
}

/** Tombstones last for an hour, and a suite makes more than fit: an administrator takes them out when there are many. */
async function makeRoom(url: string): Promise<void> {
  const { identityCenter } = await remembered(url);
  const set = identityCenter.permissionSets.find((one) => one.name === OWNED_SET);
  if ((set?.inlinePolicy?.match(/Curfew[0-9a-f]{24}/g)?.length ?? 0) < 20) return;
  const names = { InstanceArn: identityCenter.instanceArn, PermissionSetArn: set?.arn };
  const admin = new SSOAdminClient(client(url, await hubSession(url, ADMIN)));
  await whenFree(() =>
    admin.send(new PutInlinePolicyToPermissionSetCommand({ ...names, InlinePolicy: OWNERS_POLICY })),
  );
}

/** Does something by hand to a permission set as soon as AWS is not at it: what an earlier test has left to do takes a moment. */
export async function whenFree<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ConflictException' || attempt >= 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }
}

/** What a permission set says apart from tombstones. */
export function ownersPart(inlinePolicy: string | null): unknown {
  const { Statement, ...frame } = JSON.parse(inlinePolicy ?? '{}') as { Statement?: readonly { Sid?: string }[] };
  return { ...frame, Statement: Statement?.filter(({ Sid }) => !/^Curfew[0-9a-f]{24}$/.test(Sid ?? '')) };
}

const PERMITTED: readonly (readonly [string, readonly string[]])[] = [
  ['/curfew-broker/', [...BROKER_ACTIONS, ...FREE_ACTIONS]],
  [
    '/curfew-identity-center/',
    [...IDENTITY_CENTER_READS, ...IDENTITY_CENTER_WRITES, ...SCHEDULE_ACTIONS, ...TOMBSTONE_READS, ...TOMBSTONE_WRITES],
  ],
  ['/curfew-end-assignments/', END_ACTIONS],
];

async function journal(url: string): ReturnType<ProviderHarness['journal']> {
  const entries = (await (await fetch(`${url}/_sim/journal`)).json()) as readonly {
    readonly service: string;
    readonly action: string;
    readonly principal: string | null;
  }[];
  return entries.flatMap(({ service, action, principal }) => {
    const permitted = PERMITTED.find(([who]) => principal?.includes(who))?.[1];
    const name = `${service}:${action}`;
    return permitted === undefined ? [] : [{ action: name, permitted: permitted.includes(name), handsOut: false }];
  });
}
