import type { DangerousAbility } from '../../core/role.ts';
import { CLOCK_TOLERANCE_MS } from '../calling.ts';
import type { MethodCapabilities, Residual } from '../contract.ts';

/** AWS issues no session shorter than this (API reference, AssumeRole, DurationSeconds). */
export const SHORTEST_SESSION_S = 900;

/**
 * AWS's limit for a session that was got with the credentials of another session ("role chaining"). The broker's own
 * identity is always a session, so it holds whatever the role's MaxSessionDuration says, which is never less than this.
 */
export const LONGEST_SESSION_S = 3_600;

/**
 * How long a call that we gave up on may still come to anything. AWS's request timeouts are shorter than a minute and a signature is good for
 * five, but a request that has been received is either performed or dropped well within a minute; and what it has written at last needs some
 * seconds more to reach every part of AWS (others have measured about 4).
 */
export const ABANDONED_CALL_MS = 65_000;

/**
 * AWS does not say how many calls of IAM that write it takes; it is a bucket for each account, and it is small. What others do there draws
 * on it too, so this is well below of what is reported to work.
 */
export const IAM_WRITES = { perSecond: 5, burst: 20, calls: 1 };

/** What `method: assume-role` promises. */
export const ASSUME_ROLE: MethodCapabilities = {
  method: 'assume-role',
  slot: 'per-grant',
  endedBy: 'cloud',
  cut: { possible: true, withinMs: 5_000 },
  residual: {
    maxMs: CLOCK_TOLERANCE_MS,
    words:
      'At its end AWS refuses every call of the session, to the second of its own clock (at most 5 s from ours, or nothing is issued). ' +
      'After an early end the refusal needs about 4 s to reach every part of AWS; AWS itself promises no bound. ' +
      'Connections that are open, and things that the session started, go on.',
  },
  // The exact end stands in the session policy, so a grant may be shorter than the shortest session.
  shortestDurationMs: 1_000,
  earliestRemovalMs: 0,
  settleMs: 30_000,
  abandonedCallMs: ABANDONED_CALL_MS,
  proofAtExpiry: 'by-construction',
  endsApart: true,
  rungs: [
    "Deny every session of the grant, by an entry in the role's revocation policy",
    'Deny every session of the role that was issued until now; live grants get new credentials',
  ],
};

/** What `method: timed-policy` promises. */
export const TIMED_POLICY: MethodCapabilities = {
  method: 'timed-policy',
  slot: 'per-grant',
  endedBy: 'cloud',
  cut: { possible: true, withinMs: 5_000 },
  residual: {
    maxMs: CLOCK_TOLERANCE_MS,
    words:
      'At its end AWS stops believing the policy at every call, also of sessions that are open, to the second of its own clock (at most 5 s ' +
      'from ours, or nothing is put). After an early end the removal needs about 4 s to reach every part of AWS; AWS itself promises no ' +
      'bound. What the identity may do otherwise is not touched. Connections that are open, and things that were started, go on.',
  },
  shortestDurationMs: 1_000,
  earliestRemovalMs: 0,
  settleMs: 30_000,
  abandonedCallMs: ABANDONED_CALL_MS,
  proofAtExpiry: 'by-construction',
  rungs: [
    'Delete the policy from the identity',
    'Put a deny of all that the policy allowed in its place, when it cannot be deleted',
  ],
};

/** The longest that a session may be which a permission set of Curfew's roles hands out: AWS's shortest (API reference, SessionDuration). */
export const LONGEST_SSO_SESSION_MS = 3_600_000;

/**
 * What `method: identity-center` promises. Its schedule may fire a minute late (EventBridge Scheduler's precision), also after an early end:
 * until then nothing counts as settled.
 */
export const IDENTITY_CENTER: MethodCapabilities = {
  method: 'identity-center',
  slot: 'shared',
  endedBy: 'cloud',
  cut: { possible: false },
  residual: {
    maxMs: LONGEST_SSO_SESSION_MS,
    words:
      'No new session begins later than a minute after the end and the seconds that AWS takes for the removal, even when Curfew is gone. ' +
      'Sessions that began before it go on until they expire, ' +
      'at most an hour after the end; AWS cannot end them with the assignment. Connections that are open, and things that were started, go on.',
  },
  shortestDurationMs: 60_000,
  earliestRemovalMs: 0,
  settleMs: 300_000,
  abandonedCallMs: 90_000,
  proofAtExpiry: 'observed',
  rungs: ['Remove the account assignment'],
};

/** The same for a role with `tombstone: true`, before it is known whether its permission set has room for one. */
export const TOMBSTONE_RESIDUAL: Residual = {
  maxMs: LONGEST_SSO_SESSION_MS,
  words:
    'Before the access begins, a denial of every call of the person from the end on is put into the permission set: at the end AWS refuses ' +
    'sessions that began before it too, to the second of its own clock, even when Curfew is gone; after an early end, within the seconds that ' +
    'AWS takes to bring the denial to the account. If the policy of the set is full when the access begins, which the grant then says, those ' +
    'sessions go on until they expire, at most an hour after the end. No new session begins later than a minute after the end and the seconds ' +
    'that AWS takes for the removal. Connections that are open, and things that were started, go on.',
};

/** What holds when the denial is in force. */
export const CUT_RESIDUAL: Residual = {
  maxMs: CLOCK_TOLERANCE_MS,
  words:
    'At the end AWS refuses every call of every session, also of those that began before it, to the second of its own clock (at most 5 s from ' +
    'ours), even when Curfew is gone: the denial stands in the permission set, and in the account. After an early end this takes the seconds ' +
    'that AWS needs to bring it to the account, and the grant is not over before. Connections that are open, and things that were started, go on.',
};

/** What holds when there was no room for it. */
export const UNCUT_RESIDUAL: Residual = {
  maxMs: LONGEST_SSO_SESSION_MS,
  words: `The policy of the permission set had no room for a denial when this access began. ${IDENTITY_CENTER.residual.words}`,
};

/** What holds when sessions could not be cut at the end. */
export const NOT_CUT_RESIDUAL: Residual = {
  maxMs: LONGEST_SSO_SESSION_MS,
  words:
    'Sessions that began before the end were not cut: the permission set had no room for the denial, or it could not be brought to the ' +
    'account. They go on until they expire, at most an hour after the assignment went.',
};

/** What holds when the permission set lets sessions last longer at the end than it did when the access was made. */
export function outlastingResidual(maxMs: number): Residual {
  const minutes = Math.ceil(maxMs / 60_000);
  return {
    maxMs,
    words:
      `Somebody has let sessions of the permission set last ${minutes} minutes, or AWS does not tell Curfew how long they last; an hour was promised. ` +
      'Sessions that began before the end were not cut, and go on until they expire, at most so long after the assignment went.',
  };
}

/** What `method: roles-anywhere` promises. */
export const ROLES_ANYWHERE: MethodCapabilities = {
  method: 'roles-anywhere',
  slot: 'per-grant',
  endedBy: 'cloud',
  cut: { possible: true, withinMs: 5_000 },
  residual: {
    maxMs: CLOCK_TOLERANCE_MS,
    words:
      'The certificate is good until the end, and at the end AWS refuses every call of every session that was made with it, to the second of ' +
      'its own clock (at most 5 s from ours, or nothing is issued). After an early end the refusal needs about 4 s to reach every part of ' +
      'AWS; AWS itself promises no bound. If the role is deleted and made anew while the broker is dead, sessions of the new role go on for ' +
      'up to an hour after the end. Connections that are open, and things that were started, go on.',
  },
  // The armed denial must have reached every part of AWS before it is needed; others have measured about 4 s.
  shortestDurationMs: 10_000,
  earliestRemovalMs: 0,
  settleMs: 30_000,
  abandonedCallMs: ABANDONED_CALL_MS,
  proofAtExpiry: 'by-construction',
  hands: 'certificate',
  leavesAtExpiry: true,
  rungs: [
    'Deny every session of the grant at once, by the policy on the role that would have done so at its end, and revoke its certificates',
    'Deny every session of the role that was issued until now as well; live grants make new ones',
  ],
};

/** What each ability lets outlive the grant, at an early end and at the natural one: no policy of the grant's sessions goes along. */
const OUTLIVES: Readonly<Record<DangerousAbility, string>> = {
  'role-chaining':
    'Sessions of other roles that it went on to are not ended: each lasts up to an hour, and may go on again where its role lets it.',
  'pass-role': 'What it started under other roles goes on until somebody stops it.',
  'create-keys': 'Keys, passwords and tokens that it made go on until somebody removes them.',
};

/** What can survive the end of a grant by `method` of a role with these abilities. */
export function residualOf(method: MethodCapabilities, allows: readonly DangerousAbility[]): Residual {
  if (allows.length === 0) return method.residual;
  const beyond = allows.map((ability) => OUTLIVES[ability]);
  return { maxMs: null, words: [method.residual.words, ...beyond].join(' ') };
}
