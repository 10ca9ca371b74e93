import type { JsonObject } from './json.ts';
import type { ProviderName } from './target.ts';

/** 0 = can change who has access, 1 = production change, 2 = production read, 3 = the rest. */
export const TIERS = [0, 1, 2, 3] as const;
export type Tier = (typeof TIERS)[number];

/** Whether approvals of a tier are signed by the approver's passkey, if anybody has to approve. */
export function isSignedTier(tier: number): boolean {
  return tier <= 1;
}

/** How a role is given on AWS by `method: assume-role`. */
export interface AwsAssumeRole {
  readonly method: 'assume-role';
  /** Path and name of the IAM role in the target account, `curfew/invoice-reader`. */
  readonly role: string;
  /** Narrows the IAM role for each session; a parsed IAM policy document. `null`: the role's own permissions. */
  readonly sessionPolicy: JsonObject | null;
  /** Dangerous abilities that the role declares on purpose; everything else of the kind is denied in every session. */
  readonly allows: readonly DangerousAbility[];
}

/** What an IAM identity of a person can be. */
export const AWS_IDENTITIES = ['role', 'user'] as const;
export type AwsIdentity = (typeof AWS_IDENTITIES)[number];

/**
 * How a role is given on AWS by `method: timed-policy`: an inline policy on an IAM role or user that the requester has already, which
 * AWS itself stops believing at the end.
 */
export interface AwsTimedPolicy {
  readonly method: 'timed-policy';
  readonly attachTo: AwsIdentity;
  /** Path below which people's identities lie, with the slash at its end: `people/`. The requester's name in AWS follows it. */
  readonly path: string;
  /** What is allowed as long as the grant lasts; a parsed IAM policy document. */
  readonly policy: JsonObject;
  /** Dangerous abilities that the role declares on purpose; a policy that allows one without declaring it is refused. */
  readonly allows: readonly DangerousAbility[];
}

/**
 * How a role is given on AWS by `method: identity-center`: an account assignment of a permission set to the requester's own user in IAM
 * Identity Center.
 */
export interface AwsIdentityCenter {
  readonly method: 'identity-center';
  /** Name of the permission set, which AWS never changes, so that one set never has two names here. Grants from before may have its ARN. */
  readonly permissionSet: string;
  /**
   * Sessions that are open are cut at the end, by a denial that stands in the permission set before the access begins. For sets that belong
   * to Curfew only. Absent: they go on until they expire.
   */
  readonly tombstone?: true;
}

/**
 * How a role is given on AWS by `method: roles-anywhere`: a certificate of ours for the key of a machine, with which it makes sessions of
 * an IAM role by itself until the grant ends.
 */
export interface AwsRolesAnywhere {
  readonly method: 'roles-anywhere';
  /** Path and name of the IAM role in the target account, `curfew/invoice-reader`. */
  readonly role: string;
  /** Name of the profile of Roles Anywhere in the target account that hands out the role. */
  readonly profile: string;
  /** Narrows the IAM role for each session; stands in the profile, for all grants of the role. `null`: the role's own permissions. */
  readonly sessionPolicy: JsonObject | null;
  /** Dangerous abilities that the role declares on purpose; everything else of the kind is denied in every session. */
  readonly allows: readonly DangerousAbility[];
}

/** How a role is given on AWS. */
export type AwsDefinition = AwsAssumeRole | AwsTimedPolicy | AwsIdentityCenter | AwsRolesAnywhere;

/**
 * How a role is given on Azure by `method: rbac`: a role assignment to the requester's own Entra user, at the target or at one place below it.
 */
export interface AzureRbac {
  readonly method: 'rbac';
  /** GUID of the role definition, in lower case. */
  readonly roleDefinition: string;
  /** What people call it; the GUID itself for a role that Azure does not have. */
  readonly roleName: string;
  /** Path below the target, like `resourceGroups/data`; empty: the target itself. */
  readonly scope: string;
  /** What Azure itself ends, by a condition in the assignment; `null`: only whoever deletes the assignment ends it. */
  readonly nativeEnd: AzureNativeEnd | null;
}

/** What a condition ends at its time. */
export interface AzureNativeEnd {
  /** All data actions of the role: one that a condition does not name passes it. */
  readonly actions: readonly string[];
  /** Beside these the role can only read, so nothing that changes anything is left after the end. */
  readonly whole: boolean;
}

/**
 * How a role is given on Azure by `method: pim`: an active assignment of Privileged Identity Management, which takes it away at its end. Placed
 * as by `rbac`.
 */
export interface AzurePim extends Pick<AzureRbac, 'roleDefinition' | 'roleName' | 'scope'> {
  readonly method: 'pim';
}

/** How a role is given on Azure. */
export type AzureDefinition = AzureRbac | AzurePim;

/** What lets access outlive its grant, and is therefore denied in every session unless the role declares it. */
export const DANGEROUS_ABILITIES = ['role-chaining', 'pass-role', 'create-keys'] as const;
export type DangerousAbility = (typeof DANGEROUS_ABILITIES)[number];

/** What can be asked for: a named, described, tiered set of cloud permissions, defined per provider and method. */
export interface Role {
  readonly name: string;
  readonly tier: Tier;
  readonly categories: readonly string[];
  /** `group:data-leads` or `person:ana`: who answers for this role. */
  readonly owner: string;
  readonly description: string;
  /** Access begins only while every sweeper of the cloud has run within this time. Absent: whether or not one runs. */
  readonly sweeperMaxAgeMs?: number;
  readonly aws: AwsDefinition | null;
  readonly azure: AzureDefinition | null;
  /** Google's definition is kept as written until its provider exists; the catalogue says that it cannot be requested yet. */
  readonly gcp: JsonObject | null;
}

/** Whether the role says how to provide it on a cloud. */
export function definedOn(role: Role, provider: ProviderName): boolean {
  return role[provider] !== null;
}
