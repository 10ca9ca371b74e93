import { createHash } from 'node:crypto';
import { parsePolicy } from './policy-parse.ts';

/** An organization: who manages it. Every account of the world is a member; `accounts` says more about some. */
export type OrganizationDescription = {
  readonly managementAccount: string;
  readonly accounts?: readonly {
    readonly id: string;
    readonly name?: string;
    readonly email?: string;
    readonly state?: AccountState;
  }[];
};

/** IAM Identity Center of the organization, with its built-in directory. Ids that are left out follow from the names. */
export type IdentityCenterDescription = {
  /** Default: the management account. */
  readonly ownerAccount?: string;
  readonly delegatedAdministrator?: string;
  /** Default `us-east-1`. Roles of permission sets carry it in their path elsewhere. */
  readonly region?: string;
  readonly users?: readonly {
    readonly id?: string;
    readonly userName: string;
    readonly displayName?: string;
    readonly email?: string;
    readonly externalIds?: readonly { readonly issuer: string; readonly id: string }[];
  }[];
  readonly groups?: readonly {
    readonly id?: string;
    readonly displayName: string;
    /** User names. */
    readonly members?: readonly string[];
  }[];
  readonly permissionSets?: readonly {
    readonly name: string;
    readonly description?: string;
    /** Default `PT1H`. */
    readonly sessionDuration?: string;
    readonly inlinePolicy?: string | { readonly [key: string]: unknown };
    readonly tags?: Readonly<Record<string, string>>;
  }[];
  /** What stands before anybody calls: provisioned, and assigned to a user (by name) or a group (by display name). */
  readonly assignments?: readonly {
    readonly account: string;
    readonly permissionSet: string;
    readonly user?: string;
    readonly group?: string;
  }[];
};

export type AccountState = 'ACTIVE' | 'SUSPENDED' | 'PENDING_CLOSURE' | 'CLOSED';
export type OrganizationAccount = { id: string; name: string; email: string; state: AccountState; joinedAt: number };
export type Organization = { id: string; managementAccount: string; accounts: OrganizationAccount[] };

export type PrincipalType = 'USER' | 'GROUP';

export type DirectoryUser = {
  id: string;
  userName: string;
  displayName: string;
  email: string;
  externalIds: { issuer: string; id: string }[];
};
export type DirectoryGroup = { id: string; displayName: string; members: string[] };

/** A permission set as it is edited. `revision` grows with every change that accounts do not have until it is provisioned. */
export type PermissionSet = {
  arn: string;
  name: string;
  description: string | null;
  relayState: string | null;
  /** ISO 8601, whole hours and minutes. */
  sessionDuration: string;
  inlinePolicy: string | null;
  tags: Record<string, string>;
  createdAt: number;
  revision: number;
};

/** In force from `from` until `until`; lists show it later than it is so, by as much as the settings say. */
export type Assignment = {
  account: string;
  permissionSetArn: string;
  principalType: PrincipalType;
  principalId: string;
  from: number;
  listedFrom: number;
  until: number | null;
  listedUntil: number | null;
};

/** A permission set as it stands in an account: the role made from it, and from which revision. */
export type Provisioned = { account: string; permissionSetArn: string; roleName: string; revision: number };

/** What lists say from a moment on of the accounts that have a permission set, and whether they have it as it is. */
export type AccountList = {
  permissionSetArn: string;
  from: number;
  accounts: readonly { readonly account: string; readonly latest: boolean }[];
};

/** Something asynchronous. An account of null, in provisioning alone, means every account where the set is provisioned. */
export type AsyncOperation = {
  kind: 'create' | 'delete' | 'provision';
  requestId: string;
  account: string | null;
  permissionSetArn: string;
  principalType: PrincipalType | null;
  principalId: string | null;
  createdAt: number;
  finishAt: number;
  status: 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED';
  failureReason: string | null;
};

export type IdentityCenterState = {
  ownerAccount: string;
  delegatedAdministrator: string | null;
  region: string;
  instanceArn: string;
  identityStoreId: string;
  createdAt: number;
  users: DirectoryUser[];
  groups: DirectoryGroup[];
  permissionSets: PermissionSet[];
  assignments: Assignment[];
  provisioned: Provisioned[];
  accountLists: AccountList[];
  operations: AsyncOperation[];
};

/** A one-time schedule, with the state of its invocation. */
export type Schedule = {
  account: string;
  group: string;
  name: string;
  arn: string;
  description: string | null;
  expression: string;
  at: number;
  state: 'ENABLED' | 'DISABLED';
  actionAfterCompletion: 'NONE' | 'DELETE';
  target: {
    arn: string;
    roleArn: string;
    input: string;
    maximumEventAgeSeconds: number;
    maximumRetryAttempts: number;
    deadLetterArn: string | null;
  };
  clientToken: string | null;
  /** The request as it came, to tell a repeated call from another one. */
  fingerprint: string;
  createdAt: number;
  modifiedAt: number;
  attempts: number;
  /** When it is tried next; null: it has run, or was given up. */
  nextAttemptAt: number | null;
};

/** An invocation that was given up: what AWS would put into a dead-letter queue. */
export type FailedInvocation = { at: number; scheduleArn: string; attempts: number; code: string; message: string };

/** What the organization-wide services remember. */
export type OrganizationState = {
  /** How many random choices were made so far; each follows from the seed and this number. */
  draws: number;
  organization: Organization | null;
  identityCenter: IdentityCenterState | null;
  schedules: Schedule[];
  failedInvocations: FailedInvocation[];
};

export function describeOrganization(
  accountIds: readonly string[],
  description: {
    readonly organization?: OrganizationDescription;
    readonly identityCenter?: IdentityCenterDescription;
  },
  nowMs: number,
): OrganizationState {
  const { organization, identityCenter } = description;
  if (identityCenter !== undefined && organization === undefined)
    throw new Error('identityCenter needs an organization: describe its managementAccount.');
  const state: OrganizationState = {
    draws: 0,
    organization: null,
    identityCenter: null,
    schedules: [],
    failedInvocations: [],
  };
  if (organization === undefined) return state;
  for (const id of [organization.managementAccount, ...(organization.accounts ?? []).map((one) => one.id)])
    if (!accountIds.includes(id)) throw new Error(`the organization names ${id}, which is no account of this world`);
  state.organization = {
    id: `o-${hex(10, 'organization', organization.managementAccount)}`,
    managementAccount: organization.managementAccount,
    accounts: accountIds.map((id) => {
      const more = organization.accounts?.find((one) => one.id === id);
      const name = more?.name ?? `account-${id}`;
      return {
        id,
        name,
        email: more?.email ?? `${name.toLowerCase().replace(/[^a-z0-9-]/g, '-')}@example.com`,
        state: more?.state ?? 'ACTIVE',
        joinedAt: nowMs,
      };
    }),
  };
  if (identityCenter !== undefined)
    state.identityCenter = describeIdentityCenter(identityCenter, organization.managementAccount, nowMs);
  return state;
}

function describeIdentityCenter(
  description: IdentityCenterDescription,
  managementAccount: string,
  nowMs: number,
): IdentityCenterState {
  const ownerAccount = description.ownerAccount ?? managementAccount;
  const users = (description.users ?? []).map((user) => ({
    id: user.id ?? principalId('user', user.userName),
    userName: user.userName,
    displayName: user.displayName ?? user.userName,
    email: user.email ?? `${user.userName.replace(/@.*$/, '')}@example.com`,
    externalIds: (user.externalIds ?? []).map((one) => ({ ...one })),
  }));
  const groups = (description.groups ?? []).map((group) => ({
    id: group.id ?? principalId('group', group.displayName),
    displayName: group.displayName,
    members: (group.members ?? []).map((name) => {
      const member = users.find((user) => user.userName === name);
      if (member === undefined) throw new Error(`the group ${group.displayName} names ${name}, who is no user`);
      return member.id;
    }),
  }));
  const instanceArn = `arn:aws:sso:::instance/ssoins-${hex(16, 'instance', ownerAccount)}`;
  const permissionSets = (description.permissionSets ?? []).map((set) => describedSet(set, instanceArn, nowMs));
  const named = <One>(found: One | undefined, name: string): One => {
    if (found === undefined) throw new Error(`an assignment names ${name}, which is described nowhere`);
    return found;
  };
  const operations = (description.assignments ?? []).map((one, index): AsyncOperation => {
    const set = named(
      permissionSets.find(({ name }) => name === one.permissionSet),
      one.permissionSet,
    );
    const principal =
      one.user === undefined
        ? named(
            groups.find((group) => group.displayName === one.group),
            one.group ?? 'neither user nor group',
          )
        : named(
            users.find((user) => user.userName === one.user),
            one.user,
          );
    // Asked for a minute ago and due since: the first call finds it done, and in every list.
    const agoMs = nowMs - 60_000;
    return {
      kind: 'create',
      requestId: stableUuid('described', String(index)),
      account: one.account,
      permissionSetArn: set.arn,
      principalType: one.user === undefined ? 'GROUP' : 'USER',
      principalId: principal.id,
      createdAt: agoMs,
      finishAt: agoMs,
      status: 'IN_PROGRESS',
      failureReason: null,
    };
  });
  return {
    ownerAccount,
    delegatedAdministrator: description.delegatedAdministrator ?? null,
    region: description.region ?? 'us-east-1',
    instanceArn,
    identityStoreId: `d-${hex(10, 'directory', ownerAccount)}`,
    createdAt: nowMs,
    users,
    groups,
    permissionSets,
    assignments: [],
    provisioned: [],
    accountLists: [],
    operations,
  };
}

function describedSet(
  set: NonNullable<IdentityCenterDescription['permissionSets']>[number],
  instanceArn: string,
  nowMs: number,
): PermissionSet {
  const policy = set.inlinePolicy ?? null;
  const inlinePolicy = policy === null || typeof policy === 'string' ? policy : JSON.stringify(policy);
  if (inlinePolicy !== null) parsePolicy(inlinePolicy, 'identity');
  const sessionDuration = set.sessionDuration ?? 'PT1H';
  if (sessionSeconds(sessionDuration) === null)
    throw new Error(`${set.name}: ${sessionDuration} is not between PT1H and PT12H`);
  return {
    arn: permissionSetArn(instanceArn, hex(16, 'permission set', set.name)),
    name: set.name,
    description: set.description ?? null,
    relayState: null,
    sessionDuration,
    inlinePolicy,
    tags: { ...set.tags },
    createdAt: nowMs,
    revision: 1,
  };
}

/** `arn:aws:sso:::permissionSet/ssoins-…/ps-…`. */
export const permissionSetArn = (instanceArn: string, id: string): string =>
  `${instanceArn.replace(':instance/', ':permissionSet/')}/ps-${id}`;

/** Seconds of an ISO 8601 duration between one hour and twelve, as a permission set takes it; null for any other. */
export function sessionSeconds(text: string): number | null {
  const match = /^PT(?=\d)(?:(\d{1,5})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?$/.exec(text);
  if (match === null) return null;
  const [hours, minutes, rest] = [match[1], match[2], match[3]].map((part) => Number(part ?? 0));
  const total = (hours ?? 0) * 3_600 + (minutes ?? 0) * 60 + (rest ?? 0);
  return total >= 3_600 && total <= 43_200 ? total : null;
}

/** Lower-case hexadecimal digits that follow from names. */
export function hex(digits: number, ...names: readonly string[]): string {
  return createHash('sha256').update(names.join('\n')).digest('hex').slice(0, digits);
}

/** A UUID that follows from names: a simulated world with the same seed has the same ids again. */
export function stableUuid(...names: readonly string[]): string {
  const digits = hex(32, ...names);
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    `a${digits.slice(17, 20)}`,
    digits.slice(20),
  ].join('-');
}

/** The id of a user or a group in the form that directories of Identity Center use. */
export const principalId = (kind: string, name: string): string => `${hex(10, kind, name)}-${stableUuid(kind, name)}`;
