import { durationMs } from './iso-duration.ts';

/** The rules of a policy by their ids, each with the members that its type has. */
export type PimRules = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
/** `modifiedOn` and `modifiedBy` are null where nobody changed it. */
export type PimPolicy = {
  readonly rules: PimRules;
  readonly modifiedOn: number | null;
  readonly modifiedBy: string | null;
};
/** Policies that somebody changed, by target. What nobody changed is as it is everywhere. */
export type PimPolicies = Record<string, PimPolicy>;

type Caller = 'Admin' | 'EndUser';
type Level = 'Eligibility' | 'Assignment';

const notification = (recipientType: string): Readonly<Record<string, unknown>> => ({
  notificationType: 'Email',
  recipientType,
  isDefaultRecipientsEnabled: true,
  notificationLevel: 'All',
  notificationRecipients: [],
});
const notifications = (caller: Caller, level: Level): PimRules =>
  Object.fromEntries(
    ['Admin', 'Requestor', 'Approver'].map((one) => [`Notification_${one}_${caller}_${level}`, notification(one)]),
  );

/** As Azure has them before anybody changes them (pim-resource-roles-configure-role-settings). */
export const DEFAULT_RULES: PimRules = {
  Expiration_Admin_Eligibility: { isExpirationRequired: true, maximumDuration: 'P365D' },
  Enablement_Admin_Eligibility: { enabledRules: [] },
  ...notifications('Admin', 'Eligibility'),
  Enablement_Admin_Assignment: { enabledRules: ['Justification'] },
  Expiration_Admin_Assignment: { isExpirationRequired: true, maximumDuration: 'P180D' },
  ...notifications('Admin', 'Assignment'),
  Approval_EndUser_Assignment: {
    setting: {
      isApprovalRequired: false,
      isApprovalRequiredForExtension: false,
      isRequestorJustificationRequired: true,
      approvalMode: 'SingleStage',
      approvalStages: [],
    },
  },
  AuthenticationContext_EndUser_Assignment: { isEnabled: false, claimValue: '' },
  Enablement_EndUser_Assignment: { enabledRules: ['MultiFactorAuthentication', 'Justification'] },
  Expiration_EndUser_Assignment: { isExpirationRequired: true, maximumDuration: 'PT8H' },
  ...notifications('EndUser', 'Assignment'),
};

/** The type of a rule, as its id says it: `Expiration_Admin_Assignment` is a `RoleManagementPolicyExpirationRule`. */
export const ruleTypeOf = (id: string): string => `RoleManagementPolicy${id.split('_')[0] ?? ''}Rule`;

/** Whom a rule is about, as its id says it. */
export function ruleTarget(id: string): Readonly<Record<string, unknown>> {
  const [level, caller] = id.split('_').reverse();
  return { caller, operations: ['All'], level, targetObjects: null, inheritableSettings: null, enforcedSettings: null };
}

/** What a request must satisfy. */
export type Judged = {
  readonly self: boolean;
  readonly eligible: boolean;
  readonly lengthMs: number | null;
  /** Whether the caller's token says that they proved themselves twice. */
  readonly mfa: boolean;
  readonly justification: string | null;
  readonly ticketNumber: string | null;
  readonly ticketSystem: string | null;
};

/** Names of the rules that a request does not satisfy, as Azure lists them. */
export function failedRules(policy: PimRules, request: Judged): readonly string[] {
  const suffix = request.eligible ? 'Admin_Eligibility' : request.self ? 'EndUser_Assignment' : 'Admin_Assignment';
  const expiration = policy[`Expiration_${suffix}`] ?? {};
  const enabled = policy[`Enablement_${suffix}`]?.['enabledRules'];
  const wants = (rule: string): boolean => Array.isArray(enabled) && enabled.includes(rule);
  const failed: string[] = [];
  if (isTooLong(expiration, request.lengthMs)) failed.push('ExpirationRule');
  if (wants('MultiFactorAuthentication') && !request.mfa) failed.push('MfaRule');
  if (wants('Justification') && (request.justification ?? '').trim() === '') failed.push('JustificationRule');
  if (wants('Ticketing') && (!request.ticketNumber || !request.ticketSystem)) failed.push('TicketingRule');
  return failed;
}

function isTooLong(rule: Readonly<Record<string, unknown>>, lengthMs: number | null): boolean {
  if (rule['isExpirationRequired'] !== true) return false;
  const longest = durationMs(String(rule['maximumDuration'] ?? ''));
  return lengthMs === null || (longest !== null && lengthMs > longest);
}

/** Whether somebody must agree before an activation. */
export function wantsApproval(policy: PimRules): boolean {
  const setting = policy['Approval_EndUser_Assignment']?.['setting'];
  return (
    typeof setting === 'object' &&
    setting !== null &&
    'isApprovalRequired' in setting &&
    setting.isApprovalRequired === true
  );
}
