import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { SUBSCRIPTION } from '../../simulators/azure/azure-under-test.ts';
import { makeEd25519Pem } from '../../src/platform/key-files.ts';
import type { BindingSpec } from '../../src/providers/contract.ts';
import { createEndSigner } from '../../src/providers/signed-end.ts';
import {
  at,
  azureRole,
  BLOBS,
  OWNER,
  rbacHarness,
  READER,
  subscription,
  write,
  type RbacHarness,
} from './azure-harness.ts';
import { BROKER_ID, GROUP, roleId } from './azure-world.ts';
import { absent, options, pause, provide, returned, takeAway } from './contract-steps.ts';

const THEIRS = '9d2f7b64-0000-4000-8000-000000000001';
const MINUTE = 60_000;

/** What is late is tried by the suite; here it is about what is there. */
const AT_ONCE = { roleAdditionMs: [0, 0], roleRemovalMs: [0, 0], listDelayMs: [0, 0] } as const;
/** What tests change of it, as it was. */
const AS_ALWAYS = { assignmentsPerSubscription: 4_000, deleteBurst: 200, deletesPerSecond: 10 };

let on: RbacHarness;
beforeAll(async () => {
  on = await rbacHarness(READER, AT_ONCE);
});
afterEach(async () => {
  await on.heal();
  await on.cloud.control('settings', AS_ALWAYS);
});
afterAll(() => on.close());

/** Somebody else assigns the same, or writes over ours. */
async function assign(principal: string, name = THEIRS, more: object = {}, role = 'Reader'): Promise<void> {
  const answer = await on.cloud.as(OWNER, 'PUT', at(GROUP, name), write(roleId(role), principal, more));
  expect(answer.status).toBeLessThan(300);
}

async function of(principal: string) {
  return (await on.cloud.assignments()).filter((one) => one.principalId === principal);
}

async function ownName({ principal }: BindingSpec): Promise<string> {
  const own = (await of(principal)).find((one) => one.createdBy === BROKER_ID);
  return own?.name ?? '';
}

describe('what somebody else has assigned at the same place', () => {
  test('is seen as theirs before anything is written, and is not deleted', async () => {
    const spec = on.binding(10 * MINUTE);
    await assign(spec.principal);
    const seen = await on.provider.observe(spec, null, options(on));
    expect(seen).toMatchObject({ presence: 'present', usable: true });
    expect(seen).not.toHaveProperty('endWrittenFor');
    await on.provider.revoke(spec, returned(on), 0, options(on));
    expect(await of(spec.principal)).toMatchObject([{ name: THEIRS }]);
    expect(absent(await on.provider.observe(spec, returned(on), options(on)))).toMatchObject({
      standing: true,
      evidence: { anotherAssignment: THEIRS },
    });
    await on.cloud.as(OWNER, 'DELETE', at(GROUP, THEIRS));
  });

  test('in the moment between a look and a write counts as given, and stays at the end', async () => {
    const spec = on.binding(10 * MINUTE);
    expect(await on.provider.observe(spec, null, options(on))).toMatchObject({ presence: 'absent' });
    await assign(spec.principal);
    const given = await on.provider.provision(spec, options(on));
    expect(given).toMatchObject({ usable: true, native: { standing: true, name: THEIRS } });
    const ending = returned(on);
    const bound = { ...spec, native: given.native };
    const seen = absent(await takeAway(on, bound, ending));
    expect(seen.standing).toBe(true);
    expect(await of(spec.principal)).toMatchObject([
      { name: THEIRS, createdBy: expect.not.stringMatching(BROKER_ID) as string },
    ]);
    await on.cloud.as(OWNER, 'DELETE', at(GROUP, THEIRS));
  });

  test('at another place, or of another role, says nothing', async () => {
    const spec = on.binding(10 * MINUTE);
    const above = `/subscriptions/${SUBSCRIPTION}`;
    await on.cloud.as(OWNER, 'PUT', at(above, THEIRS), write(roleId('Reader'), spec.principal));
    await assign(spec.principal, '9d2f7b64-0000-4000-8000-000000000002', {}, 'Contributor');
    expect(await on.provider.observe(spec, null, options(on))).toMatchObject({ presence: 'absent' });
    expect(absent(await on.provider.observe(spec, returned(on), options(on)))).not.toHaveProperty('standing');
    for (const { scope, name } of await of(spec.principal)) await on.cloud.as(OWNER, 'DELETE', at(scope, name));
  });
});

describe('our own assignment', () => {
  test('says for which grant it was written, also to a broker that has forgotten it', async () => {
    const spec = on.binding(10 * MINUTE);
    await provide(on, spec);
    const another = { ...spec, grant: 'grt_zzzzzzzzzzzzzzzzzzzz' as BindingSpec['grant'] };
    expect(await on.provider.observe(another, null, options(on))).toMatchObject({ endWrittenFor: spec.grant });
  });

  test.each([
    ['no words', { description: '' }],
    ['words of their own', { description: 'Ana needs this' }],
    ['a later end in our words', null],
  ])('that somebody gave %s is an edited end, and goes all the same', async (_, more) => {
    const spec = on.binding(10 * MINUTE);
    await provide(on, spec);
    const name = await ownName(spec);
    const [own] = await of(spec.principal);
    const later = (own?.description ?? '').replaceAll(/\d{4}-\d\d-\d\dT/g, '2099-01-01T');
    await assign(spec.principal, name, more ?? { description: later });
    const ending = returned(on);
    for (const when of [null, ending])
      expect(await on.provider.observe(spec, when, options(on))).toMatchObject({
        presence: 'present',
        usable: when !== null,
        endIsEdited: true,
      });
    expect(await takeAway(on, spec, ending)).toMatchObject({ presence: 'absent' });
    expect(await of(spec.principal)).toEqual([]);
  });

  test('with an end that we wrote for another time is edited where it is later than any that may stand', async () => {
    const spec = on.binding(10 * MINUTE);
    const longer = { ...spec, endsAt: (spec.endsAt + 50 * MINUTE) as BindingSpec['endsAt'] };
    await provide(on, longer);
    expect(await on.provider.observe(spec, returned(on), options(on))).toMatchObject({ endIsEdited: true });
    expect(await on.provider.observe(longer, returned(on), options(on))).toMatchObject({ endWrittenFor: spec.grant });
    expect(await on.provider.observe(spec, null, options(on))).not.toHaveProperty('endIsEdited');
    await takeAway(on, spec, returned(on));
  });

  test('that was edited is put right by whoever begins or extends', async () => {
    const spec = on.binding(10 * MINUTE);
    await provide(on, spec);
    await assign(spec.principal, await ownName(spec), { description: 'mine' });
    expect((await provide(on, spec)).usable).toBe(true);
    expect(await on.provider.observe(spec, null, options(on))).toMatchObject({ endWrittenFor: spec.grant });
    await takeAway(on, spec, returned(on));
  });

  test('is found by its former name where the key of the deployment has changed since', async () => {
    const spec = on.binding(10 * MINUTE);
    const { native } = await provide(on, spec);
    const changed = on.with({ endSigner: createEndSigner(makeEd25519Pem()) });
    const ending = returned(on);
    const bound = { ...spec, native };
    expect(await changed.observe(bound, ending, options(on))).toMatchObject({ presence: 'present', endIsEdited: true });
    await changed.revoke(bound, ending, 0, options(on));
    expect(await changed.observe(bound, ending, options(on))).toMatchObject({ presence: 'absent' });
    expect(await of(spec.principal)).toEqual([]);
  });

  test('has one name and one slot, however the target and the scope are capitalised', async () => {
    const spec = on.binding(10 * MINUTE);
    await provide(on, spec);
    const loud = on.over({
      principal: spec.principal.toUpperCase(),
      role: azureRole('Reader', { scope: 'resourceGroups/BILLING' }),
    });
    expect(on.provider.sharedPlace(loud)).toEqual(on.provider.sharedPlace(spec));
    expect(await on.provider.observe(loud, null, options(on))).toMatchObject({ endWrittenFor: spec.grant });
    await takeAway(on, loud, returned(on));
    expect(await of(spec.principal)).toEqual([]);
  });

  test('of a person whom Azure does not know yet is written all the same: their type is said', async () => {
    const { id } = (await on.cloud.control('directory', { change: 'add-user', name: 'new@acme.example' })) as {
      readonly id: string;
    };
    await on.cloud.control('settings', { principalReplicationMs: 600_000 });
    const spec = on.over({ principal: id });
    expect((await provide(on, spec)).usable).toBe(true);
    await takeAway(on, spec, returned(on));
  });
});

describe('a place that is not there', () => {
  const gone = (group: string): BindingSpec =>
    on.over({ role: azureRole('Reader', { scope: `resourceGroups/${group}` }) });

  test('is gone when its subscription does not list it, and only then', async () => {
    await on.cloud.control('estate', { subscription: SUBSCRIPTION, change: 'add-resource-group', name: 'short' });
    const spec = gone('short');
    await provide(on, spec);
    await on.cloud.control('estate', { subscription: SUBSCRIPTION, change: 'remove-resource-group', name: 'short' });
    const ending = returned(on);
    await expect(on.provider.observe(spec, null, options(on))).rejects.toMatchObject({ kind: 'target-gone' });
    await on.provider.revoke(spec, ending, 0, options(on));
    expect(absent(await on.provider.observe(spec, ending, options(on)))).toMatchObject({
      proof: 'observed',
      final: false,
      evidence: { resourceGroup: 'short', resourceGroupIs: 'gone', saidBy: 'its subscription' },
    });
    // The parent cannot be asked: then nothing is said.
    await on.cloud.control('faults', [
      { service: 'arm', action: 'Microsoft.Resources/subscriptions/resourceGroups/read', kind: 'deny' },
    ]);
    await expect(on.provider.observe(spec, ending, options(on))).rejects.toMatchObject({ kind: 'forbidden-to-us' });
  });

  test('is gone with its resource, when the group that it was in lists no such assignment', async () => {
    const scope = 'resourceGroups/billing/providers/Microsoft.Storage/storageAccounts/never';
    const spec = on.over({ role: azureRole('Reader', { scope }) });
    await expect(on.provider.provision(spec, options(on))).rejects.toMatchObject({ kind: 'target-gone' });
    expect(absent(await on.provider.observe(spec, returned(on), options(on)))).toMatchObject({
      evidence: { resourceIs: 'not found', saidBy: 'its resource group' },
    });
  });

  test('is never gone because we may not look', async () => {
    const spec = on.binding(10 * MINUTE);
    await provide(on, spec);
    const [brokers] = (await on.cloud.assignments()).filter((one) => one.principalId === BROKER_ID);
    const { scope = '', name = '', condition = '', roleDefinition = '' } = brokers ?? {};
    await on.cloud.as(OWNER, 'DELETE', at(scope, name));
    for (const work of [
      () => on.provider.observe(spec, returned(on), options(on)),
      () => on.provider.revoke(spec, returned(on), 0, options(on)),
    ])
      await expect(work()).rejects.toMatchObject({ kind: 'forbidden-to-us' });
    expect(await on.provider.doctor([{ target: subscription, roles: [spec.role] }], options(on))).toMatchObject([
      { ok: false, fix: expect.stringContaining('az role assignment create') as string },
    ]);
    const more = { principalType: 'ServicePrincipal', condition, conditionVersion: '2.0' };
    await on.cloud.as(OWNER, 'PUT', at(scope, name), write(roleDefinition, BROKER_ID, more));
    expect(await takeAway(on, spec, returned(on))).toMatchObject({ presence: 'absent' });
  });
});

describe('what Azure refuses', () => {
  test('a role that is not in the catalogue, by the condition on our own rights', async () => {
    const spec = on.over({ role: azureRole('Contributor') });
    await expect(on.provider.provision(spec, options(on))).rejects.toMatchObject({
      kind: 'forbidden-to-us',
      message: expect.stringContaining('ABAC condition not fulfilled') as string,
    });
  });

  test('more assignments than a subscription takes: it is said with what shows them, and not tried again', async () => {
    await on.cloud.control('settings', { assignmentsPerSubscription: 1 });
    await expect(on.provider.provision(on.binding(10 * MINUTE), options(on))).rejects.toMatchObject({
      kind: 'invalid',
      fix: expect.stringContaining('az role assignment list') as string,
    });
  });

  test('more calls than it takes, with the wait that it says', async () => {
    await on.cloud.control('settings', { deleteBurst: 1, deletesPerSecond: 1 });
    const spec = on.binding(10 * MINUTE);
    await on.provider.revoke(spec, returned(on), 0, options(on));
    await expect(on.provider.revoke(spec, returned(on), 0, options(on))).rejects.toMatchObject({
      kind: 'throttled',
      retryAfterMs: 1_000,
      message: expect.stringContaining('x-ms-ratelimit-remaining-subscription-deletes: 0') as string,
    });
    // The bucket fills again for the next tests.
    await on.cloud.control('settings', AS_ALWAYS);
    await pause(500);
  });

  test('a role at a target where it cannot be, before anything is called', () => {
    const tenant = { ...subscription, kind: 'tenant' };
    expect(on.provider.plan(on.over({ target: tenant }))).toMatchObject({ ok: false });
  });
});

test('an end needs no token service as long as a token is good', async () => {
  const spec = on.binding(10 * MINUTE);
  await provide(on, spec);
  await on.cloud.control('faults', [{ service: 'entra', action: 'token', kind: 'unavailable', times: 100 }]);
  expect(await takeAway(on, spec, returned(on))).toMatchObject({ presence: 'absent' });
  // Nobody has one after a restart.
  await expect(on.with({}).observe(spec, returned(on), options(on))).rejects.toMatchObject({ kind: 'unreachable' });
});

test('nothing in a fault or in what is kept gives a token away', async () => {
  const spec = on.binding(10 * MINUTE);
  const { native } = await provide(on, spec);
  await on.cloud.control('faults', [{ service: 'arm', action: '*', kind: 'deny', times: 9 }]);
  const thrown: unknown = await on.provider.observe(spec, returned(on), options(on)).catch((error: unknown) => error);
  expect(`${JSON.stringify(native)}${String(thrown)}${JSON.stringify(thrown)}`).not.toMatch(/eyJ|Bearer/);
  await on.heal();
  await takeAway(on, spec, returned(on));
});

describe('what is said before an approval', () => {
  const said = (name: string, kind = 'subscription') => {
    const binding = { method: 'rbac', role: azureRole(name), target: { ...subscription, kind } };
    const { maxMs, words } = on.provider.residual(binding);
    return [on.provider.endedBy(binding), maxMs, words] as const;
  };

  test('is who ends it while we are gone, and what survives', () => {
    expect(said('Reader')).toEqual([
      'broker',
      600_000,
      expect.stringContaining('While Curfew is gone its sweeper ends it, where one runs'),
    ]);
    expect(said('Storage Blob Data Reader')).toEqual([
      'cloud',
      600_000,
      expect.stringMatching(/Azure refuses all access to the data.*even when Curfew is gone/),
    ]);
    expect(said('Storage Blob Data Contributor')).toEqual([
      'broker',
      600_000,
      expect.stringMatching(/to make and delete containers, goes on until the assignment is deleted/),
    ]);
    expect(said('Reader', 'management-group')).toEqual(['broker', null, expect.stringContaining('several hours')]);
  });

  test('is what a start and an end take of Azure’s limits, each by itself', () => {
    const spec = on.binding(10 * MINUTE);
    const keys = (act: 'provision' | 'expire' | 'tidy') => on.provider.quota(spec, act).map(({ key }) => key);
    expect(keys('provision')).toEqual([`azure:arm-reads:${SUBSCRIPTION}`, `azure:arm-writes:${SUBSCRIPTION}`]);
    expect(keys('expire')).toEqual([`azure:arm-reads:${SUBSCRIPTION}`, `azure:arm-deletes:${SUBSCRIPTION}`]);
    expect(keys('tidy')).toEqual([]);
  });
});

describe('a role on blobs', () => {
  let blobs: RbacHarness;
  beforeAll(async () => {
    blobs = await rbacHarness(BLOBS, AT_ONCE);
  });
  afterAll(() => blobs.close());

  test('whose condition somebody took off, or made later, is an edited end', async () => {
    const spec = blobs.binding(10 * MINUTE);
    await provide(blobs, spec);
    const [own] = (await blobs.cloud.assignments()).filter((one) => one.principalId === spec.principal);
    const { scope = '', name = '', description = '', condition } = own ?? {};
    for (const other of [{}, { condition: condition?.replace(/'\d{4}-/, "'2099-"), conditionVersion: '2.0' }]) {
      const more = { description, ...other };
      const put = write(roleId('Storage Blob Data Reader'), spec.principal, more);
      expect((await blobs.cloud.as(OWNER, 'PUT', at(scope, name), put)).status).toBe(200);
      expect(await blobs.provider.observe(spec, returned(blobs), options(blobs))).toMatchObject({ endIsEdited: true });
    }
    expect((await provide(blobs, spec)).usable).toBe(true);
    expect(await blobs.provider.observe(spec, null, options(blobs))).toMatchObject({ endWrittenFor: spec.grant });
  });

  test('is there and of no use once its time is over, until it is deleted', async () => {
    const spec = blobs.binding(2_000);
    await provide(blobs, spec);
    const late = { ...options(blobs), now: spec.endsAt };
    const ending = { cause: 'expired', since: spec.endsAt } as const;
    expect(await blobs.provider.observe(spec, ending, late)).toMatchObject({ presence: 'present', usable: false });
    await blobs.provider.revoke(spec, ending, 0, late);
    expect(await blobs.provider.observe(spec, ending, late)).toMatchObject({ presence: 'absent', proof: 'observed' });
  });
});
