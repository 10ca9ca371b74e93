import {
  DeleteAccountAssignmentCommand,
  DescribeAccountAssignmentDeletionStatusCommand,
  ListAccountAssignmentsCommand,
  type SSOAdminClient,
} from '@aws-sdk/client-sso-admin';
import { after, toIso } from '../../core/time.ts';
import { CLOCK_TOLERANCE_MS } from '../calling.ts';
import { ProviderFault, type CallOptions } from '../contract.ts';
import type { Bucket } from './bucket.ts';
import { perform } from './call.ts';
import { ASSIGNMENT, settledAt, type LeasedAssignment } from './identity-center-leases.ts';
import { latestEnd, type LeasedSlot } from './leases.ts';
import { callOf, createPace, fewAtATime, mayBegin, patiently, rotated, type SweepPorts } from '../sweep-calls.ts';
import { laterCreations } from './sweep-creations.ts';
import { readLeases, type SweptLeases } from './sweep-leases.ts';

/** Where leases are, and who can end assignments. */
export interface AssignmentScope {
  readonly bucket: Bucket;
  readonly sso: SSOAdminClient;
}

/** AWS lets all callers of an organization have 20 calls a second together; the broker and Scheduler need theirs. */
const CALL_EVERY_MS = 250;
/** AWS works on one change of a permission set in an account at a time, and on ten in all. */
const PAIRS_AT_A_TIME = 4;
/** A deletion takes seconds; AWS promises nothing. */
const WATCH_MS = 30_000;
const LOOK_EVERY_MS = 1_000;
const PAGES = 100;
/** After the deletion succeeded, the list may still show what stood there. */
const LOOK_AGAIN_MS = [0, 500, 1_500, 3_000];

/** Ends assignments whose leases are over. Faults become events: one that cannot be ended holds up no other. */
export async function sweepAssignments(ports: SweepPorts, scope: AssignmentScope): Promise<void> {
  const { notes } = ports;
  let read: SweptLeases;
  try {
    read = await readLeases(ports, scope.bucket, ASSIGNMENT);
  } catch (error) {
    return notes.fault('identity-center', scope.bucket.name, error);
  }
  for (const { key, why } of read.bad) {
    notes.seen('unclear');
    const message = `Left as it is, and not believed: ${why}. Look who wrote it; delete it by hand once what it is about was looked at.`;
    notes.event({ kind: 'alarm', method: 'identity-center', place: `${scope.bucket.name}/${key}`, message });
  }
  const aheadMs = read.cloudNow - ports.clock.now();
  const overdue = new Map<string, Due[]>();
  for (const leased of read.slots) {
    const [instanceArn = '', account = '', permissionSetArn = '', principalId = ''] = leased.slot.native;
    if (after(ports.clock.now(), aheadMs) < after(leased.endsAt, CLOCK_TOLERANCE_MS)) {
      notes.seen('live');
      continue;
    }
    notes.seen('overdue');
    const pair = `${account} ${permissionSetArn}`;
    const place = { instanceArn, account, permissionSetArn, principalId };
    overdue.set(pair, [...(overdue.get(pair) ?? []), { leased, place, where: `${pair} ${principalId}`, aheadMs }]);
  }
  const pace = createPace(ports.clock, CALL_EVERY_MS);
  const calls = assignmentCalls(scope.sso, pace);
  const assignedAfter = laterCreations(ports, scope.sso, pace);
  await fewAtATime(PAIRS_AT_A_TIME, rotated([...overdue.values()], ports.turn, 'places'), async (pair) => {
    for (const due of pair) await endSlot(ports, scope, due, { calls, assignedAfter });
  });
}

interface Due {
  readonly leased: LeasedSlot;
  readonly place: LeasedAssignment;
  readonly where: string;
  /** How far AWS's clock is ahead of ours. */
  readonly aheadMs: number;
}

type Pace = ReturnType<typeof createPace>;

async function endSlot(
  ports: SweepPorts,
  scope: AssignmentScope,
  due: Due,
  {
    calls,
    assignedAfter,
  }: { readonly calls: AssignmentCalls; readonly assignedAfter: ReturnType<typeof laterCreations> },
): Promise<void> {
  const { leased, place, where } = due;
  const { endsAt } = leased;
  const event = (kind: 'ended' | 'would-end' | 'alarm' | 'failed', message: string) =>
    ports.notes.event({ kind, method: 'identity-center', place: where, message, endsAt });
  const noTime = () => event('failed', 'Overdue, and the run had no time left for it. Later runs begin with others.');
  if (!mayBegin(ports)) return noTime();
  const stands = () => calls.stands(place, callOf(ports));
  try {
    if (!(await patiently(ports, stands))) return await forget(ports, scope, due, event);
    // The lease was left behind, and somebody gave the same by hand since: that is no business of ours, and is said once.
    const theirs = isSettled(ports, due) ? await assignedAfter(place, settledAt(endsAt)) : null;
    if (theirs !== null) {
      // It may be ours of a later grant, whose lease was written or could be read only since.
      const latest = await patiently(ports, () => latestEnd(scope.bucket, ports.verifier, leased.slot, callOf(ports)));
      if (latest === null || latest.endsAt > endsAt) return;
      event(
        'alarm',
        `Left as it is, because it was assigned anew at ${toIso(theirs)}, and not by Curfew. Look who did it; its old lease goes.`,
      );
      return ports.dryRun ? undefined : await forget(ports, scope, due, event);
    }
    if (!mayBegin(ports)) return noTime();
    if (ports.dryRun) return event('would-end', 'Overdue; the assignment would be deleted.');
    await patiently(ports, () => removeIfOverdue(ports, scope, due, calls));
    for (const waitMs of LOOK_AGAIN_MS) {
      if (waitMs > 0) await ports.clock.sleep(waitMs, ports.signal);
      if (await patiently(ports, stands)) continue;
      event(
        'ended',
        'The assignment was deleted, and is gone from the list. Sessions that are open last up to their hour.',
      );
      return await forget(ports, scope, due, event);
    }
    const again = await patiently(ports, () => latestEnd(scope.bucket, ports.verifier, leased.slot, callOf(ports)));
    // Somebody was given the same access meanwhile.
    if (again !== null && again.endsAt > endsAt) return;
    event('failed', 'The assignment was deleted, but the list shows it still.');
  } catch (error) {
    ports.notes.fault('identity-center', where, error);
  }
}

/** One try: looks whether the end still holds and the assignment still stands, asks for the deletion, and watches it to its end. */
async function removeIfOverdue(
  ports: SweepPorts,
  { bucket }: AssignmentScope,
  { leased, place, aheadMs }: Due,
  calls: AssignmentCalls,
): Promise<void> {
  if (!(await calls.stands(place, callOf(ports)))) return;
  const latest = await latestEnd(bucket, ports.verifier, leased.slot, callOf(ports));
  // The last look before the call: a later end may have been written, or the slot was emptied by somebody and is no business of ours now.
  if (latest === null || after(ports.clock.now(), aheadMs) < after(latest.endsAt, CLOCK_TOLERANCE_MS)) return;
  let state = await calls.remove(place, callOf(ports));
  const until = after(ports.clock.now(), WATCH_MS);
  while (state.status === 'IN_PROGRESS' && ports.clock.now() < until) {
    await ports.clock.sleep(LOOK_EVERY_MS, ports.signal);
    state = await calls.removal(place, state.id, callOf(ports));
  }
  if (state.status === 'FAILED')
    throw new ProviderFault('conflict', `AWS could not delete the assignment: ${state.reason ?? 'it gave no reason'}`);
}

/**
 * Deletes the leases of a slot that was seen to be empty, so that what somebody assigns there later by other means is never taken for ours.
 * Not before a call that was given up at the end could still make the assignment.
 */
async function forget(
  ports: SweepPorts,
  { bucket }: AssignmentScope,
  due: Due,
  event: (kind: 'would-end', message: string) => void,
): Promise<void> {
  const { leased, where } = due;
  if (!isSettled(ports, due)) return;
  if (ports.dryRun) return event('would-end', 'Nothing stands there any more; its lease would be deleted.');
  for (const key of leased.keys) {
    try {
      await patiently(ports, () => bucket.remove(key, callOf(ports)));
    } catch (error) {
      ports.notes.fault('identity-center', `${where}, its lease`, error);
    }
  }
}

/** Whether no call from before the end can make the assignment any more, by AWS's clock. */
function isSettled({ clock }: SweepPorts, { leased, aheadMs }: Due): boolean {
  return after(clock.now(), aheadMs) >= settledAt(leased.endsAt);
}

interface Removal {
  readonly status: string;
  readonly id: string;
  readonly reason: string | null;
}

type AssignmentCalls = ReturnType<typeof assignmentCalls>;

/** The calls on account assignments that a sweep makes. All throw faults. */
function assignmentCalls(sso: SSOAdminClient, pace: Pace) {
  const named = ({ account, permissionSetArn }: LeasedAssignment) => `${permissionSetArn} in ${account}`;
  return {
    /** Whether the list of the account shows the assignment. */
    async stands(place: LeasedAssignment, call: CallOptions): Promise<boolean> {
      const { instanceArn: InstanceArn, account: AccountId, permissionSetArn: PermissionSetArn } = place;
      const what = `Listing the assignments of ${named(place)}`;
      let NextToken: string | undefined;
      for (let page = 0; page < PAGES; page += 1) {
        await pace(call.signal);
        const input = { InstanceArn, AccountId, PermissionSetArn, MaxResults: 100, NextToken };
        const command = new ListAccountAssignmentsCommand(input);
        const { output } = await perform(command, (it, o) => sso.send(it, o), { effect: 'read', what, call });
        const found = (output.AccountAssignments ?? []).some(
          (one) => one.PrincipalType === 'USER' && one.PrincipalId === place.principalId,
        );
        if (found) return true;
        NextToken = output.NextToken;
        if (NextToken === undefined || NextToken === '') return false;
      }
      throw new ProviderFault('unreachable', `${what}: AWS never came to the end`);
    },

    async remove(place: LeasedAssignment, call: CallOptions): Promise<Removal> {
      await pace(call.signal);
      const command = new DeleteAccountAssignmentCommand({
        InstanceArn: place.instanceArn,
        TargetId: place.account,
        TargetType: 'AWS_ACCOUNT',
        PermissionSetArn: place.permissionSetArn,
        PrincipalType: 'USER',
        PrincipalId: place.principalId,
      });
      const what = `Deleting the assignment of ${place.principalId} to ${named(place)}`;
      const { output } = await perform(command, (it, o) => sso.send(it, o), { effect: 'write', what, call });
      return removalOf(output.AccountAssignmentDeletionStatus);
    },

    async removal(place: LeasedAssignment, id: string, call: CallOptions): Promise<Removal> {
      await pace(call.signal);
      const input = { InstanceArn: place.instanceArn, AccountAssignmentDeletionRequestId: id };
      const command = new DescribeAccountAssignmentDeletionStatusCommand(input);
      const what = `Asking how the deletion of the assignment of ${place.principalId} to ${named(place)} went`;
      const { output } = await perform(command, (it, o) => sso.send(it, o), { effect: 'read', what, call });
      return removalOf(output.AccountAssignmentDeletionStatus);
    },
  };
}

function removalOf(
  status:
    | {
        readonly Status?: string | undefined;
        readonly RequestId?: string | undefined;
        readonly FailureReason?: string | undefined;
      }
    | undefined,
): Removal {
  return { status: status?.Status ?? '', id: status?.RequestId ?? '', reason: status?.FailureReason ?? null };
}
