import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { AzureSettings } from './azure-settings.ts';
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

/** A company with a broker, two people, and logins that stand for them. */
export const WORLD: WorldDescription = {
  tenants: [
    {
      id: TENANT,
      displayName: 'Acme',
      domains: ['acme.example'],
      users: [{ userPrincipalName: 'ana@acme.example' }, { userPrincipalName: 'bo@acme.example' }],
      applications: [
        {
          appId: BROKER_APP,
          displayName: 'Curfew',
          federatedCredentials: [{ name: 'curfew', issuer: ISSUER, subject: 'broker' }],
        },
      ],
      testLogins: [
        { clientId: 'login-ana', secret: 'ana-secret', user: 'ana@acme.example' },
        { clientId: 'login-bo', secret: 'bo-secret', user: 'bo@acme.example' },
      ],
    },
  ],
  issuers: [{ url: ISSUER, keys: [ISSUER_JWK] }],
};

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

  static async start(world: WorldDescription = WORLD, settings: Partial<AzureSettings> = {}): Promise<AzureUnderTest> {
    const cloud = new AzureUnderTest();
    cloud.#simulator = await startAzureSimulator({
      port: 0,
      world,
      settings,
      now: () => cloud.nowMs,
      signingKey: SIGNING_KEY,
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

  /** The broker's access token, for Resource Manager unless something else is said. */
  async brokerToken(resource = 'https://management.azure.com'): Promise<string> {
    const { body } = await this.requestToken({ scope: `${resource}/.default` });
    return String(body['access_token']);
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
