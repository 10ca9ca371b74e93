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
  'signed-approval-not-available',
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
  'proposal-lapsed',
] as const;
export type OperationRefusalCode = (typeof OPERATION_REFUSALS)[number];

/** A refusal is an answer, not an error: what is wrong, and what the caller can do about it. */
export interface OperationRefusal {
  readonly code: OperationRefusalCode;
  readonly detail: string;
  readonly hint?: string;
  readonly refusals?: readonly Refusal[];
}

export const NOT_FOUND: OperationRefusal = {
  code: 'not-found',
  detail: 'There is no such thing, or you may not see it.',
  hint: 'Check the id: "curfew ls" shows yours.',
};
