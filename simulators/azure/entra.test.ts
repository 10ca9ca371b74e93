import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readJwt } from './access-token.ts';
import { AzureUnderTest, BROKER_APP, ISSUER_JWK, OTHER_KEYS, TENANT, WORLD, type Answer } from './azure-under-test.ts';
import { describeTenant } from './directory.ts';

let cloud: AzureUnderTest;

beforeEach(async () => {
  cloud = await AzureUnderTest.start();
});
afterEach(() => cloud.close());

/** Status, OAuth error and number of a refusal. */
const refusal = ({ status, body }: Answer): readonly unknown[] => [status, body['error'], body['error_codes']];

describe('a token', () => {
  test('is a signed JWT for one resource, good for 60 to 90 minutes', async () => {
    const answer = await cloud.requestToken();
    expect(answer.status).toBe(200);
    const expiresIn = Number(answer.body['expires_in']);
    expect(expiresIn).toBeGreaterThanOrEqual(3_600);
    expect(expiresIn).toBeLessThanOrEqual(5_400);
    const claims = readJwt(String(answer.body['access_token']))?.payload;
    expect(claims).toMatchObject({
      aud: 'https://management.azure.com',
      iss: `https://sts.windows.net/${TENANT}/`,
      appid: BROKER_APP,
      appidacr: '2',
      idtyp: 'app',
      tid: TENANT,
      exp: cloud.nowMs / 1_000 + expiresIn,
    });
  });

  test('is drawn by the seed', async () => {
    const lifetimes = async (): Promise<readonly unknown[]> => [
      (await cloud.requestToken()).body['expires_in'],
      (await cloud.requestToken()).body['expires_in'],
    ];
    const first = await lifetimes();
    await cloud.close();
    cloud = await AzureUnderTest.start();
    expect(await lifetimes()).toEqual(first);
    expect(first[0]).not.toBe(first[1]);
  });

  test('is issued by the tenant’s domain, too, and keeps the trailing slash of its resource', async () => {
    const answer = await cloud.requestToken({ scope: 'https://management.azure.com//.default' }, 'acme.example');
    const claims = readJwt(String(answer.body['access_token']))?.payload;
    expect(claims).toMatchObject({ aud: 'https://management.azure.com/', tid: TENANT });
  });
});

test('the metadata leads to the token endpoint and to the key that signs', async () => {
  const metadata = await cloud.call('GET', `/${TENANT}/v2.0/.well-known/openid-configuration`);
  expect(metadata.body).toMatchObject({
    issuer: `${cloud.url}/${TENANT}/v2.0`,
    token_endpoint: `${cloud.url}/${TENANT}/oauth2/v2.0/token`,
  });
  const keys = await cloud.call('GET', String(metadata.body['jwks_uri']).slice(cloud.url.length));
  const token = readJwt(await cloud.brokerToken());
  expect(keys.body).toMatchObject({ keys: [{ kty: 'RSA', use: 'sig', kid: token?.header['kid'] }] });
});

describe('refused, with Entra’s number', () => {
  const assertion = (claims: Readonly<Record<string, unknown>>, kid?: string) => ({
    client_assertion: cloud.assertion(claims, kid),
  });
  const past = (): number => cloud.nowMs / 1_000;

  test.each([
    ['another issuer', () => assertion({ iss: 'https://else.example' }), 401, 'invalid_client', 700211],
    [
      'an issuer with a slash too many',
      () => assertion({ iss: 'https://curfew.acme.example/' }),
      401,
      'invalid_client',
      700211,
    ],
    ['another audience', () => assertion({ aud: 'api://else' }), 401, 'invalid_client', 700212],
    ['another subject', () => assertion({ sub: 'else' }), 401, 'invalid_client', 700213],
    ['a subject that differs in case', () => assertion({ sub: 'Broker' }), 401, 'invalid_client', 7002138],
    ['an expired assertion', () => assertion({ exp: past() }), 401, 'invalid_client', 700024],
    ['an assertion of later', () => assertion({ nbf: past() + 1 }), 401, 'invalid_client', 700024],
    ['a key that is not published', () => assertion({}, 'k2'), 401, 'invalid_client', 7000272],
    ['what is no token', () => ({ client_assertion: 'a.b' }), 400, 'invalid_request', 50027],
    ['another application', () => ({ client_id: TENANT }), 400, 'unauthorized_client', 700016],
    [
      'a scope that is no default',
      () => ({ scope: 'https://management.azure.com/read' }),
      400,
      'invalid_scope',
      1002012,
    ],
    ['a resource that nobody has', () => ({ scope: 'https://else.example/.default' }), 400, 'invalid_resource', 500011],
    ['another grant', () => ({ grant_type: 'password' }), 400, 'unsupported_grant_type', 70003],
    ['no grant', () => ({ grant_type: '' }), 400, 'invalid_request', 900144],
    ['a secret', () => ({ client_secret: 'x' }), 401, 'invalid_client', 7000215],
    ['what is not simulated', () => ({ username: 'ana' }), 400, 'invalid_request', 90013],
  ])('%s', async (_, more: () => Record<string, string>, status, error, number) => {
    expect(refusal(await cloud.requestToken(more()))).toEqual([status, error, [number]]);
  });

  test('a signature by another key of the same name', async () => {
    const forged = cloud.assertion({}, 'k1', OTHER_KEYS.privateKey);
    expect(refusal(await cloud.requestToken({ client_assertion: forged }))).toEqual([401, 'invalid_client', [700027]]);
  });

  test('a tenant that is not there', async () => {
    const answer = await cloud.requestToken({}, 'else.example');
    expect(refusal(answer)).toEqual([400, 'invalid_request', [90002]]);
    expect(answer.body['error_description']).toMatch(/^AADSTS90002: Tenant 'else.example' not found\..* Trace ID: /);
  });

  test('a GET', async () => {
    expect(refusal(await cloud.call('GET', `/${TENANT}/oauth2/v2.0/token`))).toEqual([
      400,
      'invalid_request',
      [900561],
    ]);
  });
});

describe('the keys of an issuer that the world does not name', () => {
  test('are asked for at each exchange; an issuer that is down is said to be', async () => {
    let issuer = '';
    const door = createServer((request, response) => {
      const known = request.url === '/keys' ? { keys: [ISSUER_JWK] } : { issuer, jwks_uri: `${issuer}/keys` };
      response.end(JSON.stringify(known));
    });
    await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
    const address = door.address();
    issuer = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    await cloud.close();
    const [tenant] = WORLD.tenants;
    const applications = [
      { appId: BROKER_APP, displayName: 'Curfew', federatedCredentials: [{ name: 'c', issuer, subject: 'broker' }] },
    ];
    cloud = await AzureUnderTest.start({ tenants: [{ id: TENANT, ...tenant, applications }] });
    const exchange = (): Promise<Answer> => cloud.requestToken({ client_assertion: cloud.assertion({ iss: issuer }) });
    expect((await exchange()).status).toBe(200);
    door.closeAllConnections();
    await new Promise((resolve) => door.close(resolve));
    expect(refusal(await exchange())).toEqual([400, 'invalid_request', [90061]]);
  });
});

test('a test login stands for a person, on ADFS’s path too; nobody else has a secret', async () => {
  const token = readJwt(await cloud.tokenOf('ana'));
  expect(token?.payload).toMatchObject({ idtyp: 'user', upn: 'ana@acme.example', appidacr: '1' });
  const wrong = { client_id: 'login-ana', client_secret: 'x', client_assertion: '', client_assertion_type: '' };
  expect(refusal(await cloud.requestToken(wrong))).toEqual([401, 'invalid_client', [7000215]]);
});

test('an application has at most 20 federated credentials, no two for one issuer and subject', () => {
  const tenant = (count: number, subject: (index: number) => string) => ({
    id: TENANT,
    applications: [
      {
        displayName: 'Curfew',
        federatedCredentials: Array.from({ length: count }, (_, index) => ({
          name: `c${index}`,
          issuer: 'https://i.example',
          subject: subject(index),
        })),
      },
    ],
  });
  expect(() => describeTenant(tenant(20, String))).not.toThrow();
  expect(() => describeTenant(tenant(21, String))).toThrow('more than 20');
  expect(() => describeTenant(tenant(2, () => 'same'))).toThrow('two federated credentials');
});

test('a fault that a test asks for comes once', async () => {
  await cloud.call('POST', '/_sim/faults', { json: [{ service: 'entra', action: 'token', kind: 'unavailable' }] });
  expect((await cloud.requestToken()).status).toBe(503);
  expect((await cloud.requestToken()).status).toBe(200);
});
