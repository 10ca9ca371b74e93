import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  AzureUnderTest,
  BLOB_READER,
  codeOf,
  GROUP_SCOPE,
  OTHER_SUBSCRIPTION,
  READER,
  startedAzure,
  SUBSCRIPTION,
  WORLD,
  type Answer,
} from './azure-under-test.ts';

const AT_SUBSCRIPTION = `/subscriptions/${SUBSCRIPTION}`;
const ACCOUNT = `${GROUP_SCOPE}/providers/Microsoft.Storage/storageAccounts/acmeinvoices`;

let cloud: AzureUnderTest;
let broker: string;
let olga: string;

beforeEach(async () => {
  ({ cloud, broker, olga } = await startedAzure());
});
afterEach(() => cloud.close());

const directory = (json: Readonly<Record<string, unknown>>): Promise<Answer> =>
  cloud.call('POST', '/_sim/directory', { json });
const estate = (json: Readonly<Record<string, unknown>>): Promise<Answer> =>
  cloud.call('POST', '/_sim/estate', { json: { subscription: SUBSCRIPTION, ...json } });

describe('the directory', () => {
  test('has people whom Resource Manager knows later, unless it is told what they are', async () => {
    await cloud.call('POST', '/_sim/settings', { json: { principalReplicationMs: 60_000 } });
    const { body } = await directory({ change: 'add-user', name: 'new@acme.example' });
    const assign = (principalType: string | null): Promise<Answer> =>
      cloud.assign(olga, 'new', READER, GROUP_SCOPE, { principalId: body['id'], principalType });
    expect(codeOf(await assign(null))).toBe('PrincipalNotFound');
    cloud.wait(60_000);
    const answer = await assign(null);
    expect([answer.status, answer.body['properties']]).toMatchObject([201, { principalType: 'User' }]);
    const next = await directory({ change: 'add-user', name: 'next@acme.example' });
    const told = { principalId: next.body['id'], principalType: 'User' };
    expect((await cloud.assign(olga, 'next', READER, GROUP_SCOPE, told)).status).toBe(201);
  });

  test('changes groups, which access follows later', async () => {
    await cloud.call('POST', '/_sim/settings', { json: { groupChangeMs: 9_000 } });
    await cloud.assign(broker, 'outer', READER);
    await directory({ change: 'add-member', group: 'outer', name: 'ana@acme.example' });
    cloud.wait(8_999);
    expect([await cloud.canRead('ana'), await cloud.canRead('bo')]).toEqual(['AuthorizationFailed', '200']);
    cloud.wait(1);
    expect(await cloud.canRead('ana')).toBe('200');
    await directory({ change: 'remove-member', group: 'inner', name: 'bo@acme.example' });
    cloud.wait(9_000);
    expect(await cloud.canRead('bo')).toBe('AuthorizationFailed');
  });

  test('removes people, whose assignments stay; and disables them, whose tokens go on', async () => {
    await cloud.assign(broker, 'ana', READER);
    await cloud.assign(broker, 'bo', READER);
    cloud.wait(4_000);
    const [ana] = [await cloud.canRead('ana'), await cloud.canRead('bo')];
    expect(ana).toBe('200');
    await directory({ change: 'disable', name: 'bo@acme.example' });
    await directory({ change: 'remove', name: 'ana@acme.example' });
    expect([await cloud.canRead('ana'), await cloud.canRead('bo')]).toEqual(['AuthorizationFailed', '200']);
    await expect(cloud.tokenOf('bo', 'https://storage.azure.com')).rejects.toThrow('AADSTS50057');
    const written = await cloud.call('GET', '/_sim/assignments');
    expect(written.text).toContain(cloud.idOf('ana'));
  });
});

describe('the estate', () => {
  test('loses a resource group and the assignments in it; who made anew has none', async () => {
    await cloud.assign(broker, 'ana', READER);
    cloud.wait(4_000);
    await estate({ change: 'remove-resource-group', name: 'billing' });
    expect(codeOf(await cloud.unassign(broker, 'ana', READER))).toBe('ResourceGroupNotFound');
    await estate({ change: 'add-resource-group', name: 'billing' });
    cloud.wait(4_000);
    expect(await cloud.canRead('ana')).toBe('AuthorizationFailed');
  });

  test('moves an account away from the roles that were assigned on it', async () => {
    await cloud.assign(broker, 'ana', BLOB_READER, ACCOUNT);
    cloud.wait(4_000);
    const read = async (): Promise<number> => {
      const token = await cloud.tokenOf('ana', 'https://storage.azure.com');
      const headers = { 'x-ms-version': '2023-11-03' };
      return (await cloud.call('GET', '/acmeinvoices/invoices/2026/march.txt', { token, headers })).status;
    };
    expect(await read()).toBe(200);
    await estate({
      change: 'move-storage-account',
      name: 'acmeinvoices',
      group: 'billing',
      toSubscription: SUBSCRIPTION,
      toGroup: 'other',
    });
    expect(await read()).toBe(403);
    expect(codeOf(await cloud.unassign(broker, 'ana', BLOB_READER, ACCOUNT))).toBe('ResourceNotFound');
  });

  test('disables a subscription, in which nothing can be written then', async () => {
    await estate({ change: 'subscription-state', state: 'Disabled' });
    const path = `${GROUP_SCOPE}?api-version=2021-04-01`;
    expect(codeOf(await cloud.arm('PATCH', path, olga, { tags: {} }))).toBe('ReadOnlyDisabledSubscription');
  });
});

describe('the Activity Log', () => {
  const log = `${AT_SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01`;
  const read = (filter: string, token = olga): Promise<Answer> =>
    cloud.arm('GET', `${log}&$filter=${encodeURIComponent(filter)}`, token);
  const since = "eventTimestamp ge '2026-03-02T08:00:00Z'";
  const events = async (filter: string): Promise<readonly Readonly<Record<string, unknown>>[]> =>
    (await read(filter)).body['value'] as readonly Readonly<Record<string, unknown>>[];

  test('has who changed what, and who tried; later than it was done', async () => {
    await cloud.call('POST', '/_sim/settings', { json: { activityDelayMs: 3_000 } });
    await cloud.assign(broker, 'ana', READER);
    await cloud.assign(await cloud.tokenOf('ana'), 'ana', READER);
    await cloud.canRead('ana');
    expect(await events(since)).toEqual([]);
    cloud.wait(3_000);
    expect(await events(since)).toMatchObject([
      { caller: 'ana@acme.example', status: { value: 'Failed' }, level: 'Error' },
      {
        caller: cloud.idOf('Curfew'),
        operationName: { value: 'Microsoft.Authorization/roleAssignments/write' },
        resourceGroupName: 'billing',
        status: { value: 'Succeeded' },
        eventTimestamp: '2026-03-02T09:00:00.0000000Z',
      },
    ]);
    expect(await events(`${since} and resourceGroupName eq 'other'`)).toEqual([]);
    expect(await events(`${since} and resourceProvider eq 'Microsoft.Authorization'`)).toHaveLength(2);
    expect(await events(`${since} and eventTimestamp le '2026-03-02T08:59:59Z'`)).toEqual([]);
    const bare = 'eventTimestamp ge 2026-03-02T08:00:00.000001 and eventTimestamp le 2026-03-02T10:00:00.000001';
    expect(await events(bare)).toHaveLength(2);
  });

  test.each([
    ['nothing', ''],
    ['a caller', `${since} and caller eq 'ana@acme.example'`],
    ['two fields', `${since} and resourceGroupName eq 'a' and resourceProvider eq 'b'`],
    ['no beginning', "resourceGroupName eq 'a'"],
    ['a beginning of long ago', "eventTimestamp ge '2025-11-01T00:00:00Z'"],
  ])('refuses a filter with %s', async (_, filter) => {
    expect(codeOf(await read(filter))).toBe('BadRequest');
  });

  test('is read by who may, of their own subscription', async () => {
    expect(codeOf(await read(since, await cloud.tokenOf('ana')))).toBe('AuthorizationFailed');
    const other = log.replace(SUBSCRIPTION, OTHER_SUBSCRIPTION);
    expect(codeOf(await cloud.arm('GET', `${other}&$filter=${encodeURIComponent(since)}`, olga))).toBe(
      'AuthorizationFailed',
    );
  });
});

test('what is written outlives a restart, tokens and what nobody has seen yet too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'azure-'));
  const start = (nowMs = cloud.nowMs): Promise<AzureUnderTest> =>
    AzureUnderTest.start(WORLD, {}, { stateFile: join(folder, 'state.json'), nowMs });
  await cloud.close();
  cloud = await start();
  const token = await cloud.tokenOf('ana');
  await cloud.assign(await cloud.brokerToken(), 'ana', READER);
  await cloud.close();
  cloud = await start();
  const read = async (): Promise<string> =>
    codeOf(await cloud.arm('GET', `${GROUP_SCOPE}?api-version=2021-04-01`, token));
  expect(await read()).toBe('AuthorizationFailed');
  cloud.wait(4_000);
  expect(await read()).toBe('200');
  rmSync(folder, { recursive: true });
});

test('a call that was cut off after it was done was done', async () => {
  const action = 'Microsoft.Authorization/roleAssignments/write';
  await cloud.call('POST', '/_sim/faults', { json: [{ service: 'arm', action, kind: 'drop-after' }] });
  await expect(cloud.assign(broker, 'ana', READER)).rejects.toThrow('fetch failed');
  expect((await cloud.assign(broker, 'ana', READER)).status).toBe(200);
});
