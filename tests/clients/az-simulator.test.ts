import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GROUP_SCOPE, TENANT, WORLD } from '../../simulators/azure/azure-under-test.ts';
import { stableGuid } from '../../simulators/azure/guid.ts';
import { AzLab } from './az-lab.ts';
import { hasAz } from './has-az.ts';
import type { Outcome } from './refusal.ts';

const ANA = stableGuid(TENANT, 'User', 'ana@acme.example');
/** `az` asks nothing of a subscription that its holder does not see. */
const ELSEWHERE = {
  tenant: TENANT,
  scope: GROUP_SCOPE.replace('billing', 'other'),
  role: 'Reader',
  principal: 'ana@acme.example',
};
const SLOW = { timeout: 300_000 };

let lab: AzLab;

const az = (person: string, ...args: readonly string[]): Promise<Outcome> => lab.az(person, ...args);

describe.skipIf(!hasAz())('the az command', SLOW, () => {
  beforeAll(async () => {
    lab = await AzLab.start(['olga', 'ana'], {
      ...WORLD,
      roleAssignments: [...(WORLD.roleAssignments ?? []), ELSEWHERE],
    });
  }, 300_000);
  afterAll(() => lab.close());

  const show = (): Promise<Outcome> => az('ana', 'group', 'show', '-n', 'billing', '--query', 'name');

  test('sees access begin and end', async () => {
    expect((await show()).stderr).toContain('AuthorizationFailed');
    const who = ['--assignee-object-id', ANA, '--assignee-principal-type', 'User'];
    const create = ['role', 'assignment', 'create', ...who, '--role', 'Reader', '--scope', GROUP_SCOPE];
    const made = await az('olga', ...create, '--query', 'id');
    expect(made).toMatchObject({ code: 0 });
    // As `curfew assume` asks, with whatever az is signed in as.
    const own = `${GROUP_SCOPE}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`;
    const allowed = () => az('ana', 'rest', '--method', 'get', '--url', own, '--query', 'value[].actions[]');
    expect(await allowed()).toMatchObject({ code: 0, stdout: '' });
    lab.pass(5_000);
    expect(await allowed()).toMatchObject({ code: 0, stdout: '*/read\n' });
    expect(await show()).toMatchObject({ code: 0, stdout: 'billing\n' });
    expect(await az('olga', 'role', 'assignment', 'delete', '--ids', made.stdout.trim())).toMatchObject({ code: 0 });
    lab.pass(5_000);
    expect((await show()).stderr).toContain('AuthorizationFailed');
  });

  test('sees access to blobs end by its condition', async () => {
    const until = new Date(lab.now() + 1_800_000).toISOString();
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
    lab.pass(5_000);
    const account = ['--account-name', 'acmeinvoices', '--blob-endpoint', `${lab.url}/acmeinvoices`];
    const list = (): Promise<Outcome> =>
      az('ana', 'storage', 'blob', 'list', '--auth-mode', 'login', ...account, '-c', 'invoices', '--query', '[].name');
    expect(await list()).toMatchObject({ code: 0, stdout: '2026/march.txt\n' });
    const containers = ['storage', 'container', 'list', '--auth-mode', 'login', ...account, '--query', '[].name'];
    expect(await az('ana', ...containers)).toMatchObject({ code: 0, stdout: 'invoices\ndrafts\n' });
    lab.pass(1_800_000);
    expect((await list()).stderr).toContain('You do not have the required permissions');
  });

  test('reads the Activity Log', async () => {
    const log = ['monitor', 'activity-log', 'list', '--offset', '2h', '--query', '[].operationName.value'];
    const { stdout } = await az('olga', ...log);
    expect(stdout.split('\n')).toContain('Microsoft.Authorization/roleAssignments/write');
  });
});
