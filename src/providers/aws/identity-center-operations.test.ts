import { expect, it } from 'vitest';
import { after, instant, type Instant } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import type { IdentityCenterClient } from './identity-center-client.ts';
import { Operations } from './identity-center-operations.ts';
import { CallQuota, type Lane } from './identity-center-quota.ts';
import type { OperationKind, Wanted } from './identity-center-statuses.ts';

/** A clock that stands still until it is told to go on. */
function standingClock() {
  let now = instant(0);
  let asleep: { readonly at: Instant; readonly wake: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    sleep: (durationMs) => new Promise((wake) => asleep.push({ at: after(now, durationMs), wake })),
    timeout: () => new AbortController().signal,
  };
  const goOn = async (durationMs: number) => {
    for (let left = durationMs; left >= 0; left -= 5) {
      for (const { at, wake } of asleep) if (at <= now) wake();
      asleep = asleep.filter(({ at }) => now < at);
      await new Promise((resolve) => setImmediate(resolve));
      now = after(now, 5);
    }
  };
  return { clock, goOn };
}

const call = { now: instant(0), signal: new AbortController().signal };
const never = () => Promise.resolve(false);

/** AWS, where every operation runs until it is over. */
function cloud() {
  const running = new Map<string, string>();
  let next = 0;
  const client = {
    sso({ constructor, input }: { constructor: { name: string }; input: { TargetId?: string } }) {
      const RequestId = `request-${String((next += 1))}`;
      const kind = /Creation|Create/.test(constructor.name) ? 'create' : 'delete';
      const begins = !constructor.name.startsWith('List');
      if (begins) running.set(RequestId, `${kind} ${input.TargetId ?? ''}`);
      const status = { RequestId, Status: 'IN_PROGRESS' };
      const list = [...running].flatMap(([id, what]) => (what.startsWith(kind) ? [{ RequestId: id }] : []));
      const output = {
        AccountAssignmentCreationStatus: status,
        AccountAssignmentDeletionStatus: status,
        AccountAssignmentsCreationStatus: list,
        AccountAssignmentsDeletionStatus: list,
      };
      return Promise.resolve({ output, cloudNow: null });
    },
  } as unknown as IdentityCenterClient;
  const begun = () => [...running.values()];
  const finish = (what: string) => {
    for (const [id, one] of running) if (one === what) running.delete(id);
  };
  return { client, begun, finish };
}

const wanted = (kind: OperationKind, account: string): Wanted => ({
  kind,
  instanceArn: 'instance',
  permissionSetArn: 'set',
  account,
  userId: 'ada',
  grant: null,
});

it('an end that waits for what runs in its own account lets others begin meanwhile, and nobody there before it', async () => {
  const { clock, goOn } = standingClock();
  const { client, begun, finish } = cloud();
  const operations = new Operations(client, clock, 3);
  const begin = (kind: OperationKind, account: string, lane: Lane) =>
    operations.begin(wanted(kind, account), { lane, call }, never).catch(String);
  await begin('create', 'a', 'start');
  void begin('delete', 'a', 'end');
  await goOn(50);
  void begin('create', 'a', 'start');
  void begin('create', 'b', 'start');
  await goOn(50);
  expect(begun()).toEqual(['create a', 'create b']);
  finish('create a');
  await goOn(600);
  expect(begun()).toEqual(['create b', 'delete a']);
});

it('an end that waits for room goes before every start', async () => {
  const { clock, goOn } = standingClock();
  const { client, begun, finish } = cloud();
  const operations = new Operations(client, clock, 1);
  const begin = (kind: OperationKind, account: string, lane: Lane) =>
    operations.begin(wanted(kind, account), { lane, call }, never).catch(String);
  await begin('create', 'a', 'start');
  void begin('create', 'b', 'start');
  await goOn(50);
  void begin('delete', 'c', 'end');
  await goOn(50);
  finish('create a');
  await goOn(600);
  expect(begun()).toEqual(['delete c']);
});

it('a call that begins something goes before one that asks, and one that takes away before both', async () => {
  const { clock, goOn } = standingClock();
  const quota = new CallQuota(clock, 10);
  const went: string[] = [];
  const turn = (lane: Lane) => quota.turn(lane, 'a call', call).then(() => went.push(lane));
  // What may be made at once after a pause, without what is kept for ends.
  await Promise.all([turn('start'), turn('start'), turn('start'), turn('start')]);
  for (const lane of ['start', 'begin'] as const) void turn(lane);
  await goOn(50);
  await turn('end');
  await goOn(1_000);
  expect(went.slice(4)).toEqual(['end', 'begin', 'start']);
});
