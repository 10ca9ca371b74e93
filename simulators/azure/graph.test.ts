import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { AzureUnderTest, codeOf, GRAPH, READER, startedAzure, TENANT, WORLD, type Answer } from './azure-under-test.ts';

let cloud: AzureUnderTest;
let broker: string;

beforeEach(async () => {
  ({ cloud, broker } = await startedAzure());
});
afterEach(() => cloud.close());

const members = (group: string): string => `/groups/${cloud.idOf(group)}/members`;
const reference = (name: string): object => ({ '@odata.id': `${GRAPH}/v1.0/directoryObjects/${cloud.idOf(name)}` });
const add = (group: string, name: string, person?: string): Promise<Answer> =>
  cloud.graph('POST', `${members(group)}/$ref`, reference(name), person);
const remove = (group: string, name: string, person?: string): Promise<Answer> =>
  cloud.graph('DELETE', `${members(group)}/${cloud.idOf(name)}/$ref`, undefined, person);
const listed = async (group: string): Promise<readonly string[]> => {
  const { body } = await cloud.graph('GET', `${members(group)}?$select=id`);
  return (body['value'] as readonly { readonly id: string }[]).map((one) => one.id);
};

describe('a user', () => {
  test('is read by id and by name, with what is asked for', async () => {
    const byName = await cloud.graph('GET', '/users/ana@acme.example?$select=accountEnabled,onPremisesSyncEnabled');
    expect([byName.status, byName.body]).toEqual([
      200,
      {
        '@odata.context': 'https://graph.microsoft.com/v1.0/$metadata#users/$entity',
        id: cloud.idOf('ana'),
        accountEnabled: true,
        onPremisesSyncEnabled: null,
      },
    ]);
    const byId = await cloud.graph('GET', `/users/${cloud.idOf('ana')}`);
    expect(byId.body).toMatchObject({ userPrincipalName: 'ana@acme.example', displayName: 'ana@acme.example' });
    expect(byId.body).not.toHaveProperty('accountEnabled');
    await cloud.happens('directory', { change: 'disable', name: 'ana@acme.example' });
    const disabled = await cloud.graph('GET', '/users/ana@acme.example?$select=accountEnabled');
    expect(disabled.body['accountEnabled']).toBe(false);
  });

  test('is not there in words of Graph’s', async () => {
    const answer = await cloud.graph('GET', '/users/nobody@acme.example');
    expect([answer.status, answer.body['error']]).toMatchObject([
      404,
      { code: 'Request_ResourceNotFound', innerError: { date: '2026-03-02T09:00:00' } },
    ]);
    expect(codeOf(await cloud.graph('GET', `/users/${cloud.idOf('inner')}`))).toBe('Request_ResourceNotFound');
  });

  test('who is new is read later', async () => {
    await cloud.happens('settings', { graphReadMs: 5_000 });
    await cloud.happens('directory', { change: 'add-user', name: 'new@acme.example' });
    cloud.wait(4_999);
    expect((await cloud.graph('GET', '/users/new@acme.example')).status).toBe(404);
    cloud.wait(1);
    expect((await cloud.graph('GET', '/users/new@acme.example')).status).toBe(200);
  });

  test.each([
    ['/users/ana@acme.example?$select=shoeSize', 'BadRequest'],
    ['/users/ana@acme.example?$expand=manager', 'BadRequest'],
    ["/users?$filter=startswith(displayName,'a')", 'Request_UnsupportedQuery'],
    ["/users?$filter=accountEnabled eq 'true'", 'Request_UnsupportedQuery'],
    ['/users?$top=1000', 'Request_UnsupportedQuery'],
    ['/devices', 'ResourceNotFound'],
  ])('%s is %s', async (path, code) => {
    expect(codeOf(await cloud.graph('GET', path))).toBe(code);
  });

  test('is found by name, and lists come in pages', async () => {
    const found = await cloud.graph('GET', "/users?$filter=userPrincipalName+eq+'bo@acme.example'&$select=id");
    expect(found.body['value']).toEqual([{ id: cloud.idOf('bo') }]);
    const first = await cloud.graph('GET', '/users?$top=2&$select=id');
    expect(first.body['value']).toHaveLength(2);
    const next = String(first.body['@odata.nextLink']).slice(`${cloud.url}/v1.0`.length);
    const second = await cloud.graph('GET', next);
    expect(second.body).toEqual({
      '@odata.context': 'https://graph.microsoft.com/v1.0/$metadata#users',
      value: [{ id: cloud.idOf('olga') }],
    });
  });
});

describe('a group', () => {
  test('says what decides about its members', async () => {
    const read = async (name: string): Promise<unknown> => {
      const select = 'groupTypes,onPremisesSyncEnabled,isAssignableToRole';
      const { body } = await cloud.graph('GET', `/groups/${cloud.idOf(name)}?$select=${select}`);
      return [body['groupTypes'], body['onPremisesSyncEnabled'], body['isAssignableToRole']];
    };
    expect(await read('inner')).toEqual([[], null, null]);
    expect(await read('everyone')).toEqual([['DynamicMembership'], null, null]);
    expect(await read('headquarters')).toEqual([[], true, null]);
    expect(await read('admins')).toEqual([[], null, true]);
  });

  test('takes members in and lets them go; who writes knows at once, who reads later, and access later still', async () => {
    await cloud.happens('settings', { graphReadMs: 2_000, groupChangeMs: 9_000 });
    await cloud.assign(broker, 'outer', READER);
    expect((await add('inner', 'ana')).status).toBe(204);
    const again = await add('inner', 'ana');
    expect([codeOf(again), again.text]).toEqual(['Request_BadRequest', expect.stringContaining('already exist')]);
    expect(await listed('inner')).toEqual([cloud.idOf('bo')]);
    cloud.wait(2_000);
    expect(await listed('inner')).toEqual([cloud.idOf('bo'), cloud.idOf('ana')]);
    expect(await cloud.canRead('ana')).toBe('AuthorizationFailed');
    cloud.wait(7_000);
    expect(await cloud.canRead('ana')).toBe('200');
    expect((await remove('inner', 'ana')).status).toBe(204);
    expect(codeOf(await remove('inner', 'ana'))).toBe('Request_ResourceNotFound');
    cloud.wait(8_999);
    expect([await cloud.canRead('ana'), await listed('inner')]).toEqual(['200', [cloud.idOf('bo')]]);
    cloud.wait(1);
    expect(await cloud.canRead('ana')).toBe('AuthorizationFailed');
  });

  test('that something else decides about is not written', async () => {
    expect(codeOf(await add('everyone', 'bo'))).toBe('Authorization_RequestDenied');
    expect(codeOf(await remove('everyone', 'ana'))).toBe('Authorization_RequestDenied');
    const synced = await add('headquarters', 'bo');
    expect([codeOf(synced), synced.text]).toEqual(['Request_BadRequest', expect.stringContaining('on-premises')]);
  });

  test('to which roles can be assigned wants a permission of its own', async () => {
    const permission = 'RoleManagement.ReadWrite.Directory';
    const change = (to: string): Promise<Answer> =>
      cloud.happens('directory', { change: to, name: 'Curfew', permission });
    await change('revoke-permission');
    expect(codeOf(await add('admins', 'ana'))).toBe('Authorization_RequestDenied');
    await change('grant-permission');
    expect((await add('admins', 'ana')).status).toBe(204);
  });

  test('does not delete people where /$ref is forgotten', async () => {
    const path = `${members('inner')}/${cloud.idOf('bo')}`;
    expect(codeOf(await cloud.graph('DELETE', path))).toBe('Authorization_RequestDenied');
    expect((await cloud.graph('GET', '/users/bo@acme.example')).status).toBe(200);
  });

  test.each([
    [{ '@odata.id': 'https://elsewhere.example/v1.0/users/x' }, 'Request_BadRequest'],
    [{}, 'BadRequest'],
    [{ '@odata.id': `${GRAPH}/v1.0/users/${TENANT}`, more: 1 }, 'BadRequest'],
    [{ '@odata.id': `${GRAPH}/v1.0/users/${TENANT}` }, 'Request_ResourceNotFound'],
  ])('does not take in %j', async (body, code) => {
    expect(codeOf(await cloud.graph('POST', `${members('inner')}/$ref`, body))).toBe(code);
  });
});

describe('who calls', () => {
  test('has a token for Graph', async () => {
    const call = async (token?: string): Promise<string> => {
      const answer = await cloud.call('GET', '/v1.0/users', token === undefined ? {} : { token });
      return `${answer.status} ${codeOf(answer)}`;
    };
    const refused = '401 InvalidAuthenticationToken';
    expect([await call(), await call('abc'), await call(broker)]).toEqual([refused, refused, refused]);
    const token = await cloud.brokerToken(GRAPH);
    expect(await call(token)).toBe('200 200');
    cloud.wait(5_400_000);
    expect(await call(token)).toBe(refused);
  });

  test('as an application has its permissions, as they were when the token was issued', async () => {
    const token = await cloud.brokerToken(GRAPH);
    const permission = 'GroupMember.ReadWrite.All';
    await cloud.happens('directory', { change: 'revoke-permission', name: 'Curfew', permission });
    const path = `/v1.0${members('inner')}/$ref`;
    expect((await cloud.call('POST', path, { token, json: reference('ana') })).status).toBe(204);
    const answer = await remove('inner', 'ana');
    expect([answer.status, codeOf(answer)]).toEqual([403, 'Authorization_RequestDenied']);
    expect((await cloud.graph('GET', '/users')).status).toBe(200);
  });

  test('as a person reads the directory, and writes it with a role of Entra alone', async () => {
    await cloud.close();
    const [tenant] = WORLD.tenants;
    const users = [
      { userPrincipalName: 'olga@acme.example', globalAdministrator: true },
      { userPrincipalName: 'ana@acme.example' },
      { userPrincipalName: 'bo@acme.example' },
    ];
    cloud = await AzureUnderTest.start({ ...WORLD, tenants: [{ ...tenant, id: TENANT, users }] });
    expect((await cloud.graph('GET', '/me', undefined, 'ana')).body['id']).toBe(cloud.idOf('ana'));
    expect((await cloud.graph('GET', members('inner'), undefined, 'ana')).status).toBe(200);
    expect(codeOf(await add('inner', 'ana', 'ana'))).toBe('Authorization_RequestDenied');
    expect((await add('inner', 'ana', 'olga')).status).toBe(204);
    expect((await add('admins', 'ana', 'olga')).status).toBe(204);
  });

  test('has so many calls, and is told when there are more', async () => {
    await cloud.happens('settings', { graphBurst: 2, graphPerSecond: 0.5 });
    const token = await cloud.brokerToken(GRAPH);
    const read = (): Promise<Answer> => cloud.call('GET', '/v1.0/users', { token });
    await read();
    await read();
    const answer = await read();
    expect([answer.status, codeOf(answer), answer.headers.get('retry-after')]).toEqual([429, 'TooManyRequests', '2']);
    cloud.wait(2_000);
    expect((await read()).status).toBe(200);
  });
});

describe('revoked sessions', () => {
  test('are refused by Graph after a while, with a challenge; others go on', async () => {
    await cloud.happens('settings', { sessionRevocationMs: 60_000 });
    const me = (person: string): Promise<Answer> => cloud.graph('GET', '/me', undefined, person);
    await me('ana');
    await me('bo');
    cloud.wait(1_000);
    const answer = await cloud.graph('POST', '/users/ana@acme.example/revokeSignInSessions');
    expect([answer.status, answer.body['value']]).toEqual([200, true]);
    cloud.wait(59_999);
    expect((await me('ana')).status).toBe(200);
    cloud.wait(1);
    const refused = await me('ana');
    expect([codeOf(refused), refused.text]).toEqual([
      'InvalidAuthenticationToken',
      expect.stringContaining('TokenIssuedBeforeRevocationTimestamp'),
    ]);
    expect(refused.headers.get('www-authenticate')).toContain('claims="');
    expect((await me('bo')).status).toBe(200);
    cloud.forgetTokens();
    expect((await me('ana')).status).toBe(200);
  });
});
