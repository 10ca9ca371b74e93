import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { after, instant, type Instant } from '../../core/time.ts';
import { systemClock } from '../../platform/clock.ts';
import { createTokens, type AzureIdentity, type Tokens } from './identity.ts';

const TENANT = '11111111-1111-4111-8111-111111111111';
const CLIENT = '22222222-2222-4222-8222-222222222222';
const HOUR_MS = 3_600_000;

interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly form: URLSearchParams;
}

const asked: Asked[] = [];
let respond: (number: number) => { readonly status: number; readonly body: unknown; readonly headers?: object };
let now: Instant;
let url = '';

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { method = '', url: path = '', headers } = request;
    asked.push({ method, url: path, headers, form: new URLSearchParams(Buffer.concat(chunks).toString('utf8')) });
    const answer = respond(asked.length);
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers });
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  });
});

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());
beforeEach(() => {
  asked.length = 0;
  now = instant(Date.UTC(2026, 10, 23, 9));
  respond = (number) => ({ status: 200, body: { access_token: `token-${number}`, expires_in: 3_600 } });
});

const FEDERATED: AzureIdentity = {
  kind: 'federated',
  tenantId: TENANT,
  clientId: CLIENT,
  assertion: async () => 'eyJ.assertion\n',
};

function tokensOf(identity: AzureIdentity = FEDERATED): Tokens {
  const endpoints = { authority: url, management: url, resource: 'https://management.azure.com' };
  return createTokens(identity, { endpoints, clock: { ...systemClock, now: () => now }, requestTimeoutMs: 1_000 });
}

const patient = (): AbortSignal => AbortSignal.timeout(5_000);

describe('an identity', () => {
  test('that is federated exchanges the platform’s token in one call, and no secret', async () => {
    expect(await tokensOf().get(patient())).toBe('token-1');
    expect(asked.map(({ method, url: path }) => `${method} ${path}`)).toEqual([`POST /${TENANT}/oauth2/v2.0/token`]);
    expect(Object.fromEntries(asked[0]?.form ?? [])).toEqual({
      grant_type: 'client_credentials',
      client_id: CLIENT,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: 'eyJ.assertion',
      scope: 'https://management.azure.com/.default',
    });
  });

  test('of App Service is asked for with the header of the machine, and says until when its token is good', async () => {
    const until = String((now + HOUR_MS) / 1_000);
    respond = (number) => ({ status: 200, body: { access_token: `token-${number}`, expires_on: until } });
    const tokens = tokensOf({ kind: 'app-service', endpoint: `${url}/msi/token`, header: 'machine', clientId: CLIENT });
    expect(await tokens.get(patient())).toBe('token-1');
    const query = new URLSearchParams(asked[0]?.url.split('?')[1]);
    expect([asked[0]?.method, asked[0]?.headers['x-identity-header']]).toEqual(['GET', 'machine']);
    expect(Object.fromEntries(query)).toEqual({
      'api-version': '2019-08-01',
      resource: 'https://management.azure.com/',
      client_id: CLIENT,
    });
    now = after(now, HOUR_MS - 1_000);
    expect(await tokens.get(patient())).toBe('token-2');
  });
});

describe('a token', () => {
  test('is kept until five minutes before its end, and asked for once for all who wait', async () => {
    const tokens = tokensOf();
    expect(await Promise.all([1, 2, 3].map(() => tokens.get(patient())))).toEqual(['token-1', 'token-1', 'token-1']);
    now = after(now, HOUR_MS - 300_001);
    expect(await tokens.get(patient())).toBe('token-1');
    now = after(now, 1);
    expect(await tokens.get(patient())).toBe('token-2');
  });

  test('that was not believed is asked for anew', async () => {
    const tokens = tokensOf();
    tokens.forget(await tokens.get(patient()));
    expect(await tokens.get(patient())).toBe('token-2');
  });

  test('is used to its very end while the token service is away, and not beyond', async () => {
    const tokens = tokensOf();
    await tokens.get(patient());
    respond = () => ({ status: 503, body: {} });
    now = after(now, HOUR_MS - 1_000);
    expect(await tokens.get(patient())).toBe('token-1');
    now = after(now, 1_000);
    await expect(tokens.get(patient())).rejects.toMatchObject({ kind: 'unreachable' });
  });

  test('that does not come in time was for a call that was never sent', async () => {
    respond = () => ({ status: 200, body: { access_token: 'late', expires_in: 3_600 } });
    const tokens = tokensOf({ ...FEDERATED, assertion: () => new Promise(() => {}) });
    await expect(tokens.get(AbortSignal.timeout(50))).rejects.toMatchObject({ kind: 'unreachable' });
    await expect(tokens.get(AbortSignal.abort())).rejects.toMatchObject({ kind: 'unreachable' });
  });
});

describe('a refusal', () => {
  const refused = {
    error: 'invalid_client',
    error_description: 'AADSTS700213: … eyJ.assertion',
    error_codes: [700213],
  };

  test.each([
    [401, refused, {}, 'forbidden-to-us', 'AADSTS700213'],
    [400, { error: 'invalid_request' }, {}, 'forbidden-to-us', 'invalid_request'],
    [429, {}, { 'retry-after': '3' }, 'throttled', '429'],
    [503, {}, {}, 'unreachable', '503'],
    [200, {}, {}, 'unreachable', 'no token'],
    [200, 'no JSON', {}, 'unreachable', 'no token'],
  ])('%i %j is classified, and quotes nothing that was sent', async (status, body, headers, kind, said) => {
    respond = () => ({ status, body, headers });
    const thrown: unknown = await tokensOf()
      .get(patient())
      .catch((error: unknown) => error);
    expect(thrown).toMatchObject({ kind, retryAfterMs: kind === 'throttled' ? 3_000 : null });
    expect(String(thrown)).toContain(said);
    expect(String(thrown)).not.toContain('eyJ');
  });

  test('of the one who reads the platform’s token says which file it is, and nothing of it', async () => {
    const broken = { ...FEDERATED, assertion: () => Promise.reject(new Error('eyJ.half')) };
    await expect(tokensOf(broken).get(patient())).rejects.toMatchObject({
      kind: 'unreachable',
      message: "The platform's token for the broker, AZURE_FEDERATED_TOKEN_FILE, cannot be read",
    });
    await expect(tokensOf({ ...FEDERATED, assertion: async () => ' ' }).get(patient())).rejects.toThrow(/is empty/);
    expect(asked).toEqual([]);
  });
});
