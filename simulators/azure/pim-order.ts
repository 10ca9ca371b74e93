import { AzureError } from './azure-error.ts';
import { stableGuid } from './guid.ts';
import { durationMs } from './iso-duration.ts';
import { failedRules, wantsApproval, type PimRules } from './pim-policy.ts';
import type { PimAction, PimExpiration, PimRequest, PimSchedule, PimTarget, PimWords } from './pim-state.ts';

/** What somebody asks of PIM. */
export type PimOrder = {
  readonly target: PimTarget;
  /** Keys of the scope and of everything above it: an eligibility on any of them can be activated. */
  readonly chain: readonly string[];
  readonly principalType: string;
  readonly action: PimAction;
  readonly id: string;
  /** Null: at once. */
  readonly startsAt: number | null;
  readonly expiration: PimExpiration | null;
  /** The schedule that is to be changed or taken away; null: whichever there is. */
  readonly meant: string | null;
  /** The schedule of the eligibility that is to be activated; null: whichever there is. */
  readonly linked: string | null;
  readonly words: PimWords;
  readonly requestorId: string;
  /** Whether the caller's token says that they proved themselves twice. */
  readonly mfa: boolean;
};

/** What is known about the target of an order. */
export type PimFacts = {
  readonly now: number;
  readonly found: PimSchedule | null;
  /** Whether the access is there, whoever gave it. */
  readonly isThere: boolean;
  /** Whether another request about it is on its way. */
  readonly isPending: boolean;
  readonly eligibility: PimSchedule | null;
  readonly rules: PimRules;
  /** No assignment is shorter, and none is taken away sooner (pim-resource-roles-assign-roles). */
  readonly shortestMs: number;
};

export const isRemoval = (action: PimAction): boolean => action === 'AdminRemove' || action === 'SelfDeactivate';
export const isNew = (action: PimAction): boolean => action === 'AdminAssign' || action === 'SelfActivate';

const refused = (code: string, message: string): AzureError => new AzureError(400, code, message);
const pending = (): AzureError =>
  refused('PendingRoleAssignmentRequest', 'There is already an existing pending Role assignment request.');
const absent = (): AzureError => refused('RoleAssignmentDoesNotExist', 'The Role assignment does not exist.');
const tooShort = (): AzureError =>
  refused('ActiveDurationTooShort', 'The Active duration is too short. Miniumum Required is 5 minutes.');

/** A request that takes something away; throws why it is refused. */
export function draftRemoval(order: PimOrder, facts: PimFacts): PimRequest {
  const { found, now, isThere, isPending } = facts;
  const isActive = order.target.access === 'active';
  // Reported: what is not there yet cannot be taken away.
  if (isPending) throw found?.since == null ? absent() : pending();
  if (order.meant !== null && order.meant !== found?.id) throw absent();
  if (found === null ? !isActive || !isThere : found.endsAt !== null && found.endsAt <= now) throw absent();
  if (order.action === 'SelfDeactivate' && found?.assignmentType !== 'Activated') throw absent();
  const since = found?.since ?? null;
  if (isActive && since !== null && since + facts.shortestMs > now) throw tooShort();
  const scheduleId = found?.id ?? stableGuid(order.id, 'schedule');
  return { ...draft(order, facts, scheduleId), status: 'Revoked', completedOn: now };
}

/** A request that assigns something, activates it or changes its end; throws why it is refused. */
export function draftAssignment(order: PimOrder, facts: PimFacts): PimRequest {
  const { target, expiration, action } = order;
  const { found, now, isThere, isPending, eligibility, rules } = facts;
  if (isPending) throw pending();
  if (isNew(action) && (isThere || found !== null))
    throw refused('RoleAssignmentExists', 'The Role assignment already exists.');
  if (!isNew(action) && order.meant !== null && order.meant !== found?.id) throw absent();
  if (!isNew(action) && (found === null || (found.endsAt !== null && found.endsAt <= now))) throw absent();
  if (expiration === null) throw refused('InvalidRoleAssignmentRequest', 'The role assignment request is invalid.');
  const begin = isNew(action) ? Math.max(now, order.startsAt ?? now) : (order.startsAt ?? found?.startsAt ?? now);
  const asked = endOf(expiration, begin);
  requireRules(order, facts, asked === null ? null : asked - begin);
  const startsAt = found?.startsAt ?? begin;
  const endsAt = earlier(asked, eligibility?.endsAt ?? null);
  if (target.access === 'active' && endsAt !== null && endsAt - startsAt < facts.shortestMs) throw tooShort();
  const waits = action === 'SelfActivate' && wantsApproval(rules);
  const status = waits ? 'PendingApproval' : isNew(action) && startsAt > now ? 'Granted' : 'PendingProvisioning';
  const scheduleId = found?.id ?? stableGuid(order.id, 'schedule');
  return { ...draft(order, facts, scheduleId), startsAt, endsAt, status };
}

/** What a request brings about, once it is provided. */
export function scheduleOf(request: PimRequest, startsAt: number): PimSchedule {
  const { id, kind, access, tenant, scope, scopeKey, role, principalId, principalType } = request;
  return {
    ...{ kind, access, tenant, scope, scopeKey, role, principalId, principalType },
    id: request.scheduleId,
    assignmentType: request.action === 'SelfActivate' ? 'Activated' : 'Assigned',
    requestId: id,
    linked: request.linked,
    condition: request.condition,
    conditionVersion: request.conditionVersion,
    createdOn: request.createdOn,
    updatedOn: request.createdOn,
    startsAt,
    endsAt: request.endsAt,
    since: null,
    goesAt: null,
  };
}

function draft(order: PimOrder, facts: PimFacts, scheduleId: string): PimRequest {
  return {
    ...order.target,
    ...order.words,
    id: order.id,
    action: order.action,
    principalType: order.principalType,
    requestorId: order.requestorId,
    createdOn: facts.now,
    startsAt: null,
    endsAt: null,
    expiration: order.expiration,
    scheduleId,
    linked: facts.eligibility?.id ?? null,
    status: 'PendingProvisioning',
    completedOn: null,
    due: null,
  };
}

function requireRules(order: PimOrder, { eligibility, rules }: PimFacts, lengthMs: number | null): void {
  const { target, expiration, words, mfa } = order;
  const self = order.action === 'SelfActivate';
  const eligible = target.access === 'eligible';
  // Reported: without a length an eligibility is permanent, and an assignment refused.
  const isEndless = expiration?.type === 'AfterDuration' && expiration.duration === null;
  const failed = new Set([
    ...(self && eligibility === null ? ['EligibilityRule'] : []),
    ...(isEndless && !eligible ? ['ExpirationRule'] : []),
    ...failedRules(rules, { ...words, self, eligible, mfa, lengthMs: isEndless && eligible ? 0 : lengthMs }),
  ]);
  if (failed.size > 0)
    throw refused(
      'RoleAssignmentRequestPolicyValidationFailed',
      `The following policy rules failed: ${JSON.stringify([...failed])}`,
    );
  if (self && rules['AuthenticationContext_EndUser_Assignment']?.['isEnabled'] === true)
    throw refused('RoleAssignmentRequestAcrsValidationFailed', 'An authentication context is required.');
}

function endOf(expiration: PimExpiration, begin: number): number | null {
  switch (expiration.type) {
    case 'NoExpiration':
      return null;
    case 'AfterDuration': {
      if (expiration.duration === null) return null;
      const lengthMs = durationMs(expiration.duration);
      if (lengthMs === null) throw refused('InvalidRoleAssignmentRequest', 'The role assignment request is invalid.');
      return begin + lengthMs;
    }
    case 'AfterDateTime': {
      const end = Date.parse(expiration.endDateTime ?? '');
      if (Number.isNaN(end)) throw refused('InvalidRoleAssignmentRequest', 'The role assignment request is invalid.');
      return end;
    }
  }
}

const earlier = (one: number | null, other: number | null): number | null =>
  one === null ? other : other === null ? one : Math.min(one, other);
