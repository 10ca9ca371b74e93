import { notFound } from './identity-center.ts';
import { page, type JsonInput } from './json-input.ts';
import { seconds, type JsonCall, type JsonOperation } from './json-service.ts';
import type { Assignment, AsyncOperation, PrincipalType } from './organization-state.ts';
import {
  ACCOUNT,
  authorizeSso,
  PRINCIPAL,
  PRINCIPAL_TYPE,
  readInstance,
  readPermissionSetArn,
  REQUEST_ID,
  type SsoPorts,
} from './sso-admin-rules.ts';

const STATUS = { values: ['IN_PROGRESS', 'FAILED', 'SUCCEEDED'] };
const PROVISIONING_STATUS = {
  values: ['LATEST_PERMISSION_SET_PROVISIONED', 'LATEST_PERMISSION_SET_NOT_PROVISIONED'],
};

/** Account assignments and provisioning: what is asynchronous, and the lists that show it. */
export function assignmentOperations(ports: SsoPorts): Readonly<Record<string, JsonOperation>> {
  const { center, now } = ports;

  /** Creating and deleting take the same members, and neither has an idempotency token. */
  const change = (call: JsonCall, kind: 'create' | 'delete', action: string): AsyncOperation => {
    const { input } = call;
    readInstance(ports, input);
    const account = input.text('TargetId', ACCOUNT);
    input.text('TargetType', { values: ['AWS_ACCOUNT'] });
    const arn = readPermissionSetArn(input);
    const principalType = readPrincipalType(input);
    const principalId = input.text('PrincipalId', PRINCIPAL);
    input.requireAllRead();
    const set = center.permissionSet(arn);
    authorizeSso(ports, call, action, { set, account });
    return center.start({ kind, account, permissionSetArn: arn, principalType, principalId });
  };
  const describe = (call: JsonCall, kind: AsyncOperation['kind'], action: string, member: string): AsyncOperation => {
    readInstance(ports, call.input);
    const id = call.input.text(member, REQUEST_ID);
    authorizeSso(ports, call, action, {});
    const found = center.state.operations.find((one) => one.kind === kind && one.requestId === id);
    if (found === undefined) throw notFound(`Request ${id} does not exist.`);
    return found;
  };
  const list = (call: JsonCall, kind: AsyncOperation['kind'], action: string, member: string) => {
    readInstance(ports, call.input);
    const status = call.input.optionalObject('Filter')?.optionalText('Status', STATUS) ?? null;
    authorizeSso(ports, call, action, {});
    const all = center.state.operations.filter(
      (one) => one.kind === kind && (status === null || one.status === status),
    );
    const { items, next } = page(all.toReversed(), call.input);
    const brief = items.map((one) => ({
      Status: one.status,
      RequestId: one.requestId,
      CreatedDate: seconds(one.createdAt),
    }));
    return { [member]: brief, ...next };
  };

  return {
    CreateAccountAssignment: (call) => ({
      AccountAssignmentCreationStatus: statusOf(change(call, 'create', 'CreateAccountAssignment')),
    }),
    DeleteAccountAssignment: (call) => ({
      AccountAssignmentDeletionStatus: statusOf(change(call, 'delete', 'DeleteAccountAssignment')),
    }),
    DescribeAccountAssignmentCreationStatus: (call) => {
      const member = 'AccountAssignmentCreationRequestId';
      const found = describe(call, 'create', 'DescribeAccountAssignmentCreationStatus', member);
      return { AccountAssignmentCreationStatus: statusOf(found) };
    },
    DescribeAccountAssignmentDeletionStatus: (call) => {
      const member = 'AccountAssignmentDeletionRequestId';
      const found = describe(call, 'delete', 'DescribeAccountAssignmentDeletionStatus', member);
      return { AccountAssignmentDeletionStatus: statusOf(found) };
    },
    ListAccountAssignmentCreationStatus: (call) =>
      list(call, 'create', 'ListAccountAssignmentCreationStatus', 'AccountAssignmentsCreationStatus'),
    ListAccountAssignmentDeletionStatus: (call) =>
      list(call, 'delete', 'ListAccountAssignmentDeletionStatus', 'AccountAssignmentsDeletionStatus'),
    ProvisionPermissionSet: (call) => {
      const { input } = call;
      readInstance(ports, input);
      const set = center.permissionSet(readPermissionSetArn(input));
      const everywhere =
        input.text('TargetType', { values: ['AWS_ACCOUNT', 'ALL_PROVISIONED_ACCOUNTS'] }) !== 'AWS_ACCOUNT';
      const account = everywhere ? null : input.text('TargetId', ACCOUNT);
      input.requireAllRead();
      authorizeSso(ports, call, 'ProvisionPermissionSet', account === null ? { set } : { set, account });
      const nobody = { principalType: null, principalId: null };
      const started = center.start({ kind: 'provision', account, permissionSetArn: set.arn, ...nobody });
      return { PermissionSetProvisioningStatus: provisioningOf(started) };
    },
    DescribePermissionSetProvisioningStatus: (call) => {
      const member = 'ProvisionPermissionSetRequestId';
      const found = describe(call, 'provision', 'DescribePermissionSetProvisioningStatus', member);
      return { PermissionSetProvisioningStatus: provisioningOf(found) };
    },
    ListPermissionSetProvisioningStatus: (call) =>
      list(call, 'provision', 'ListPermissionSetProvisioningStatus', 'PermissionSetsProvisioningStatus'),
    ListAccountAssignments: (call) => {
      const { input } = call;
      readInstance(ports, input);
      const account = input.text('AccountId', ACCOUNT);
      const set = center.permissionSet(readPermissionSetArn(input));
      authorizeSso(ports, call, 'ListAccountAssignments', { set, account });
      const { organization } = ports.world.organization;
      if (organization?.accounts.some(({ id }) => id === account) === false)
        throw notFound(`The account ${account} was not found`);
      const listed = shown(center.state.assignments, now()).filter(
        (one) => one.account === account && one.permissionSetArn === set.arn,
      );
      const { items, next } = page(listed, input);
      return { AccountAssignments: items.map(assignmentOf), ...next };
    },
    ListAccountAssignmentsForPrincipal: (call) => {
      const { input } = call;
      readInstance(ports, input);
      const principal = input.text('PrincipalId', PRINCIPAL);
      const type = readPrincipalType(input);
      const account = input.optionalObject('Filter')?.optionalText('AccountId', ACCOUNT) ?? null;
      authorizeSso(ports, call, 'ListAccountAssignmentsForPrincipal', {});
      // A user's list has what the user's groups hold; the principal's type says which is which.
      const groups = type === 'GROUP' ? [] : center.state.groups.filter((group) => group.members.includes(principal));
      const ids = new Set([principal, ...groups.map((group) => group.id)]);
      const listed = shown(center.state.assignments, now()).filter(
        (one) => ids.has(one.principalId) && (account === null || one.account === account),
      );
      const { items, next } = page(listed, input);
      return { AccountAssignments: items.map(assignmentOf), ...next };
    },
    ListAccountsForProvisionedPermissionSet: (call) => {
      const { input } = call;
      readInstance(ports, input);
      const set = center.permissionSet(readPermissionSetArn(input));
      const wanted = input.optionalText('ProvisioningStatus', PROVISIONING_STATUS);
      authorizeSso(ports, call, 'ListAccountsForProvisionedPermissionSet', { set });
      const standing = center.accountsWith(set.arn).filter(({ latest }) => isWanted(wanted, latest));
      const { items, next } = page(standing, input);
      return { AccountIds: items.map((one) => one.account), ...next };
    },
    ListPermissionSetsProvisionedToAccount: (call) => {
      const { input } = call;
      readInstance(ports, input);
      const account = input.text('AccountId', ACCOUNT);
      const wanted = input.optionalText('ProvisioningStatus', PROVISIONING_STATUS);
      authorizeSso(ports, call, 'ListPermissionSetsProvisionedToAccount', { account });
      const standing = center.state.permissionSets.filter(({ arn }) =>
        center.accountsWith(arn).some((one) => one.account === account && isWanted(wanted, one.latest)),
      );
      const { items, next } = page(standing, input);
      return { PermissionSets: items.map(({ arn }) => arn), ...next };
    },
  };
}

const readPrincipalType = (input: JsonInput): PrincipalType =>
  input.text('PrincipalType', PRINCIPAL_TYPE) === 'USER' ? 'USER' : 'GROUP';

const isWanted = (status: string | null, latest: boolean): boolean =>
  status === null || (status === 'LATEST_PERMISSION_SET_PROVISIONED') === latest;

/** What a list shows at a moment; something deleted and created again is one entry. */
function shown(assignments: readonly Assignment[], at: number): Assignment[] {
  const visible = assignments.filter(
    (one) => one.listedFrom <= at && (one.listedUntil === null || at < one.listedUntil),
  );
  const unique = new Map(visible.map((one) => [`${one.account} ${one.permissionSetArn} ${one.principalId}`, one]));
  return [...unique.values()];
}

const assignmentOf = (one: Assignment) => ({
  AccountId: one.account,
  PermissionSetArn: one.permissionSetArn,
  PrincipalType: one.principalType,
  PrincipalId: one.principalId,
});

function statusOf(operation: AsyncOperation): Readonly<Record<string, unknown>> {
  return {
    Status: operation.status,
    RequestId: operation.requestId,
    ...(operation.failureReason === null ? {} : { FailureReason: operation.failureReason }),
    TargetId: operation.account,
    TargetType: 'AWS_ACCOUNT',
    PermissionSetArn: operation.permissionSetArn,
    PrincipalType: operation.principalType,
    PrincipalId: operation.principalId,
    CreatedDate: seconds(operation.createdAt),
  };
}

function provisioningOf(operation: AsyncOperation): Readonly<Record<string, unknown>> {
  return {
    Status: operation.status,
    RequestId: operation.requestId,
    ...(operation.account === null ? {} : { AccountId: operation.account }),
    PermissionSetArn: operation.permissionSetArn,
    ...(operation.failureReason === null ? {} : { FailureReason: operation.failureReason }),
    CreatedDate: seconds(operation.createdAt),
  };
}
