import { afterAll, beforeAll, expect, test } from 'vitest';
import { ok } from '../../src/core/result.ts';
import type { GrantId } from '../../src/core/ids.ts';
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import { faultOrWait } from '../../src/operations/start-wait.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { openEmbedded, type Database } from '../../src/store/database.ts';
import { findGrant, type GrantRecord } from '../../src/store/grants.ts';
import { scheduledGrant, toldToEnd } from '../sql/rows.ts';
import { centerHarness, type CenterHarness } from './aws-center-harness.ts';
import { CENTER } from './aws-center-world.ts';

const MANY = 12;
const DURATION_MS = 300_000;
/** How far apart their turns are: what AWS takes for an operation. */
const OPERATION_MS = 3_000;

let on: CenterHarness;
let database: Database;
let engine: Engine;

beforeAll(async () => {
  // No schedule fires: it would begin a removal of its own.
  on = await centerHarness({
    assignmentMs: [1_000, 2_500],
    fireDelayMs: [86_400_000, 86_400_000],
    ssoCallsPerSecond: 20,
  });
  database = await openEmbedded();
  const provider = on.with({ identityCenter: { account: CENTER, region: 'eu-west-1' } });
  engine = createEngine({
    db: database.db,
    clock: systemClock,
    random: systemRandom,
    node: 'node-1',
    providers: new Map([['aws', provider]]),
    recheck: async () => ok(null),
    append: async () => {},
    publish: () => {},
    log: silentLog,
  });
});
afterAll(async () => {
  await database.close();
  await on.close();
});

async function all(ids: readonly GrantId[]): Promise<readonly GrantRecord[]> {
  const found = await Promise.all(ids.map((id) => findGrant(database.db, id)));
  return found.flatMap((one) => (one === null ? [] : [one]));
}

/** The operations of one kind that were begun, by the name of the person, and which requests AWS refused. */
async function atAws() {
  const { identityCenter } = await on.remembered();
  const names = new Map(identityCenter.users.map((user) => [user.id, user.userName]));
  const of = (kind: string) =>
    new Map(
      identityCenter.operations.flatMap((one) =>
        one.kind === kind ? [[names.get(one.principalId ?? '') ?? '', one] as const] : [],
      ),
    );
  const journal = (await (await fetch(`${on.url}/_sim/journal`)).json()) as readonly { readonly code: string }[];
  const tooMuch = ['ThrottlingException', 'ServiceQuotaExceededException', 'ConflictException'];
  return {
    creations: of('create'),
    removals: of('delete'),
    refused: journal.filter(({ code }) => tooMuch.includes(code)),
  };
}

test('a dozen who ask for one set in one account wait for their turn with the whole of their time, and an end goes ahead', async () => {
  const ids: GrantId[] = [];
  for (let n = 0; n < MANY; n += 1) {
    const { slot, method, principal, role, target } = on.over({});
    const over = { slot, method, principal, definition: { role, target } };
    ids.push(await scheduledGrant(database, { durationMs: DURATION_MS, over }));
  }
  const stop = new AbortController();
  const running = engine.run(stop.signal);
  const active = async () => (await all(ids)).filter((one) => one.state.kind === 'active');
  try {
    await expect.poll(async () => (await active()).length, { timeout: 60_000, interval: 100 }).toBeGreaterThan(0);
    const waiting = (await all(ids)).filter((one) => one.state.kind === 'scheduled');
    expect(waiting.length).toBeGreaterThan(MANY / 2);
    for (const one of waiting) expect([one.activatedAt, faultOrWait(one).waits]).toEqual([null, expect.anything()]);
    const turns = waiting.map((one) => one.dueAt ?? 0).sort((a, b) => a - b);
    expect(turns.slice(1).every((at, n) => at - (turns[n] ?? 0) >= OPERATION_MS - 1)).toBe(true);

    const [first] = await active();
    if (first === undefined) throw new Error('nobody is active');
    await toldToEnd(database, first.id, 'revoke');
    const removal = async () => (await atAws()).removals.get(first.principal);
    await expect.poll(removal, { timeout: 20_000, interval: 50 }).toBeDefined();
    expect((await all(ids)).filter((one) => one.state.kind === 'scheduled').length).toBeGreaterThan(MANY / 3);

    const left = async () => (await active()).length;
    await expect.poll(left, { timeout: 120_000, interval: 200 }).toBe(MANY - 1);
  } finally {
    stop.abort();
    await running;
  }
  const grants = await all(ids);
  const { creations, refused } = await atAws();
  expect(refused).toEqual([]);
  const times = grants.map(({ principal, activatedAt, endsAt }) => ({
    began: activatedAt ?? 0,
    lasts: (endsAt ?? 0) - (activatedAt ?? 0),
    usableAt: creations.get(principal)?.finishAt ?? Infinity,
  }));
  const whole = times.filter(({ lasts }) => lasts === DURATION_MS);
  expect(whole.length).toBeGreaterThanOrEqual(MANY - 1);
  // Who is ahead of somebody when their clock starts, and not done: the one at whom AWS is, and the end that went ahead.
  const ahead = times.map(({ began }) => times.filter((one) => one.began < began && one.usableAt > began).length);
  expect(Math.max(...ahead)).toBeLessThanOrEqual(3);
}, 240_000);
