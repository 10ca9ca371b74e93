import {
  DescribeAccountAssignmentCreationStatusCommand,
  ListAccountAssignmentCreationStatusCommand,
  type SSOAdminClient,
} from '@aws-sdk/client-sso-admin';
import { instant, type Instant } from '../../core/time.ts';
import { ProviderFault, type CallOptions } from '../contract.ts';
import { perform } from './call.ts';
import type { LeasedAssignment } from './identity-center-leases.ts';
import { callOf, mayBegin, patiently, type SweepPorts } from '../sweep-calls.ts';

/** AWS says who was assigned what only one by one; a run asks about no more than these. */
const MOST_LOOKS = 200;
const PAGES = 20;

interface Creation {
  readonly id: string;
  readonly at: Instant;
}

/**
 * Asks AWS whether somebody assigned a place later than a time at which no call of the broker's could still do it. Only that proves that what stands
 * there is not Curfew's: whatever cannot be asked, or is not remembered any more, proves nothing, so that nobody keeps access by making it so.
 * What is learned is kept for the run.
 */
export function laterCreations(ports: SweepPorts, sso: SSOAdminClient, pace: (signal: AbortSignal) => Promise<void>) {
  const lists = new Map<string, Promise<readonly Creation[]>>();
  const places = new Map<string, LeasedAssignment>();

  async function listed(InstanceArn: string, call: CallOptions): Promise<readonly Creation[]> {
    const all: Creation[] = [];
    let NextToken: string | undefined;
    for (let page = 0; page < PAGES && mayBegin(ports); page += 1) {
      await pace(call.signal);
      const input = { InstanceArn, Filter: { Status: 'SUCCEEDED' as const }, MaxResults: 100, NextToken };
      const command = new ListAccountAssignmentCreationStatusCommand(input);
      const how = { effect: 'read', what: 'Listing what was assigned lately', call } as const;
      const { output } = await perform(command, (it, o) => sso.send(it, o), how);
      for (const { RequestId, CreatedDate } of output.AccountAssignmentsCreationStatus ?? [])
        if (RequestId !== undefined && CreatedDate !== undefined)
          all.push({ id: RequestId, at: instant(CreatedDate.getTime()) });
      NextToken = output.NextToken;
      if (NextToken === undefined || NextToken === '') break;
    }
    return all;
  }

  async function placeOf(InstanceArn: string, id: string, call: CallOptions): Promise<LeasedAssignment> {
    await pace(call.signal);
    const input = { InstanceArn, AccountAssignmentCreationRequestId: id };
    const command = new DescribeAccountAssignmentCreationStatusCommand(input);
    const how = { effect: 'read', what: `Asking what was assigned by ${id}`, call } as const;
    const { output } = await perform(command, (it, o) => sso.send(it, o), how);
    const { TargetId = '', PermissionSetArn = '', PrincipalId = '' } = output.AccountAssignmentCreationStatus ?? {};
    return {
      instanceArn: InstanceArn,
      account: TargetId,
      permissionSetArn: PermissionSetArn,
      principalId: PrincipalId,
    };
  }

  /** When somebody assigned it after `since`; `null`: nothing proves it. Throws nothing of AWS's. */
  return async (place: LeasedAssignment, since: Instant): Promise<Instant | null> => {
    const { instanceArn } = place;
    const list = lists.get(instanceArn) ?? patiently(ports, () => listed(instanceArn, callOf(ports)));
    lists.set(instanceArn, list);
    try {
      for (const { id, at } of await list) {
        if (at <= since) continue;
        let about = places.get(id);
        if (about === undefined) {
          if (places.size >= MOST_LOOKS || !mayBegin(ports)) return null;
          about = await patiently(ports, () => placeOf(instanceArn, id, callOf(ports)));
          places.set(id, about);
        }
        if (isSame(about, place)) return at;
      }
      return null;
    } catch (error) {
      if (!(error instanceof ProviderFault)) throw error;
      return null;
    }
  };
}

function isSame(one: LeasedAssignment, other: LeasedAssignment): boolean {
  return (
    one.account === other.account &&
    one.permissionSetArn === other.permissionSetArn &&
    one.principalId === other.principalId
  );
}
