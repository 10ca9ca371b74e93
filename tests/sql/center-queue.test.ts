import { beforeEach, expect, test } from 'vitest';
import { defaultSettings } from '../../simulators/aws/cloud-settings.ts';
import { Faults } from '../../simulators/aws/faults.ts';
import { IdentityCenter } from '../../simulators/aws/identity-center.ts';
import { World } from '../../simulators/aws/world.ts';
import type { GrantId } from '../../src/core/ids.ts';
import { slotKey } from '../../src/core/slot.ts';
import { faultOrWait } from '../../src/operations/start-wait.ts';
import { IDENTITY_CENTER } from '../../src/providers/aws/capabilities.ts';
import { identityCenter, openIdentityCenter } from '../../src/providers/aws/identity-center.ts';
import { ProviderFault } from '../../src/providers/contract.ts';
import type { Database } from '../../src/store/database.ts';
import { findGrant, type GrantRecord } from '../../src/store/grants.ts';
import { ACCOUNT } from '../contract/aws-world.ts';
import { CENTER, centerWorld, PERMISSION_SET, person } from '../contract/aws-center-world.ts';
import { bench, type Bench } from './engine-bench.ts';
import { fakeProvider, type FakeProvider } from './fake-provider.ts';
import { ROLE, scheduledGrant, TARGET, toldToEnd } from './rows.ts';
import type { VirtualTime } from './shared-cloud.ts';
import { virtualEmbedded } from './virtual-embedded.ts';

const MANY = 60;
const DURATION_MS = 300_000;
const TICK_MS = 500;
const role = { ...ROLE, aws: { method: 'identity-center', permissionSet: PERMISSION_SET } } as const;
const target = { ...TARGET, native: ACCOUNT };

let database: Database;
let time: VirtualTime;
let center: IdentityCenter;
let on: Bench;

const virtual = virtualEmbedded();
beforeEach(() => {
  [database, time] = [virtual.database(), virtual.time()];
  const world = new World(centerWorld, { stateFile: null, nowMs: time.now() });
  const ports = { world, settings: () => defaultSettings, now: time.now, faults: new Faults(), publish: () => {} };
  center = new IdentityCenter(ports);
  on = bench(database, providerOver(), { clock: time.clock });
});

const userId = (name: string) => center.state.users.find((user) => user.userName === name)?.id ?? '';
const operations = (kind: 'create' | 'delete') =>
  new Map(center.state.operations.flatMap((one) => (one.kind === kind ? [[one.principalId, one] as const] : [])));
const isAssigned = (name: string) =>
  center.state.assignments.some((one) => one.principalId === userId(name) && one.until === null);

/** The rates are those of the real method; AWS's limits those of the simulator, without the way to it, which would take real time. */
function providerOver(): FakeProvider {
  const place = { account: CENTER, region: 'eu-west-1' };
  const caller = { clients: () => Promise.reject(new Error('nobody is called')), forget: () => {} };
  const real = identityCenter(
    'aws',
    openIdentityCenter(place, { caller, partition: 'aws', clock: time.clock, leases: null }),
  );
  const begin = (kind: 'create' | 'delete', name: string) => {
    const permissionSetArn = center.state.permissionSets.find((set) => set.name === PERMISSION_SET)?.arn ?? '';
    try {
      center.start({ kind, account: ACCOUNT, permissionSetArn, principalType: 'USER', principalId: userId(name) });
    } catch (error) {
      // The method itself looks again so soon.
      throw new ProviderFault('conflict', String(error), { heldBack: true, retryAfterMs: TICK_MS });
    }
  };
  return Object.assign(fakeProvider({ byConstruction: false }), {
    methods: { 'identity-center': IDENTITY_CENTER },
    quota: real.quota,
    sharedPlace: real.sharedPlace,
    provision: async ({ principal }: { principal: string }) => {
      if (!operations('create').has(userId(principal))) begin('create', principal);
      return { usable: isAssigned(principal), native: {}, credentials: [] };
    },
    observe: async ({ principal }: { principal: string }) =>
      isAssigned(principal)
        ? { presence: 'present', usable: true, native: {} }
        : { presence: 'absent', proof: 'observed', evidence: {}, final: true },
    revoke: async ({ principal }: { principal: string }) => {
      if (!operations('delete').has(userId(principal))) begin('delete', principal);
    },
  });
}

async function tick(): Promise<void> {
  await time.advance(TICK_MS);
  for (let due = center.nextDueAt(); due !== null && due <= time.now(); due = center.nextDueAt()) center.settleNext();
  await on.engine.pass('ends');
  await on.engine.pass('starts');
}

async function all(ids: readonly GrantId[]): Promise<readonly GrantRecord[]> {
  const found = await Promise.all(ids.map((id) => findGrant(database.db, id)));
  return found.flatMap((one) => (one === null ? [] : [one]));
}

test('sixty who ask for one set in one account wait for their turn with the whole of their time, and an end goes ahead', async () => {
  const ids: GrantId[] = [];
  for (let n = 0; n < MANY; n += 1) {
    const principal = person(n);
    const slot = slotKey('aws', 'identity-center', [CENTER, ACCOUNT, PERMISSION_SET, principal]);
    const over = { slot, method: 'identity-center', principal, definition: { role, target } };
    ids.push(await scheduledGrant(database, { durationMs: DURATION_MS, over }));
  }
  for (let n = 0; n < MANY; n += 8) await on.engine.pass('starts');
  const atFirst = await all(ids);
  const waiting = atFirst.filter((one) => one.state.kind === 'scheduled');
  expect(waiting.length).toBe(MANY - 1);
  for (const one of waiting)
    expect([one.activatedAt, faultOrWait(one).waits?.until]).toEqual([null, expect.any(String)]);
  const turns = waiting.map((one) => (one.dueAt ?? 0) - time.now()).sort((a, b) => a - b);
  expect(turns).toEqual(waiting.map((_, n) => (n + 1) * 3_000));

  let revoked: GrantRecord | undefined;
  let aheadOfEnd = 0;
  for (
    let n = 0;
    (await all(ids)).some((one) => one.state.kind === 'scheduled' || one.state.kind === 'activating');
    n += 1
  ) {
    if (n > 600) throw new Error('they have not all begun');
    await tick();
    if (revoked === undefined && n >= 150) {
      revoked = (await all(ids)).find((one) => one.state.kind === 'active');
      if (revoked !== undefined) await toldToEnd(database, revoked.id, 'revoke');
      aheadOfEnd = operations('create').size;
    }
  }
  const removal = operations('delete').get(userId(revoked?.principal ?? ''));
  const created = [...operations('create').values()];
  // What ran when it was asked for, and nobody else, is begun before it.
  expect(created.filter((one) => one.createdAt < (removal?.createdAt ?? Infinity)).length).toBeLessThanOrEqual(
    aheadOfEnd + 1,
  );

  const times = (await all(ids)).map(({ principal, activatedAt, endsAt }) => {
    const operation = operations('create').get(userId(principal));
    const began = activatedAt ?? 0;
    return {
      began,
      lasts: (endsAt ?? 0) - began,
      doneAt: operation?.finishAt ?? Infinity,
      waitedMs: (operation?.createdAt ?? Infinity) - began,
    };
  });
  expect(new Set(times.map(({ lasts }) => lasts))).toEqual(new Set([DURATION_MS]));
  // Who is ahead of somebody whose clock starts, and not done: whoever AWS is at, and with the end in between one or two more.
  const ahead = times.map(({ began }) => times.filter((one) => one.began < began && one.doneAt > began).length);
  expect(Math.max(...ahead)).toBeLessThanOrEqual(3);
  // Who comes when AWS takes longer than usual waits with their time running, no longer than for two of those, and loses no turn to who comes later.
  expect(Math.max(...times.map(({ waitedMs }) => waitedMs))).toBeLessThanOrEqual(2 * defaultSettings.assignmentMs[1]);
}, 120_000);
