/** What `curfew` tells a script. The numbers are a contract (docs/cli.md): they are never reused for something else. */
export const EXIT = {
  ok: 0,
  error: 1,
  usage: 2,
  /** A rule or a person said no, or there is no grant. */
  denied: 3,
  /** Nobody has decided yet, or the waiting took longer than it was allowed to. */
  pending: 4,
  notAuthenticated: 5,
  /** The rule wants a stronger or fresher proof of who you are. */
  stepUp: 6,
  /** A request lapsed or a grant is over. */
  expired: 7,
  /** The cloud failed, not Curfew. */
  provider: 8,
  /** Something was found that only a person can judge: by `sweep`, or access that remains after `revoke`. */
  alarm: 9,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
