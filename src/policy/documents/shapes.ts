import type { JsonObject } from '../../core/json.ts';
import type { AwsIdentity, DangerousAbility, Tier } from '../../core/role.ts';

/** The shapes of documents after `checkDocument` has accepted them: what the JSON Schemas in `docs/schema/` say, as types. */
export interface RoleDocument {
  readonly name: string;
  readonly tier: Tier;
  readonly category?: readonly string[];
  readonly owner: string;
  readonly description: string;
  readonly require?: { readonly sweeper: string };
  readonly aws?: {
    readonly method: 'assume-role' | 'timed-policy' | 'identity-center' | 'roles-anywhere';
    /** The schema sees to it that `assume-role` and `roles-anywhere` have this. */
    readonly role?: string;
    readonly sessionPolicy?: string;
    /** And that `timed-policy` has these three. */
    readonly attachTo?: AwsIdentity;
    readonly path?: string;
    readonly policy?: string;
    /** And that `identity-center` has this. */
    readonly permissionSet?: string;
    readonly tombstone?: true;
    /** And that `roles-anywhere` has this. */
    readonly profile?: string;
    readonly allows?: readonly DangerousAbility[];
  };
  readonly azure?: {
    /** Absent: `rbac`. */
    readonly method?: 'rbac' | 'pim';
    readonly role: string;
    readonly scope?: string;
  };
  readonly gcp?: JsonObject;
}

export interface WhoShape {
  readonly groups?: readonly string[];
  readonly people?: readonly string[];
  readonly everyone?: true;
}

export type RolesShape =
  'all' | readonly string[] | { readonly tier?: readonly Tier[]; readonly category?: readonly string[] };

export type TargetsShape = 'all' | Readonly<Record<string, string | readonly string[]>>;

export interface RequireShape {
  readonly reason?: { readonly min: number };
  readonly ticket?: string;
  readonly mfa?: { readonly maxAge: string };
}

export interface StepShape {
  readonly from: readonly string[];
  readonly count?: number;
  readonly when?: string;
  readonly unless?: string;
  readonly escalate?: { readonly after: string; readonly to: readonly string[] };
}

export interface PolicyDocument {
  readonly name: string;
  readonly who: WhoShape;
  readonly roles: RolesShape;
  readonly targets: TargetsShape;
  readonly when?: string | readonly string[];
  readonly unless?: string;
  readonly supersededBy?: readonly string[];
  readonly duration?: { readonly default?: string; readonly max?: string; readonly extensions?: number };
  readonly require?: RequireShape;
  readonly approval?: readonly StepShape[];
}

export interface GuardrailDocument {
  readonly name: string;
  readonly description?: string;
  readonly who?: WhoShape;
  readonly roles?: RolesShape;
  readonly targets?: TargetsShape;
  readonly deny?: string;
  readonly when?: string;
  readonly limit?: { readonly max: string };
  readonly require?: RequireShape;
}
