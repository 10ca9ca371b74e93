import type { Range } from '../shared/draw.ts';
import { changeSettings } from '../shared/settings.ts';

/** How the organization-wide services behave in time. Documentation gives few of these; the defaults are what others report. */
export type CloudSettings = {
  /** How long the creation or deletion of an account assignment is IN_PROGRESS. */
  readonly assignmentMs: Range;
  readonly provisioningMs: Range;
  /** How long lists do not show a change. */
  readonly listDelayMs: Range;
  /** How long the lists of which account has which permission set, and whether as it is now, do not show a change. */
  readonly accountsDelayMs: Range;
  /** How late a schedule fires. AWS documents a precision of 60 seconds. */
  readonly fireDelayMs: Range;
  /** Wait before the first retry of an invocation; it doubles, up to eight minutes. */
  readonly retryBaseMs: number;
  /** Whether an invocation that was refused (a 4xx that is no throttling) is tried again. */
  readonly retryRefused: boolean;
  /**
   * What becomes of a permission set's role when its last assignment in an account is gone. AWS deletes it; `kept` is the worst
   * that it says about sessions: they go on until they expire.
   */
  readonly roleAfterLastAssignment: 'kept' | 'deleted';
  /** Calls per second over all operations of sso-admin together; also the size of the burst. */
  readonly ssoCallsPerSecond: number;
  /** Calls per second of each operation of Roles Anywhere's control plane; also the size of the burst. */
  readonly rolesAnywhereCallsPerSecond: number;
  /** Asynchronous operations that may be IN_PROGRESS at once. */
  readonly outstandingOperations: number;
  readonly seed: number;
};

export const defaultSettings: CloudSettings = {
  assignmentMs: [1_000, 4_000],
  provisioningMs: [1_000, 4_000],
  listDelayMs: [0, 1_000],
  accountsDelayMs: [0, 1_000],
  fireDelayMs: [0, 59_000],
  retryBaseMs: 1_000,
  retryRefused: true,
  roleAfterLastAssignment: 'kept',
  ssoCallsPerSecond: 20,
  rolesAnywhereCallsPerSecond: 1,
  outstandingOperations: 10,
  seed: 1,
};

/** Settings with some changed, as `POST /_sim/settings` sends them. Throws an Error for what is no setting. */
export const changedSettings = (old: CloudSettings, changes: Readonly<Record<string, unknown>>): CloudSettings =>
  changeSettings(defaultSettings, old, changes, { roleAfterLastAssignment: ['kept', 'deleted'] });
