import { DeletePermissionSetCommand, ListPermissionSetsCommand } from '@aws-sdk/client-sso-admin';
import { DeleteScheduleCommand, SchedulerClient } from '@aws-sdk/client-scheduler';
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { after, instant } from '../../src/core/time.ts';
import { createBucket, type Bucket } from '../../src/providers/aws/bucket.ts';
import type { AwsProvider } from '../../src/providers/aws/index.ts';
import { createLeases } from '../../src/providers/aws/leases.ts';
import { assignmentSlot } from '../../src/providers/aws/identity-center-leases.ts';
import { createEndSigner } from '../../src/providers/signed-end.ts';
import type { BindingSpec, CallOptions, Ending } from '../../src/providers/contract.ts';
import { ADMIN, centerHarness, portalSession, type CenterHarness } from './aws-center-harness.ts';
import { byHand, idOf, scheduledAt } from './aws-center-steps.ts';
import { ACCOUNTS, LEASES, PERMISSION_SET } from './aws-center-world.ts';
import { client, hubSession, post } from './aws-harness.ts';
import { ACCOUNT } from './aws-world.ts';
import { hold, pause, provide, shows, takeAway } from './contract-steps.ts';

/** What `method: identity-center` promises beyond the laws that hold for every provider. */
let on: CenterHarness;

beforeAll(async () => {
  on = await centerHarness();
});
afterEach(async () => {
  await on.heal();
  await on.settings({ assignmentMs: [30, 30], listDelayMs: [0, 0], fireDelayMs: [0, 0], ssoCallsPerSecond: 0 });
  await post(on.url, 'account-state', { account: ACCOUNT, state: 'ACTIVE' });
  // What is due seconds after an early end would get in the way of whoever comes next in this account.
  const scheduler = new SchedulerClient(client(on.url, await hubSession(on.url, ADMIN)));
  for (const { name } of (await on.remembered()).schedules)
    await scheduler.send(new DeleteScheduleCommand({ Name: name })).catch(() => {});
});
afterAll(() => on.close());

const call = (): CallOptions => ({ now: on.now(), signal: AbortSignal.timeout(5_000) });
const returned = (): Ending => ({ cause: 'returned', since: on.now() });
const fresh = (): BindingSpec => on.over({});

describe('the schedule', () => {
  test('stands before the assignment, deletes it at the end to the second, and removes itself', async () => {
    const spec = fresh();
    await on.provider.provision(spec, call());
    const { schedules, identityCenter } = await on.remembered();
    const schedule = schedules.find((one) => one.target.input.includes(String(idOf(identityCenter, spec))));
    expect(schedule).toMatchObject({ at: Math.floor(spec.endsAt / 1_000) * 1_000, actionAfterCompletion: 'DELETE' });
    expect(identityCenter.operations.filter((one) => one.principalId === idOf(identityCenter, spec))).toHaveLength(1);
  });

  test('that is refused lets nothing be assigned', async () => {
    const spec = fresh();
    await post(on.url, 'faults', [{ service: 'scheduler', action: 'CreateSchedule', kind: 'deny', times: 1 }]);
    await expect(on.provider.provision(spec, call())).rejects.toMatchObject({ kind: 'forbidden-to-us' });
    const { identityCenter } = await on.remembered();
    expect(identityCenter.operations.filter((one) => one.principalId === idOf(identityCenter, spec))).toEqual([]);
  });

  test('moves with the end, later and earlier, and is due at once after an early end', async () => {
    const spec = fresh();
    await provide(on, spec);
    for (const endsAt of [after(spec.endsAt, 600_000), after(spec.endsAt, -300_000)]) {
      await expect(on.provider.provision({ ...spec, endsAt }, call())).resolves.toMatchObject({ usable: true });
      expect(await scheduledAt(on, spec)).toBe(Math.floor(endsAt / 1_000) * 1_000);
    }
    await on.provider.revoke(spec, returned(), 0, call());
    expect(await scheduledAt(on, spec)).toBeLessThan(on.now() + 10_000);
  });
});

describe('a lease for the sweeper', () => {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const endSigner = createEndSigner(pem);
  const sweepBucket = { name: LEASES, region: 'eu-west-1' };
  let leasing: AwsProvider;
  let bucket: Bucket;
  beforeAll(() => {
    leasing = on.with({ endSigner, sweepBucket });
    const identity = () => hubSession(on.url);
    bucket = createBucket({ ...sweepBucket, endpoint: on.url, identity, requestTimeoutMs: 3_000 });
  });
  afterEach(async () => {
    for (const key of (await bucket.list('curfew/leases/', call())).keys) await bucket.remove(key, call());
  });
  const ends = async () => (await bucket.list('curfew/leases/', call())).keys.map((key) => key.split('/').at(-1));
  const stamp = (at: number) =>
    `${new Date(Math.floor(at / 1_000) * 1_000).toISOString().replace(/[-:]|\.000/g, '')}.json`;
  /** Where the lease of a binding lies. */
  const slotOf = async (spec: BindingSpec) => {
    const { identityCenter } = await on.remembered();
    const { instanceArn, permissionSets } = identityCenter;
    const permissionSetArn = permissionSets.find(({ name }) => name === PERMISSION_SET)?.arn ?? '';
    const principalId = idOf(identityCenter, spec) ?? '';
    return assignmentSlot({ instanceArn, account: spec.target.native, permissionSetArn, principalId });
  };

  test('is forgotten once the end is proven, and nobody else’s with it', async () => {
    const [spec, other] = [fresh(), fresh()];
    await provide({ ...on, provider: leasing }, other);
    await provide({ ...on, provider: leasing }, spec);
    await takeAway({ ...on, provider: leasing }, spec, returned());
    expect(await ends()).toHaveLength(2);
    await leasing.forget?.(spec, call());
    expect(await ends()).toEqual([stamp(other.endsAt)]);
    // Where no sweeper reads any, there are none.
    expect(on.provider.forget).toBeUndefined();
  });

  test('of a start that AWS gave up stands until its end is proven, because another call may still land', async () => {
    const spec = fresh();
    await post(on.url, 'faults', [{ service: 'sso', action: 'finish-create', kind: 'deny', times: 1 }]);
    await expect(provide({ ...on, provider: leasing }, spec)).rejects.toMatchObject({ hasWritten: true });
    expect(await ends()).toEqual([stamp(spec.endsAt)]);
    await leasing.revoke(spec, returned(), 0, call());
    expect(await ends()).toHaveLength(1);
    expect((await ends())[0]?.localeCompare(stamp(spec.endsAt))).toBe(-1);
    await leasing.forget?.(spec, call());
    expect(await ends()).toEqual([]);
  });

  test('says that an early end is now, also where somebody has deleted the schedule', async () => {
    const spec = fresh();
    await provide({ ...on, provider: leasing }, spec);
    const scheduler = new SchedulerClient(client(on.url, await hubSession(on.url, ADMIN)));
    for (const { name } of (await on.remembered()).schedules)
      await scheduler.send(new DeleteScheduleCommand({ Name: name }));
    const now = on.now();
    await leasing.revoke(spec, returned(), 0, { ...call(), now });
    expect(await ends()).toEqual([stamp(now)]);
  });

  test('that was left behind is tidied once no call can land, where nothing stands and no grant needs it', async () => {
    const leases = createLeases(bucket, endSigner);
    const spec = fresh();
    const slot = await slotOf(spec);
    const [settled, recent] = [after(on.now(), -120_000), after(on.now(), -30_000)];
    await leases.hold(slot, recent, call());
    await expect(leasing.tidy(spec, call())).resolves.toEqual({ removed: false, left: 0 });
    expect(await ends()).toEqual([stamp(recent)]);
    await leases.hold(slot, settled, call());
    await byHand(on, 'create', spec);
    await expect(leasing.tidy(spec, call())).resolves.toEqual({ removed: false, left: 0 });
    await byHand(on, 'delete', spec);
    await pause(1_100);
    await expect(leasing.tidy(spec, call())).resolves.toEqual({ removed: true, left: 0 });
    expect(await ends()).toEqual([]);
    await expect(leasing.tidy(spec, call())).resolves.toEqual({ removed: false, left: 0 });
  });

  test('is written before the assignment, and moves with the end', async () => {
    const spec = fresh();
    await post(on.url, 'faults', [{ service: 'sso', action: 'CreateAccountAssignment', kind: 'deny', times: 1 }]);
    await expect(leasing.provision(spec, call())).rejects.toMatchObject({ kind: 'forbidden-to-us' });
    expect(await ends()).toEqual([stamp(spec.endsAt)]);
    await provide({ ...on, provider: leasing }, spec);
    const now = on.now();
    await leasing.revoke(spec, returned(), 0, { ...call(), now });
    expect(await ends()).toEqual([stamp(now)]);
  });
});

describe('an assignment', () => {
  test('that somebody made by hand is seen before ours begins', async () => {
    const spec = fresh();
    await byHand(on, 'create', spec);
    const seen = await on.provider.observe(spec, null, call());
    expect(seen).toMatchObject({ presence: 'present', usable: true });
    expect(seen).not.toHaveProperty('endWrittenFor');
  });

  test('that a grant gave is told from what somebody made by hand, also by a broker that knows nothing of the grant', async () => {
    const spec = fresh();
    await provide(on, spec);
    const seen = await on.with({}).observe(spec, null, call());
    expect(seen).toMatchObject({ presence: 'present', endWrittenFor: spec.grant });
  });

  test('is not usable while it is made, and asking again makes no second operation', async () => {
    await on.settings({ assignmentMs: [600, 600] });
    const spec = fresh();
    for (let times = 0; times < 4; times += 1)
      await expect(on.provider.provision(spec, call())).resolves.toMatchObject({ usable: false });
    const { identityCenter } = await on.remembered();
    expect(identityCenter.operations.filter((one) => one.principalId === idOf(identityCenter, spec))).toHaveLength(1);
    expect(await provide(on, spec)).toMatchObject({ usable: true });
  });

  test('whose creation another process began is not gone before that is over', async () => {
    await on.settings({ assignmentMs: [900, 900] });
    const spec = fresh();
    await on.with({}).provision(spec, call());
    await expect(on.with({}).observe(spec, returned(), call())).resolves.toMatchObject({
      presence: 'present',
      native: { creation: 'is under way' },
    });
    await expect(takeAway(on, spec, returned())).resolves.toMatchObject({ presence: 'absent' });
  });

  test('is listed late: access that was made is not made again, and access that is gone is still there', async () => {
    await on.settings({ listDelayMs: [500, 500] });
    const spec = fresh();
    expect(await provide(on, spec)).toMatchObject({ usable: true });
    const { identityCenter } = await on.remembered();
    expect(identityCenter.operations.filter((one) => one.principalId === idOf(identityCenter, spec))).toHaveLength(1);
    // A removal meets one that is listed late, and is told that it conflicts: the engine comes back.
    await expect(patiently(() => takeAway(on, spec, returned()))).resolves.toMatchObject({ presence: 'absent' });
  });

  test('of a person is never a group: what a group gives is neither ours nor touched', async () => {
    const spec = on.over(
      {},
      { principal: 'kai@acme.example', target: { ...fresh().target, native: ACCOUNTS[1] ?? '' } },
    );
    await expect(on.provider.observe(spec, null, call())).resolves.toMatchObject({ presence: 'absent' });
  });
});

describe('what cannot be given is refused, and says why', () => {
  test.each([
    [
      'a person whom the directory does not have',
      { principal: 'nobody@acme.example' },
      {},
      /no user nobody@acme.example/,
    ],
    ['a permission set that does not exist', {}, { permissionSet: 'nothing' }, /no permission set nothing/],
    ['a permission set with longer sessions', {}, { permissionSet: 'long-sessions' }, /PT4H.*--session-duration PT1H/],
  ])('%s', async (_what, change, aws, message) => {
    const spec = on.over(aws, change);
    await expect(on.provider.provision(spec, call())).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(message) as string,
    });
    expect(await scheduledAt(on, spec)).toBeNull();
  });
});

describe('an ending', () => {
  test('that a process made for an earlier grant says nothing of a later one, if another process has removed it', async () => {
    const other = { ...on, provider: on.with({}) };
    const first = fresh();
    await on.provider.provision(first, call());
    await shows(other, first, returned(), 'present');
    await expect(takeAway(other, first, returned())).resolves.toMatchObject({ presence: 'absent' });
    const second = { ...first, grant: fresh().grant };
    await provide(on, second);
    const { identityCenter } = await on.remembered();
    const made = identityCenter.operations.filter((one) => one.principalId === idOf(identityCenter, first));
    expect(made.map(({ kind }) => kind).slice(0, 3)).toEqual(['create', 'delete', 'create']);
  });

  test('whose deletion fails says why, and is tried again', async () => {
    const spec = fresh();
    await provide(on, spec);
    await post(on.url, 'faults', [{ service: 'sso', action: 'finish-delete', kind: 'unavailable', times: 1 }]);
    await expect(takeAway(on, spec, returned())).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringMatching(/Received a 500 status error/) as string,
    });
    await expect(takeAway(on, spec, returned())).resolves.toMatchObject({ presence: 'absent' });
  });

  test('of somebody who left the directory meanwhile ends what stands under the id that the schedule remembers', async () => {
    const spec = fresh();
    await provide(on, spec);
    await post(on.url, 'directory', { userName: spec.principal, change: 'remove' });
    await on.heal();
    await expect(on.provider.observe(spec, returned(), call())).resolves.toMatchObject({ presence: 'present' });
    // AWS deletes nothing for somebody who is not there; that nobody can sign in by it is no proof.
    await expect(takeAway(on, spec, returned())).rejects.toMatchObject({ kind: 'conflict' });
  });

  test('of a permission set that was deleted is established from the instance', async () => {
    const admin = await on.admin();
    const { identityCenter } = await on.remembered();
    const set = identityCenter.permissionSets.find((one) => one.name === 'long-sessions');
    const names = { InstanceArn: identityCenter.instanceArn, PermissionSetArn: set?.arn ?? '' };
    const spec = on.over({ permissionSet: names.PermissionSetArn });
    await admin.send(new DeletePermissionSetCommand(names));
    const { PermissionSets = [] } = await admin.send(new ListPermissionSetsCommand(names));
    expect(PermissionSets).not.toContain(names.PermissionSetArn);
    await expect(on.provider.observe(spec, returned(), call())).resolves.toMatchObject({
      presence: 'absent',
      evidence: { permissionSetIs: 'gone', saidBy: 'its instance' },
    });
  });

  test('that we may not look at is not gone', async () => {
    const spec = fresh();
    await provide(on, spec);
    await post(on.url, 'faults', [{ service: 'sso', action: 'ListAccountAssignments', kind: 'deny', times: 1 }]);
    await expect(on.provider.observe(spec, returned(), call())).rejects.toMatchObject({ kind: 'forbidden-to-us' });
  });
});

describe("within AWS's limits", () => {
  test('many at once in one account and permission set: one at a time, every one gets through, and no call is refused', async () => {
    await on.settings({ assignmentMs: [60, 60] });
    const specs = Array.from({ length: 6 }, fresh);
    await Promise.all(specs.map((spec) => patiently(() => provide(on, spec))));
    await Promise.all(specs.map((spec) => patiently(() => takeAway(on, spec, returned()))));
    const refused = await refusals();
    expect(refused.filter((one) => one.code !== 'ConflictException')).toEqual([]);
  });

  test('a storm of conflicts passes: whoever is refused comes back', async () => {
    const spec = fresh();
    const storm = { service: 'sso', action: 'CreateAccountAssignment', kind: 'conflict', times: 5 };
    await post(on.url, 'faults', [storm, { ...storm, action: 'DeleteAccountAssignment' }]);
    await expect(on.provider.provision(spec, call())).rejects.toMatchObject({ kind: 'conflict' });
    await patiently(() => provide(on, spec));
    await expect(patiently(() => takeAway(on, spec, returned()))).resolves.toMatchObject({ presence: 'absent' });
  });

  test('over many accounts no more than ten are under way, and nothing is refused for being too much', async () => {
    await on.settings({ assignmentMs: [250, 250], ssoCallsPerSecond: 20 });
    const provider = on.with({ identityCenter: { account: '777766665555', region: 'eu-west-1' } });
    const limited: CenterHarness = { ...on, provider };
    await pauseForBurst();
    const before = (await refusals()).length;
    const specs = ACCOUNTS.slice(1, 15).map((native) => on.over({}, { target: { ...fresh().target, native } }));
    await Promise.all(specs.map((spec) => patiently(() => provide(limited, spec))));
    expect((await refusals()).slice(before)).toEqual([]);
    const { identityCenter } = await on.remembered();
    const created = identityCenter.operations.filter((one) => one.kind === 'create').slice(-specs.length);
    const atOnce = created.map(
      (one) => created.filter((it) => it.createdAt <= one.createdAt && one.createdAt < it.finishAt).length,
    );
    expect(Math.max(...atOnce)).toBeLessThanOrEqual(10);
  }, 30_000);
});

describe('a session that began before the end', () => {
  test('goes on, which is the residual that approvers read', async () => {
    const spec = fresh();
    // The test before has used up the rate.
    await patiently(() => hold(on, spec));
    const saved = await portalSession(on.url, spec.principal);
    await patiently(() => takeAway(on, spec, returned()));
    expect(await on.use(on.own(spec))).toBe('refused');
    expect(saved).not.toBeNull();
    expect(on.provider.residual(spec)).toMatchObject({ maxMs: 3_600_000 });
    expect(on.provider.residual(spec).words).toMatch(/at most an hour after the end/);
  });
});

/** Tries for as long as the cloud is only busy, as the engine does. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const until = instant(Date.now() + 20_000);
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const kind = error instanceof Error && 'kind' in error ? error.kind : null;
      if ((kind !== 'conflict' && kind !== 'throttled') || Date.now() > until) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** What AWS refused us, and not the schedules of earlier tests. */
async function refusals(): Promise<readonly { readonly action: string; readonly code: string }[]> {
  const entries = (await (await fetch(`${on.url}/_sim/journal`)).json()) as readonly {
    readonly service: string;
    readonly action: string;
    readonly code: string;
    readonly principal: string | null;
  }[];
  const quota = ['ThrottlingException', 'ServiceQuotaExceededException', 'ConflictException'];
  return entries.filter(
    (one) => quota.includes(one.code) && one.principal?.includes('/curfew-identity-center/') === true,
  );
}

/** The simulator's bucket of calls is full again after a second. */
const pauseForBurst = () => new Promise((resolve) => setTimeout(resolve, 1_000));
