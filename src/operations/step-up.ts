import type { Item } from '../policy/types.ts';
import type { OperationRefusal } from './refusal.ts';
import type { RulesInForce } from './world.ts';

/** Approvals of these tiers are signed by the approver's passkey over what is approved; a terminal cannot give them. */
const SIGNED_TIERS: ReadonlySet<number> = new Set([0, 1]);

/** Whether somebody's approval of these items must be signed by a passkey. */
export function needsSignedApproval(rules: RulesInForce, items: readonly Item[]): boolean {
  return items.some((item) => {
    const tier = rules.policy.roles.get(item.role)?.tier;
    return tier === undefined || canNeedSignature(tier);
  });
}

/** Whether approvals of a tier are signed, if anybody has to approve. */
export function canNeedSignature(tier: number): boolean {
  return SIGNED_TIERS.has(tier);
}

/**
 * There is no page that takes a passkey yet, so a request that would need one is refused when it is made: nobody could
 * approve it, and letting it through without the signature would be a weaker rule than the one that is promised.
 */
export const SIGNED_APPROVAL_MISSING: OperationRefusal = {
  code: 'signed-approval-not-available',
  detail:
    "Approving roles of tier 0 and 1 takes the approver's passkey, and this version has no page that can take one.",
  hint: 'Ask for a role of tier 2 or 3; "curfew search" shows the tiers.',
};
