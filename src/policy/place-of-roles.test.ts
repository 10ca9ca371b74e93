import { expect, test } from 'vitest';
import type { Role } from '../core/role.ts';
import type { Target } from '../core/target.ts';
import { isPlaceFor } from './decide.ts';

const RESOURCE = 'providers/Microsoft.Sql/servers/erp';

function role(scope: string): Role {
  const azure = { method: 'rbac', roleDefinition: 'x', roleName: 'Reader', scope, nativeEnd: null } as const;
  const named = { name: 'reader', tier: 2, categories: [], owner: 'group:security', description: '' } as const;
  return { ...named, aws: null, azure, gcp: null };
}

function target(kind: string): Target {
  const names = { key: 'azure/x', provider: 'azure', native: 'x', description: '' } as const;
  return { ...names, kind, labels: {}, parent: null, owners: [] };
}

test.each([
  ['', 'tenant', false],
  ['', 'management-group', true],
  ['', 'subscription', true],
  ['', 'resource-group', true],
  ['resourceGroups/data', 'management-group', false],
  ['resourceGroups/data', 'subscription', true],
  ['resourceGroups/data', 'resource-group', false],
  [RESOURCE, 'subscription', true],
  [RESOURCE, 'resource-group', true],
])('a role on Azure at "%s" can be in a %s: %s', (scope, kind, can) => {
  expect(isPlaceFor(role(scope), target(kind))).toBe(can);
});
