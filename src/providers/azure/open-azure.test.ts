import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../platform/clock.ts';
import type { AzureConfig, Config } from '../../platform/config.ts';
import { makeEd25519Pem } from '../../platform/key-files.ts';
import { readTokenFile } from '../../platform/token-file.ts';
import { createEndSigner } from '../signed-end.ts';
import type { AzureIdentity } from './identity.ts';
import { openAzure } from './open-azure.ts';

const TENANT = '11111111-1111-4111-8111-111111111111';
const CLIENT = '22222222-2222-4222-8222-222222222222';
const ports = { endSigner: createEndSigner(makeEd25519Pem()), clock: systemClock };
let status = 200;
let body: object = {};
let asked = 0;
const server = createServer((_, response) => {
  asked += 1;
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
});
let endpoint = '';
let folder = '';

beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  folder = mkdtempSync(join(tmpdir(), 'curfew-token-'));
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const federated: AzureConfig['identity'] = { kind: 'federated', clientId: CLIENT, tokenFile: '/nowhere' };
const config = (azure: Partial<AzureConfig> | null, role: Config['role'] = 'engine'): Config =>
  ({ role, ...(azure === null ? {} : { azure: { tenantId: TENANT, identity: federated, ...azure } }) }) as Config;

function open(made: Config): ReturnType<typeof openAzure> {
  const assertion = () => readTokenFile(join(folder, 'token'));
  const identity: AzureIdentity = { kind: 'federated', tenantId: TENANT, clientId: CLIENT, assertion };
  writeFileSync(join(folder, 'token'), 'eyJ.assertion\n');
  return openAzure(made, { endpoint, identity }, ports);
}

test('without a tenant there is no provider, and an API alone asks for no token', async () => {
  expect(await open(config(null))).toBeNull();
  expect(await open(config({}, 'api'))).toMatchObject({ name: 'azure' });
  expect(asked).toBe(0);
});

test('an identity that Entra refuses stops the start, in words, with the command that shows why', async () => {
  [status, body] = [401, { error: 'invalid_client', error_codes: [700213] }];
  await expect(open(config({}))).rejects.toMatchObject({
    name: 'ConfigProblem',
    message: expect.stringMatching(
      /AADSTS700213.*az ad app federated-credential list --id 2222.*unset CURFEW_AZURE_TENANT to run without Azure/,
    ) as string,
  });
});

test('a token service that is away, or a token file that is not there yet, does not stop it: other clouds need their ends', async () => {
  [status, body] = [503, {}];
  expect(await open(config({}))).toMatchObject({ name: 'azure' });
  expect(await openAzure(config({}), null, ports)).toMatchObject({ name: 'azure' });
});

test('an authority that is none of Microsoft’s is refused', async () => {
  await expect(open(config({ authority: 'https://login.evil.example/' }))).rejects.toMatchObject({
    name: 'ConfigProblem',
    message: expect.stringContaining('AZURE_AUTHORITY_HOST') as string,
  });
});
