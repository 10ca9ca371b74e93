import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { AzureSettings } from './azure-settings.ts';
import { stableGuid } from './guid.ts';
import { startAzureSimulator, type AzureSimulator } from './server.ts';
import { newSigningKey, type WorldDescription } from './world.ts';

export const TENANT = '11111111-1111-4111-8111-111111111111';
export const BROKER_APP = '22222222-2222-4222-8222-222222222222';
export const ISSUER = 'https://curfew.acme.example';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Made once: a key takes longer than a test. */
const SIGNING_KEY = newSigningKey();
const ISSUER_KEYS = generateKeyPairSync('rsa', { modulusLength: 2_048 });
export const OTHER_KEYS = generateKeyPairSync('rsa', { modulusLength: 2_048 });
export const ISSUER_JWK = { ...ISSUER_KEYS.publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' };

export const GRAPH = 'https://graph.microsoft.com';
export const SUBSCRIPTION = '33333333-3333-4333-8333-333333333333';
export const OTHER_SUBSCRIPTION = '44444444-4444-4444-8444-444444444444';
export const READER = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';
export const CONTRIBUTOR = 'b24988ac-6180-42a0-ab88-20f7382dd24c';
export const BLOB_READER = '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1';
export const GROUP_SCOPE = `/subscriptions/${SUBSCRIPTION}/resourceGroups/billing`;

/** The roles that the broker may assign, and to whom: what Curfew's own condition looks like. */
export const BROKER_CONDITION = constrain([READER, BLOB_READER]);

export function constrain(roles: readonly string[]): string {
  const type = 'Microsoft.Authorization/roleAssignments';
  const set = `{${roles.join(', ')}}`;
  return `((!(ActionMatches{'${type}/write'})) OR (@Request[${type}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals ${set} AND @Request[${type}:PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'User', 'Group'})) AND ((!(ActionMatches{'${type}/delete'})) OR (@Resource[${type}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals ${set}))`;
}

/** A company with a broker, people in groups, two subscriptions, and logins that stand for people. `olga` owns the first. */
export const WORLD: WorldDescription = {
  tenants: [
    {
      id: TENANT,
      displayName: 'Acme',
      domains: ['acme.example'],
      premium: true,
      users: ['ana', 'bo', 'olga'].map((name) => ({ userPrincipalName: `${name}@acme.example` })),
      groups: [
        { displayName: 'inner', members: ['bo@acme.example'] },
        { displayName: 'outer', members: ['inner'] },
        { displayName: 'everyone', dynamic: true, members: ['ana@acme.example'] },
        { displayName: 'headquarters', onPremisesSynced: true },
        { displayName: 'admins', roleAssignable: true },
      ],
      applications: [
        {
          appId: BROKER_APP,
          displayName: 'Curfew',
          federatedCredentials: [{ name: 'curfew', issuer: ISSUER, subject: 'broker' }],
          graphPermissions: [
            'User.Read.All',
            'GroupMember.ReadWrite.All',
            'User.RevokeSessions.All',
            'PrivilegedAssignmentSchedule.ReadWrite.AzureADGroup',
            'PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup',
            'RoleManagement.ReadWrite.Directory',
          ],
        },
      ],
      testLogins: [
        { clientId: 'login-ana', secret: 'ana-secret', user: 'ana@acme.example' },
        { clientId: 'login-bo', secret: 'bo-secret', user: 'bo@acme.example' },
        { clientId: 'login-olga', secret: 'olga-secret', user: 'olga@acme.example' },
      ],
    },
  ],
  managementGroups: [{ tenant: TENANT, name: 'production' }],
  subscriptions: [
    {
      id: SUBSCRIPTION,
      displayName: 'acme-billing',
      tenant: TENANT,
      managementGroup: 'production',
      resourceGroups: [
        {
          name: 'billing',
          storageAccounts: [
            {
              name: 'acmeinvoices',
              containers: [
                { name: 'invoices', blobs: [{ name: '2026/march.txt', content: 'paid' }] },
                { name: 'drafts' },
              ],
            },
          ],
        },
        { name: 'other' },
      ],
    },
    { id: OTHER_SUBSCRIPTION, displayName: 'acme-lab', tenant: TENANT },
  ],
  roleAssignments: [
    { tenant: TENANT, scope: `/subscriptions/${SUBSCRIPTION}`, role: 'Owner', principal: 'olga@acme.example' },
    {
      tenant: TENANT,
      scope: `/subscriptions/${SUBSCRIPTION}`,
      role: 'Role Based Access Control Administrator',
      principal: 'Curfew',
      condition: BROKER_CONDITION,
    },
  ],
  issuers: [{ url: ISSUER, keys: [ISSUER_JWK] }],
};

const isGroup = (name: string): boolean =>
  (WORLD.tenants[0]?.groups ?? []).some(({ displayName }) => displayName === name);

export type Answer = {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body where it is a JSON object, else empty. */
  readonly body: Readonly<Record<string, unknown>>;
};

/** A simulator with a clock of its own, and what tests say to it. */
export class AzureUnderTest {
  nowMs = Date.parse('2026-03-02T09:00:00Z');
  #simulator: AzureSimulator | null = null;
  readonly #tokens = new Map<string, string>();

  static async start(
    world: WorldDescription = WORLD,
    settings: Partial<AzureSettings> = {},
    { stateFile, nowMs }: { readonly stateFile?: string; readonly nowMs?: number } = {},
  ): Promise<AzureUnderTest> {
    const cloud = new AzureUnderTest();
    cloud.nowMs = nowMs ?? cloud.nowMs;
    cloud.#simulator = await startAzureSimulator({
      port: 0,
      world,
      settings,
      now: () => cloud.nowMs,
      signingKey: SIGNING_KEY,
      ...(stateFile === undefined ? {} : { stateFile }),
    });
    return cloud;
  }

  get url(): string {
    return this.#simulator?.url ?? '';
  }

  async close(): Promise<void> {
    await this.#simulator?.close();
  }

  wait(ms: number): void {
    this.nowMs += ms;
  }

  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const { token, json, form, body, headers = {} } = options;
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: asObject(text) };
  }

  /** The token of an issuer for an application, an hour long. */
  assertion(
    claims: Readonly<Record<string, unknown>> = {},
    kid = 'k1',
    key: KeyObject = ISSUER_KEYS.privateKey,
  ): string {
    const now = Math.floor(this.nowMs / 1_000);
    const payload = {
      iss: ISSUER,
      sub: 'broker',
      aud: 'api://AzureADTokenExchange',
      iat: now,
      exp: now + 3_600,
      ...claims,
    };
    const signed = [{ alg: 'RS256', kid }, payload]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
  }

  requestToken(more: Readonly<Record<string, string>> = {}, tenant = TENANT): Promise<Answer> {
    const form = {
      grant_type: 'client_credentials',
      client_id: BROKER_APP,
      client_assertion_type: ASSERTION_TYPE,
      client_assertion: this.assertion(),
      scope: 'https://management.azure.com/.default',
      ...more,
    };
    return this.call('POST', `/${tenant}/oauth2/v2.0/token`, { form });
  }

  /** The object id of a person, or of a group. */
  idOf(name: string): string {
    const type = isGroup(name) ? 'Group' : name === 'Curfew' ? 'ServicePrincipal' : 'User';
    const full = type === 'User' ? `${name}@acme.example` : name === 'Curfew' ? BROKER_APP : name;
    return stableGuid(TENANT, type, full);
  }

  /** A call to Graph, by the broker unless a person is named. */
  async graph(method: string, path: string, json?: unknown, person?: string): Promise<Answer> {
    const token = person === undefined ? await this.brokerToken(GRAPH) : await this.tokenOf(person, GRAPH);
    return this.call(method, `/v1.0${path}`, { token, ...(json === undefined ? {} : { json }) });
  }

  /** Happens beside Azure's interfaces: `directory`, `estate`, `settings`. */
  async happens(where: string, json: Readonly<Record<string, unknown>>): Promise<Answer> {
    const answer = await this.call('POST', `/_sim/${where}`, { json });
    if (answer.status !== 200) throw new Error(answer.text);
    return answer;
  }

  /** A call to Resource Manager, with the version that the type has unless the path names one. */
  arm(method: string, path: string, token: string, json?: unknown): Promise<Answer> {
    const version = path.includes('api-version=') ? '' : `${path.includes('?') ? '&' : '?'}api-version=2022-04-01`;
    return this.call(method, `${path}${version}`, { token, ...(json === undefined ? {} : { json }) });
  }

  /** Assigns a role. `more` are further properties. */
  assign(
    token: string,
    to: string,
    role: string,
    scope = GROUP_SCOPE,
    more: Readonly<Record<string, unknown>> = {},
    name = stableGuid(to, role, scope),
  ): Promise<Answer> {
    const properties = {
      roleDefinitionId: `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/${role}`,
      principalId: this.idOf(to),
      principalType: isGroup(to) ? 'Group' : 'User',
      ...more,
    };
    return this.arm('PUT', assignmentPath(scope, name), token, { properties });
  }

  unassign(token: string, to: string, role: string, scope = GROUP_SCOPE): Promise<Answer> {
    return this.arm('DELETE', assignmentPath(scope, stableGuid(to, role, scope)), token);
  }

  /** Whether somebody can read the resource group: its status, or the code of the refusal. */
  async canRead(person: string): Promise<string> {
    return codeOf(await this.arm('GET', `${GROUP_SCOPE}?api-version=2021-04-01`, await this.tokenOf(person)));
  }

  /** The broker's access token, for Resource Manager unless something else is said. */
  async brokerToken(resource = 'https://management.azure.com'): Promise<string> {
    const { body } = await this.requestToken({ scope: `${resource}/.default` });
    return String(body['access_token']);
  }

  /** Everybody signs in anew. */
  forgetTokens(): void {
    this.#tokens.clear();
  }

  /** The token of a person, kept while it is good. */
  async tokenOf(person: string, resource = 'https://management.azure.com'): Promise<string> {
    const key = `${person} ${resource}`;
    const kept = this.#tokens.get(key);
    if (kept !== undefined) return kept;
    const form = {
      grant_type: 'client_credentials',
      client_id: `login-${person}`,
      client_secret: `${person}-secret`,
      resource,
    };
    const { body, text } = await this.call('POST', '/adfs/oauth2/token', { form });
    if (typeof body['access_token'] !== 'string') throw new Error(text);
    this.#tokens.set(key, body['access_token']);
    return body['access_token'];
  }
}

/** The world at its beginning, and the tokens of the broker and of `olga`. */
export async function startedAzure(): Promise<{
  readonly cloud: AzureUnderTest;
  readonly broker: string;
  readonly olga: string;
}> {
  const cloud = await AzureUnderTest.start();
  return { cloud, broker: await cloud.brokerToken(), olga: await cloud.tokenOf('olga') };
}

export const assignmentPath = (scope: string, name: string): string =>
  `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`;

type CallOptions = {
  readonly token?: string;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
};

/** The code of an error of Resource Manager, or the status of anything else. */
export function codeOf(answer: Answer): string {
  const error = answer.body['error'];
  return typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(answer.status);
}

function asObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
