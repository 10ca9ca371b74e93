import { expect, test } from 'vitest';
import { apiUnderTest } from '../api-under-test.ts';

test('says who the server is, from its configuration and not from the request', async () => {
  const api = await apiUnderTest();
  const answer = await api.as(null, {
    method: 'GET',
    url: '/.well-known/curfew',
    headers: { host: '127.0.0.1:9', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' },
  });
  expect(answer.json()).toEqual({
    name: 'Curfew',
    version: '1.2.3',
    issuer: 'http://localhost:7420/oauth',
    clientId: 'curfew-cli',
    api: 'http://localhost:7420/v1',
    signIn: [],
    demo: false,
    ledger: { origin: 'test.example/log', vkey: 'test.example/log+c0ffee00+AQID' },
  });
  await api.close();
});

test('names the people and the simulated cloud in the demo alone', async () => {
  const api = await apiUnderTest(
    {},
    {
      demo: { people: [{ key: 'ana', name: 'Ana', title: 'Engineer' }] },
      aws: { region: 'eu-west-1', endpointUrl: 'http://localhost:7421' },
    },
  );
  expect((await api.as(null, { method: 'GET', url: '/.well-known/curfew' })).json()).toMatchObject({
    demo: true,
    demoPeople: [{ key: 'ana', name: 'Ana', title: 'Engineer' }],
    aws: { region: 'eu-west-1', endpointUrl: 'http://localhost:7421' },
  });
  await api.close();
});
