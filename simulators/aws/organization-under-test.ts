import type { CloudSettings } from './cloud-settings.ts';
import { parseQuery } from '../shared/http-call.ts';
import { startAwsSimulator, type AwsSimulator } from './server.ts';
import { canonicalRequest, scopeText, sha256Hex, signCanonical, signingKey } from './sigv4.ts';
import type { PolicyDocument, WorldDescription } from './world.ts';

/** An organization for tests: a management account with a broker's role and Scheduler's, and two accounts with nothing in them. */
export const MANAGEMENT = '111111111111';
export const PROD = '222222222222';
export const STAGING = '333333333333';
const BROKER = `arn:aws:iam::${MANAGEMENT}:role/broker`;
export const SCHEDULER_ROLE = `arn:aws:iam::${MANAGEMENT}:role/scheduler`;

export const allow = (action: string | readonly string[], more: object = {}): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: action, Resource: '*', ...more }],
});

const trust = (service: string, condition: object = {}): PolicyDocument => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole', ...condition }],
});

export function organizationWorld(
  change: { readonly broker?: PolicyDocument; readonly scheduler?: PolicyDocument } = {},
) {
  const world: WorldDescription = {
    organization: { managementAccount: MANAGEMENT, accounts: [{ id: PROD, name: 'prod' }] },
    identityCenter: {
      users: [
        { userName: 'ana@acme.example', externalIds: [{ issuer: 'https://idp', id: 'ana-1' }] },
        { userName: 'bo@acme.example' },
      ],
      groups: [{ displayName: 'finance', members: ['ana@acme.example'] }],
      permissionSets: [{ name: 'invoice-reader', inlinePolicy: allow('iam:ListRoles'), tags: { owner: 'curfew' } }],
    },
    accounts: [
      {
        id: MANAGEMENT,
        roles: [
          {
            name: 'broker',
            trustPolicy: trust('ecs-tasks.amazonaws.com'),
            inlinePolicies: {
              own: change.broker ?? allow(['sso:*', 'identitystore:*', 'organizations:*', 'scheduler:*', 'iam:*']),
            },
          },
          {
            name: 'scheduler',
            trustPolicy: trust('scheduler.amazonaws.com', {
              Condition: { StringEquals: { 'aws:SourceAccount': MANAGEMENT } },
            }),
            inlinePolicies: { own: change.scheduler ?? allow(['sso:DeleteAccountAssignment', 'iam:DeleteRolePolicy']) },
          },
        ],
      },
      { id: PROD },
      { id: STAGING },
    ],
  };
  return world;
}

export type Keys = { accessKeyId: string; secretAccessKey: string; sessionToken: string };
export type Answer = { readonly status: number; readonly code: string | null; readonly body: Record<string, unknown> };
type Request = { service: string; method: string; path: string; headers: Record<string, string>; body: string };

const TARGETS: Readonly<Record<string, string>> = {
  sso: 'SWBExternalService',
  identitystore: 'AWSIdentityStore',
  organizations: 'AWSOrganizationsV20161128',
};
export const START = Date.parse('2026-11-23T09:00:00Z');

/** A simulator with a clock that stands still until it is told, and a client that signs. */
export class OrganizationUnderTest {
  nowMs = START;
  #simulator: AwsSimulator | null = null;
  #broker: Keys | null = null;

  static async start(
    world: WorldDescription = organizationWorld(),
    settings: Partial<CloudSettings> = {},
    stateFile?: string,
  ): Promise<OrganizationUnderTest> {
    const one = new OrganizationUnderTest();
    const quiet = { listDelayMs: [0, 0], accountsDelayMs: [0, 0], fireDelayMs: [0, 0], ...settings } as const;
    const options = { port: 0, world, now: () => one.nowMs, settings: quiet };
    one.#simulator = await startAwsSimulator(stateFile === undefined ? options : { ...options, stateFile });
    one.#broker = await one.session(BROKER);
    return one;
  }

  get url(): string {
    if (this.#simulator === null) throw new Error('not started');
    return this.#simulator.url;
  }

  async close(): Promise<void> {
    await this.#simulator?.close();
  }

  async session(roleArn: string): Promise<Keys> {
    return (await this.control('POST', 'session', { roleArn })) as unknown as Keys;
  }

  /** A handle that no AWS has. Throws what it says is wrong. */
  async control(method: string, path: string, body?: unknown): Promise<Record<string, unknown>> {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const answer = await fetch(`${this.url}/_sim/${path}`, init);
    const json = (await answer.json()) as Record<string, unknown>;
    if (!answer.ok) throw new Error(String(json['error']));
    return json;
  }

  /** One call of a service with a target header, as the broker unless somebody else's keys are given. */
  call(service: string, action: string, input: object = {}, keys = this.#broker): Promise<Answer> {
    const headers = {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': `${TARGETS[service] ?? service}.${action}`,
    };
    return this.#send({ service, method: 'POST', path: '/', headers, body: JSON.stringify(input) }, keys);
  }

  /** One call of EventBridge Scheduler. */
  scheduler(method: string, path: string, input?: object): Promise<Answer> {
    const body = input === undefined ? '' : JSON.stringify(input);
    const headers = { 'content-type': 'application/json' };
    return this.#send({ service: 'scheduler', method, path, headers, body }, this.#broker);
  }

  /** Whether keys may list roles, which the permission set of this world allows; the error code if not. */
  tryAccess(keys: Keys): Promise<string> {
    return this.iam('Action=ListRoles', keys);
  }

  /** One call of IAM: `OK`, or the error code. */
  async iam(form: string, keys: Keys): Promise<string> {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const body = `${form}&Version=2010-05-08`;
    const { status, text } = await this.#raw({ service: 'iam', method: 'POST', path: '/', headers, body }, keys);
    return status === 200 ? 'OK' : (/<Code>(\w+)</.exec(text)?.[1] ?? `HTTP ${status}`);
  }

  /** Credentials from the portal, for a person who has signed in; the error code if there are none. */
  async credentials(userName: string, account: string, roleName = 'invoice-reader'): Promise<Keys | string> {
    const { accessToken } = await this.control('POST', 'sso-token', { userName });
    const query = `role_name=${roleName}&account_id=${account}`;
    const answer = await fetch(`${this.url}/federation/credentials?${query}`, {
      headers: { 'x-amz-sso_bearer_token': String(accessToken) },
    });
    if (!answer.ok) return answer.headers.get('x-amzn-errortype') ?? `HTTP ${answer.status}`;
    const { roleCredentials } = (await answer.json()) as { roleCredentials: Keys };
    return roleCredentials;
  }

  async #send(request: Request, keys: Keys | null): Promise<Answer> {
    const { status, text, code } = await this.#raw(request, keys);
    return { status, code, body: JSON.parse(text) as Record<string, unknown> };
  }

  async #raw(request: Request, keys: Keys | null): Promise<{ status: number; text: string; code: string | null }> {
    if (keys === null) throw new Error('not started');
    const amzDate = `${new Date(this.nowMs).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
    const sent: Record<string, string> = {
      ...request.headers,
      'x-amz-date': amzDate,
      'x-amz-security-token': keys.sessionToken,
    };
    const headers = new Map(
      Object.entries({ ...sent, host: new URL(this.url).host }).map(([name, value]) => [name, [value]]),
    );
    const scope = { date: amzDate.slice(0, 8), region: 'us-east-1', service: request.service };
    const [rawPath = '/', query = ''] = request.path.split('?');
    const signedHeaders = [...headers.keys()].sort();
    const payloadHash = sha256Hex(request.body);
    const { method, service } = request;
    const canonical = canonicalRequest({
      method,
      rawPath,
      query: parseQuery(query),
      headers,
      signedHeaders,
      payloadHash,
      service,
    });
    const signature = signCanonical(signingKey(keys.secretAccessKey, scope), amzDate, scope, canonical);
    const authorization = `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scopeText(scope)}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`;
    const answer = await fetch(`${this.url}${request.path}`, {
      method,
      headers: { ...sent, authorization },
      ...(request.body === '' ? {} : { body: request.body }),
    });
    return { status: answer.status, text: await answer.text(), code: answer.headers.get('x-amzn-errortype') };
  }
}
