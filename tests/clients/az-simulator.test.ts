import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GROUP_SCOPE, TENANT, WORLD } from '../../simulators/azure/azure-under-test.ts';
import { startAzureSimulator, type AzureSimulator } from '../../simulators/azure/server.ts';
import { stableGuid } from '../../simulators/azure/guid.ts';
import { loopbackCertificate } from '../loopback-certificate.ts';
import { hasAz } from './has-az.ts';
import type { Outcome } from './refusal.ts';

/**
 * The real `az` command against the simulated Azure. It signs in on ADFS's path, where it asks nobody else whether the
 * authority is one. Debian's build of 2.45 stumbles over its own libraries at role assignments; `SHIM` puts back what they lost.
 */
const SHIM = `import sys
if 'az' in ' '.join(sys.orig_argv):
    try:
        from azure.mgmt.authorization.v2020_04_01_preview.operations import RoleAssignmentsOperations as A
        from azure.mgmt.authorization.v2018_01_01_preview.operations import RoleDefinitionsOperations as D
        for one in (A, D):
            if not hasattr(one, 'config'):
                one.config = property(lambda self: self._config)
    except ImportError:
        pass
`;
const ANA = stableGuid(TENANT, 'User', 'ana@acme.example');
/** `az` asks nothing of a subscription that its holder does not see. */
const ELSEWHERE = {
  tenant: TENANT,
  scope: GROUP_SCOPE.replace('billing', 'other'),
  role: 'Reader',
  principal: 'ana@acme.example',
};
const SLOW = { timeout: 300_000 };

let home: string;
let cloud: AzureSimulator;
let offsetMs = 0;

function az(person: string, ...args: readonly string[]): Promise<Outcome> {
  const env = {
    ...process.env,
    AZURE_CONFIG_DIR: join(home, person),
    AZURE_CORE_COLLECT_TELEMETRY: '0',
    REQUESTS_CA_BUNDLE: join(home, 'cert.pem'),
    PYTHONPATH: [join(home, 'shim'), process.env['PYTHONPATH'] ?? ''].join(':'),
  };
  return new Promise((resolve) => {
    execFile('az', [...args, '--output', 'tsv'], { env, encoding: 'utf8' }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 255, stdout, stderr });
    });
  });
}

/** Time passes for the cloud alone, so that nobody waits for a role to be known. */
const pass = (ms: number): number => (offsetMs += ms);

async function signIn(person: string): Promise<void> {
  const endpoints = {
    activeDirectory: `${cloud.url}/adfs`,
    resourceManager: `${cloud.url}/`,
    management: `${cloud.url}/`,
    activeDirectoryResourceId: 'https://management.azure.com/',
    activeDirectoryGraphResourceId: 'https://graph.microsoft.com/',
    microsoftGraphResourceId: 'https://graph.microsoft.com/',
  };
  const file = join(home, 'cloud.json');
  writeFileSync(file, JSON.stringify({ endpoints, suffixes: { storageEndpoint: 'localhost' } }));
  await az(person, 'cloud', 'register', '-n', 'lab', '--cloud-config', `@${file}`);
  await az(person, 'cloud', 'set', '-n', 'lab');
  const login = ['login', '--service-principal', '--tenant', TENANT, '--allow-no-subscriptions'];
  const outcome = await az(person, ...login, '-u', `login-${person}`, '-p', `${person}-secret`);
  expect(outcome).toMatchObject({ code: 0 });
}

describe.skipIf(!hasAz())('the az command', SLOW, () => {
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'az-'));
    const certificate = await loopbackCertificate();
    writeFileSync(join(home, 'cert.pem'), certificate.cert);
    mkdirSync(join(home, 'shim'));
    writeFileSync(join(home, 'shim/sitecustomize.py'), SHIM);
    cloud = await startAzureSimulator({
      port: 0,
      world: { ...WORLD, roleAssignments: [...(WORLD.roleAssignments ?? []), ELSEWHERE] },
      certificate,
      now: () => Date.now() + offsetMs,
    });
    await signIn('olga');
    await signIn('ana');
  }, 300_000);
  afterAll(async () => {
    await cloud.close();
    rmSync(home, { recursive: true });
  });

  const show = (): Promise<Outcome> => az('ana', 'group', 'show', '-n', 'billing', '--query', 'name');

  test('sees access begin and end', async () => {
    expect((await show()).stderr).toContain('AuthorizationFailed');
    const who = ['--assignee-object-id', ANA, '--assignee-principal-type', 'User'];
    const create = ['role', 'assignment', 'create', ...who, '--role', 'Reader', '--scope', GROUP_SCOPE];
    const made = await az('olga', ...create, '--query', 'id');
    expect(made).toMatchObject({ code: 0 });
    pass(5_000);
    expect(await show()).toMatchObject({ code: 0, stdout: 'billing\n' });
    expect(await az('olga', 'role', 'assignment', 'delete', '--ids', made.stdout.trim())).toMatchObject({ code: 0 });
    pass(5_000);
    expect((await show()).stderr).toContain('AuthorizationFailed');
  });

  test('sees access to blobs end by its condition', async () => {
    const until = new Date(Date.now() + offsetMs + 1_800_000).toISOString();
    const properties = {
      roleDefinitionId: '/providers/Microsoft.Authorization/roleDefinitions/2a2b9908-6ea1-4ae2-8e65-a410df84e7d1',
      principalId: ANA,
      principalType: 'User',
      condition: `@Environment[UtcNow] DateTimeLessThan '${until}'`,
      conditionVersion: '2.0',
    };
    const name = `${GROUP_SCOPE}/providers/Microsoft.Authorization/roleAssignments/${stableGuid('blobs')}`;
    const body = JSON.stringify({ properties });
    const put = await az('olga', 'rest', '--method', 'put', '--url', `${name}?api-version=2022-04-01`, '--body', body);
    expect(put).toMatchObject({ code: 0 });
    pass(5_000);
    const account = ['--account-name', 'acmeinvoices', '--blob-endpoint', `${cloud.url}/acmeinvoices`];
    const list = (): Promise<Outcome> =>
      az('ana', 'storage', 'blob', 'list', '--auth-mode', 'login', ...account, '-c', 'invoices', '--query', '[].name');
    expect(await list()).toMatchObject({ code: 0, stdout: '2026/march.txt\n' });
    const containers = ['storage', 'container', 'list', '--auth-mode', 'login', ...account, '--query', '[].name'];
    expect(await az('ana', ...containers)).toMatchObject({ code: 0, stdout: 'invoices\ndrafts\n' });
    pass(1_800_000);
    expect((await list()).stderr).toContain('You do not have the required permissions');
  });

  test('reads the Activity Log', async () => {
    const log = ['monitor', 'activity-log', 'list', '--offset', '2h', '--query', '[].operationName.value'];
    const { stdout } = await az('olga', ...log);
    expect(stdout.split('\n')).toContain('Microsoft.Authorization/roleAssignments/write');
  });
});
