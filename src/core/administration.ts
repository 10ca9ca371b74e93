import type { AccountId, PersonId } from './ids.ts';
import { after, type Instant } from './time.ts';

/** Roles of Curfew itself. Whoever has one sees everything, and decides nothing by that; an admin proposes and confirms changes. */
export const CURFEW_ROLES = ['auditor', 'admin'] as const;
export type CurfewRole = (typeof CURFEW_ROLES)[number];

/** What can be proposed of a role: that somebody gets it, or loses it. */
export const ROLE_ACTIONS = ['appoint', 'dismiss'] as const;
export type RoleAction = (typeof ROLE_ACTIONS)[number];

/** What becomes of live access that lacks an approval once two persons are one. */
export const MERGE_GRANTS = ['end', 'keep'] as const;
export type MergeGrants = (typeof MERGE_GRANTS)[number];

/**
 * What an admin can propose, and no admin does alone: to change who has a role, to write that two persons are one human, to let an account
 * pass on to another human. `person` is whom it is about: of two who are merged the one that both are counted as, of an account
 * whoever it was proven for.
 */
export type ProposedChange =
  | { readonly action: RoleAction; readonly person: PersonId; readonly role: CurfewRole }
  | { readonly action: 'merge'; readonly person: PersonId; readonly other: PersonId; readonly grants: MergeGrants }
  | { readonly action: 'release'; readonly person: PersonId; readonly account: AccountId };
export type ProposedAction = ProposedChange['action'];

/** What became of a proposal. One that nobody decided in time has lapsed; nothing is written for that. */
export type ProposalOutcome = 'confirmed' | 'refused' | 'withdrawn';

const DAY_MS = 24 * 3_600_000;

/** When a proposal, or a code, that is made now can no longer be used. */
export function lapsesAfterADay(now: Instant): Instant {
  return after(now, DAY_MS);
}
