import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  AzureUnderTest,
  BLOB_READER,
  codeOf,
  GROUP_SCOPE,
  OTHER_KEYS,
  READER,
  SUBSCRIPTION,
  TENANT,
  type Answer,
} from './azure-under-test.ts';
import { stableGuid } from './guid.ts';

const AT_SUBSCRIPTION = `/subscriptions/${SUBSCRIPTION}`;
const DEFINITIONS = `${AT_SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions`;

let cloud: AzureUnderTest;
let olga: string;

beforeEach(async () => {
  cloud = await AzureUnderTest.start();
  olga = await cloud.tokenOf('olga');
});
afterEach(() => cloud.close());

const names = (answer: Answer): readonly unknown[] =>
  (answer.body['value'] as readonly { readonly name?: string; readonly displayName?: string }[]).map(
    (one) => one.displayName ?? one.name,
  );

describe('the version of the interface', () => {
  test.each([
    ['none', '', 'MissingApiVersionParameter'],
    ['one that the type does not have', '?api-version=2012-01-01', 'NoRegisteredProviderFound'],
    ['what is none', '?api-version=latest', 'InvalidApiVersionParameter'],
  ])('%s', async (_, query, code) => {
    const answer = await cloud.call('GET', `${DEFINITIONS}${query}`, { token: olga });
    expect([answer.status, codeOf(answer)]).toEqual([400, code]);
  });

  test('of Resource Manager’s own types is refused in another way', async () => {
    const answer = await cloud.call('GET', `${GROUP_SCOPE}?api-version=2012-01-01`, { token: olga });
    expect(codeOf(answer)).toBe('InvalidApiVersionParameter');
  });

  test('is asked for before a token is', async () => {
    expect(codeOf(await cloud.call('GET', '/subscriptions'))).toBe('MissingApiVersionParameter');
  });
});

describe('a token', () => {
  const get = (authorization: string): Promise<Answer> =>
    cloud.call('GET', '/subscriptions?api-version=2022-12-01', { headers: { authorization } });

  test('is asked for', async () => {
    const answer = await cloud.call('GET', '/subscriptions?api-version=2022-12-01');
    expect([answer.status, codeOf(answer)]).toEqual([401, 'AuthenticationFailed']);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer authorization_uri=/);
  });

  test('must be one of the simulator, for Resource Manager, and in its time', async () => {
    expect(codeOf(await get('Basic abc'))).toBe('AuthenticationFailedInvalidHeader');
    expect(codeOf(await get('Bearer abc'))).toBe('InvalidAuthenticationToken');
    const forged = cloud.assertion({ aud: 'https://management.azure.com', tid: TENANT }, 'k1', OTHER_KEYS.privateKey);
    expect(codeOf(await get(`Bearer ${forged}`))).toBe('InvalidAuthenticationToken');
    const storage = await cloud.tokenOf('olga', 'https://storage.azure.com');
    expect(codeOf(await get(`Bearer ${storage}`))).toBe('InvalidAuthenticationTokenAudience');
    expect((await get(`Bearer ${olga}`)).status).toBe(200);
    cloud.wait(5_400_000);
    expect(codeOf(await get(`Bearer ${olga}`))).toBe('ExpiredAuthenticationToken');
  });
});

describe('the token buckets', () => {
  const read = (token: string): Promise<Answer> => cloud.arm('GET', `${GROUP_SCOPE}?api-version=2021-04-01`, token);

  test('say what is left, refuse with Retry-After, and fill up again', async () => {
    await cloud.call('POST', '/_sim/settings', { json: { readBurst: 3, readsPerSecond: 0.5 } });
    const left = [];
    for (let count = 0; count < 3; count += 1)
      left.push((await read(olga)).headers.get('x-ms-ratelimit-remaining-subscription-reads'));
    expect(left).toEqual(['2', '1', '0']);
    const refused = await read(olga);
    expect([refused.status, codeOf(refused)]).toEqual([429, 'SubscriptionRequestsThrottled']);
    expect(refused.headers.get('retry-after')).toBe('2');
    cloud.wait(2_000);
    expect((await read(olga)).status).toBe(200);
  });

  test('are one for each caller, subscription and kind of operation', async () => {
    await cloud.call('POST', '/_sim/settings', { json: { readBurst: 1, readsPerSecond: 0.5 } });
    await read(olga);
    expect((await read(olga)).status).toBe(429);
    expect((await read(await cloud.tokenOf('ana'))).status).toBe(403);
    expect((await cloud.assign(olga, 'ana', READER)).headers.get('x-ms-ratelimit-remaining-subscription-writes')).toBe(
      '199',
    );
    const tenant = await cloud.arm('GET', '/subscriptions?api-version=2022-12-01', olga);
    expect(tenant.headers.get('x-ms-ratelimit-remaining-tenant-reads')).toBe('0');
  });
});

describe('roles', () => {
  test('of Azure are listed by name, and read by GUID with the subscription in the id', async () => {
    const filter = encodeURIComponent("roleName eq 'Storage Blob Data Reader'");
    const answer = await cloud.arm('GET', `${DEFINITIONS}?$filter=${filter}`, olga);
    expect(names(answer)).toEqual([BLOB_READER]);
    const reader = await cloud.arm('GET', `${DEFINITIONS}/${READER}`, olga);
    expect(reader.body).toMatchObject({
      id: `${DEFINITIONS}/${READER}`,
      properties: { roleName: 'Reader', type: 'BuiltInRole', permissions: [{ actions: ['*/read'] }] },
    });
  });

  const custom = (more: Readonly<Record<string, unknown>> = {}) => ({
    properties: {
      roleName: 'Group reader',
      description: '',
      permissions: [
        { actions: ['Microsoft.Resources/*/read'], notActions: ['Microsoft.Resources/subscriptions/read'] },
      ],
      assignableScopes: [AT_SUBSCRIPTION],
      ...more,
    },
  });
  const role = stableGuid('role');

  test('can be custom: made, assigned, and deleted when nobody has them', async () => {
    expect((await cloud.arm('PUT', `${DEFINITIONS}/${role}`, olga, custom())).status).toBe(201);
    await cloud.assign(olga, 'ana', role);
    cloud.wait(4_000);
    expect(await cloud.canRead('ana')).toBe('200');
    expect(codeOf(await cloud.arm('DELETE', `${DEFINITIONS}/${role}`, olga))).toBe('RoleDefinitionHasAssignments');
    await cloud.unassign(olga, 'ana', role);
    expect((await cloud.arm('DELETE', `${DEFINITIONS}/${role}`, olga)).status).toBe(200);
    expect((await cloud.arm('DELETE', `${DEFINITIONS}/${role}`, olga)).status).toBe(204);
  });

  test('are refused where name or scopes are wrong, and to who may not everywhere', async () => {
    const put = async (name: string, body: unknown, token = olga): Promise<string> =>
      codeOf(await cloud.arm('PUT', `${DEFINITIONS}/${name}`, token, body));
    expect(await put(role, custom({ roleName: 'Owner' }))).toBe('RoleDefinitionWithSameNameExists');
    expect(await put(READER, custom())).toBe('RoleDefinitionUpdateNotPermitted');
    expect(await put(role, custom({ assignableScopes: ['/'] }))).toBe('LinkedAuthorizationFailed');
    expect(await put(role, custom({ assignableScopes: [] }))).toBe('InvalidAssignableScope');
    expect(await put(role, custom(), await cloud.tokenOf('ana'))).toBe('AuthorizationFailed');
  });
});

describe('the estate', () => {
  const list = async (path: string, version: string, person = 'olga'): Promise<readonly unknown[]> =>
    names(await cloud.arm('GET', `${path}?api-version=${version}`, await cloud.tokenOf(person)));

  test('shows the subscriptions in which one has any role', async () => {
    expect(await list('/subscriptions', '2022-12-01')).toEqual(['acme-billing']);
    expect(await list('/subscriptions', '2022-12-01', 'ana')).toEqual([]);
    await cloud.assign(olga, 'ana', READER);
    cloud.wait(4_000);
    expect(await list('/subscriptions', '2022-12-01', 'ana')).toEqual(['acme-billing']);
    expect(codeOf(await cloud.arm('GET', `${AT_SUBSCRIPTION}?api-version=2022-12-01`, await cloud.tokenOf('bo')))).toBe(
      'SubscriptionNotFound',
    );
  });

  test('has resource groups and storage accounts', async () => {
    expect(await list(`${AT_SUBSCRIPTION}/resourceGroups`, '2021-04-01')).toEqual(['billing', 'other']);
    const accounts = '/providers/Microsoft.Storage/storageAccounts';
    expect(await list(`${AT_SUBSCRIPTION}${accounts}`, '2023-05-01')).toEqual(['acmeinvoices']);
    expect(await list(`${AT_SUBSCRIPTION}/resourceGroups/other${accounts}`, '2023-05-01')).toEqual([]);
    const one = await cloud.arm('GET', `${GROUP_SCOPE}${accounts}/acmeinvoices?api-version=2023-05-01`, olga);
    expect(one.body).toMatchObject({ name: 'acmeinvoices', kind: 'StorageV2' });
  });

  test('has management groups, in which roles are had from above', async () => {
    expect(await list('/providers/Microsoft.Management/managementGroups', '2020-05-01')).toEqual([]);
    const group = '/providers/Microsoft.Management/managementGroups/production';
    expect(codeOf(await cloud.arm('GET', `${group}?api-version=2020-05-01`, olga))).toBe('AuthorizationFailed');
    expect(codeOf(await cloud.arm('GET', `${AT_SUBSCRIPTION}/resourceGroups/none?api-version=2021-04-01`, olga))).toBe(
      'ResourceGroupNotFound',
    );
  });
});

test.each([
  ['$filter', '$filter=atScope()'],
  ['$expand', '$expand=children'],
  ['tenantId', 'tenantId=else'],
])('a query parameter that means nothing is refused: %s', async (_, query) => {
  const answer = await cloud.arm('GET', `${GROUP_SCOPE}?api-version=2021-04-01&${query}`, olga);
  expect([answer.status, codeOf(answer)]).toEqual([400, 'BadRequest']);
});

test('what is not simulated is not found', async () => {
  const answer = await cloud.arm('POST', `${GROUP_SCOPE}/moveResources`, olga);
  expect([answer.status, codeOf(answer)]).toEqual([404, 'NotFound']);
});
