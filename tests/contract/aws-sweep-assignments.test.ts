import {
  CreateAccountAssignmentCommand,
  DeleteAccountAssignmentCommand,
  ListAccountAssignmentsCommand,
  ListInstancesCommand,
  ListPermissionSetsCommand,
} from '@aws-sdk/client-sso-admin';
import { generateKeyPairSync } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { after, type Instant } from '../../src/core/time.ts';
import { readHeartbeats } from '../../src/providers/aws/heartbeat.ts';
import { leaseKey } from '../../src/providers/aws/leases.ts';
import { assignmentSlot } from '../../src/providers/aws/identity-center-leases.ts';
import { SWEEPER_ASSIGNMENTS } from '../../src/providers/aws/sweep-permissions.ts';
import { createEndSigner, signLease } from '../../src/providers/signed-end.ts';
import { awsProvider } from './aws-harness.ts';
import { LEASES, startSweepWorld, type SweepWorld } from './aws-sweep-world.ts';
import { ACCOUNT } from './aws-world.ts';

/** Account assignments and their leases, left alone by a broker that is gone, and what the sweeper makes of them, over HTTP. */

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
const slotOf = (person: string) =>
  assignmentSlot({ instanceArn, account: ACCOUNT, permissionSetArn, principalId: people[person] ?? '' });
const inMs = (ms: number): Instant => after(world.now(), ms);

const input = (person: string) => ({
  InstanceArn: instanceArn,
  TargetId: ACCOUNT,
  TargetType: 'AWS_ACCOUNT' as const,
  PermissionSetArn: permissionSetArn,
  PrincipalType: 'USER' as const,
  PrincipalId: people[person] ?? '',
});

/** As the broker does it: the lease first. */
async function assign(person: string, durationMs: number): Promise<void> {
  await world.leases.hold(slotOf(person), inMs(durationMs), call());
  await world.sso.send(new CreateAccountAssignmentCommand(input(person)));
  await expect.poll(assigned, { timeout: 5_000, interval: 30 }).toContain(person);
}

async function assigned(): Promise<readonly string[]> {
  const { InstanceArn, TargetId: AccountId, PermissionSetArn } = input('ana');
  const list = await world.sso.send(new ListAccountAssignmentsCommand({ InstanceArn, AccountId, PermissionSetArn }));
  const ids = (list.AccountAssignments ?? []).map(({ PrincipalId }) => PrincipalId);
  return Object.keys(people)
    .filter((name) => ids.includes(people[name]))
    .sort();
}

const leaseKeys = async () => (await world.bucket.list('curfew/leases/', call())).keys;

test('ends overdue assignments and no others; the lease goes once nothing can come back; what is assigned then by others stays', async () => {
  await assign('ana', 30_000);
  await assign('bo', 3_600_000);
  await world.pass(45_000);
  const dry = await world.sweep({ dryRun: true });
  expect(dry.counts).toMatchObject({ seen: 2, live: 1, wouldEnd: 1, ended: 0 });
  expect(await assigned()).toEqual(['ana', 'bo', 'cem']);
  expect(await world.adminBucket.list('curfew/heartbeats/', call())).toMatchObject({ keys: [] });
  const first = await world.sweep();
  expect(first.events).toEqual([
    expect.objectContaining({
      kind: 'ended',
      method: 'identity-center',
      place: `${ACCOUNT} ${permissionSetArn} ${people['ana']}`,
    }),
  ]);
  expect(await assigned()).toEqual(['bo', 'cem']);
  expect(await leaseKeys()).toHaveLength(2);
  // Not yet: the creation of an assignment that was given up at the end may still be performed.
  await world.pass(60_000);
  expect((await world.sweep()).events).toEqual([]);
  expect(await leaseKeys()).toHaveLength(2);
  await world.pass(30_000);
  expect((await world.sweep()).events).toEqual([]);
  expect(await leaseKeys()).toHaveLength(1);
  // Standing access that somebody gives by hand, on the very place where a grant was.
  await world.sso.send(new CreateAccountAssignmentCommand(input('ana')));
  await expect.poll(assigned, { timeout: 5_000, interval: 30 }).toContain('ana');
  expect((await world.sweep()).counts).toMatchObject({ seen: 1, live: 1, ended: 0, alarms: 0, failures: 0 });
  expect(await assigned()).toEqual(['ana', 'bo', 'cem']);
}, 60_000);

/** As the schedule does it at the end, or the broker. */
async function unassign(person: string): Promise<void> {
  await world.sso.send(new DeleteAccountAssignmentCommand(input(person)));
  await expect.poll(assigned, { timeout: 5_000, interval: 30 }).not.toContain(person);
}

async function assignByHand(person: string, change: Partial<ReturnType<typeof input>> = {}): Promise<void> {
  await world.sso.send(new CreateAccountAssignmentCommand({ ...input(person), ...change }));
  await expect.poll(assigned, { timeout: 5_000, interval: 30 }).toContain(person);
}

test('what is assigned by others after the end stays, also where no sweep ran in between and the lease was left behind', async () => {
  await assign('ana', 30_000);
  await world.pass(32_000);
  await unassign('ana');
  await world.pass(120_000);
  await assignByHand('ana');
  const dry = await world.sweep({ dryRun: true });
  expect(dry.counts).toMatchObject({ alarms: 1, wouldEnd: 0 });
  expect(await leaseKeys()).toHaveLength(1);
  const { counts, events } = await world.sweep();
  expect(counts).toMatchObject({ ended: 0, alarms: 1, failures: 0 });
  expect(events[0]?.message).toContain('assigned anew');
  expect(await assigned()).toEqual(['ana', 'cem']);
  // It is said once, because it is no business of ours any more, however long AWS remembers who assigned what.
  expect(await leaseKeys()).toEqual([]);
  expect((await world.sweep()).counts).toMatchObject({ seen: 0, alarms: 0 });
  expect(await assigned()).toEqual(['ana', 'cem']);
}, 60_000);

describe('nobody keeps access because', () => {
  /** It is ended, although others were given things meanwhile. */
  const ends = async () => {
    await assignByHand('bo');
    expect((await world.sweep()).counts).toMatchObject({ ended: 1, alarms: 0, failures: 0 });
    expect(await assigned()).toEqual(['bo', 'cem']);
  };

  test('the schedule is gone, and the sweeper came late', async () => {
    await assign('ana', 1_000);
    await world.pass(200_000);
    const { PermissionSets = [] } = await world.sso.send(new ListPermissionSetsCommand({ InstanceArn: instanceArn }));
    const PermissionSetArn = PermissionSets.find((arn) => arn !== permissionSetArn) ?? '';
    await assignByHand('ana', { PermissionSetArn });
    await ends();
  });

  test('a creation that was given up at the end was performed after the removal', async () => {
    await assign('ana', 1_000);
    await world.pass(5_000);
    await unassign('ana');
    await world.pass(60_000);
    await assignByHand('ana');
    await world.pass(60_000);
    await ends();
  });

  test.each(['ListAccountAssignmentCreationStatus', 'DescribeAccountAssignmentCreationStatus'])(
    'AWS does not answer %s',
    async (action) => {
      await assign('ana', 1_000);
      await world.pass(200_000);
      await world.faults([{ service: 'sso', action, kind: 'throttle', times: 99 }]);
      await ends();
      expect((await world.journal()).map((one) => one.action)).toContain(action);
    },
  );
});

test('a later end that was written counts, and so does an earlier one; a crash in between leaves the latest', async () => {
  await assign('ana', 30_000);
  await world.leases.hold(slotOf('ana'), inMs(3_600_000), call());
  expect(await leaseKeys()).toHaveLength(1);
  await world.pass(45_000);
  expect((await world.sweep()).counts).toMatchObject({ live: 1, ended: 0 });
  await world.leases.hold(slotOf('ana'), inMs(20_000), call());
  // As if the broker had died before it took an earlier lease away.
  const crashed = { ...slotOf('ana'), endsAt: inMs(60_000) };
  await world.bucket.put(leaseKey(crashed), signLease(world.signer, crashed), call());
  await world.pass(35_000);
  expect((await world.sweep()).counts).toMatchObject({ live: 1, ended: 0 });
  await world.pass(40_000);
  expect((await world.sweep()).counts).toMatchObject({ live: 0, ended: 1 });
  await world.leases.release(slotOf('ana'), call());
  expect(await leaseKeys()).toEqual([]);
}, 60_000);

test('leases that were edited, moved or signed by others alarm at every run, and are neither obeyed nor removed', async () => {
  await assign('ana', 30_000);
  await assign('bo', 3_600_000);
  const [anaKey = '', boKey = ''] = [
    (await world.bucket.list(leaseKey({ ...slotOf('ana'), endsAt: world.now() }).slice(0, -21), call())).keys[0],
    (await world.bucket.list(leaseKey({ ...slotOf('bo'), endsAt: world.now() }).slice(0, -21), call())).keys[0],
  ];
  const ana = (await world.adminBucket.get(anaKey, call())) ?? '';
  // Hers is made to end in years, his to be over, and hers is copied to where his lie.
  const edited = ana.replace(/"endsAt":"\d{4}/, '"endsAt":"2036');
  await world.adminBucket.put(anaKey, edited, call());
  const over = { ...slotOf('bo'), endsAt: inMs(-60_000) };
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  await world.adminBucket.put(leaseKey(over), signLease(createEndSigner(pem), over), call());
  await world.adminBucket.put(`${boKey}.copy`, ana, call());
  await world.adminBucket.put('curfew/leases/aws/identity-center/notes.txt', 'hello', call());
  await world.pass(45_000);
  for (let run = 0; run < 2; run += 1) {
    const { counts, events } = await world.sweep();
    expect(counts).toMatchObject({ alarms: 4, ended: 0, live: 1, failures: 0 });
    expect(events.map(({ place }) => place).sort()).toEqual(
      [anaKey, leaseKey(over), `${boKey}.copy`, 'curfew/leases/aws/identity-center/notes.txt']
        .map((key) => `${LEASES}/${key}`)
        .sort(),
    );
  }
  expect(await assigned()).toEqual(['ana', 'bo', 'cem']);
}, 60_000);

test('a later end that is written while a run is under way is seen before anything is deleted', async () => {
  await assign('ana', 30_000);
  await world.pass(45_000);
  await world.faults([{ service: 'sso', action: 'ListAccountAssignments', kind: 'delay', delayMs: 600, times: 1 }]);
  const run = world.sweep();
  await expect
    .poll(async () => (await world.journal()).some(({ action }) => action === 'GetObject'), { interval: 10 })
    .toBe(true);
  await world.leases.hold(slotOf('ana'), inMs(3_600_000), call());
  expect((await run).events).toEqual([]);
  expect(await assigned()).toEqual(['ana', 'cem']);
  expect((await world.journal()).map(({ action }) => action)).not.toContain('DeleteAccountAssignment');
}, 60_000);

test('throttling and asynchronous failures are tried again; what goes on failing is said, and the next run ends it', async () => {
  await assign('ana', 30_000);
  await assign('bo', 30_000);
  await world.pass(45_000);
  await world.faults([
    { service: 'sso', action: 'DeleteAccountAssignment', kind: 'throttle', times: 1 },
    { service: 'sso', action: 'finish-delete', kind: 'deny', times: 1 },
  ]);
  expect((await world.sweep()).counts).toMatchObject({ ended: 2, failures: 0 });
  await assign('ana', 1_000);
  await world.pass(15_000);
  await world.faults([{ service: 'sso', action: 'DeleteAccountAssignment', kind: 'deny', times: 99 }]);
  const refused = await world.sweep();
  expect(refused.events).toEqual([expect.objectContaining({ kind: 'failed', fault: 'forbidden-to-us' })]);
  await world.faults([]);
  expect((await world.sweep()).counts).toMatchObject({ ended: 1, failures: 0 });
}, 60_000);

test('says in the bucket that it ran, and calls nothing but what infra/aws lets it', async () => {
  await assign('ana', 1_000);
  await world.pass(15_000);
  const report = await world.sweep({ name: 'eu' });
  await world.sweep({ name: 'us', paths: [] });
  const beats = await readHeartbeats(world.bucket, call());
  expect(beats.map(({ name, version }) => [name, version])).toEqual([
    ['eu', '9.9.9'],
    ['us', '9.9.9'],
  ]);
  expect(beats[0]).toMatchObject({ at: Date.parse(report.startedAt), ended: 1, alarms: 0, failures: 0 });
  const allowed = [
    ...SWEEPER_ASSIGNMENTS,
    's3:ListBucket',
    's3:GetObject',
    's3:PutObject',
    's3:DeleteObject',
    'sts:AssumeRole',
  ];
  const own = (await world.journal()).filter(({ principal }) =>
    principal?.includes('999988887777:assumed-role/curfew-sweeper/'),
  );
  expect(own.length).toBeGreaterThan(5);
  for (const { service, action, code } of own) {
    expect(allowed).toContain(`${service}:${action}`);
    expect(code).toBe('OK');
  }
}, 60_000);

test('the doctor names the key, and says when no sweeper runs, when it fell silent, and when it is not content', async () => {
  const provider = awsProvider(world.url, {
    endSigner: world.signer,
    sweepBucket: { name: LEASES, region: 'eu-west-1' },
  });
  const found = async () => (await provider.doctor([], call())).slice(1).map(({ ok, message }) => [ok, message]);
  const key = [true, expect.stringContaining(world.signer.publicKey)];
  expect(await found()).toEqual([key, [false, `No sweeper has ever run with ${LEASES}.`]]);
  await world.sweep();
  expect(await found()).toEqual([key, [true, expect.stringContaining('The sweeper sweeper (9.9.9) ran at')]]);
  expect(await provider.sweeperRuns(call())).toEqual([
    expect.objectContaining({ name: 'sweeper', failures: 0, alarms: 0 }),
  ]);
  const before = { ...call(), now: inMs(-31_000) };
  expect((await provider.doctor([], before)).at(-1)).toMatchObject({
    ok: false,
    message: expect.stringContaining('to come') as string,
  });
  await world.sweep({ roleArns: ['arn:aws:iam::444455556666:role/curfew/nobody'] });
  expect(await found()).toEqual([key, [false, expect.stringContaining('0 alarms and 1 failures')]]);
  expect(await provider.sweeperRuns(call())).toEqual([expect.objectContaining({ failures: 1 })]);
  const later = { ...call(), now: inMs(301_000) };
  expect((await provider.doctor([], later)).at(-1)).toMatchObject({
    ok: false,
    message: expect.stringContaining('ran last at') as string,
    fix: expect.stringContaining(`--key ${world.signer.publicKey}`) as string,
  });
  await world.adminBucket.put('curfew/heartbeats/x.json', '{}', call());
  expect((await found()).at(-1)).toEqual([false, expect.stringContaining('is not a heartbeat')]);
});

test('a list of more than a page comes whole, and keys that need quoting come as they are', async () => {
  const { keys } = await world.adminBucket.list('many/', call());
  expect(keys).toHaveLength(1_101);
  expect(keys).toContain('many/a & b <c>');
});

test('the sweeper can write no lease, and the broker no heartbeat', async () => {
  const report = await world.sweep({ name: 'sweeper' });
  expect(report.counts.failures).toBe(0);
  await expect(world.bucket.put('curfew/heartbeats/sweeper.json', '{}', call())).rejects.toThrow('AccessDenied');
  await expect(world.sweep({ bucket: { name: 'somebody-elses', region: 'eu-west-1' } })).resolves.toMatchObject({
    counts: { failures: 2 },
  });
});
