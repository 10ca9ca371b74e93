import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  AzureUnderTest,
  BLOB_READER,
  codeOf,
  GROUP_SCOPE,
  READER,
  startedAzure,
  SUBSCRIPTION,
  TENANT,
  WORLD,
  type Answer,
} from './azure-under-test.ts';

const STORAGE = 'https://storage.azure.com';
const CONTRIBUTOR = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe';
const ACCOUNT = `${GROUP_SCOPE}/providers/Microsoft.Storage/storageAccounts/acmeinvoices`;
const INVOICES = `${ACCOUNT}/blobServices/default/containers/invoices`;
const MARCH = '/acmeinvoices/invoices/2026/march.txt';
const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';

let cloud: AzureUnderTest;
let broker: string;
let olga: string;

beforeEach(async () => {
  ({ cloud, broker, olga } = await startedAzure());
});
afterEach(() => cloud.close());

async function blob(method: string, path: string, person = 'ana', more: { body?: string } = {}): Promise<Answer> {
  const headers = { 'x-ms-version': '2023-11-03', ...(method === 'PUT' ? { 'x-ms-blob-type': 'BlockBlob' } : {}) };
  return cloud.call(method, path, { token: await cloud.tokenOf(person, STORAGE), headers, ...more });
}

const said = (answer: Answer): string => answer.headers.get('x-ms-error-code') ?? String(answer.status);

describe('a role on data', () => {
  test('lets its holder read blobs, and nobody else; a role on the control plane does not', async () => {
    await cloud.assign(broker, 'ana', BLOB_READER);
    await cloud.assign(broker, 'bo', READER);
    cloud.wait(4_000);
    const read = await blob('GET', MARCH);
    expect([read.status, read.text]).toEqual([200, 'paid']);
    const refused = await blob('GET', MARCH, 'bo');
    expect([refused.status, said(refused)]).toEqual([403, 'AuthorizationPermissionMismatch']);
    expect(refused.text).toContain('<Code>AuthorizationPermissionMismatch</Code>');
    expect(said(await blob('GET', MARCH, 'olga'))).toBe('AuthorizationPermissionMismatch');
    expect(said(await blob('PUT', MARCH, 'ana', { body: 'x' }))).toBe('AuthorizationPermissionMismatch');
    expect(said(await blob('DELETE', MARCH))).toBe('AuthorizationPermissionMismatch');
    expect(said(await blob('GET', '/acmeinvoices/invoices/none'))).toBe('BlobNotFound');
  });

  test('on one container is none on another, nor on the account', async () => {
    await cloud.assign(broker, 'ana', BLOB_READER, INVOICES);
    cloud.wait(4_000);
    const list = (container: string): Promise<Answer> =>
      blob('GET', `/acmeinvoices/${container}?restype=container&comp=list`);
    expect((await list('invoices')).text).toContain('<Name>2026/march.txt</Name>');
    expect(said(await list('drafts'))).toBe('AuthorizationPermissionMismatch');
    expect(said(await blob('GET', '/acmeinvoices/?comp=list'))).toBe('AuthorizationPermissionMismatch');
    expect((await blob('HEAD', '/acmeinvoices/invoices?restype=container')).status).toBe(200);
  });

  test('to contribute writes, lists with a prefix, reads a range and deletes', async () => {
    await cloud.assign(olga, 'ana', CONTRIBUTOR, ACCOUNT);
    cloud.wait(4_000);
    expect((await blob('PUT', '/acmeinvoices/drafts/a%20b.txt', 'ana', { body: 'hello' })).status).toBe(201);
    const list = await blob('GET', '/acmeinvoices/drafts?restype=container&comp=list&prefix=a');
    expect(list.text).toContain('<Name>a b.txt</Name>');
    const part = await cloud.call('GET', '/acmeinvoices/drafts/a%20b.txt', {
      token: await cloud.tokenOf('ana', STORAGE),
      headers: { 'x-ms-version': '2023-11-03', 'x-ms-range': 'bytes=1-2' },
    });
    expect([part.status, part.text]).toEqual([206, 'el']);
    expect((await blob('DELETE', '/acmeinvoices/drafts/a%20b.txt')).status).toBe(202);
    expect(said(await blob('GET', '/acmeinvoices/drafts/a%20b.txt'))).toBe('BlobNotFound');
    expect((await blob('GET', '/acmeinvoices/?comp=list')).text).toContain('<Name>drafts</Name>');
  });

  test('from a management group takes longer on the data plane, both ways', async () => {
    await cloud.close();
    const scope = '/providers/Microsoft.Management/managementGroups/production';
    cloud = await AzureUnderTest.start(
      { ...WORLD, roleAssignments: [{ tenant: TENANT, scope, role: 'Owner', principal: 'olga@acme.example' }] },
      { managementGroupDataMs: [600_000, 600_000], roleAdditionMs: [1_000, 1_000], roleRemovalMs: [1_000, 1_000] },
    );
    olga = await cloud.tokenOf('olga');
    expect((await cloud.assign(olga, 'ana', BLOB_READER, scope)).status).toBe(201);
    cloud.wait(599_999);
    expect(said(await blob('GET', MARCH))).toBe('AuthorizationPermissionMismatch');
    expect((await blob('GET', '/acmeinvoices/?comp=list')).status).toBe(200);
    cloud.wait(1);
    expect((await blob('GET', MARCH)).status).toBe(200);
    await cloud.unassign(olga, 'ana', BLOB_READER, scope);
    cloud.wait(599_999);
    expect((await blob('GET', MARCH)).status).toBe(200);
    expect(said(await blob('GET', '/acmeinvoices/?comp=list'))).toBe('AuthorizationPermissionMismatch');
    cloud.wait(1);
    expect(said(await blob('GET', MARCH))).toBe('AuthorizationPermissionMismatch');
  });

  test('through a group comes and goes with its members, whom PIM chooses', async () => {
    await cloud.happens('settings', { pimProvisionMs: 1_000, pimExpiryMs: 0, groupChangeMs: 2_000 });
    await cloud.assign(broker, 'inner', BLOB_READER);
    const made = await cloud.graph('POST', '/identityGovernance/privilegedAccess/group/assignmentScheduleRequests', {
      accessId: 'member',
      principalId: cloud.idOf('ana'),
      groupId: cloud.idOf('inner'),
      action: 'adminAssign',
      justification: 'grant 1',
      scheduleInfo: { expiration: { type: 'afterDuration', duration: 'PT10M' } },
    });
    expect(made.status).toBe(201);
    cloud.wait(4_000);
    expect((await blob('GET', MARCH)).status).toBe(200);
    cloud.nowMs = Date.parse('2026-03-02T09:10:01.999Z');
    expect((await blob('GET', MARCH)).status).toBe(200);
    cloud.wait(1);
    expect(said(await blob('GET', MARCH))).toBe('AuthorizationPermissionMismatch');
  });

  test('that PIM assigns at a management group takes as long', async () => {
    await cloud.close();
    const scope = '/providers/Microsoft.Management/managementGroups/production';
    cloud = await AzureUnderTest.start(
      { ...WORLD, roleAssignments: [{ tenant: TENANT, scope, role: 'Owner', principal: 'olga@acme.example' }] },
      { managementGroupDataMs: [600_000, 600_000], pimProvisionMs: [0, 0], pimExpiryMs: [0, 0] },
    );
    const path = `${scope}/providers/Microsoft.Authorization/roleAssignmentScheduleRequests/${TENANT}`;
    const properties = {
      principalId: cloud.idOf('ana'),
      roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${BLOB_READER}`,
      requestType: 'AdminAssign',
      justification: 'grant 1',
      scheduleInfo: { expiration: { type: 'AfterDuration', duration: 'PT30M' } },
    };
    const made = await cloud.arm('PUT', `${path}?api-version=2020-10-01`, await cloud.tokenOf('olga'), { properties });
    expect(made.body['properties']).toMatchObject({ status: 'Provisioned' });
    cloud.wait(599_999);
    expect(said(await blob('GET', MARCH))).toBe('AuthorizationPermissionMismatch');
    cloud.wait(1);
    expect((await blob('GET', MARCH)).status).toBe(200);
    cloud.wait(1_799_999);
    expect((await blob('GET', MARCH)).status).toBe(200);
    cloud.wait(1);
    expect(said(await blob('GET', MARCH))).toBe('AuthorizationPermissionMismatch');
  });
});

describe('a condition', () => {
  const until = (at: string): string => `@Environment[UtcNow] DateTimeLessThan '${at}'`;
  const give = async (condition: string, role = BLOB_READER): Promise<void> => {
    const answer = await cloud.assign(olga, 'ana', role, GROUP_SCOPE, { condition, conditionVersion: '2.0' });
    expect([answer.status, codeOf(answer)]).toEqual([201, '201']);
    cloud.wait(4_000);
  };

  test('about the time ends access by itself, to the millisecond', async () => {
    await give(`(!(ActionMatches{'${BLOBS}/read'})) OR (${until('2026-03-02T10:00:00.0Z')})`);
    cloud.nowMs = Date.parse('2026-03-02T09:59:59.999Z');
    expect((await blob('GET', MARCH)).status).toBe(200);
    cloud.wait(1);
    expect(said(await blob('GET', MARCH))).toBe('AuthorizationPermissionMismatch');
  });

  test('does not end what it does not name', async () => {
    await give(`(!(ActionMatches{'${BLOBS}/read'})) OR (${until('2026-03-02T09:00:00.0Z')})`, CONTRIBUTOR);
    expect(said(await blob('GET', MARCH))).toBe('AuthorizationPermissionMismatch');
    expect((await blob('PUT', MARCH, 'ana', { body: 'still' })).status).toBe(201);
  });

  test('tells listing from reading, and knows container, path and prefix', async () => {
    await give(
      `(!(ActionMatches{'${BLOBS}/read'} AND NOT SubOperationMatches{'Blob.List'}) OR @Resource[${BLOBS}:path] StringLike '2026/*') AND (!(ActionMatches{'${BLOBS}/read'} AND SubOperationMatches{'Blob.List'}) OR @Request[${BLOBS}:prefix] StringStartsWith '2026/')`,
    );
    const list = (query: string): Promise<Answer> =>
      blob('GET', `/acmeinvoices/invoices?restype=container&comp=list${query}`);
    expect((await blob('GET', MARCH)).status).toBe(200);
    expect((await list('&prefix=2026/')).status).toBe(200);
    expect(said(await list(''))).toBe('AuthorizationPermissionMismatch');
    expect(said(await blob('GET', '/acmeinvoices/invoices/2025/may.txt'))).toBe('AuthorizationPermissionMismatch');
  });

  test('is met by a second assignment without one', async () => {
    await give(until('2026-03-02T09:00:00.0Z'));
    expect(said(await blob('GET', MARCH))).toBe('AuthorizationPermissionMismatch');
    await cloud.assign(olga, 'ana', BLOB_READER, `/subscriptions/${SUBSCRIPTION}`);
    cloud.wait(4_000);
    expect((await blob('GET', MARCH)).status).toBe(200);
  });
});

describe('who calls', () => {
  const get = (headers: Readonly<Record<string, string>>, path = MARCH): Promise<Answer> =>
    cloud.call('GET', path, { headers });

  test('is asked for, in a version that knows tokens, with a token for storage', async () => {
    const version = { 'x-ms-version': '2023-11-03' };
    expect(said(await get(version))).toBe('NoAuthenticationInformation');
    expect(said(await get({ ...version, authorization: 'SharedKey acmeinvoices:abc' }))).toBe(
      'KeyBasedAuthenticationNotPermitted',
    );
    expect(said(await get(version, `${MARCH}?sig=abc`))).toBe('UnsupportedQueryParameter');
    expect(said(await get({ ...version, authorization: 'Bearer abc' }))).toBe('InvalidAuthenticationInfo');
    expect(said(await get({ ...version, authorization: `Bearer ${olga}` }))).toBe('InvalidAuthenticationInfo');
    const token = await cloud.tokenOf('olga', STORAGE);
    const old = { 'x-ms-version': '2017-07-29' };
    for (const headers of [{}, old])
      expect(said(await get({ ...headers, authorization: `Bearer ${token}` }))).toBe('AuthenticationFailed');
    cloud.wait(5_400_000);
    const expired = await get({ ...version, authorization: `Bearer ${token}` });
    expect([said(expired), expired.text]).toEqual(['InvalidAuthenticationInfo', expect.stringContaining('expired')]);
  });
});
