import { describe, expect, test } from 'vitest';
import { loadAcme } from '../../tests/acme-world.ts';
import { azureRoleById, azureRoleByName, azureRoleNames } from '../core/azure-roles.ts';
import { loadPolicy } from './load.ts';

const { vocabulary } = loadAcme().policy;
const SQL_SERVER_CONTRIBUTOR = '6d8ee4ec-f05a-4a1d-8b00-a9b17e38b437';

/** What the loader says to a role with this definition on Azure; one that loads comes out as it was understood, with its warnings. */
function load(azure: string, tier = 2): readonly unknown[] {
  const text = `kind: role\nname: reader\ntier: ${tier}\nowner: group:security\ndescription: A role that exists for tests\nazure: ${azure}\n`;
  const loaded = loadPolicy([{ path: 'r.yaml', text }], vocabulary);
  const said = loaded.ok ? loaded.value.warnings : loaded.refusal;
  const words = said.map((each) => `${each.line}:${each.column} ${each.message} (${each.hint ?? ''})`);
  return loaded.ok ? [...[...loaded.value.roles.values()].map((role) => role.azure), ...words] : words;
}

describe('a role on Azure', () => {
  test('names one of Azure’s own roles, however it is capitalised, or its GUID: both are the same definition', () => {
    const understood = {
      method: 'rbac',
      roleDefinition: SQL_SERVER_CONTRIBUTOR,
      roleName: 'SQL Server Contributor',
      scope: 'resourceGroups/data',
      nativeEnd: null,
    };
    expect(load('{ role: SQL Server Contributor, scope: resourceGroups/data }')).toEqual([understood]);
    expect(load('{ method: rbac, role: sql server contributor, scope: resourceGroups/data }')).toEqual([understood]);
    const guid = SQL_SERVER_CONTRIBUTOR.toUpperCase();
    expect(load(`{ role: ${guid}, scope: resourceGroups/data }`)).toEqual([understood]);
    expect(load('{ role: Reader }')).toMatchObject([{ scope: '' }]);
    const { nativeEnd: _, ...place } = understood;
    expect(load('{ method: pim, role: SQL Server Contributor, scope: resourceGroups/data }')).toEqual([
      { ...place, method: 'pim' },
    ]);
  });

  test('of another name is refused, with the nearest and with the command that prints the GUID', () => {
    expect(load('{ role: SQL Server Contributer }')).toEqual([
      `6:16 "SQL Server Contributer" is none of Azure's own roles that Curfew knows (did you mean "SQL Server Contributor"? ` +
        'For any other role write its GUID: az role definition list --name "SQL Server Contributer" --query [].name -o tsv)',
    ]);
    expect(load('{ role: Invoice Clerk }')).toEqual([
      expect.stringContaining('(For any other role write its GUID: az role definition list --name "Invoice Clerk"'),
    ]);
  });

  test('of the company’s own loads by its GUID, with a warning that nobody here knows what it allows', () => {
    const own = '0f0e0d0c-0b0a-4908-8706-050403020100';
    expect(load(`{ role: ${own.toUpperCase()} }`)).toEqual([
      { method: 'rbac', roleDefinition: own, roleName: own, scope: '', nativeEnd: null },
      expect.stringMatching(
        /nobody here knows what the role definition .* allows .*az role definition list --name 0f0e/,
      ),
    ]);
  });

  test('that can change who has access needs tier 0, by whichever name', () => {
    for (const role of ['Owner', 'User Access Administrator', 'f58310d9-a9f6-439a-9e8d-f62e7b41a168']) {
      expect(load(`{ role: ${role} }`, 0)).toHaveLength(1);
      for (const tier of [1, 2, 3])
        expect(load(`{ role: ${role} }`, tier)).toEqual([
          expect.stringMatching(/^6:16 .* can change who has access, and the role has tier/),
        ]);
    }
    expect(load('{ role: Contributor }', 1)).toHaveLength(1);
  });

  test('on blobs or queues has an end in Azure itself for all its data actions, and says whether that is all of it', () => {
    const blobs = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
    expect(load('{ role: Storage Blob Data Reader }')).toMatchObject([
      { nativeEnd: { actions: [`${blobs}/read`], whole: true } },
    ]);
    expect(load('{ role: Storage Blob Data Contributor }')).toMatchObject([
      {
        nativeEnd: { actions: expect.arrayContaining([`${blobs}/write`, `${blobs}/delete`]) as string[], whole: false },
      },
    ]);
    expect(load('{ role: Storage Table Data Reader }')).toMatchObject([{ nativeEnd: null }]);
  });

  test.each([
    ['no role', '{ scope: resourceGroups/data }', /needs the key "role"/],
    ['another method', '{ role: Reader, method: elevate }', /method/],
    ['a key that is none', '{ role: Reader, duration: 1h }', /duration/],
    ['a whole path', '{ role: Reader, scope: /subscriptions/x }', /scope.*a path below the target/],
    ['a path that leads up', '{ role: Reader, scope: resourceGroups/../x }', /scope/],
    [
      'a resource that leads up',
      '{ role: Reader, scope: resourceGroups/a/providers/Microsoft.Sql/servers/.. }',
      /scope/,
    ],
    ['a resource type without a name', '{ role: Reader, scope: providers/Microsoft.Sql/servers }', /scope/],
  ])('with %s is refused', (_, azure, said) => {
    expect(load(azure)).toEqual([expect.stringMatching(said)]);
  });

  test('may be that of one resource', () => {
    const scope = 'resourceGroups/data/providers/Microsoft.Sql/servers/erp/databases/ledger';
    expect(load(`{ role: Reader, scope: ${scope} }`)).toMatchObject([{ scope }]);
  });
});

test('the table of Azure’s roles has each name and each GUID once, and finds them', () => {
  const roles = azureRoleNames().map((name) => azureRoleByName(name));
  expect(roles.length).toBeGreaterThan(150);
  expect(new Set(roles.map((role) => role?.id)).size).toBe(roles.length);
  for (const role of roles) {
    expect(role?.id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(azureRoleById(role?.id ?? '')).toBe(role);
  }
});
