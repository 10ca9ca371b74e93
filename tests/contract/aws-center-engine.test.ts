import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ok } from '../../src/core/result.ts';
import type { GrantId } from '../../src/core/ids.ts';
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import type { AwsIdentityCenter } from '../../src/core/role.ts';
import { openEmbedded, type Database } from '../../src/store/database.ts';
import { findGrant } from '../../src/store/grants.ts';
import { scheduledGrant, toldToEnd } from '../sql/rows.ts';
import { centerHarness, TOMBSTONE, type CenterHarness } from './aws-center-harness.ts';
import { pause } from './contract-steps.ts';

/** What AWS takes for an assignment, and lists that are late, in a test that has time for it. */
const AS_SLOW_AS_AWS = {
  assignmentMs: [1_200, 1_200],
  provisioningMs: [2_500, 2_500],
  listDelayMs: [700, 700],
  // No schedule fires: it would begin a removal of its own.
  fireDelayMs: [86_400_000, 86_400_000],
} as const;

const KINDS: readonly { readonly what: string; readonly role: Partial<AwsIdentityCenter> }[] = [
  { what: 'an assignment', role: {} },
  { what: 'an assignment with a tombstone', role: TOMBSTONE },
];

describe.each(KINDS)('$what whose removal takes AWS seconds', ({ role }) => {
  let on: CenterHarness;
  let database: Database;
  let engine: Engine;
  const found: unknown[] = [];

  beforeAll(async () => {
    on = await centerHarness(AS_SLOW_AS_AWS, role);
    database = await openEmbedded();
    engine = createEngine({
      db: database.db,
      clock: systemClock,
      random: systemRandom,
      node: 'node-1',
      providers: new Map([['aws', on.provider]]),
      recheck: async () => ok(null),
      append: async (_trx, ...written) => {
        for (const { kind, facts } of written) if (kind === 'finding.raised') found.push(facts);
      },
      publish: () => {},
      log: silentLog,
    });
  });
  afterAll(async () => {
    await database.close();
    await on.close();
  });

  async function active(): Promise<GrantId> {
    const { slot, method, principal, role: wanted, target } = on.over({});
    const over = { slot, method, principal, definition: { role: wanted, target } };
    const id = await scheduledGrant(database, { over });
    for (let round = 0; (await findGrant(database.db, id))?.state.kind !== 'active'; round += 1) {
      if (round > 200) throw new Error(`it is not active: ${(await findGrant(database.db, id))?.lastFault ?? ''}`);
      await engine.pass('starts');
      await pause(100);
    }
    return id;
  }

  /** Whether the engine has seen that it is gone; what is left is to wait until no call can land any more. */
  async function isGone(): Promise<boolean> {
    const seen = await database.db.selectFrom('binding').select('absent_since').executeTakeFirstOrThrow();
    return seen.absent_since !== null;
  }

  test('ends without a failed attempt, and nobody is told of anything', async () => {
    const id = await active();
    await toldToEnd(database, id, 'return');
    const attempts: number[] = [];
    for (let round = 0; round < 200 && !(await isGone()); round += 1) {
      await engine.pass('ends');
      attempts.push((await findGrant(database.db, id))?.attempts ?? 0);
      await pause(100);
    }
    expect(await isGone()).toBe(true);
    // A machine that is busy may lose a call. Looks at a removal that is under way are many more, and the third would be an alarm.
    expect(Math.max(...attempts)).toBeLessThan(3);
    expect(found).toEqual([]);
  }, 60_000);
});
