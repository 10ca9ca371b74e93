import { generateKeyPairSync } from 'node:crypto';
import { DeleteScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { CreatePermissionSetCommand, DeletePermissionSetCommand } from '@aws-sdk/client-sso-admin';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { after } from '../../src/core/time.ts';
import { createBucket } from '../../src/providers/aws/bucket.ts';
import { assignmentSlot } from '../../src/providers/aws/identity-center-leases.ts';
import { createLeases } from '../../src/providers/aws/leases.ts';
import type { BindingSpec, CallOptions, Provider } from '../../src/providers/contract.ts';
import { createEndSigner } from '../../src/providers/signed-end.ts';
import { ADMIN, centerHarness, type CenterHarness } from './aws-center-harness.ts';
import { LEASES, PERMISSION_SET } from './aws-center-world.ts';
import { client, hubSession, post } from './aws-harness.ts';
import { takeAway } from './contract-steps.ts';

/** Names that lead nowhere any more: what was made under them is found by what the provider said of it then. */
let on: CenterHarness;
let leasing: Provider;

const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
const endSigner = createEndSigner(pem);
const sweepBucket = { name: LEASES, region: 'eu-west-1' };

beforeAll(async () => {
  on = await centerHarness();
  leasing = on.with({ endSigner, sweepBucket });
});
afterAll(() => on.close());

const call = (): CallOptions => ({ now: on.now(), signal: AbortSignal.timeout(5_000) });
const returned = () => ({ cause: 'returned', since: on.now() }) as const;
const bucket = () =>
  createBucket({ ...sweepBucket, endpoint: on.url, identity: () => hubSession(on.url), requestTimeoutMs: 3_000 });
const leases = async () => (await bucket().list('curfew/leases/', call())).keys;

/** Makes it exist, and returns what its provider said of it. */
async function made(provider: Provider, spec: BindingSpec): Promise<JsonObject> {
  let native: JsonObject = {};
  await expect
    .poll(async () => {
      const provisioned = await provider.provision(spec, call());
      native = provisioned.native;
      return provisioned.usable;
    })
    .toBe(true);
  return native;
}

test('a permission set that was deleted: its leases are forgotten, and tidied, by the ids that were', async () => {
  const admin = await on.admin();
  const { instanceArn: InstanceArn } = (await on.remembered()).identityCenter;
  const set = { InstanceArn, Name: 'short-lived', SessionDuration: 'PT1H' };
  const { PermissionSet } = await admin.send(new CreatePermissionSetCommand(set));
  const PermissionSetArn = PermissionSet?.PermissionSetArn ?? '';
  const spec = on.over({ permissionSet: 'short-lived' });
  const native = await made(leasing, spec);
  await takeAway({ ...on, provider: leasing }, spec, returned());
  await admin.send(new DeletePermissionSetCommand({ InstanceArn, PermissionSetArn }));
  // Another process, which has not seen the set.
  const other = on.with({ endSigner, sweepBucket });
  await expect(other.observe({ ...spec, native }, returned(), call())).resolves.toMatchObject({
    presence: 'absent',
    evidence: { permissionSetIs: 'gone' },
  });
  await other.forget?.(spec, call());
  expect(await leases()).toHaveLength(1);
  await other.forget?.({ ...spec, native }, call());
  expect(await leases()).toEqual([]);
  const principalId = String(native['user']);
  const slot = assignmentSlot({
    instanceArn: InstanceArn,
    account: spec.target.native,
    permissionSetArn: PermissionSetArn,
    principalId,
  });
  await createLeases(bucket(), endSigner).hold(slot, after(on.now(), -120_000), call());
  await other.tidy?.(spec, call());
  expect(await leases()).toHaveLength(1);
  await expect(other.tidy?.({ ...spec, native }, call())).resolves.toEqual({ removed: true, left: 0 });
  expect(await leases()).toEqual([]);
});

test('a user who is called otherwise now: what stands under their id is not gone, also when the schedule is', async () => {
  const spec = on.over({});
  const native = await made(on.provider, spec);
  const scheduler = new SchedulerClient(client(on.url, await hubSession(on.url, ADMIN)));
  for (const { name } of (await on.remembered()).schedules)
    await scheduler.send(new DeleteScheduleCommand({ Name: name }));
  await post(on.url, 'directory', { userName: spec.principal, change: 'remove' });
  await on.heal();
  await expect(on.provider.observe({ ...spec, native }, returned(), call())).resolves.toMatchObject({
    presence: 'present',
    native: { user: native['user'] },
  });
  // What was made elsewhere says nothing of this place.
  for (const elsewhere of [
    { account: '999999999999' },
    { instance: 'arn:aws:sso:::instance/ssoins-0000000000000000' },
    { permissionSet: 'arn:aws:sso:::permissionSet/ssoins-0000000000000000/ps-0000000000000000' },
  ])
    await expect(
      on.provider.observe({ ...spec, native: { ...native, ...elsewhere } }, returned(), call()),
    ).resolves.toMatchObject({ presence: 'absent', evidence: { userIs: 'gone' } });
});

test('a grant whose role named its set by ARN, as rules could before, ends; whoever begins by name takes what it gave for somebody else’s', async () => {
  const { permissionSets } = (await on.remembered()).identityCenter;
  const { arn } = permissionSets.find(({ name }) => name === PERMISSION_SET) ?? { arn: '' };
  const before = on.over({ permissionSet: arn });
  const native = await made(on.provider, before);
  const byName = on.over({}, { principal: before.principal });
  expect(byName.slot).not.toBe(before.slot);
  const seen = await on.provider.observe(byName, null, call());
  expect(seen).toMatchObject({ presence: 'present', usable: true });
  expect(seen).not.toHaveProperty('endWrittenFor');
  await expect(takeAway(on, { ...before, native }, returned())).resolves.toMatchObject({ presence: 'absent' });
});
