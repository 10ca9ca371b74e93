import { AwsError } from './aws-error.ts';
import { draw } from '../shared/draw.ts';
import type { CloudSettings } from './cloud-settings.ts';
import type { Fault, Faults } from './faults.ts';
import {
  hex,
  sessionSeconds,
  stableUuid,
  type AccountList,
  type AsyncOperation,
  type DirectoryUser,
  type IdentityCenterState,
  type PermissionSet,
} from './organization-state.ts';
import { newRole, type Role, type World } from './world.ts';

/** What Identity Center needs of the simulator around it. */
export type IdentityCenterPorts = {
  readonly world: World;
  readonly settings: () => CloudSettings;
  readonly now: () => number;
  readonly faults: Faults;
  /** Tells authorization of a role's new policies, as late as IAM's own writes. */
  readonly publish: (role: Role) => void;
};

/** What is asked for when something asynchronous begins. */
export type WantedOperation = Pick<
  AsyncOperation,
  'kind' | 'account' | 'permissionSetArn' | 'principalType' | 'principalId'
>;

/** Documented: a permission set can be provisioned to so many accounts' worth at most. */
const SETS_PER_ACCOUNT = 500;
const KEPT_OPERATIONS = 10_000;
const POLICY_NAME = 'AwsSSOInlinePolicy';

/**
 * Permission sets, assignments and what becomes of them in time. An operation begins IN_PROGRESS and is decided when its time has
 * come, by what is true then: an account that was suspended meanwhile makes it fail.
 */
export class IdentityCenter {
  readonly #ports: IdentityCenterPorts;

  constructor(ports: IdentityCenterPorts) {
    this.#ports = ports;
  }

  /** Throws `ResourceNotFoundException` where there is no instance. */
  get state(): IdentityCenterState {
    const { identityCenter } = this.#ports.world.organization;
    if (identityCenter === null) throw notFound('There is no instance of IAM Identity Center.');
    return identityCenter;
  }

  /** When the next operation is decided; null while none runs. */
  nextDueAt(): number | null {
    const running = this.#ports.world.organization.identityCenter?.operations.filter(isRunning) ?? [];
    return running.length === 0 ? null : Math.min(...running.map((operation) => operation.finishAt));
  }

  /** Decides the operation that is due first. */
  settleNext(): void {
    const due = this.nextDueAt();
    const operation = this.state.operations.find((one) => isRunning(one) && one.finishAt === due);
    if (operation !== undefined) this.#finish(operation);
    this.#ports.world.save();
  }

  /**
   * Begins an operation. Throws `ConflictException` while another one runs on the same permission set in the same account, and
   * when too many are outstanding `ServiceQuotaExceededException` for a creation, `ThrottlingException` for the kinds that
   * have no such error in their model.
   */
  start(wanted: WantedOperation): AsyncOperation {
    const { world, settings, now } = this.#ports;
    const running = this.state.operations.filter(isRunning);
    if (running.some((one) => collides(one, wanted)))
      throw new AwsError(
        'ConflictException',
        400,
        'There is a conflicting operation in process for this account and permission set. Please try again later.',
      );
    if (running.length >= settings().outstandingOperations)
      throw wanted.kind === 'create'
        ? new AwsError('ServiceQuotaExceededException', 400, 'Too many outstanding account assignment requests.')
        : new AwsError('ThrottlingException', 400, 'Too many outstanding requests.');
    const { assignmentMs, provisioningMs, seed } = settings();
    const durationMs = draw(wanted.kind === 'provision' ? provisioningMs : assignmentMs, seed, world.organization);
    const operation: AsyncOperation = {
      ...wanted,
      requestId: stableUuid('operation', String(seed), String(world.organization.draws)),
      createdAt: now(),
      finishAt: now() + durationMs,
      status: 'IN_PROGRESS',
      failureReason: null,
    };
    this.state.operations.push(operation);
    const surplus = this.state.operations.length - KEPT_OPERATIONS;
    if (surplus > 0) this.state.operations.splice(0, surplus);
    world.save();
    return operation;
  }

  permissionSet(arn: string): PermissionSet {
    const found = this.state.permissionSets.find((one) => one.arn === arn);
    if (found === undefined) throw notFound(`PermissionSet with ARN ${arn} does not exist.`);
    return found;
  }

  /** Permission sets that a person holds in an account at this moment, directly or through a group. */
  heldBy(user: DirectoryUser, account: string): PermissionSet[] {
    const { assignments, groups, permissionSets } = this.state;
    const ids = new Set([user.id, ...groups.filter((group) => group.members.includes(user.id)).map(({ id }) => id)]);
    const at = this.#ports.now();
    const held = assignments.filter(
      (one) =>
        one.account === account && ids.has(one.principalId) && one.from <= at && (one.until === null || at < one.until),
    );
    return permissionSets.filter((set) => held.some((one) => one.permissionSetArn === set.arn));
  }

  /** Which accounts have a permission set, as lists say it at this moment, and whether they have it as it is now. */
  accountsWith(arn: string): AccountList['accounts'] {
    const at = this.#ports.now();
    const listed = this.state.accountLists.findLast((one) => one.permissionSetArn === arn && one.from <= at);
    return (listed ?? this.#accountList(arn, at)).accounts;
  }

  /** Changes what a permission set says, or where it stands: lists show that later. */
  changeSet(arn: string, change: () => void): void {
    const { now, settings, world } = this.#ports;
    const known = this.state.accountLists.filter((one) => one.permissionSetArn === arn);
    if (known.length === 0) this.state.accountLists.push(this.#accountList(arn, 0));
    change();
    const { accountsDelayMs, seed } = settings();
    const delayMs = accountsDelayMs[1] === 0 ? 0 : draw(accountsDelayMs, seed, world.organization);
    const shown = known.findLast((one) => one.from <= now());
    const past = known.slice(0, shown === undefined ? 0 : known.indexOf(shown));
    this.state.accountLists = this.state.accountLists.filter((one) => !past.includes(one));
    this.state.accountLists.push(this.#accountList(arn, now() + delayMs));
  }

  #accountList(arn: string, from: number): AccountList {
    const revision = this.state.permissionSets.find((set) => set.arn === arn)?.revision ?? null;
    const standing = this.state.provisioned.filter((one) => one.permissionSetArn === arn);
    const accounts = standing.map((one) => ({ account: one.account, latest: one.revision === revision }));
    return { permissionSetArn: arn, from, accounts };
  }

  /** The role that a permission set has become in an account, or null. */
  roleOf(set: PermissionSet, account: string): Role | null {
    const standing = this.state.provisioned.find((one) => one.account === account && one.permissionSetArn === set.arn);
    return standing === undefined ? null : this.#ports.world.role(account, standing.roleName);
  }

  #finish(operation: AsyncOperation): void {
    const { faults } = this.#ports;
    const fault = faults.take('itself', 'sso', `finish-${operation.kind}`, JSON.stringify(operation));
    if (fault?.kind === 'delay') {
      operation.finishAt += Math.max(1, fault.delayMs ?? 0);
      return;
    }
    const failure =
      fault === null || fault.kind === 'drop-after'
        ? (this.#obstacle(operation) ?? this.#perform(operation))
        : faultReason(fault);
    // `drop-after` is done all the same, and reported as a failure.
    operation.failureReason = failure ?? (fault === null ? null : faultReason(fault));
    operation.status = operation.failureReason === null ? 'SUCCEEDED' : 'FAILED';
  }

  /** Why an operation cannot be done, in the words that others have seen where there are some (see DIFFERENCES.md). */
  #obstacle(operation: AsyncOperation): string | null {
    const { users, groups, identityStoreId, permissionSets } = this.state;
    const { account, permissionSetArn: arn, principalType, principalId: principal } = operation;
    if (!permissionSets.some((one) => one.arn === arn))
      return `Received a 404 status error: PermissionSet with ARN ${arn} does not exist.`;
    if (principal !== null) {
      const directory: readonly { id: string }[] = principalType === 'USER' ? users : groups;
      if (!directory.some((one) => one.id === principal))
        return `Received a 404 status error: the ${principalType} assignee ${principal} was not found in directory ${identityStoreId}`;
    }
    return account === null ? null : this.#accountObstacle(account);
  }

  #accountObstacle(account: string): string | null {
    const member = this.#ports.world.organization.organization?.accounts.find((one) => one.id === account);
    if (member === undefined) return `Received a 404 status error: the account ${account} was not found`;
    if (member.state === 'ACTIVE') return null;
    return `Received a 403 status error: the account ${account} is ${member.state}`;
  }

  /** Does what was asked for; the reason if it turns out impossible. */
  #perform(operation: AsyncOperation): string | null {
    switch (operation.kind) {
      case 'create':
        return this.#assign(operation);
      case 'delete':
        return this.#unassign(operation);
      case 'provision':
        return this.#provisionAll(operation);
    }
  }

  #assign(operation: AsyncOperation): string | null {
    const { account, principalType, principalId: principal, permissionSetArn: arn } = operation;
    if (account === null || principalType === null || principal === null) return 'Received a 400 status error';
    const { assignments, provisioned } = this.state;
    const standing = provisioned.filter((one) => one.account === account);
    // An account that has the set already keeps the revision it has: only provisioning brings a newer one.
    if (!standing.some((one) => one.permissionSetArn === arn)) {
      if (standing.length >= SETS_PER_ACCOUNT)
        return `Received a 402 status error: the account ${account} has ${SETS_PER_ACCOUNT} permission sets already`;
      this.changeSet(arn, () => this.#provision(this.permissionSet(arn), account));
    }
    if (assignments.some((one) => isSame(one, operation) && one.until === null)) return null;
    const at = this.#ports.now();
    const listedFrom = at + this.#listDelay();
    assignments.push({
      account,
      permissionSetArn: arn,
      principalType,
      principalId: principal,
      from: at,
      listedFrom,
      until: null,
      listedUntil: null,
    });
    return null;
  }

  #unassign(operation: AsyncOperation): string | null {
    const state = this.state;
    const { account, permissionSetArn: arn, principalId: principal } = operation;
    const at = this.#ports.now();
    const found = state.assignments.find((one) => isSame(one, operation) && one.until === null);
    if (found === undefined)
      return `Received a 404 status error: EntitlementItem doesn't exist with the given entitlement key EntitlementKey{accessorId=AccessorId{value=${principal}}, resourceId=ResourceId{value=${arn}}, containerId=ContainerId{value=${account}}}`;
    found.until = at;
    // A list that had not shown it yet does not begin to.
    found.listedUntil = Math.max(at + this.#listDelay(), found.listedFrom);
    state.assignments = state.assignments.filter((one) => one.listedUntil === null || one.listedUntil > at);
    const last = !state.assignments.some(
      (one) => one.account === account && one.permissionSetArn === arn && one.until === null,
    );
    if (last && this.#ports.settings().roleAfterLastAssignment === 'deleted')
      this.changeSet(arn, () => this.#deprovision(arn, account ?? ''));
    return null;
  }

  #provisionAll(operation: AsyncOperation): string | null {
    const set = this.permissionSet(operation.permissionSetArn);
    const accounts =
      operation.account === null
        ? this.state.provisioned.filter((one) => one.permissionSetArn === set.arn).map((one) => one.account)
        : [operation.account];
    const failures: string[] = [];
    for (const account of accounts) {
      const obstacle = this.#accountObstacle(account);
      if (obstacle === null) this.changeSet(set.arn, () => this.#provision(set, account));
      else failures.push(obstacle);
    }
    return failures[0] ?? null;
  }

  /** Makes or renews the role of a permission set in an account. */
  #provision(set: PermissionSet, account: string): void {
    const { world, publish, now } = this.#ports;
    const inlinePolicies: Record<string, string> = set.inlinePolicy === null ? {} : { [POLICY_NAME]: set.inlinePolicy };
    const maxSessionDurationSeconds = sessionSeconds(set.sessionDuration) ?? 3_600;
    const standing = this.state.provisioned.find((one) => one.account === account && one.permissionSetArn === set.arn);
    const old = standing === undefined ? null : world.role(account, standing.roleName);
    if (standing !== undefined && old !== null) {
      Object.assign(old, { inlinePolicies, maxSessionDurationSeconds });
      standing.revision = set.revision;
      publish(old);
      return;
    }
    const { region } = this.state;
    const suffix = hex(16, set.arn, account, String(world.organization.draws), String(now()));
    const roleName = `AWSReservedSSO_${set.name}_${suffix}`;
    const path = `${RESERVED_PATH}${region === 'us-east-1' ? '' : `${region}/`}`;
    const description = { name: roleName, path, trustPolicy: reservedTrust(account), inlinePolicies };
    world.roles.push(newRole(account, { ...description, maxSessionDurationSeconds }, now(), suffix));
    this.state.provisioned.push({ account, permissionSetArn: set.arn, roleName, revision: set.revision });
  }

  #deprovision(arn: string, account: string): void {
    const { world } = this.#ports;
    const gone = this.state.provisioned.find((one) => one.account === account && one.permissionSetArn === arn);
    const role = gone === undefined ? null : world.role(account, gone.roleName);
    if (role !== null) world.roles.splice(world.roles.indexOf(role), 1);
    this.state.provisioned = this.state.provisioned.filter((one) => one !== gone);
  }

  #listDelay(): number {
    const { world, settings } = this.#ports;
    return draw(settings().listDelayMs, settings().seed, world.organization);
  }
}

const RESERVED_PATH = '/aws-reserved/sso.amazonaws.com/';

/** Whether a role belongs to Identity Center, so that IAM itself lets nobody change it. */
export const isReservedRole = (role: Pick<Role, 'path'>): boolean => role.path.startsWith('/aws-reserved/');

const isRunning = (operation: AsyncOperation): boolean => operation.status === 'IN_PROGRESS';

/** One at a time per account and permission set; provisioning everywhere collides with every account. */
function collides(running: AsyncOperation, wanted: WantedOperation): boolean {
  if (running.permissionSetArn !== wanted.permissionSetArn) return false;
  return running.account === null || wanted.account === null || running.account === wanted.account;
}

function isSame(
  one: { account: string; permissionSetArn: string; principalId: string },
  other: { account: string | null; permissionSetArn: string; principalId: string | null },
): boolean {
  return (
    one.account === other.account &&
    one.permissionSetArn === other.permissionSetArn &&
    one.principalId === other.principalId
  );
}

export const notFound = (message: string): AwsError => new AwsError('ResourceNotFoundException', 404, message);

function faultReason(fault: Fault): string {
  const status = fault.kind === 'deny' ? 403 : fault.kind === 'throttle' ? 429 : 500;
  return `Received a ${status} status error: asked for by a test`;
}

function reservedTrust(account: string) {
  const Federated = `arn:aws:iam::${account}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE`;
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Federated },
        Action: ['sts:AssumeRoleWithSAML', 'sts:TagSession'],
        Condition: { StringEquals: { 'SAML:aud': 'https://signin.aws.amazon.com/saml' } },
      },
    ],
  };
}
