import { afterAll, beforeAll, expect, test } from 'vitest';
import { ok } from '../../src/core/result.ts';
import type { GrantId } from '../../src/core/ids.ts';
import { createEngine } from '../../src/engine/engine.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import type { Provider } from '../../src/providers/contract.ts';
import { openEmbedded, type Database } from '../../src/store/database.ts';
import { scheduledGrant, toldToEnd } from '../sql/rows.ts';
import { centerHarness, type CenterHarness } from './aws-center-harness.ts';
import { ACCOUNTS, CENTER } from './aws-center-world.ts';
import { pause } from './contract-steps.ts';

const MANY = 100;

let on: CenterHarness;
let database: Database;

beforeAll(async () => {
  // No schedule fires: it would begin a removal of its own.
  on = await centerHarness({ fireDelayMs: [86_400_000, 86_400_000] });
  database = await openEmbedded();
});
afterAll(async () => {
  await database.close();
  await on.close();
});

function engineWith(provider: Provider, found: unknown[]) {
  return createEngine({
    db: database.db,
    clock: systemClock,
    random: systemRandom,
    node: 'node-1',
    providers: new Map([['aws', provider]]),
    recheck: async () => ok(null),
    append: async (_trx, ...written) => {
      for (const { kind, facts } of written) if (kind === 'finding.raised') found.push(facts);
    },
    publish: () => {},
    log: silentLog,
  });
}

async function grantsIn(state: 'active'): Promise<number> {
  return (await database.db.selectFrom('grant').select('id').where('state', '=', state).execute()).length;
}

test('a hundred assignments that end at once wait for one another, and that is nobody’s alarm', async () => {
  const found: unknown[] = [];
  const ids: GrantId[] = [];
  for (let n = 0; n < MANY; n += 1) {
    const one = on.over({}, { target: { ...on.over({}).target, native: ACCOUNTS[n % ACCOUNTS.length] ?? '' } });
    const { slot, method, principal, role, target } = one;
    ids.push(await scheduledGrant(database, { over: { slot, method, principal, definition: { role, target } } }));
  }
  const starts = engineWith(on.provider, found);
  for (let round = 0; (await grantsIn('active')) < MANY; round += 1) {
    if (round > 300) throw new Error('they are not all active');
    await starts.pass('starts');
    await pause(50);
  }
  for (const id of ids) await toldToEnd(database, id, 'revoke');
  // As many calls a second as AWS takes: what all of them need is a quarter of a minute of it.
  const limits = { callsPerSecond: 40 };
  const ends = engineWith(on.with({ identityCenter: { account: CENTER, region: 'eu-west-1', limits } }), found);
  const isGone = async () =>
    (await database.db.selectFrom('binding').select('slot').where('absent_since', 'is not', null).execute()).length;
  const stop = new AbortController();
  const running = ends.run(stop.signal);
  try {
    await expect.poll(isGone, { timeout: 90_000, interval: 500 }).toBe(MANY);
  } finally {
    stop.abort();
    await running;
  }
  expect(found).toEqual([]);
}, 180_000);
