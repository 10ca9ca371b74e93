import { AzureUnderTest, BROKER_APP, SUBSCRIPTION, TENANT } from '../../simulators/azure/azure-under-test.ts';
import type { AzureSettings } from '../../simulators/azure/azure-settings.ts';
import type { RoleAssignment } from '../../simulators/azure/role-assignment-state.ts';
import { startAzureSimulator } from '../../simulators/azure/server.ts';
import { azureRoleByName } from '../../src/core/azure-roles.ts';
import type { AzurePim, AzureRbac, Role } from '../../src/core/role.ts';
import { slotKey } from '../../src/core/slot.ts';
import type { Target } from '../../src/core/target.ts';
import { after } from '../../src/core/time.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { makeEd25519Pem } from '../../src/platform/key-files.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import {
  createAzureProvider,
  type AzureIdentity,
  type AzureProvider,
  type AzureProviderOptions,
} from '../../src/providers/azure/index.ts';
import { PIM_ACTIONS, READ_ACTIONS, WRITE_ACTIONS } from '../../src/providers/azure/permissions.ts';
import type { BindingSpec } from '../../src/providers/contract.ts';
import { createEndSigner, type EndSigner } from '../../src/providers/signed-end.ts';
import { ACCOUNT, azureWorld, BROKER_ID, GROUP, PEOPLE, person, PIM_APP, roleId } from './azure-world.ts';
import type { CloudCall, CloudFault, Held, Operation, ProviderHarness } from './provider-harness.ts';

/** Delays of Azure's, in a test that has no minutes. */
const QUICK: Partial<AzureSettings> = {
  roleAdditionMs: [50, 300],
  roleRemovalMs: [50, 300],
  listDelayMs: [0, 150],
  pimProvisionMs: [50, 300],
  pimRemovalMs: [50, 300],
  pimExpiryMs: [0, 200],
  pimShortestMs: 0,
  // The suite looks again after milliseconds, and PIM has three lists to look at.
  readBurst: 10_000,
};

const token = (operation: Operation): CloudCall => ({ operation, name: 'token', writes: false });

/** Every call of `method: rbac`. The look after a write is left out: what fails there is told with what was written. */
const CALLS: readonly CloudCall[] = [
  token('provision'),
  { operation: 'provision', name: 'read by name', writes: false },
  { operation: 'provision', name: 'write', writes: true },
  token('revoke'),
  { operation: 'revoke', name: 'delete', writes: true },
  token('observe'),
  { operation: 'observe', name: 'list', writes: false },
  { operation: 'observe', name: 'read by name', writes: false },
];

const ACTION = 'Microsoft.Authorization/roleAssignments';

/** Every call of `method: pim`, with an identity of its own. */
const PIM_SEES = ['list requests', 'list schedules', 'list instances'] as const;
const PIM_CALLS: readonly CloudCall[] = [
  token('provision'),
  ...PIM_SEES.map((name) => ({ operation: 'provision', name, writes: false }) as const),
  { operation: 'provision', name: 'read rules', writes: false },
  { operation: 'provision', name: 'ask', writes: true },
  token('revoke'),
  ...PIM_SEES.map((name) => ({ operation: 'revoke', name, writes: false }) as const),
  { operation: 'revoke', name: 'ask', writes: true, standing: true },
  token('observe'),
  ...PIM_SEES.map((name) => ({ operation: 'observe', name, writes: false }) as const),
];

/** How the simulator knows a call. A list is the first read of an operation that makes one. */
const MATCHES: Readonly<Record<string, object>> = {
  token: { service: 'entra', action: 'token' },
  list: { service: 'arm', action: `${ACTION}/read` },
  'read by name': { service: 'arm', action: `${ACTION}/read`, match: 'roleAssignments/' },
  write: { service: 'arm', action: `${ACTION}/write` },
  delete: { service: 'arm', action: `${ACTION}/delete` },
  'list requests': { service: 'arm', action: 'Microsoft.Authorization/roleAssignmentScheduleRequests/read' },
  'list schedules': { service: 'arm', action: 'Microsoft.Authorization/roleAssignmentSchedules/read' },
  'list instances': { service: 'arm', action: 'Microsoft.Authorization/roleAssignmentScheduleInstances/read' },
  'read rules': { service: 'arm', action: 'Microsoft.Authorization/roleManagementPolicyAssignments/read' },
  ask: { service: 'arm', action: 'Microsoft.Authorization/roleAssignmentScheduleRequests/write' },
};

export const subscription: Target = {
  key: 'azure/billing',
  provider: 'azure',
  kind: 'subscription',
  native: SUBSCRIPTION,
  description: 'Billing',
  labels: { env: 'prod' },
  parent: null,
  owners: ['group:platform-leads'],
};

/** A role that gives one of Azure's, as the loader makes it. */
export function azureRole(name: string, change: Partial<AzureRbac> = {}): Role {
  const known = azureRoleByName(name);
  const nativeEnd =
    known === null || known.timedActions.length === 0
      ? null
      : { actions: known.timedActions, whole: known.readsOtherwise };
  const azure: AzureRbac = {
    method: 'rbac',
    roleDefinition: roleId(name),
    roleName: name,
    scope: 'resourceGroups/billing',
    nativeEnd,
    ...change,
  };
  const named = { name: 'billing-reader', tier: 2, categories: [], owner: 'group:data-leads' } as const;
  return { ...named, description: 'Look at what bills are made from.', aws: null, azure, gcp: null };
}

/** The same by `method: pim`. */
export function pimRole(name: string, scope = 'resourceGroups/billing'): Role {
  const azure: AzurePim = { method: 'pim', roleDefinition: roleId(name), roleName: name, scope };
  return { ...azureRole(name), azure };
}

/** The role that the suite gives, and how its holder uses it. */
interface Given {
  readonly role: Role;
  readonly calls: readonly CloudCall[];
  /** The status of the answer to whoever uses it. */
  use(cloud: AzureCloud, held: Held): Promise<number>;
  readonly escapes: (cloud: AzureCloud) => ProviderHarness['escapes'];
}

/** The simulator, and what people and tests do with it. */
export interface AzureCloud {
  readonly url: string;
  /** A call of a person, with the token of their login. */
  as(
    held: Held,
    method: string,
    path: string,
    more?: { readonly json?: object; readonly blob?: true },
  ): Promise<Response>;
  control(handle: string, body: unknown): Promise<unknown>;
  assignments(): Promise<readonly RoleAssignment[]>;
}

export interface RbacHarness extends ProviderHarness {
  readonly provider: AzureProvider;
  readonly cloud: AzureCloud;
  readonly endSigner: EndSigner;
  /** What the provider has been made with. */
  readonly identity: AzureIdentity;
  own(spec: BindingSpec): Held;
  with(change: Partial<AzureProviderOptions>): AzureProvider;
  /** A binding over another role or target. */
  over(change: Partial<BindingSpec>): BindingSpec;
}

/** Who owns the subscription, and is not Curfew. */
export const OWNER: Held = { secret: { accessKeyId: 'login-olga', secretAccessKey: 'olga-secret' } };

/** Reading a resource group: nothing of it ends by itself. */
export const READER: Given = {
  role: azureRole('Reader'),
  calls: CALLS,
  use: async (cloud, held) => (await cloud.as(held, 'GET', `${GROUP}?api-version=2021-04-01`)).status,
  escapes: (cloud) => [
    ...commonEscapes(cloud),
    {
      name: 'changing what may only be read',
      attempt: async (held) =>
        verdict(await cloud.as(held, 'PATCH', `${GROUP}?api-version=2021-04-01`, { json: { tags: { mine: 'yes' } } })),
    },
  ],
};

/** The same reading, by PIM, which ends it. */
export const PIM_READER: Given = { ...READER, role: pimRole('Reader'), calls: PIM_CALLS };

/** Reading blobs: Azure refuses it by itself from the end on. */
export const BLOBS: Given = {
  calls: CALLS,
  role: azureRole('Storage Blob Data Reader', { scope: `resourceGroups/billing/${ACCOUNT}` }),
  use: async (cloud, held) => (await cloud.as(held, 'GET', '/acmeinvoices/invoices/march.txt', { blob: true })).status,
  escapes: (cloud) => [
    ...commonEscapes(cloud),
    {
      name: 'taking the condition off',
      attempt: async (held) => {
        const [own] = (await cloud.assignments()).filter((one) => one.createdBy === BROKER_ID);
        const { roleDefinition, principalId } = own ?? { roleDefinition: '', principalId: '' };
        return verdict(
          await cloud.as(
            held,
            'PUT',
            `${at(own?.scope ?? GROUP, own?.name ?? '')}`,
            write(roleDefinition, principalId),
          ),
        );
      },
    },
  ],
};

function commonEscapes(cloud: AzureCloud): ProviderHarness['escapes'] {
  const name = '9d2f7b64-0000-4000-8000-00000000000a';
  return [
    {
      name: 'assigning the role to somebody for ever',
      attempt: async (held) =>
        verdict(await cloud.as(held, 'PUT', at(GROUP, name), write(roleId('Reader'), person(1).id))),
    },
    {
      name: 'deleting the assignment of the owner',
      attempt: async (held) => {
        const [owners] = (await cloud.assignments()).filter((one) => one.roleDefinition === roleId('Owner'));
        return verdict(await cloud.as(held, 'DELETE', at(owners?.scope ?? '', owners?.name ?? '')));
      },
    },
  ];
}

export const at = (scope: string, name: string): string =>
  `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}?api-version=2022-04-01`;

/** A role assignment as somebody else makes it. */
export function write(role: string, principalId: string, more: object = {}): { readonly json: object } {
  const roleDefinitionId = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/${role}`;
  return { json: { properties: { roleDefinitionId, principalId, principalType: 'User', ...more } } };
}

const verdict = ({ status }: Response): string => (status === 403 ? 'refused' : `allowed: ${status}`);

/** The Azure provider with `method: rbac` in front of the simulator; each binding is of a person of their own. */
export async function rbacHarness(given: Given, settings: Partial<AzureSettings> = {}): Promise<RbacHarness> {
  const simulator = await startAzureSimulator({ port: 0, world: azureWorld, settings: { ...QUICK, ...settings } });
  const cloud = cloudAt(simulator.url);
  const endSigner = createEndSigner(makeEd25519Pem());
  let offsetMs = 0;
  const issuer = new AzureUnderTest();
  // The issuer is the platform's, whose clock is right.
  const assertion = async (): Promise<string> => {
    issuer.nowMs = Date.now() + offsetMs;
    return issuer.assertion();
  };
  const identity: AzureIdentity = { kind: 'federated', tenantId: TENANT, clientId: BROKER_APP, assertion };
  const make = (change: Partial<AzureProviderOptions> = {}): AzureProvider =>
    createAzureProvider({
      identity,
      pimIdentity: { ...identity, clientId: PIM_APP },
      clock: systemClock,
      endSigner,
      endpoint: simulator.url,
      allowCustomEndpoint: true,
      ...change,
    });
  let provider = make();
  let next = 0;
  const fresh = (durationMs: number, sameAs?: BindingSpec): BindingSpec => {
    if (sameAs === undefined) next += 1;
    if (next >= PEOPLE) throw new Error('there are no more people in this world');
    const now = systemClock.now();
    const principal = sameAs?.principal ?? person(next).id;
    const method = given.role.azure?.method ?? '';
    const place = { method, target: subscription, role: given.role, principal };
    return {
      ...place,
      slot: slotKey('azure', method, provider.sharedPlace(place)),
      grant: newId(systemRandom, 'grt'),
      activatedAt: now,
      endsAt: after(now, durationMs),
    };
  };
  return {
    get provider() {
      return provider;
    },
    cloud,
    endSigner,
    identity,
    with: make,
    method: given.role.azure?.method ?? '',
    calls: given.calls,
    binding: fresh,
    over: (change) => ({ ...fresh(600_000), ...change }),
    impossible: () => ({ ...fresh(600_000), principal: 'ana.ribeiro@acme.example' }),
    now: () => systemClock.now(),
    own: ({ principal }) => {
      const owner = Array.from({ length: PEOPLE }, (_, index) => person(index)).find(({ id }) => id === principal);
      return { secret: { accessKeyId: owner?.login ?? '', secretAccessKey: owner?.secret ?? '' } };
    },
    use: async (held) => {
      const status = await given.use(cloud, held);
      if (status !== 200 && status !== 403) throw new Error(`the simulator answered ${status}`);
      return status === 200 ? 'allowed' : 'refused';
    },
    escapes: given.escapes(cloud),
    async inject(call, fault) {
      await cloud.control('faults', [{ ...MATCHES[call.name], ...FAULTS[fault] }]);
    },
    async heal() {
      await cloud.control('faults', []);
      provider = make();
    },
    bystanders: async () => (await cloud.assignments()).filter(({ createdBy }) => createdBy !== BROKER_ID),
    journal: () => journal(simulator.url),
    async skewClock(ms) {
      offsetMs = ms;
      await cloud.control('clock', { offsetMs });
    },
    close: () => simulator.close(),
  };
}

const FAULTS: Readonly<Record<CloudFault, object>> = {
  throttle: { kind: 'throttle' },
  unavailable: { kind: 'unavailable' },
  deny: { kind: 'deny' },
  slow: { kind: 'delay', delayMs: 2_000 },
  'drop-before': { kind: 'drop-before' },
  'drop-after': { kind: 'drop-after' },
};

/** The calls of Curfew's own identity, and whether each stands in its permissions and was allowed by its condition. */
async function journal(url: string): ReturnType<ProviderHarness['journal']> {
  const entries = (await (await fetch(`${url}/_sim/journal`)).json()) as readonly {
    readonly service: string;
    readonly action: string;
    readonly principal: string | null;
    readonly code: string;
  }[];
  const listed: Readonly<Record<string, readonly string[]>> = {
    [BROKER_APP]: [...READ_ACTIONS, ...WRITE_ACTIONS],
    [PIM_APP]: PIM_ACTIONS,
  };
  return entries
    .filter(({ service, principal }) => service !== 'entra' && principal !== null && principal in listed)
    .map(({ action, code, principal }) => ({
      action,
      permitted: listed[principal ?? '']?.includes(action) === true && code !== 'AuthorizationFailed',
      handsOut: false,
    }));
}

function cloudAt(url: string): AzureCloud {
  const tokens = new Map<string, string>();
  const tokenOf = async ({ secret }: Held, resource: string): Promise<string> => {
    const key = `${secret.accessKeyId} ${resource}`;
    const kept = tokens.get(key);
    if (kept !== undefined) return kept;
    const form = {
      grant_type: 'client_credentials',
      client_id: secret.accessKeyId,
      client_secret: secret.secretAccessKey,
      resource,
    };
    const answer = await fetch(`${url}/adfs/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) });
    const { access_token: made } = (await answer.json()) as { readonly access_token?: string };
    if (made === undefined) throw new Error(`${secret.accessKeyId} cannot sign in`);
    tokens.set(key, made);
    return made;
  };
  return {
    url,
    async as(held, method, path, more = {}) {
      const resource = more.blob === true ? 'https://storage.azure.com' : 'https://management.azure.com';
      const answer = await fetch(`${url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${await tokenOf(held, resource)}`,
          ...(more.blob === true ? { 'x-ms-version': '2023-11-03' } : {}),
          ...(more.json === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(more.json === undefined ? {} : { body: JSON.stringify(more.json) }),
      });
      await answer.text();
      return answer;
    },
    async control(handle, body) {
      const answer = await fetch(`${url}/_sim/${handle}`, { method: 'POST', body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(await answer.text());
      return answer.json();
    },
    assignments: async () => (await (await fetch(`${url}/_sim/assignments`)).json()) as readonly RoleAssignment[],
  };
}
