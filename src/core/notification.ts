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

/** What became of one message: `overtaken`, it was no news any more; `refused`, the receiving side will never take it. */
export const NOTIFICATION_OUTCOMES = ['sent', 'overtaken', 'muted', 'no-address', 'refused', 'given-up'] as const;
export type NotificationOutcome = (typeof NOTIFICATION_OUTCOMES)[number];

const SHORTEST_WARNING_MS = 5 * 60_000;

/**
 * How long before its end the holder of a grant is told: 10 % of its time, at least five minutes. `null`: that would be more than half of
 * the time, and no warning.
 */
export function warningMs(durationMs: number): number | null {
  const leadMs = Math.max(SHORTEST_WARNING_MS, durationMs / 10);
  return leadMs > durationMs / 2 ? null : leadMs;
}
