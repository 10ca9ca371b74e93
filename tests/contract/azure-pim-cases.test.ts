import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { SUBSCRIPTION } from '../../simulators/azure/azure-under-test.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createAzureProvider } from '../../src/providers/azure/index.ts';
import type { BindingSpec } from '../../src/providers/contract.ts';
import { at, OWNER, PIM_READER, rbacHarness, write, type RbacHarness } from './azure-harness.ts';
import { GROUP, roleId } from './azure-world.ts';
import { absent, options, pause, provide, returned, takeAway } from './contract-steps.ts';

const MINUTE = 60_000;
const THEIRS = '9d2f7b64-0000-4000-8000-00000000000b';
const AT_SUBSCRIPTION = `/subscriptions/${SUBSCRIPTION}`;

/** What is late is tried by the suite; here it is about what PIM refuses, and what others do in it. */
const AT_ONCE = {
  roleAdditionMs: [0, 0],
  roleRemovalMs: [0, 0],
  listDelayMs: [0, 0],
  pimProvisionMs: [0, 0],
  pimRemovalMs: [0, 0],
  pimExpiryMs: [0, 0],
} as const;
const AS_ALWAYS = { ...AT_ONCE, pimShortestMs: 0, assignmentsPerSubscription: 4_000 };

let on: RbacHarness;
beforeAll(async () => {
  on = await rbacHarness(PIM_READER, AT_ONCE);
});
afterEach(async () => {
  await on.heal();
  await on.cloud.control('settings', AS_ALWAYS);
  await rules(GROUP, {
    Enablement_Admin_Assignment: { enabledRules: ['Justification'] },
    Expiration_Admin_Assignment: { isExpirationRequired: true, maximumDuration: 'P180D' },
  });
});
afterAll(() => on.close());

async function rules(scope: string, changed: object): Promise<void> {
  await on.cloud.control('pim', { change: 'rules', kind: 'arm', scope, role: roleId('Reader'), rules: changed });
}

async function of(principal: string) {
  return (await on.cloud.assignments()).filter((one) => one.principalId === principal);
}

/** Somebody who owns the subscription asks PIM for something, past Curfew. */
let asked = 0;
async function ask(requestType: string, spec: BindingSpec, more: object = {}): Promise<number> {
  asked += 1;
  const name = `9d2f7b64-0000-4000-9000-${String(asked).padStart(12, '0')}`;
  const properties = {
    principalId: spec.principal,
    roleDefinitionId: `${AT_SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/${roleId('Reader')}`,
    requestType,
    justification: 'because I can',
    ...more,
  };
  const path = `${GROUP}/providers/Microsoft.Authorization/roleAssignmentScheduleRequests/${name}?api-version=2020-10-01`;
  return (await on.cloud.as(OWNER, 'PUT', path, { json: { properties } })).status;
}
const lasting = (duration: string) => ({ scheduleInfo: { expiration: { type: 'AfterDuration', duration } } });

describe('the rules of PIM are looked at before anything is asked of it', () => {
  test('a second factor, which no application has', async () => {
    const spec = on.binding(10 * MINUTE);
    await rules(GROUP, { Enablement_Admin_Assignment: { enabledRules: ['MultiFactorAuthentication'] } });
    await expect(on.provider.provision(spec, options(on))).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('want a second factor of whoever assigns') as string,
    });
    expect(await of(spec.principal)).toEqual([]);
  });

  test('at the very scope: what the resource group forbids counts, whatever the subscription allows', async () => {
    const spec = on.binding(60 * MINUTE);
    await rules(AT_SUBSCRIPTION, {
      Expiration_Admin_Assignment: { isExpirationRequired: true, maximumDuration: 'P180D' },
    });
    await rules(GROUP, { Expiration_Admin_Assignment: { isExpirationRequired: true, maximumDuration: 'PT30M' } });
    await expect(on.provider.provision(spec, options(on))).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('allow active assignments for PT30M at most') as string,
    });
    expect((await provide(on, on.binding(20 * MINUTE))).usable).toBe(true);
  });

  test('a justification and a ticket are there', async () => {
    await rules(GROUP, { Enablement_Admin_Assignment: { enabledRules: ['Justification', 'Ticketing'] } });
    expect((await provide(on, on.binding(10 * MINUTE))).usable).toBe(true);
  });
});

describe('the first five minutes', () => {
  test('an early end waits for the sixth, says when, and has not failed', async () => {
    await on.cloud.control('settings', { pimShortestMs: 300_000 });
    const spec = on.binding(20 * MINUTE);
    await provide(on, spec);
    const ending = returned(on);
    const refused = await on.provider.revoke(spec, ending, 0, options(on)).then(
      () => null,
      (error: unknown) => error,
    );
    expect(refused).toMatchObject({ kind: 'conflict', heldBack: true });
    const { retryAfterMs } = refused as { readonly retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(280_000);
    expect(retryAfterMs).toBeLessThanOrEqual(300_000);
    expect(await on.provider.observe(spec, ending, options(on))).toMatchObject({ presence: 'present' });
    await on.cloud.control('settings', { pimShortestMs: 0 });
    expect(await takeAway(on, spec, ending)).toMatchObject({ presence: 'absent' });
  });

  test('what is shorter is not given', async () => {
    await on.cloud.control('settings', { pimShortestMs: 300_000 });
    await expect(on.provider.provision(on.binding(4 * MINUTE), options(on))).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('less than five minutes') as string,
    });
  });
});

describe('what somebody else has assigned', () => {
  test.each([
    [
      'past PIM',
      async (spec: BindingSpec) =>
        (await on.cloud.as(OWNER, 'PUT', at(GROUP, THEIRS), write(roleId('Reader'), spec.principal))).status,
    ],
    ['through PIM', (spec: BindingSpec) => ask('AdminAssign', spec, lasting('PT1H'))],
  ])('%s is used, and is not taken away', async (_, assign) => {
    const spec = on.binding(10 * MINUTE);
    expect(await assign(spec)).toBe(201);
    const seen = await on.provider.observe(spec, null, options(on));
    expect(seen).toMatchObject({ presence: 'present', usable: true });
    expect(seen).not.toHaveProperty('endWrittenFor');
    const given = await on.provider.provision(spec, options(on));
    expect(given).toMatchObject({ usable: true, native: { standing: true } });
    const ending = returned(on);
    const bound = { ...spec, native: given.native };
    expect(absent(await takeAway(on, bound, ending))).toMatchObject({ standing: true });
    expect(await of(spec.principal)).toHaveLength(1);
    await on.cloud.as(OWNER, 'DELETE', at(GROUP, THEIRS));
  });

  test('after ours was taken away by hand is theirs, although it is at the same place', async () => {
    const spec = on.binding(10 * MINUTE);
    const { native } = await provide(on, spec);
    expect(await ask('AdminRemove', spec)).toBe(201);
    expect(await ask('AdminAssign', spec, lasting('PT2H'))).toBe(201);
    const ending = returned(on);
    expect(absent(await takeAway(on, { ...spec, native }, ending))).toMatchObject({ standing: true });
    expect(await of(spec.principal)).toHaveLength(1);
  });
});

describe('an end that somebody edits', () => {
  test('to a later one is told, and ends all the same', async () => {
    const spec = on.binding(10 * MINUTE);
    await provide(on, spec);
    expect(await ask('AdminUpdate', spec, lasting('PT8H'))).toBe(201);
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

  test('back to the one of another grant of the place is no edit, and ours is written again', async () => {
    const first = on.binding(10 * MINUTE);
    await provide(on, first);
    const second = { ...on.binding(30 * MINUTE, first), slot: first.slot };
    const given = await provide(on, second);
    expect(given.usable).toBe(true);
    expect(await on.provider.observe(second, null, options(on))).toMatchObject({
      usable: true,
      endWrittenFor: second.grant,
    });
    expect(await of(first.principal)).toHaveLength(1);
    expect(await takeAway(on, second, returned(on))).toMatchObject({ presence: 'absent' });
  });
});

describe('a request that PIM has taken on, and that nothing has come of yet', () => {
  test('is not asked twice, and is withdrawn by an early end', async () => {
    await on.cloud.control('settings', { pimProvisionMs: [60_000, 60_000] });
    const spec = on.binding(10 * MINUTE);
    expect(await on.provider.provision(spec, options(on))).toMatchObject({ usable: false });
    expect(await on.provider.provision(spec, options(on))).toMatchObject({ usable: false });
    const writes = (await on.journal()).filter(({ action }) => action.endsWith('ScheduleRequests/write')).length;
    expect(await on.provider.provision(spec, options(on))).toMatchObject({ usable: false });
    expect((await on.journal()).filter(({ action }) => action.endsWith('ScheduleRequests/write'))).toHaveLength(writes);
    const ending = returned(on);
    expect(await on.provider.observe(spec, ending, options(on))).toMatchObject({ presence: 'present' });
    expect(await takeAway(on, spec, ending)).toMatchObject({ presence: 'absent' });
    await pause(100);
    expect(await of(spec.principal)).toEqual([]);
  });
});

test('without an identity for it nothing can be asked for, and what was given is not said to be gone', async () => {
  const { identity, endSigner, cloud } = on;
  const bare = createAzureProvider({
    ...{ identity, endSigner, endpoint: cloud.url },
    allowCustomEndpoint: true,
    clock: systemClock,
  });
  const spec = on.binding(10 * MINUTE);
  expect(bare.plan(spec)).toMatchObject({
    ok: false,
    hint: expect.stringContaining('CURFEW_AZURE_PIM_CLIENT_ID') as string,
  });
  await expect(bare.observe(spec, returned(on), options(on))).rejects.toMatchObject({ kind: 'forbidden-to-us' });
});

/** Last: nothing brings a licence back. */
describe('a licence that lapses', () => {
  test('makes what was given permanent: that is told, and Curfew deletes it', async () => {
    const spec = on.binding(10 * MINUTE);
    const { native } = await provide(on, spec);
    const bound = { ...spec, native };
    await on.cloud.control('directory', { change: 'licence', name: 'Free' });
    expect(await on.provider.observe(bound, null, options(on))).toMatchObject({
      presence: 'present',
      usable: true,
      endIsEdited: true,
    });
    const ending = { cause: 'expired', since: spec.endsAt } as const;
    const late = { ...options(on), now: spec.endsAt };
    expect(await on.provider.observe(bound, ending, late)).toMatchObject({ presence: 'present' });
    await on.provider.revoke(bound, ending, 0, late);
    expect(await of(spec.principal)).toEqual([]);
    expect(absent(await on.provider.observe(bound, ending, late))).toMatchObject({
      proof: 'observed',
      evidence: { privilegedIdentityManagement: 'has no licence any more' },
    });
  });

  test('gives nothing new, and says what to do', async () => {
    await expect(on.provider.provision(on.binding(10 * MINUTE), options(on))).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('no licence for PIM') as string,
    });
  });
});
