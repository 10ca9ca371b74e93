import { afterEach, beforeEach, expect, test } from 'vitest';
import { SUBSCRIPTION } from '../../simulators/azure/azure-under-test.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { BROKER_ROLE, delegationCondition } from '../../src/providers/azure/permissions.ts';
import {
  at,
  azureRole,
  OWNER,
  pimRole,
  READER,
  rbacHarness,
  subscription,
  write,
  type RbacHarness,
} from './azure-harness.ts';
import { BROKER_ID, GROUP, roleId } from './azure-world.ts';

/** What the broker may do on Azure, as it looks itself, and what somebody has made of it since. */

let on: RbacHarness;
beforeEach(async () => {
  on = await rbacHarness(READER);
});
afterEach(() => on.close());

const SCOPE = `/subscriptions/${SUBSCRIPTION}`;
/** A list shows late what was changed. */
const settled = () => systemClock.sleep(400);

async function doctor(...roles: readonly string[]) {
  const call = { now: systemClock.now(), signal: AbortSignal.timeout(10_000) };
  return on.provider.doctor([{ target: subscription, roles: roles.map((name) => azureRole(name)) }], call);
}

async function brokers() {
  const [own] = (await on.cloud.assignments()).filter((one) => one.principalId === BROKER_ID);
  if (own === undefined) throw new Error('the broker has nothing');
  return own;
}

test('it is content with exactly what the catalogue takes, and looks without writing', async () => {
  expect(await doctor('Reader', 'Storage Blob Data Reader')).toEqual([
    { target: 'azure/billing', ok: true, message: expect.stringContaining('the 2 roles of the catalogue') as string },
  ]);
  expect(new Set((await on.journal()).map(({ action }) => action))).toEqual(
    new Set(['Microsoft.Authorization/roleAssignments/read']),
  );
});

test('a role that the condition leaves out is named, with the command that lets it in', async () => {
  const [finding, ...more] = await doctor('Reader', 'Contributor');
  expect(more).toEqual([]);
  expect(finding).toMatchObject({
    ok: false,
    message: `The broker may not assign ${roleId('Contributor')} here, which the catalogue gives`,
  });
  expect(finding?.fix).toContain(`--assignee-object-id ${BROKER_ID}`);
  expect(finding?.fix).toContain(delegationCondition([roleId('Reader'), roleId('Contributor')]));
});

test('an assignment without a condition lets the broker assign everything, and is said', async () => {
  const own = await brokers();
  const body = write(BROKER_ROLE, BROKER_ID, { principalType: 'ServicePrincipal' });
  expect((await on.cloud.as(OWNER, 'PUT', at(own.scope, own.name), body)).status).toBe(200);
  await settled();
  expect(await doctor('Reader')).toEqual([
    expect.objectContaining({
      ok: false,
      message: `The broker may assign every role at ${SCOPE}: its assignment has no condition`,
    }),
  ]);
});

test('a role that the broker does not need is said, with the command that takes it away', async () => {
  const name = '9d2f7b64-0000-4000-8000-0000000000ee';
  const body = write(roleId('Owner'), BROKER_ID, { principalType: 'ServicePrincipal' });
  expect((await on.cloud.as(OWNER, 'PUT', at(SCOPE, name), body)).status).toBe(201);
  await settled();
  const [finding, ...more] = await doctor('Reader');
  expect(more).toEqual([]);
  expect(finding?.message).toContain(`has the role ${roleId('Owner')}`);
  expect(finding?.fix).toBe(
    `az role assignment delete --ids ${SCOPE}/providers/Microsoft.Authorization/roleAssignments/${name}`,
  );
});

test('without any right it says so, and what to give it', async () => {
  const own = await brokers();
  await on.cloud.as(OWNER, 'DELETE', at(own.scope, own.name));
  await settled();
  const [finding] = await doctor('Reader');
  expect(finding?.ok).toBe(false);
  expect(finding?.fix).toContain(`az role assignment create --role ${BROKER_ROLE} --scope ${SCOPE}`);
});

test('what is given by PIM: how long its rules allow, and what no application can satisfy', async () => {
  const examine = () => {
    const call = { now: systemClock.now(), signal: AbortSignal.timeout(10_000) };
    return on.provider.doctor([{ target: subscription, roles: [pimRole('Reader')] }], call);
  };
  const rules = (changed: object) =>
    on.cloud.control('pim', { change: 'rules', kind: 'arm', scope: GROUP, role: roleId('Reader'), rules: changed });
  await rules({ Expiration_Admin_Assignment: { isExpirationRequired: true, maximumDuration: 'PT4H' } });
  expect(await examine()).toEqual([
    { target: 'azure/billing', ok: true, message: `PIM gives Reader at ${GROUP}, PT4H at most` },
  ]);
  await rules({ Enablement_Admin_Assignment: { enabledRules: ['MultiFactorAuthentication'] } });
  expect(await examine()).toEqual([
    expect.objectContaining({ ok: false, message: expect.stringContaining('want a second factor') as string }),
  ]);
  await on.cloud.control('directory', { change: 'licence', name: 'Free' });
  expect(await examine()).toEqual([
    expect.objectContaining({ ok: false, message: 'The tenant has no licence for Privileged Identity Management' }),
  ]);
});
