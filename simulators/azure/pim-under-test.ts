import {
  AzureUnderTest,
  codeOf,
  GROUP_SCOPE,
  READER,
  startedAzure,
  SUBSCRIPTION,
  type Answer,
} from './azure-under-test.ts';
import { stableGuid } from './guid.ts';

export const AT_SUBSCRIPTION = `/subscriptions/${SUBSCRIPTION}`;
export const USER_ACCESS_ADMINISTRATOR = '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9';
export const PIM = 'Microsoft.Authorization';
export const MINUTE = 60_000;

export type More = Readonly<Record<string, unknown>>;

/** A schedule of so long, from now on. */
export const lasting = (duration: string | null): More => ({
  scheduleInfo: { expiration: { type: 'AfterDuration', duration } },
});
export const until = (endDateTime: string): More => ({
  scheduleInfo: { expiration: { type: 'AfterDateTime', endDateTime } },
});

export const propertiesOf = (answer: Answer): More => answer.body['properties'] as More;

/** The state of a request that was taken on, or the code of the refusal. */
export const said = (answer: Answer): string =>
  answer.status === 201 ? String(propertiesOf(answer)['status']) : codeOf(answer);

export type Options = {
  readonly token?: string;
  readonly scope?: string;
  readonly role?: string;
  readonly list?: 'Assignment' | 'Eligibility';
  readonly name?: string;
  readonly verb?: string;
};

/** What tests say to PIM in Resource Manager, by `olga` unless a token is given, about reading the resource group unless something else is said. */
export class PimUnderTest {
  readonly cloud: AzureUnderTest;
  readonly broker: string;
  olga: string;
  #requests = 0;

  private constructor(started: { readonly cloud: AzureUnderTest; readonly broker: string; readonly olga: string }) {
    this.cloud = started.cloud;
    this.broker = started.broker;
    this.olga = started.olga;
  }

  /** Everything takes a known time: two seconds to be there, three to go, four more until access follows. */
  static async start(): Promise<PimUnderTest> {
    const pim = new PimUnderTest(await startedAzure());
    await pim.cloud.happens('settings', {
      pimProvisionMs: 2_000,
      pimRemovalMs: 3_000,
      pimExpiryMs: 1_000,
      roleAdditionMs: 4_000,
      roleRemovalMs: 4_000,
      groupChangeMs: 4_000,
      listDelayMs: 0,
    });
    return pim;
  }

  ask(requestType: string, name: string, more: More = {}, options: Options = {}): Promise<Answer> {
    const { token = this.olga, scope = GROUP_SCOPE, role = READER, list = 'Assignment', verb = '' } = options;
    this.#requests += 1;
    const id = options.name ?? stableGuid('request', String(this.#requests));
    const properties = {
      principalId: this.cloud.idOf(name),
      roleDefinitionId: `${AT_SUBSCRIPTION}/providers/${PIM}/roleDefinitions/${role}`,
      requestType,
      justification: 'grant 1',
      ...more,
    };
    const path = `${scope}/providers/${PIM}/role${list}ScheduleRequests/${id}${verb}?api-version=2020-10-01`;
    return this.cloud.arm(verb === '' ? 'PUT' : 'POST', path, token, { properties });
  }

  assign(name: string, duration = 'PT1H', more: More = {}, options: Options = {}): Promise<Answer> {
    return this.ask('AdminAssign', name, { ...lasting(duration), ...more }, options);
  }

  read(path: string, token = this.olga): Promise<Answer> {
    return this.cloud.arm('GET', `${path}${path.includes('?') ? '&' : '?'}api-version=2020-10-01`, token);
  }

  /** Properties of what a list has; throws the text of a refusal. */
  async listed(kind: string, filter: string, token = this.olga, scope = GROUP_SCOPE): Promise<readonly More[]> {
    const answer = await this.read(`${scope}/providers/${PIM}/${kind}?$filter=${encodeURIComponent(filter)}`, token);
    if (answer.status !== 200) throw new Error(answer.text);
    return (answer.body['value'] as readonly { readonly properties: More }[]).map((one) => one.properties);
  }

  instances(name: string): Promise<readonly More[]> {
    return this.listed('roleAssignmentScheduleInstances', `principalId eq '${this.cloud.idOf(name)}'`);
  }

  async statusOf(made: Answer): Promise<unknown> {
    return propertiesOf(await this.read(String(made.body['id'])))['status'];
  }
}
