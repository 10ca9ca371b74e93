import type { Refusal } from '../policy/types.ts';

/** Why an operation was refused. Each code is a problem of the API with a page in docs/problems. */
export const OPERATION_REFUSALS = [
  /** Does not exist, or may not be seen: the answer is the same on purpose. */
  'not-found',
  /** The database does not know who acts: a copy was restored that is older than their first sign-in. */
  'unauthenticated',
  'invalid-input',
  'start-out-of-range',
  'request-refused',
  'too-many-pending',
  /** Approving this takes a passkey, and the approval came without one. */
  'signature-required',
  /** An answer of an authenticator that is not believed, or is about something else. */
  'signature-invalid',
  /** A question to an authenticator that nobody may answer any more. */
  'challenge-over',
  'policy-changed',
  'passkey-required',
  'passkey-refused',
  'passkeys-not-available',
  /** Something that only a sign-in of a few minutes ago may do. */
  'sign-in-too-old',
  /** Something that takes an assertion of a passkey that one has already. */
  'step-up-required',
  /** Something that takes a passkey, from somebody who had one and has none: two others vouch before there is another. */
  'recovery-required',
  'recovery-pending',
  'cannot-be-provided',
  'self-approval',
  'not-an-approver',
  'already-decided',
  'already-decided-by-you',
  'request-lapsed',
  'policy-tightened',
  'not-your-request',
  'not-your-grant',
  'not-allowed-to-revoke',
  /** An order of the kill switch stands over the person, the target, or everything. */
  'access-stopped',
  /** The same person's order over everything waits for its second person already. */
  'already-ordered',
  'revocation-lapsed',
  'revocation-lifted',
  'already-confirmed',
  'revocation-under-way',
  'revocation-covers-you',
  'grant-not-active',
  'already-being-extended',
  'grant-ended',
  'provider-throttled',
  'provider-unreachable',
  'provider-fault',
  'nothing-to-hand-out',
  'console-not-available',
  'recorded-late',
  'unknown-person',
  /** Neither a workload nor an agent does this. */
  'people-only',
  'not-an-admin',
  'claim-refused',
  'nothing-to-claim',
  'needs-another-admin',
  'last-admin',
  'role-unchanged',
  'already-proposed',
  'proposal-changed',
  'proposal-lapsed',
  /** An account that two persons claim: nobody guesses whose it is. */
  'account-conflict',
  'account-signs-in-nobody',
  'account-not-yours-to-unlink',
  'same-person',
] as const;
export type OperationRefusalCode = (typeof OPERATION_REFUSALS)[number];

/** A refusal is an answer, not an error: what is wrong, and what the caller can do about it. */
export interface OperationRefusal {
  readonly code: OperationRefusalCode;
  readonly detail: string;
  readonly hint?: string;
  readonly refusals?: readonly Refusal[];
}

/** Why a grant that was approved is refused at its start; the log repeats both. */
export interface StartRefusal {
  readonly code: string;
  readonly text: string;
}

/** What may not be seen does not exist. */
export const NOT_FOUND: OperationRefusal = {
  code: 'not-found',
  detail: 'There is no such thing, or you may not see it.',
  hint: 'Check the id: "curfew ls" shows yours.',
};
