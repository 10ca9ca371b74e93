import { GetScheduleCommand, SchedulerClient, UpdateScheduleCommand } from '@aws-sdk/client-scheduler';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { instant } from '../../src/core/time.ts';
import type { BindingSpec, CallOptions } from '../../src/providers/contract.ts';
import { ADMIN, centerHarness, type CenterHarness } from './aws-center-harness.ts';
import { byHand, idOf, scheduledAt } from './aws-center-steps.ts';
import { CENTER } from './aws-center-world.ts';
import { client, hubSession, post } from './aws-harness.ts';
import { provide, returned as returnedOn, takeAway } from './contract-steps.ts';

const NEVER = [86_400_000, 86_400_000] as const;

let on: CenterHarness;

beforeAll(async () => {
  on = await centerHarness({ fireDelayMs: NEVER });
});
afterAll(() => on.close());
beforeEach(() => on.heal());

const call = (): CallOptions => ({ now: on.now(), signal: AbortSignal.timeout(5_000) });
const fresh = () => on.binding(600_000);
const returned = () => returnedOn(on);
const wholeSecond = (at: number) => Math.floor(at / 1_000) * 1_000;

describe('a start that is refused', () => {
  const refused = (action: string, service = 'sso') =>
    post(on.url, 'faults', [{ service, action, kind: 'deny', times: 1 }]);

  test('before its end was scheduled has written nothing', async () => {
    const spec = fresh();
    await refused('CreateSchedule', 'scheduler');
    await expect(on.provider.provision(spec, call())).rejects.toMatchObject({ hasWritten: false });
    expect(await scheduledAt(on, spec)).toBeNull();
  });

  test.each(['ListAccountAssignments', 'CreateAccountAssignment'])(
    'at %s says that something was written, and the end of it leaves no schedule that would fire later',
    async (action) => {
      const spec = fresh();
      await refused(action);
      const fault = { kind: 'forbidden-to-us', hasWritten: true };
      await expect(on.provider.provision(spec, call())).rejects.toMatchObject(fault);
      expect(await scheduledAt(on, spec)).toBe(wholeSecond(spec.endsAt));
      const seen = await on.provider.observe(spec, returned(), call());
      expect(seen).toMatchObject({ presence: 'present', usable: false, native: { schedule: 'is still to come' } });
      await expect(takeAway(on, spec, returned())).resolves.toMatchObject({ presence: 'absent' });
      expect(await scheduledAt(on, spec)).toBeLessThan(on.now() + 10_000);
    },
  );
});

describe('a schedule', () => {
  test('says for which grant it was written last, also where two have the same end', async () => {
    const first = fresh();
    await provide(on, first);
    const second = { ...first, grant: fresh().grant };
    await provide(on, second);
    await expect(on.provider.observe(second, null, call())).resolves.toMatchObject({ endWrittenFor: second.grant });
  });

  test('of an assignment that somebody removed by hand is due as soon as the grant ends', async () => {
    const spec = fresh();
    await provide(on, spec);
    await byHand(on, 'delete', spec);
    await expect(takeAway(on, spec, returned())).resolves.toMatchObject({ presence: 'absent' });
    expect(await scheduledAt(on, spec)).toBeLessThan(on.now() + 10_000);
  });

  const OTHER_SET = 'arn:aws:sso:::permissionSet/ssoins-7223b02bc0f1e94a/ps-ffffffffffffffff';
  test.each<readonly [string, (name: string) => Promise<void>]>([
    ['was disabled', (name) => edit(name, () => ({ State: 'DISABLED' }))],
    ['calls something else', (name) => retarget(name, { Arn: 'arn:aws:scheduler:::aws-sdk:iam:deleteRolePolicy' })],
    ['says nothing to remove', (name) => retarget(name, { Input: '{}' })],
    [
      'removes another set',
      (name) => retarget(name, (it) => ({ Input: it.replace(/"arn:[^"]*permissionSet[^"]*"/, `"${OTHER_SET}"`) })),
    ],
    [
      'removes in another account',
      (name) => retarget(name, (it) => ({ Input: it.replace(/"\d{12}"/, `"${CENTER}"`) })),
    ],
    [
      'gives up at once',
      (name) => retarget(name, { RetryPolicy: { MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 } }),
    ],
    [
      'tells somebody else',
      (name) => retarget(name, { DeadLetterConfig: { Arn: `arn:aws:sqs:eu-west-1:${CENTER}:a-queue` } }),
    ],
  ])('that %s is no end of ours: it is told, written anew, and keeps nobody from ending', async (_what, spoil) => {
    const { spec, name } = await scheduled();
    const before = await read(name);
    await spoil(name);
    const seen = await on.provider.observe(spec, null, call());
    expect(seen).toMatchObject({ presence: 'present', endIsEdited: true, native: { scheduledEnd: 'edited' } });
    expect(seen).not.toHaveProperty('endWrittenFor');
    await on.provider.provision(spec, call());
    expect(await read(name)).toEqual(before);
    await spoil(name);
    await expect(on.provider.observe(spec, returned(), call())).resolves.toMatchObject({ endIsEdited: true });
    await expect(takeAway(on, spec, returned())).resolves.toMatchObject({ presence: 'absent' });
    const { ScheduleExpression, ...rest } = await read(name);
    expect({ ...rest, ScheduleExpression: before.ScheduleExpression }).toEqual(before);
    expect(firesAt(ScheduleExpression)).toBeLessThan(on.now() + 10_000);
  });

  test.each([
    ['later than the end', (spec: BindingSpec) => spec.endsAt + 5_000, true],
    ['by years', () => Date.UTC(2099, 0), true],
    ['earlier', (spec: BindingSpec) => spec.endsAt - 60_000, false],
  ])(
    'that was moved %s: it is an edit where it would be late, and is told at the end',
    async (_what, when, isEdited) => {
      const { spec, name } = await scheduled();
      const to = new Date(when(spec)).toISOString().slice(0, 19);
      await edit(name, () => ({ ScheduleExpression: `at(${to})` }));
      // To whoever begins there it is the end of an earlier grant.
      await expect(on.provider.observe(spec, null, call())).resolves.toMatchObject({ endWrittenFor: spec.grant });
      const seen = await on.provider.observe(spec, returned(), call());
      expect(seen).toMatchObject({
        presence: 'present',
        native: { scheduledEnd: expect.stringContaining(to) as string },
      });
      expect('endIsEdited' in seen).toBe(isEdited);
      // Two grants on one place: the later end of them is not late.
      const until = { ...spec, endsAt: instant(when(spec)) };
      expect(await on.provider.observe(until, returned(), call())).not.toHaveProperty('endIsEdited');
      await expect(takeAway(on, spec, returned())).resolves.toMatchObject({ presence: 'absent' });
      expect(await scheduledAt(on, spec)).toBeLessThan(on.now() + 10_000);
    },
  );

  test.each<readonly [string, (name: string) => Promise<void>]>([
    ['was disabled', (name) => edit(name, () => ({ State: 'DISABLED' }))],
    ['was moved by years', (name) => edit(name, () => ({ ScheduleExpression: 'at(2099-01-01T00:00:00)' }))],
    [
      'removes in another account',
      (name) => retarget(name, (it) => ({ Input: it.replace(/"\d{12}"/, `"${CENTER}"`) })),
    ],
  ])(
    'that %s keeps its grant from ending where the assignment is gone already, until it is due',
    async (_what, spoil) => {
      const { spec, name } = await scheduled();
      const before = await read(name);
      await spoil(name);
      await byHand(on, 'delete', spec);
      const other = elsewhere();
      const seen = await other.provider.observe(spec, returned(), call());
      expect(seen).toMatchObject({ presence: 'present', usable: false, endIsEdited: true });
      await expect(takeAway(other, spec, returned())).resolves.toMatchObject({ presence: 'absent' });
      const { ScheduleExpression, ...rest } = await read(name);
      expect({ ...rest, ScheduleExpression: before.ScheduleExpression }).toEqual(before);
      expect(firesAt(ScheduleExpression)).toBeLessThan(on.now() + 10_000);
    },
  );

  test('that removes the same set from somebody else is an edit, where it is known who was given it, and takes nothing from them', async () => {
    const { spec, name } = await scheduled();
    const { native } = await on.provider.provision(spec, call());
    const before = await read(name);
    const other = fresh();
    await byHand(on, 'create', other);
    const { identityCenter } = await on.remembered();
    const [mine, theirs] = [String(idOf(identityCenter, spec)), String(idOf(identityCenter, other))];
    await retarget(name, (it) => ({ Input: it.replace(mine, theirs) }));
    const made = { ...spec, native };
    const seen = await on.provider.observe(made, returned(), call());
    expect(seen).toMatchObject({ presence: 'present', endIsEdited: true, native: { user: mine } });
    await expect(takeAway(on, made, returned())).resolves.toMatchObject({ presence: 'absent' });
    const { ScheduleExpression, ...rest } = await read(name);
    expect({ ...rest, ScheduleExpression: before.ScheduleExpression }).toEqual(before);
    expect(firesAt(ScheduleExpression)).toBeLessThan(on.now() + 10_000);
    await expect(on.provider.observe(other, null, call())).resolves.toMatchObject({ presence: 'present' });
  });

  test('that was edited of somebody whom the directory has under another id since is written anew for that one, once, and ends', async () => {
    const { spec, name } = await scheduled();
    const { native } = await on.provider.provision(spec, call());
    const made = { ...spec, native: { ...native, user: '00000000-0000-4000-8000-000000000001' } };
    await retarget(name, { Input: '{}' });
    const seen = await on.provider.observe(made, returned(), call());
    expect(seen).toMatchObject({ presence: 'present', endIsEdited: true });
    await expect(takeAway(on, made, returned())).resolves.toMatchObject({ presence: 'absent' });
    const { users } = (await on.remembered()).identityCenter;
    expect((await read(name)).Target?.Input).toContain(users.find(({ userName }) => userName === spec.principal)?.id);
  });

  test('that was edited for somebody whom the directory has no more is deleted', async () => {
    const { spec, name } = await scheduled();
    await retarget(name, { Input: '{}' });
    const nobody = { ...spec, principal: 'nobody@acme.example' };
    const seen = await on.provider.observe(nobody, returned(), call());
    expect(seen).toMatchObject({ presence: 'present', usable: false, endIsEdited: true, native: { userIs: 'gone' } });
    await expect(takeAway(on, nobody, returned())).resolves.toMatchObject({ presence: 'absent' });
    await expect(read(name)).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test('that can only remove from a set which is gone keeps nobody from ending', async () => {
    const { spec, name } = await scheduled();
    await retarget(name, (it) => ({ Input: it.replace(/"arn:[^"]*permissionSet[^"]*"/, `"${OTHER_SET}"`) }));
    await byHand(on, 'delete', spec);
    const seen = await elsewhere().provider.observe(spec, returned(), call());
    expect(seen).toMatchObject({ presence: 'absent', evidence: { scheduledEnd: 'edited' } });
  });
});

/** A grant that stands, and the name of its schedule. */
async function scheduled(): Promise<{ readonly spec: BindingSpec; readonly name: string }> {
  const spec = fresh();
  await provide(on, spec);
  const { schedules, identityCenter } = await on.remembered();
  const { name } = schedules.find((one) => one.target.input.includes(String(idOf(identityCenter, spec)))) ?? {};
  if (name === undefined) throw new Error('there is no schedule');
  return { spec, name };
}

/** Whoever made an assignment believes for a moment that a list which does not show it is late. */
const elsewhere = (): CenterHarness => ({ ...on, provider: on.with({}) });

const firesAt = (expression = ''): number => Date.parse(`${expression.slice(3, -1)}Z`);

type Body = UpdateScheduleCommand['input'];
type Target = NonNullable<Body['Target']>;

const scheduler = async () => new SchedulerClient(client(on.url, await hubSession(on.url, ADMIN)));

/** What a schedule says, as it is written. */
async function read(name: string): Promise<Body> {
  const {
    $metadata: _m,
    Arn: _a,
    CreationDate: _c,
    LastModificationDate: _l,
    ...body
  } = await (await scheduler()).send(new GetScheduleCommand({ Name: name }));
  return body as Body;
}

async function edit(name: string, change: (body: Body) => Partial<Body>): Promise<void> {
  const body = await read(name);
  await (await scheduler()).send(new UpdateScheduleCommand({ ...body, ...change(body) }));
}

const retarget = (name: string, change: Partial<Target> | ((input: string) => Partial<Target>)): Promise<void> =>
  edit(name, ({ Target }) => {
    const changed = typeof change === 'function' ? change(Target?.Input ?? '') : change;
    return { Target: { Arn: Target?.Arn, RoleArn: Target?.RoleArn, ...Target, ...changed } };
  });
