import { describe, expect, test } from 'vitest';
import { delegationCondition, sweeperCondition, SWEEPER_ACTIONS } from '../src/providers/azure/permissions.ts';
import { azureFiles } from './infra-azure.ts';

const ROLES = ['ACDD72A7-3385-48ef-bd42-f606fba81ae7', '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'];
const files = new Map(azureFiles());
const textOf = (path: string): string => files.get(`infra/azure/${path}`) ?? '';

/** The condition that Terraform or Bicep would write for these roles. */
function filled(path: string): string {
  const inner = [...ROLES]
    .map((id) => id.toLowerCase())
    .sort()
    .join(', ');
  const terraform = path.endsWith('.tf');
  const [, text = ''] =
    (terraform ? /^\s*condition {10}= "(.*)"$/m : /^\s*condition: '(.*)'$/m).exec(textOf(path)) ?? [];
  return text
    .replaceAll(terraform ? '${local.roles}' : '${roles}', inner)
    .replaceAll(terraform ? '\\"' : "\\'", terraform ? '"' : "'");
}

describe('infra/azure', () => {
  test.each(['terraform/broker/main.tf', 'bicep/broker.bicep'])(
    '%s: the broker may assign and delete exactly the roles that are named, to people alone',
    (path) => {
      expect(filled(path)).toBe(delegationCondition(ROLES));
    },
  );

  test.each(['terraform/sweeper/main.tf', 'bicep/sweeper.bicep'])(
    '%s: the sweeper may delete exactly these, and make none',
    (path) => {
      expect(filled(path)).toBe(sweeperCondition(ROLES));
      const actions = textOf(path).match(/Microsoft\.Authorization\/roleAssignments\/\w+(?=["'],?\n)/g) ?? [];
      expect(actions.toSorted()).toEqual([...SWEEPER_ACTIONS].sort());
    },
  );

  test('the right that no condition limits is in files of its own', () => {
    const unlimited = [...files].filter(([, text]) => text.includes('18d7d88d-d35e-4fb5-a5c3-7773c20a72d9'));
    expect(unlimited.map(([path]) => path)).toEqual([
      'infra/azure/terraform/pim/main.tf',
      'infra/azure/bicep/pim.bicep',
    ]);
  });

  test('no identity has a secret', () => {
    for (const [path, text] of files) expect([path, /secret|password|certificate/i.test(text)]).toEqual([path, false]);
  });
});
