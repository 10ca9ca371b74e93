import {
  CreateAccountAssignmentCommand,
  DeleteAccountAssignmentCommand,
  DescribeAccountAssignmentCreationStatusCommand,
  DescribeAccountAssignmentDeletionStatusCommand,
  DescribePermissionSetProvisioningStatusCommand,
  ListAccountAssignmentCreationStatusCommand,
  ListAccountAssignmentDeletionStatusCommand,
  ListPermissionSetProvisioningStatusCommand,
  ProvisionPermissionSetCommand,
} from '@aws-sdk/client-sso-admin';
import { ProviderFault, type CallOptions } from '../contract.ts';
import type { IdentityCenterClient } from './identity-center-client.ts';
import type { Lane } from './identity-center-quota.ts';

/** What is asynchronous in IAM Identity Center. */
export const OPERATIONS = ['create', 'delete', 'provision'] as const;
export type OperationKind = (typeof OPERATIONS)[number];

/** What is asked for: an assignment made or removed, or (without a user) a permission set brought to an account as it is now. */
export interface Wanted {
  readonly kind: OperationKind;
  readonly instanceArn: string;
  readonly permissionSetArn: string;
  readonly account: string;
  readonly userId: string | null;
  /** For whom; `null`: for all. What was done for an earlier grant on the same place says nothing of how it stands now. */
  readonly grant: string | null;
}

/** How an operation stands, as AWS says it. */
export interface Status {
  readonly requestId: string;
  readonly state: 'running' | 'succeeded' | 'failed';
  /** Why it failed, in AWS's words. */
  readonly reason: string;
  /** What it is about, as far as AWS says it. */
  readonly account: string | null;
  readonly permissionSetArn: string | null;
  readonly userId: string | null;
}

export interface Asked {
  readonly lane: Lane;
  readonly call: CallOptions;
}

/** Sends the call that begins an operation. Throws faults; what is refused because too much runs already is `throttled`. */
export async function beginOperation(client: IdentityCenterClient, wanted: Wanted, asked: Asked): Promise<Status> {
  const { instanceArn: InstanceArn, permissionSetArn: PermissionSetArn, account: TargetId } = wanted;
  const how = { ...asked, effect: 'write' as const, what: wordsOf(wanted), begins: true };
  const place = { InstanceArn, PermissionSetArn, TargetId, TargetType: 'AWS_ACCOUNT' as const };
  const assignment = { ...place, PrincipalType: 'USER' as const, PrincipalId: wanted.userId ?? '' };
  try {
    switch (wanted.kind) {
      case 'create': {
        const command = new CreateAccountAssignmentCommand(assignment);
        const { output } = await client.sso(
          command,
          ({ sso }) =>
            (it, o) =>
              sso.send(it, o),
          how,
        );
        return statusOf(how.what, output.AccountAssignmentCreationStatus);
      }
      case 'delete': {
        const command = new DeleteAccountAssignmentCommand(assignment);
        const { output } = await client.sso(
          command,
          ({ sso }) =>
            (it, o) =>
              sso.send(it, o),
          how,
        );
        return statusOf(how.what, output.AccountAssignmentDeletionStatus);
      }
      case 'provision': {
        const command = new ProvisionPermissionSetCommand(place);
        const { output } = await client.sso(
          command,
          ({ sso }) =>
            (it, o) =>
              sso.send(it, o),
          how,
        );
        return statusOf(how.what, output.PermissionSetProvisioningStatus);
      }
    }
  } catch (error) {
    if (error instanceof ProviderFault && error.message.includes('ServiceQuotaExceeded'))
      throw new ProviderFault('throttled', error.message, { retryAfterMs: 1_000 });
    throw error;
  }
}

/** Asks how an operation stands. Throws faults. */
export async function describeOperation(
  client: IdentityCenterClient,
  { kind, instanceArn: InstanceArn, requestId }: Pick<Wanted, 'kind' | 'instanceArn'> & { readonly requestId: string },
  asked: Asked,
): Promise<Status> {
  const what = `Asking what became of the operation ${requestId} of IAM Identity Center`;
  const how = { ...asked, effect: 'read' as const, what };
  switch (kind) {
    case 'create': {
      const AccountAssignmentCreationRequestId = requestId;
      const command = new DescribeAccountAssignmentCreationStatusCommand({
        InstanceArn,
        AccountAssignmentCreationRequestId,
      });
      const { output } = await client.sso(
        command,
        ({ sso }) =>
          (it, o) =>
            sso.send(it, o),
        how,
      );
      return statusOf(what, output.AccountAssignmentCreationStatus);
    }
    case 'delete': {
      const AccountAssignmentDeletionRequestId = requestId;
      const command = new DescribeAccountAssignmentDeletionStatusCommand({
        InstanceArn,
        AccountAssignmentDeletionRequestId,
      });
      const { output } = await client.sso(
        command,
        ({ sso }) =>
          (it, o) =>
            sso.send(it, o),
        how,
      );
      return statusOf(what, output.AccountAssignmentDeletionStatus);
    }
    case 'provision': {
      const ProvisionPermissionSetRequestId = requestId;
      const command = new DescribePermissionSetProvisioningStatusCommand({
        InstanceArn,
        ProvisionPermissionSetRequestId,
      });
      const { output } = await client.sso(
        command,
        ({ sso }) =>
          (it, o) =>
            sso.send(it, o),
        how,
      );
      return statusOf(what, output.PermissionSetProvisioningStatus);
    }
  }
}

/** Requests of one kind that are IN_PROGRESS, whoever made them. One page: AWS lets fewer run than it has room for. Throws faults. */
export async function runningOperations(
  client: IdentityCenterClient,
  kind: OperationKind,
  InstanceArn: string,
  asked: Asked,
): Promise<ReadonlySet<string>> {
  const input = { InstanceArn, Filter: { Status: 'IN_PROGRESS' as const }, MaxResults: 100 };
  const how = {
    ...asked,
    effect: 'read' as const,
    what: `Asking which operations of IAM Identity Center run (${kind})`,
  };
  const ids = (list: readonly { RequestId?: string | undefined }[] = []): ReadonlySet<string> =>
    new Set(list.map((one) => one.RequestId ?? ''));
  switch (kind) {
    case 'create': {
      const command = new ListAccountAssignmentCreationStatusCommand(input);
      const { output } = await client.sso(
        command,
        ({ sso }) =>
          (it, o) =>
            sso.send(it, o),
        how,
      );
      return ids(output.AccountAssignmentsCreationStatus);
    }
    case 'delete': {
      const command = new ListAccountAssignmentDeletionStatusCommand(input);
      const { output } = await client.sso(
        command,
        ({ sso }) =>
          (it, o) =>
            sso.send(it, o),
        how,
      );
      return ids(output.AccountAssignmentsDeletionStatus);
    }
    case 'provision': {
      const command = new ListPermissionSetProvisioningStatusCommand(input);
      const { output } = await client.sso(
        command,
        ({ sso }) =>
          (it, o) =>
            sso.send(it, o),
        how,
      );
      return ids(output.PermissionSetsProvisioningStatus);
    }
  }
}

/** What an operation does, in words that continue a sentence of a fault. */
export function wordsOf({ kind, permissionSetArn, account }: Wanted): string {
  const set = permissionSetArn.slice(permissionSetArn.lastIndexOf('/') + 1);
  switch (kind) {
    case 'create':
      return `Assigning the permission set ${set} in ${account}`;
    case 'delete':
      return `Removing the assignment of the permission set ${set} in ${account}`;
    case 'provision':
      return `Bringing the permission set ${set} to ${account}`;
  }
}

interface Answered {
  readonly Status?: string | undefined;
  readonly RequestId?: string | undefined;
  readonly FailureReason?: string | undefined;
  readonly TargetId?: string | undefined;
  readonly AccountId?: string | undefined;
  readonly PermissionSetArn?: string | undefined;
  readonly PrincipalId?: string | undefined;
}

function statusOf(what: string, answered: Answered | undefined): Status {
  const requestId = answered?.RequestId;
  // It may well have been performed.
  if (answered === undefined || requestId === undefined)
    throw new ProviderFault('unknown-outcome', `${what}: AWS answered without a request id`);
  const state = answered.Status === 'SUCCEEDED' ? 'succeeded' : answered.Status === 'FAILED' ? 'failed' : 'running';
  return {
    requestId,
    state,
    reason: answered.FailureReason ?? '',
    account: answered.TargetId ?? answered.AccountId ?? null,
    permissionSetArn: answered.PermissionSetArn ?? null,
    userId: answered.PrincipalId ?? null,
  };
}
