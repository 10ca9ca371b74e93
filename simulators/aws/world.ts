import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parsePolicy, type Policy } from './policy-parse.ts';

/** A policy document, as an object or as its text. */
export type PolicyDocument = string | { readonly [key: string]: unknown };

/** What a world is described by. Everything that is left out is empty. */
export type WorldDescription = {
  readonly accounts: readonly {
    readonly id: string;
    readonly roles?: readonly RoleDescription[];
    /** Customer managed policies; a role's permissions boundary is one of them. */
    readonly policies?: readonly { readonly name: string; readonly path?: string; readonly document: PolicyDocument }[];
    readonly buckets?: readonly {
      readonly name: string;
      readonly objects?: readonly { readonly key: string; readonly body: string }[];
    }[];
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
  /** What authorization sees: policy writes arrive here later. Newest last; each is in force from `at`. */
  visible: { at: number; trustPolicy: string; inlinePolicies: Record<string, string> }[];
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
  policies: Record<string, string>;
  buckets: Bucket[];
  oidcProviders: OidcProvider[];
};

/** The simulated cloud's memory. Saved whole after each change when it has a file, so that a restart keeps it. */
export class World {
  readonly #state: State;
  readonly #file: string | null;
  readonly #parsed = new Map<string, Policy>();

  constructor(description: WorldDescription, options: { stateFile: string | null; nowMs: number }) {
    this.#file = options.stateFile;
    this.#state =
      this.#file !== null && existsSync(this.#file)
        ? (JSON.parse(readFileSync(this.#file, 'utf8')) as State)
        : describe(description, options.nowMs);
    this.save();
  }

  get sealKey(): Buffer {
    return Buffer.from(this.#state.sealKey, 'base64');
  }
  get roles(): Role[] {
    return this.#state.roles;
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

  /** Remembers what a role's policies are from `at` on, for authorization. */
  publish(role: Role, at: number): void {
    role.visible.push({ at, trustPolicy: role.trustPolicy, inlinePolicies: { ...role.inlinePolicies } });
    this.save();
  }

  /** What authorization knows about a role at a moment. */
  seen(role: Role, nowMs: number): { trustPolicy: Policy; identity: Policy[]; boundary: Policy[] } {
    const latest = role.visible.findLastIndex((one) => one.at <= nowMs);
    if (latest > 0) role.visible.splice(0, latest);
    const view = role.visible[0] ?? role;
    return {
      trustPolicy: this.#parse(view.trustPolicy, 'trust'),
      identity: Object.values(view.inlinePolicies).map((text) => this.#parse(text, 'identity')),
      // A boundary that is not there allows nothing, as in AWS.
      boundary:
        role.permissionsBoundary === null
          ? []
          : [this.#parse(this.policies[role.permissionsBoundary] ?? DENY_ALL, 'identity')],
    };
  }

  /** Writes beside the file and renames: a crash leaves the old state or the new one. */
  save(): void {
    if (this.#file === null) return;
    const draft = `${this.#file}.${process.pid}.tmp`;
    writeFileSync(draft, JSON.stringify(this.#state), { mode: 0o600 });
    renameSync(draft, this.#file);
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

const DENY_ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}';

/** An id in AWS's alphabet that follows from names, so that the same description always yields the same ids. */
export function stableId(prefix: string, ...names: readonly string[]): string {
  const digest = createHash('sha256').update(names.join('\n')).digest();
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return prefix + [...digest.subarray(0, 16)].map((byte) => alphabet[byte & 31]).join('');
}

export function newRole(account: string, description: RoleDescription, nowMs: number): Role {
  const text = (document: PolicyDocument): string =>
    typeof document === 'string' ? document : JSON.stringify(document);
  const path = description.path ?? '/';
  const inlinePolicies = Object.fromEntries(
    Object.entries(description.inlinePolicies ?? {}).map(([name, document]) => [name, text(document)]),
  );
  const trustPolicy = text(description.trustPolicy);
  parsePolicy(trustPolicy, 'trust');
  for (const document of Object.values(inlinePolicies)) parsePolicy(document, 'identity');
  return {
    id: stableId('AROA', account, path, description.name),
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
    policies: {},
    buckets: [],
    oidcProviders: [],
  };
  for (const account of description.accounts) {
    if (!/^\d{12}$/.test(account.id)) throw new Error(`"${account.id}" is not an account id`);
    for (const role of account.roles ?? []) state.roles.push(newRole(account.id, role, nowMs));
    for (const policy of account.policies ?? []) {
      const text = typeof policy.document === 'string' ? policy.document : JSON.stringify(policy.document);
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
