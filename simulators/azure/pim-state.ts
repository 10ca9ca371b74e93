import type { PimPolicies } from './pim-policy.ts';

/** What PIM assigns: roles of Resource Manager, memberships of groups, roles of Entra. */
export type PimKind = 'arm' | 'group' | 'entra';
/** Access that is there, or that its holder can activate. */
export type PimAccess = 'active' | 'eligible';
export type PimAction = (typeof PIM_ACTIONS)[number];
export const PIM_ACTIONS = [
  'AdminAssign',
  'AdminRemove',
  'AdminUpdate',
  'AdminExtend',
  'SelfActivate',
  'SelfDeactivate',
] as const;

/** What becomes of a request; Azure has more. */
export const PIM_STATUSES = [
  'Granted',
  'PendingProvisioning',
  'Provisioned',
  'PendingApproval',
  'Denied',
  'Failed',
  'FailedAsResourceIsLocked',
  'Canceled',
  'PendingRevocation',
  'Revoked',
] as const;
export type PimStatus = (typeof PIM_STATUSES)[number];

/** Who is assigned what, on what. `role` is a GUID, or `member` of a group; the scope of a group is its id. */
export type PimTarget = {
  readonly kind: PimKind;
  readonly access: PimAccess;
  readonly tenant: string;
  readonly scope: string;
  readonly scopeKey: string;
  readonly role: string;
  readonly principalId: string;
};

/** A member of a group, as PIM names it. */
export const membership = (
  tenant: { readonly id: string },
  group: string,
  access: PimAccess,
  principalId: string,
): PimTarget => ({
  kind: 'group',
  access,
  tenant: tenant.id,
  scope: group,
  scopeKey: group,
  role: 'member',
  principalId,
});

export type PimExpiration = {
  readonly type: 'AfterDuration' | 'AfterDateTime' | 'NoExpiration';
  readonly duration: string | null;
  readonly endDateTime: string | null;
};

/** What a request says beside its target. */
export type PimWords = {
  readonly justification: string | null;
  readonly ticketNumber: string | null;
  readonly ticketSystem: string | null;
  readonly condition: string | null;
  readonly conditionVersion: string | null;
  readonly customData: string | null;
};

export type PimRequest = PimTarget &
  PimWords & {
    readonly id: string;
    readonly action: PimAction;
    readonly principalType: string;
    readonly requestorId: string;
    readonly createdOn: number;
    /** Both are null where something is taken away; an end that is null is none. */
    readonly startsAt: number | null;
    readonly endsAt: number | null;
    readonly expiration: PimExpiration | null;
    readonly scheduleId: string;
    /** The schedule of the eligibility that is activated. */
    readonly linked: string | null;
    status: PimStatus;
    completedOn: number | null;
    /** What it becomes next, and when. */
    due: { at: number; status: PimStatus } | null;
  };

/** What a request brought about. It is gone when what it stands for is gone. */
export type PimSchedule = PimTarget & {
  readonly id: string;
  readonly principalType: string;
  readonly assignmentType: 'Assigned' | 'Activated';
  readonly requestId: string;
  readonly linked: string | null;
  readonly condition: string | null;
  readonly conditionVersion: string | null;
  readonly createdOn: number;
  updatedOn: number;
  startsAt: number;
  endsAt: number | null;
  /** Since when it is in force; null: not yet. */
  since: number | null;
  /** When it will be taken away: some time after its end, or after somebody asked for that. */
  goesAt: number | null;
};

/** What a test wants of the next requests. */
export type PimOutcome = {
  readonly kind: PimKind;
  readonly action: PimAction;
  readonly status: PimStatus;
  readonly delayMs: number;
  left: number;
};

export type PimState = {
  requests: PimRequest[];
  schedules: PimSchedule[];
  policies: PimPolicies;
  outcomes: PimOutcome[];
};
