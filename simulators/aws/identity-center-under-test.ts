import type { CloudSettings } from './cloud-settings.ts';
import { organizationWorld, OrganizationUnderTest, PROD, type Answer, type Keys } from './organization-under-test.ts';
import type { WorldDescription } from './world.ts';

export type CenterState = {
  readonly instanceArn: string;
  readonly identityStoreId: string;
  readonly permissionSets: readonly { readonly arn: string }[];
  readonly provisioned: readonly { readonly roleName: string }[];
  readonly users: readonly { readonly id: string }[];
};
type Status = { readonly Status: string; readonly FailureReason?: string };

/** Identity Center with one permission set, and the calls that the tests make most. An operation takes two seconds. */
export class IdentityCenterUnderTest {
  readonly cloud: OrganizationUnderTest;
  readonly instance: string;
  readonly set: string;
  readonly ana: string;
  readonly bo: string;

  private constructor(cloud: OrganizationUnderTest, state: CenterState) {
    this.cloud = cloud;
    this.instance = state.instanceArn;
    this.set = state.permissionSets[0]?.arn ?? '';
    this.ana = state.users[0]?.id ?? '';
    this.bo = state.users[1]?.id ?? '';
  }

  static async start(
    settings: Partial<CloudSettings> = {},
    world: WorldDescription = organizationWorld(),
  ): Promise<IdentityCenterUnderTest> {
    const seconds = { assignmentMs: [2_000, 2_000], provisioningMs: [2_000, 2_000] } as const;
    const cloud = await OrganizationUnderTest.start(world, { ...seconds, ...settings });
    return new IdentityCenterUnderTest(cloud, await stateOf(cloud));
  }

  /** What the simulator remembers, as its handle shows it. */
  state(): Promise<CenterState> {
    return stateOf(this.cloud);
  }

  wait(ms: number): void {
    this.cloud.nowMs += ms;
  }

  /** One call of sso-admin with the instance. */
  sso(action: string, input: object = {}): Promise<Answer> {
    return this.cloud.call('sso', action, { InstanceArn: this.instance, ...input });
  }

  create(more: object = {}): Promise<Answer> {
    return this.sso('CreateAccountAssignment', { ...this.#assignment(), ...more });
  }

  remove(more: object = {}): Promise<Answer> {
    return this.sso('DeleteAccountAssignment', { ...this.#assignment(), ...more });
  }

  put(InlinePolicy: string): Promise<Answer> {
    return this.sso('PutInlinePolicyToPermissionSet', { PermissionSetArn: this.set, InlinePolicy });
  }

  provisionEverywhere(): Promise<Answer> {
    const TargetType = 'ALL_PROVISIONED_ACCOUNTS';
    return this.sso('ProvisionPermissionSet', { PermissionSetArn: this.set, TargetType });
  }

  async statusOf(kind: 'Creation' | 'Deletion', answer: Answer): Promise<Status> {
    const member = `AccountAssignment${kind}Status`;
    const { RequestId } = answer.body[member] as { RequestId: string };
    const described = await this.sso(`DescribeAccountAssignment${kind}Status`, {
      [`AccountAssignment${kind}RequestId`]: RequestId,
    });
    return described.body[member] as Status;
  }

  /** How many assignments the list of the account shows. */
  async listed(): Promise<number> {
    const answer = await this.sso('ListAccountAssignments', { AccountId: PROD, PermissionSetArn: this.set });
    return (answer.body['AccountAssignments'] as unknown[]).length;
  }

  /** Keys from the portal. Throws where there are none. */
  async keysOf(userName: string): Promise<Keys> {
    const keys = await this.cloud.credentials(userName, PROD);
    if (typeof keys === 'string') throw new Error(keys);
    return keys;
  }

  #assignment(): Record<string, string> {
    return {
      TargetId: PROD,
      TargetType: 'AWS_ACCOUNT',
      PermissionSetArn: this.set,
      PrincipalType: 'USER',
      PrincipalId: this.ana,
    };
  }
}

async function stateOf(cloud: OrganizationUnderTest): Promise<CenterState> {
  return (await cloud.control('GET', 'organization'))['identityCenter'] as CenterState;
}
