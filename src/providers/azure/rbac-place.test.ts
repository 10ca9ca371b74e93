import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { AzureRbac, Role } from '../../core/role.ts';
import type { Target } from '../../core/target.ts';
import { stableGuid } from './names.ts';
import { assignmentName, nativeNames, resolvePlace } from './rbac-place.ts';

const ANA = 'AAAAAAAA-1111-4111-8111-111111111111';
const SUBSCRIPTION = '33333333-3333-4333-8333-333333333333';
const READER = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';

function wanted(scope: string, kind = 'subscription', native = SUBSCRIPTION, principal = ANA) {
  const azure: AzureRbac = { method: 'rbac', roleDefinition: READER, roleName: 'Reader', scope, nativeEnd: null };
  const named = { name: 'reader', tier: 2, categories: [], owner: 'group:security', description: '' } as const;
  const role: Role = { ...named, aws: null, azure, gcp: null };
  const names = { key: 'azure/erp', provider: 'azure', description: '', labels: {}, parent: null, owners: [] } as const;
  const target: Target = { ...names, kind, native };
  return { role, target, principal };
}

const scopeOf = (...of: Parameters<typeof wanted>): string | null => {
  const found = resolvePlace('rbac', wanted(...of));
  return found.ok ? found.value.scope : null;
};

describe('the place of an assignment', () => {
  const group = `/subscriptions/${SUBSCRIPTION}/resourceGroups/data`;
  test.each<readonly [Parameters<typeof wanted>, string | null]>([
    [['', 'subscription'], `/subscriptions/${SUBSCRIPTION}`],
    [['resourceGroups/data'], group],
    [['', 'resource-group', group], group],
    [['providers/Microsoft.Sql/servers/erp', 'resource-group', group], `${group}/providers/Microsoft.Sql/servers/erp`],
    [['', 'management-group', 'acme'], '/providers/Microsoft.Management/managementGroups/acme'],
    [['', 'tenant', SUBSCRIPTION], null],
    [['resourceGroups/data', 'management-group', 'acme'], null],
    [['resourceGroups/data', 'resource-group', group], null],
    [['resourceGroups/../../x'], null],
    [['resourceGroups/a?b'], null],
    [['', 'subscription', '../x'], null],
  ])('%j is %s', (of, scope) => {
    expect(scopeOf(...of)).toBe(scope);
  });

  test('is that of an object id alone; of anything else is said how to get it, and nothing that a shell would obey', () => {
    expect(resolvePlace('rbac', wanted('', 'subscription', SUBSCRIPTION, 'ana@acme.example'))).toMatchObject({
      refusal: {
        message: expect.stringContaining('"ana@acme.example"') as string,
        hint: expect.stringMatching(/az ad user show --id ana@acme\.example --query id -o tsv$/) as string,
      },
    });
    const found = resolvePlace('rbac', wanted('', 'subscription', SUBSCRIPTION, 'a$(x)'));
    expect(found.ok ? '' : found.refusal.hint).not.toContain('$(');
  });

  test('has one name, however it is capitalised, and another in another deployment, at another place or for another role', () => {
    const at = (...of: Parameters<typeof wanted>) => {
      const found = resolvePlace('rbac', wanted(...of));
      if (!found.ok) throw new Error(found.refusal.message);
      return found.value;
    };
    const one = at('resourceGroups/data');
    const same = at('resourceGroups/DATA', 'subscription', SUBSCRIPTION.toUpperCase(), ANA.toLowerCase());
    expect(nativeNames(same)).toEqual(nativeNames(one));
    expect(nativeNames(one)).toEqual([ANA.toLowerCase(), READER, group.toLowerCase()]);
    expect(assignmentName(same, 'key-1')).toBe(assignmentName(one, 'key-1'));
    expect(assignmentName(one, 'key-1')).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    const others = [assignmentName(one, 'key-2'), assignmentName(at(''), 'key-1')];
    expect(new Set([assignmentName(one, 'key-1'), ...others]).size).toBe(3);
  });
});

test('a stable GUID is the UUID of version 5 of its words', () => {
  const bytes = createHash('sha1')
    .update(Buffer.concat([Buffer.from('7c3f0d5a9b4e4c52a1d86ef20b97c413', 'hex'), Buffer.from('a\nb')]))
    .digest('hex');
  const guid = stableGuid('a', 'b').replaceAll('-', '');
  // All but the version and the two bits of the variant.
  expect([guid.slice(0, 12), guid.slice(13, 16), guid.slice(17)]).toEqual([
    bytes.slice(0, 12),
    bytes.slice(13, 16),
    bytes.slice(17, 32),
  ]);
  expect(guid[12]).toBe('5');
});
