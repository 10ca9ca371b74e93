/**
 * What people are told about requests and grants without having asked. The first three go to whoever can decide, the others to whoever
 * asked. What somebody did themselves a moment ago (asked, withdrew, was approved by rule) is no news to them and has no kind.
 */
export const NOTIFICATIONS = [
  'waits',
  'escalated',
  'decide-again',
  'approved',
  'denied',
  'lapsed',
  'withdrawn',
  'active',
  'ending-soon',
  'extended',
  'not-extended',
  'ended',
  'failed',
  'not-gone',
] as const;
export type NotificationKind = (typeof NOTIFICATIONS)[number];

/**
 * What somebody is told of their own keys, accounts and roles, and of what waits for them because others depend on it. Nobody turns it off:
 * whoever takes over a sign-in must not be able to keep its owner from hearing of it.
 */
export const OWN_NEWS = [
  'passkey-registered',
  'passkey-removed',
  'recovery-asked',
  'recovery-waits',
  'recovery-confirmed',
  'recovery-opened',
  'role-proposed',
  'role-appointed',
  'role-dismissed',
  'role-ended',
  'role-changed',
  'change-unsigned',
  'left-under-one-entry',
  'admin-code-issued',
  'proposal-waits',
  'order-waits',
  'more-recoveries',
  'more-orders',
  'account-linked',
  'account-unlinked',
  'accounts-forgotten',
  'persons-merged',
] as const;
export type OwnNews = (typeof OWN_NEWS)[number];

export type MessageKind = NotificationKind | OwnNews;

/** What became of one message: `overtaken`, it was no news any more; `refused`, the receiving side will never take it. */
export const NOTIFICATION_OUTCOMES = ['sent', 'overtaken', 'muted', 'no-address', 'refused', 'given-up'] as const;
export type NotificationOutcome = (typeof NOTIFICATION_OUTCOMES)[number];

/** How long what waits for somebody is held back: what is decided at once, or taken back, is told to nobody. */
export const WAITS_HELD_MS = 5_000;

/**
 * How long whoever is on call has for themselves, where a step names a rotation; then all others whom the step names are asked. The first of
 * the two times of 5 and 15 minutes at which on-call tools ask the next person.
 */
export const ON_CALL_ALONE_MS = 5 * 60_000;

/** How long *approved* is held back: where the access is usable by then, that message says who approved it, and one is enough. */
export const APPROVED_HELD_MS = 60_000;

const SHORTEST_WARNING_MS = 5 * 60_000;

/**
 * How long before its end the holder of a grant is told: 10 % of its time, at least five minutes. `null`: that would be more than half of
 * the time, and no warning.
 */
export function warningMs(durationMs: number): number | null {
  const leadMs = Math.max(SHORTEST_WARNING_MS, durationMs / 10);
  return leadMs > durationMs / 2 ? null : leadMs;
}
