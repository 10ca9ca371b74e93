import {
  CreateAccountAssignmentCommand,
  ListAccountAssignmentsCommand,
  ListInstancesCommand,
  ListPermissionSetsCommand,
} from '@aws-sdk/client-sso-admin';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { after } from '../../src/core/time.ts';
import { systemClock, type Clock } from '../../src/platform/clock.ts';
import { assignmentSlot } from '../../src/providers/aws/identity-center-leases.ts';
import { leaseKey } from '../../src/providers/aws/leases.ts';
import { signLease } from '../../src/providers/signed-end.ts';
import { LEASES, startSweepWorld, type SweepWorld } from './aws-sweep-world.ts';
import { ACCOUNT } from './aws-world.ts';

/** Runs that are too short for all there is, and leases that cannot be read: what is left out comes later, and holds up nobody. */

let world: SweepWorld;
let instanceArn: string;
let permissionSetArn: string;
let people: Readonly<Record<string, string>>;

beforeEach(async () => {
  world = await startSweepWorld();
  const { Instances } = await world.sso.send(new ListInstancesCommand({}));
  instanceArn = Instances?.[0]?.InstanceArn ?? '';
  const { PermissionSets } = await world.sso.send(new ListPermissionSetsCommand({ InstanceArn: instanceArn }));
  permissionSetArn = PermissionSets?.[0] ?? '';
  const state = (await (await fetch(`${world.url}/_sim/organization`)).json()) as {
    identityCenter: { users: { id: string; userName: string }[] };
  };
  people = Object.fromEntries(state.identityCenter.users.map(({ id, userName }) => [userName, id]));
});
afterEach(() => world.close());

const call = () => ({ now: world.now(), signal: AbortSignal.timeout(10_000) });
const slotOf = (principalId: string) =>
  assignmentSlot({ instanceArn, account: ACCOUNT, permissionSetArn, principalId });
/** A clock that is ahead, so that runs behind one another have turns of their own. */
const ahead = (ms: number): Clock => ({
  ...systemClock,
  now: () => after(systemClock.now(), ms),
  sleep: (forMs, signal) => systemClock.sleep(Math.min(forMs, 10), signal),
});

async function assign(person: string, durationMs: number): Promise<void> {
  const principalId = people[person] ?? '';
  await world.leases.hold(slotOf(principalId), after(world.now(), durationMs), call());
  const place = { InstanceArn: instanceArn, TargetId: ACCOUNT, TargetType: 'AWS_ACCOUNT' as const };
  const who = { PermissionSetArn: permissionSetArn, PrincipalType: 'USER' as const, PrincipalId: principalId };
  await world.sso.send(new CreateAccountAssignmentCommand({ ...place, ...who }));
  await expect.poll(assigned, { timeout: 5_000, interval: 30 }).toContain(person);
}

async function assigned(): Promise<readonly string[]> {
  const input = { InstanceArn: instanceArn, AccountId: ACCOUNT, PermissionSetArn: permissionSetArn };
  const { AccountAssignments } = await world.sso.send(new ListAccountAssignmentsCommand(input));
  const ids = (AccountAssignments ?? []).map(({ PrincipalId }) => PrincipalId);
  return Object.keys(people).filter((name) => ids.includes(people[name]));
}

test('accounts that take the whole time starve no assignment, and those that are not reached are said', async () => {
  await assign('ana', 1_000);
  await world.pass(15_000);
  await world.faults([{ service: 'iam', action: 'ListUsers', kind: 'delay', delayMs: 1_500, times: 99 }]);
  const roleArns = [ACCOUNT, ACCOUNT].map((account) => `arn:aws:iam::${account}:role/curfew/curfew-sweeper`);
  const { events, counts } = await world.sweep({ runMs: 1_200, roleArns });
  expect(counts.ended).toBe(1);
  expect(await assigned()).toEqual(['cem']);
  expect(events.filter(({ kind }) => kind === 'failed').map(({ message }) => message)).toEqual([
    expect.stringMatching(/^\d+ of \d+ identities were not looked at/),
    expect.stringContaining('Not looked at: the run had no time left'),
  ]);
});

test('every identity is reached by and by, however few a run has time for', async () => {
  const specs = Array.from({ length: 10 }, () => world.grant(20_000));
  for (const spec of specs) await world.provider.provision(spec, call());
  await world.pass(35_000);
  await world.faults([{ service: 'iam', action: 'ListUserPolicies', kind: 'delay', delayMs: 300, times: 999 }]);
  const perRun: number[] = [];
  const sum = () => perRun.reduce((one, other) => one + other, 0);
  while (sum() < specs.length && perRun.length < 60) {
    const { counts } = await world.sweep({ runMs: 250, bucket: null, clock: ahead(perRun.length * 10_000) });
    expect(counts.failures).toBe(1);
    perRun.push(counts.ended);
  }
  expect(sum()).toBe(specs.length);
  expect(Math.max(...perRun)).toBeLessThan(specs.length);
}, 60_000);

test('a lease that cannot be read is said, stops no other, and may be a later end', async () => {
  await assign('ana', 1_000);
  await assign('bo', 1_000);
  // As if the broker had died before it took the earlier lease away.
  const later = { ...slotOf(people['ana'] ?? ''), endsAt: after(world.now(), 3_600_000) };
  await world.bucket.put(leaseKey(later), signLease(world.signer, later), call());
  await world.pass(15_000);
  await world.faults([{ service: 's3', action: 'GetObject', match: leaseKey(later), kind: 'deny', times: 99 }]);
  const { events, counts } = await world.sweep();
  expect(counts).toMatchObject({ ended: 1, failures: 2 });
  expect(events).toContainEqual(
    expect.objectContaining({ kind: 'failed', fault: 'forbidden-to-us', place: `${LEASES}/${leaseKey(later)}` }),
  );
  expect(await assigned()).toEqual(['ana', 'cem']);
  await world.faults([]);
  expect((await world.sweep()).counts).toMatchObject({ live: 1, ended: 0, failures: 0 });
});

test('what Curfew gave again under a lease that cannot be read is not taken for somebody else’s', async () => {
  const slot = slotOf(people['ana'] ?? '');
  const left = { ...slot, endsAt: world.now() };
  await world.bucket.put(leaseKey(left), signLease(world.signer, left), call());
  await world.pass(120_000);
  await assign('ana', 3_600_000);
  await world.bucket.put(leaseKey(left), signLease(world.signer, left), call());
  const [later = ''] = (await world.bucket.list('curfew/leases/', call())).keys.filter((key) => key !== leaseKey(left));
  await world.faults([{ service: 's3', action: 'GetObject', match: later, kind: 'deny', times: 99 }]);
  expect((await world.sweep()).counts).toMatchObject({ ended: 0, alarms: 0, failures: 2 });
  expect((await world.bucket.list('curfew/leases/', call())).keys).toHaveLength(2);
  expect(await assigned()).toEqual(['ana', 'cem']);
});

test('leases that are over are read first, several at once, and what there was no time to read is said', async () => {
  await assign('ana', 1_000);
  const endsAt = after(world.now(), 3_600_000);
  for (let index = 0; index < 120; index += 1)
    await world.leases.hold(slotOf(`00000000-0000-4000-8000-${String(index).padStart(12, '0')}`), endsAt, call());
  await world.pass(15_000);
  await world.faults([{ service: 's3', action: 'GetObject', kind: 'delay', delayMs: 100, times: 999 }]);
  const { events, counts } = await world.sweep({ runMs: 2_000, paths: [] });
  expect(counts.ended).toBe(1);
  // One after the other there would be ten in that time.
  expect(counts.live).toBeGreaterThan(20);
  expect(events.filter(({ kind }) => kind === 'failed').map(({ message }) => message)).toEqual([
    expect.stringMatching(/^\d+ of 121 leases were not read/),
  ]);
}, 60_000);
