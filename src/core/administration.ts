import { after, type Instant } from './time.ts';

/** Roles of Curfew itself. Whoever has one sees everything, and decides nothing by that; an admin changes who has which. */
export const CURFEW_ROLES = ['auditor', 'admin'] as const;
export type CurfewRole = (typeof CURFEW_ROLES)[number];

/** What can be proposed: that somebody gets a role, or loses it. */
export const ROLE_ACTIONS = ['appoint', 'dismiss'] as const;
export type RoleAction = (typeof ROLE_ACTIONS)[number];

/** What became of a proposal. One that nobody decided in time has lapsed; nothing is written for that. */
export type ProposalOutcome = 'confirmed' | 'refused' | 'withdrawn';

const DAY_MS = 24 * 3_600_000;

/** When a proposal, or a code, that is made now can no longer be used. */
export function lapsesAfterADay(now: Instant): Instant {
  return after(now, DAY_MS);
}
