import { after, type Instant } from '../../core/time.ts';
import { CLOCK_TOLERANCE_MS } from '../calling.ts';
import type { CallOptions } from '../contract.ts';
import { IDENTITY_CENTER } from './capabilities.ts';
import type { AssignmentNames } from './identity-center-schedule.ts';
import type { Leases, LeaseSlot } from './leases.ts';

/** The kind of the leases of account assignments. */
export const ASSIGNMENT = 'aws/identity-center';

/** One account assignment, as AWS names it. */
export interface LeasedAssignment {
  readonly instanceArn: string;
  readonly account: string;
  readonly permissionSetArn: string;
  /** Id of the user in the identity store; a group is never assigned. */
  readonly principalId: string;
}

/** The slot under which the end of an assignment is leased. */
export function assignmentSlot(place: LeasedAssignment): LeaseSlot {
  return { kind: ASSIGNMENT, native: [place.instanceArn, place.account, place.permissionSetArn, place.principalId] };
}

/** The slot under which the sweeper knows what the broker assigns. */
export function leaseSlot({ userId: principalId, ...names }: AssignmentNames): LeaseSlot {
  return assignmentSlot({ ...names, principalId });
}

/** From when on no call of the broker's from before an end can make the assignment any more, whatever became of it. */
export function settledAt(endsAt: Instant): Instant {
  return after(endsAt, CLOCK_TOLERANCE_MS + IDENTITY_CENTER.abandonedCallMs);
}

/** The leases of slots whose ends are over for so long that nothing can come back because of them. Throws faults. */
export async function settledLeases(
  leases: Leases | null,
  slots: readonly AssignmentNames[],
  call: CallOptions,
): Promise<readonly string[]> {
  if (leases === null) return [];
  const held = await Promise.all(slots.map((names) => leases.held(leaseSlot(names), call)));
  return held.flat().flatMap(({ key, endsAt }) => (call.now < settledAt(endsAt) ? [] : [key]));
}
