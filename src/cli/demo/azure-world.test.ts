import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AzureUnderTest } from '../../../simulators/azure/azure-under-test.ts';
import { loadAcme } from '../../../tests/acme-world.ts';
import { groupsOf } from '../../core/directory.ts';
import { systemClock } from '../../platform/clock.ts';
import { matchesTarget, matchesWho } from '../../policy/selectors.ts';
import { resolvePlace } from '../../providers/azure/rbac-place.ts';
import { azureWorld } from './azure-world.ts';

const ACME = join(import.meta.dirname, '../../../examples/acme');
const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const { policy, directory } = loadAcme(undefined, ['aws', 'azure']);
const targets = policy.vocabulary.targets;

/** Every role of Azure's on every target where a policy offers it, with who can ask for it. */
const offered = policy.policies.flatMap((each) =>
  [...each.roles].flatMap((name) => {
    const role = policy.roles.get(name);
    if (role === undefined || role.azure === null) return [];
    const where = [...targets.values()].filter(
      (target) => target.provider === 'azure' && matchesTarget(each.targets, target, targets),
    );
    const people = [...directory.people.keys()].filter((key) => matchesWho(each.who, key, groupsOf(directory, key)));
    return where.map((target) => ({ role, target, people }));
  }),
);

test('everybody who can ask for a role on Azure has an object id, and a login to try it with', async () => {
  const { description } = await azureWorld(ACME, {});
  const asking = new Set(offered.flatMap(({ people }) => people));
  const active = [...asking].map((key) => directory.people.get(key)).filter((person) => person?.active);
  expect(active.length).toBeGreaterThan(10);
  for (const person of active) expect(person?.accounts['azure'], person?.key).toMatch(GUID);
  const [tenant] = description.tenants;
  expect(tenant?.testLogins?.map(({ clientId }) => clientId)).toEqual(
    expect.arrayContaining(active.map((person) => person?.key)),
  );
});

test('every place where a role is offered is in the simulated Azure, which takes the broker’s right to assign it', async () => {
  const { description, tenantId } = await azureWorld(ACME, {});
  const [{ condition = '' } = {}] = description.roleAssignments ?? [];
  const cloud = await AzureUnderTest.start(description, {}, { nowMs: systemClock.now() });
  try {
    expect(offered.map(({ role, target }) => `${role.name} ${target.key}`).sort()).toEqual([
      'erp-sql-reader azure/erp',
      'network-admin azure/erp',
      'network-admin azure/sandbox',
      'sandbox-contributor azure/sandbox',
    ]);
    for (const { role, target } of offered) {
      const place = resolvePlace('rbac', { role, target, principal: tenantId });
      if (!place.ok) throw new Error(place.refusal.message);
      expect(condition).toContain(place.value.definition.roleDefinition);
      const subscription = description.subscriptions?.find(({ id }) => id === target.native);
      expect(subscription?.managementGroup).toBe(targets.get(target.parent ?? '')?.native);
      const [, group = null] = /resourceGroups\/([^/]+)/.exec(place.value.scope) ?? [];
      if (group !== null) expect(subscription?.resourceGroups?.map(({ name }) => name)).toContain(group);
    }
  } finally {
    await cloud.close();
  }
});

test('the file of the company has no people and no keys in it', () => {
  const text = readFileSync(join(ACME, 'clouds', 'azure.json'), 'utf8');
  expect(text).not.toMatch(/users|testLogins|issuers|secret|"keys"|PRIVATE/);
});
