import { createHash, randomBytes } from 'node:crypto';
import { readStateFile, writeStateFile } from '../shared/state-file.ts';
import {
  describeOrganization,
  type IdentityCenterDescription,
  type OrganizationDescription,
  type OrganizationState,
} from './organization-state.ts';
import { parsePolicy, type Policy } from './policy-parse.ts';
import {
  describeRolesAnywhere,
  type RolesAnywhereDescription,
  type RolesAnywhereState,
} from './roles-anywhere-state.ts';

/** A policy document, as an object or as its text. */
export type PolicyDocument = string | { readonly [key: string]: unknown };

/** What a world is described by. Everything that is left out is empty. */
export type WorldDescription = {
  /** Absent: the accounts belong to no organization. */
  readonly organization?: OrganizationDescription;
  readonly identityCenter?: IdentityCenterDescription;
  readonly accounts: readonly {
    readonly id: string;
    readonly roles?: readonly RoleDescription[];
    readonly users?: readonly UserDescription[];
    /** Customer managed policies; a role's permissions boundary is one of them. */
    readonly policies?: readonly { readonly name: string; readonly path?: string; readonly document: PolicyDocument }[];
    readonly buckets?: readonly {
      readonly name: string;
      readonly objects?: readonly { readonly key: string; readonly body: string }[];
    }[];
    readonly rolesAnywhere?: RolesAnywhereDescription;
    readonly oidcProviders?: readonly {
      readonly url: string;
      readonly audiences: readonly string[];
      readonly jwksUrl?: string;
      readonly keys?: readonly object[];
    }[];
  }[];
};

export type RoleDescription = {
  readonly name: string;
  /** Begins and ends with a slash; default `/`. */
  readonly path?: string;
  readonly trustPolicy: PolicyDocument;
  readonly inlinePolicies?: Readonly<Record<string, PolicyDocument>>;
  /** ARN of a customer managed policy of the same account. */
  readonly permissionsBoundary?: string;
  readonly maxSessionDurationSeconds?: number;
};

/** An IAM user with long-term keys. */
export type UserDescription = {
  readonly name: string;
  /** Begins and ends with a slash; default `/`. */
  readonly path?: string;
  readonly inlinePolicies?: Readonly<Record<string, PolicyDocument>>;
  /** ARN of a customer managed policy of the same account. */
  readonly permissionsBoundary?: string;
  /** At most two, as in AWS. `id` begins with `AKIA`. */
  readonly accessKeys?: readonly { readonly id: string; readonly secret: string }[];
};

/** A role as it is kept: documents as text, exactly as they were put. */
export type Role = {
  id: string;
  name: string;
  path: string;
  account: string;
  createdAt: number;
  trustPolicy: string;
  inlinePolicies: Record<string, string>;
  permissionsBoundary: string | null;
  maxSessionDurationSeconds: number;
  /** What has been written, newest last: authorization sees each from `at`, and IAM's own reads from `readAt` (absent: at once). */
  visible: { at: number; readAt?: number; trustPolicy: string; inlinePolicies: Record<string, string> }[];
};

/** A user as it is kept. */
export type User = {
  id: string;
  name: string;
  path: string;
  account: string;
  createdAt: number;
  inlinePolicies: Record<string, string>;
  permissionsBoundary: string | null;
  accessKeys: { id: string; secret: string }[];
  /** As for a role. */
  visible: { at: number; readAt?: number; inlinePolicies: Record<string, string> }[];
};

export type Bucket = { name: string; account: string; objects: Record<string, { body: string; modifiedAt: number }> };
export type OidcProvider = {
  account: string;
  url: string;
  audiences: string[];
  jwksUrl: string | null;
  keys: object[];
};

type State = {
  sealKey: string;
  roles: Role[];
  users: User[];
  policies: Record<string, string>;
  buckets: Bucket[];
  oidcProviders: OidcProvider[];
  organization: OrganizationState;
  rolesAnywhere: RolesAnywhereState;
};

/** The simulated cloud's memory. Saved whole after each change when it has a file, so that a restart keeps it. */
export class World {
  readonly #state: State;
  readonly #file: string | null;
  readonly #parsed = new Map<string, Policy>();

  constructor(description: WorldDescription, options: { stateFile: string | null; nowMs: number }) {
    this.#file = options.stateFile;
    this.#state = (readStateFile(this.#file) as State | null) ?? describe(description, options.nowMs);
    // A file of before there were users.
    this.#state.users ??= [];
    this.#state.organization ??= describeOrganization([], {}, options.nowMs);
    if (this.#state.organization.identityCenter !== null) this.#state.organization.identityCenter.accountLists ??= [];
    this.#state.rolesAnywhere ??= describeRolesAnywhere([], options.nowMs);
    this.save();
  }

  get sealKey(): Buffer {
    return Buffer.from(this.#state.sealKey, 'base64');
  }
  get roles(): Role[] {
    return this.#state.roles;
  }
  get users(): User[] {
    return this.#state.users;
  }
  /** Organization, Identity Center and schedules. */
  get organization(): OrganizationState {
    return this.#state.organization;
  }
  get rolesAnywhere(): RolesAnywhereState {
    return this.#state.rolesAnywhere;
  }
  /** Documents of customer managed policies by ARN. */
  get policies(): Record<string, string> {
    return this.#state.policies;
  }
  get buckets(): Bucket[] {
    return this.#state.buckets;
  }
  get oidcProviders(): OidcProvider[] {
    return this.#state.oidcProviders;
  }

  roleByArn(arn: string): Role | null {
    return this.roles.find((role) => roleArn(role) === arn) ?? null;
  }

  role(account: string, name: string): Role | null {
    return this.roles.find((role) => role.account === account && role.name === name) ?? null;
  }

  user(account: string, name: string): User | null {
    return this.users.find((user) => user.account === account && user.name === name) ?? null;
  }

  /** The user that a long-term key belongs to, and the key. */
  userByKey(accessKeyId: string): { user: User; secret: string } | null {
    for (const user of this.users) {
      const key = user.accessKeys.find((one) => one.id === accessKeyId);
      if (key !== undefined) return { user, secret: key.secret };
    }
    return null;
  }

  /** Remembers what a role's policies are: for authorization from `at` on, for IAM's own reads from `readAt` on. */
  publish(role: Role, at: number, readAt = 0): void {
    role.visible.push({ at, readAt, trustPolicy: role.trustPolicy, inlinePolicies: { ...role.inlinePolicies } });
    this.save();
  }

  /** The same for a user. */
  publishUser(user: User, at: number, readAt = 0): void {
    user.visible.push({ at, readAt, inlinePolicies: { ...user.inlinePolicies } });
    this.save();
  }

  /** What authorization knows about a role at a moment. */
  seen(role: Role, nowMs: number): { trustPolicy: Policy; identity: Policy[]; boundary: Policy[] } {
    const view = current(role.visible, nowMs) ?? role;
    return { trustPolicy: this.#parse(view.trustPolicy, 'trust'), ...this.#own(view.inlinePolicies, role) };
  }

  /** What authorization knows about a user at a moment. */
  seenUser(user: User, nowMs: number): { identity: Policy[]; boundary: Policy[] } {
    return this.#own((current(user.visible, nowMs) ?? user).inlinePolicies, user);
  }

  /** The inline policies that IAM's own reads show at a moment. */
  readable(identity: Role | User, nowMs: number): Record<string, string> {
    const shown = identity.visible.findLast((one) => (one.readAt ?? 0) <= nowMs);
    return (shown ?? identity).inlinePolicies;
  }

  #own(inline: Record<string, string>, { permissionsBoundary }: { permissionsBoundary: string | null }) {
    return {
      identity: Object.values(inline).map((text) => this.#parse(text, 'identity')),
      // A boundary that is not there allows nothing, as in AWS.
      boundary:
        permissionsBoundary === null ? [] : [this.#parse(this.policies[permissionsBoundary] ?? DENY_ALL, 'identity')],
    };
  }

  save(): void {
    writeStateFile(this.#file, this.#state);
  }

  #parse(text: string, kind: 'identity' | 'trust'): Policy {
    const key = `${kind} ${text}`;
    const policy = this.#parsed.get(key) ?? parsePolicy(text, kind);
    if (this.#parsed.size > 2_000) this.#parsed.clear();
    this.#parsed.set(key, policy);
    return policy;
  }
}

export const roleArn = (role: Pick<Role, 'account' | 'path' | 'name'>): string =>
  `arn:aws:iam::${role.account}:role${role.path}${role.name}`;

export const userArn = (user: Pick<User, 'account' | 'path' | 'name'>): string =>
  `arn:aws:iam::${user.account}:user${user.path}${user.name}`;

/** The newest entry that authorization sees; what neither it nor a read can see any more is forgotten. */
function current<Entry extends { at: number; readAt?: number }>(entries: Entry[], nowMs: number): Entry | undefined {
  const latest = entries.findLastIndex((one) => one.at <= nowMs);
  const read = entries.findLastIndex((one) => (one.readAt ?? 0) <= nowMs);
  const view = entries[Math.max(latest, 0)];
  entries.splice(0, Math.max(0, Math.min(latest, read)));
  return view;
}

const DENY_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}';

/** An id in AWS's alphabet that follows from names, so that the same description always yields the same ids. */
export function stableId(prefix: string, ...names: readonly string[]): string {
  const digest = createHash('sha256').update(names.join('\n')).digest();
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return prefix + [...digest.subarray(0, 16)].map((byte) => alphabet[byte & 31]).join('');
}

const asText = (document: PolicyDocument): string =>
  typeof document === 'string' ? document : JSON.stringify(document);

function readInline(policies: Readonly<Record<string, PolicyDocument>> = {}): Record<string, string> {
  const inline = Object.fromEntries(Object.entries(policies).map(([name, document]) => [name, asText(document)]));
  for (const document of Object.values(inline)) parsePolicy(document, 'identity');
  return inline;
}

/** `life` makes the ids of identities differ that have had the same name one after the other. */
export function newUser(account: string, description: UserDescription, nowMs: number, life = ''): User {
  const path = description.path ?? '/';
  const inlinePolicies = readInline(description.inlinePolicies);
  const accessKeys = (description.accessKeys ?? []).map((key) => ({ ...key }));
  for (const { id } of accessKeys)
    if (!/^AKIA[A-Z2-7]{16}$/.test(id)) throw new Error(`"${id}" is not the id of a long-term key`);
  return {
    id: stableId('AIDA', account, path, description.name, ...(life === '' ? [] : [life])),
    name: description.name,
    path,
    account,
    createdAt: nowMs,
    inlinePolicies,
    permissionsBoundary: description.permissionsBoundary ?? null,
    accessKeys,
    visible: [{ at: 0, inlinePolicies: { ...inlinePolicies } }],
  };
}

/** `life` as for a user. */
export function newRole(account: string, description: RoleDescription, nowMs: number, life = ''): Role {
  const path = description.path ?? '/';
  const inlinePolicies = readInline(description.inlinePolicies);
  const trustPolicy = asText(description.trustPolicy);
  parsePolicy(trustPolicy, 'trust');
  return {
    id: stableId('AROA', account, path, description.name, ...(life === '' ? [] : [life])),
    name: description.name,
    path,
    account,
    createdAt: nowMs,
    trustPolicy,
    inlinePolicies,
    permissionsBoundary: description.permissionsBoundary ?? null,
    maxSessionDurationSeconds: description.maxSessionDurationSeconds ?? 3600,
    visible: [{ at: 0, trustPolicy, inlinePolicies: { ...inlinePolicies } }],
  };
}

/** A role that a broker's hub role may assume, as a customer's template would make it. */
export function spokeRole(options: {
  readonly name: string;
  readonly hubRoleArn: string;
  readonly externalId: string;
  readonly permissions: PolicyDocument;
  readonly path?: string;
  readonly maxSessionDurationSeconds?: number;
}): RoleDescription {
  const Principal = { AWS: options.hubRoleArn };
  return {
    name: options.name,
    path: options.path ?? '/curfew/',
    maxSessionDurationSeconds: options.maxSessionDurationSeconds ?? 3600,
    inlinePolicies: { permissions: options.permissions },
    trustPolicy: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal,
          Action: 'sts:AssumeRole',
          Condition: {
            StringEquals: { 'sts:ExternalId': options.externalId },
            StringLike: { 'sts:SourceIdentity': '?*', 'aws:RequestTag/curfew-grant': '?*' },
          },
        },
        {
          Effect: 'Allow',
          Principal,
          Action: ['sts:SetSourceIdentity', 'sts:TagSession'],
          Condition: { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['curfew-grant'] } },
        },
      ],
    },
  };
}

function describe(description: WorldDescription, nowMs: number): State {
  const state: State = {
    sealKey: randomBytes(32).toString('base64'),
    roles: [],
    users: [],
    policies: {},
    buckets: [],
    oidcProviders: [],
    organization: describeOrganization(
      description.accounts.map((account) => account.id),
      description,
      nowMs,
    ),
    rolesAnywhere: describeRolesAnywhere(description.accounts, nowMs),
  };
  for (const account of description.accounts) {
    if (!/^\d{12}$/.test(account.id)) throw new Error(`"${account.id}" is not an account id`);
    for (const role of account.roles ?? []) state.roles.push(newRole(account.id, role, nowMs));
    for (const user of account.users ?? []) state.users.push(newUser(account.id, user, nowMs));
    for (const policy of account.policies ?? []) {
      const text = asText(policy.document);
      parsePolicy(text, 'identity');
      state.policies[`arn:aws:iam::${account.id}:policy${policy.path ?? '/'}${policy.name}`] = text;
    }
    for (const bucket of account.buckets ?? []) {
      const objects = Object.fromEntries(
        (bucket.objects ?? []).map((object) => [
          object.key,
          { body: Buffer.from(object.body).toString('base64'), modifiedAt: nowMs },
        ]),
      );
      state.buckets.push({ name: bucket.name, account: account.id, objects });
    }
    for (const provider of account.oidcProviders ?? []) {
      state.oidcProviders.push({
        account: account.id,
        url: provider.url,
        audiences: [...provider.audiences],
        jwksUrl: provider.jwksUrl ?? null,
        keys: [...(provider.keys ?? [])],
      });
    }
  }
  return state;
}
