import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import type { GrantId } from '../../src/core/ids.ts';
import { ProviderFault } from '../../src/providers/contract.ts';
import type { Database } from '../../src/store/database.ts';
import { findGrant } from '../../src/store/grants.ts';
import { claimDue } from '../../src/store/leases.ts';
import { bench, type Bench } from './engine-bench.ts';
import { fakeProvider, type FakeProvider } from './fake-provider.ts';
import { scheduledGrant, toldToEnd } from './rows.ts';
import type { VirtualTime } from './shared-cloud.ts';
import { virtualEmbedded } from './virtual-embedded.ts';

/** What the provider's method promises. */
const SETTLE_MS = 60_000;
const behindOthers = () => new ProviderFault('throttled', 'waits for its turn', { retryAfterMs: 400, heldBack: true });

describe('a start whose time runs and that waits for its turn behind others of ours', () => {
  const virtual = virtualEmbedded();

  test('has not failed, comes back when there may be room, and is counted once', async () => {
    const [database, time] = [virtual.database(), virtual.time()];
    const provider = Object.assign(fakeProvider({ byConstruction: false }), {
      quota: () => [{ key: 'aws:sso-admin', perSecond: 1, burst: 1, calls: 1 }],
      provision: async () => Promise.reject(behindOthers()),
    });
    const on = bench(database, provider, { clock: time.clock });
    const id = await scheduledGrant(database);
    const counted = async () =>
      (await database.db.selectFrom('quota').select('next_at').executeTakeFirstOrThrow()).next_at;
    await on.engine.pass('starts');
    const once = await counted();
    for (let n = 0; n < 12; n += 1) {
      await time.advance(1_000);
      await on.engine.pass('starts');
      const grant = await findGrant(database.db, id);
      expect([grant?.state.kind, grant?.attempts, (grant?.dueAt ?? 0) - time.now()]).toEqual(['activating', 1, 400]);
    }
    expect(await counted()).toEqual(once);
  });
});

describe('an end that waits for its turn behind others of ours', () => {
  let database: Database;
  let time: VirtualTime;
  let provider: FakeProvider;
  let on: Bench;
  /** How many calls leave before the rate is used up. */
  let room: number;

  const virtual = virtualEmbedded();
  beforeEach(() => {
    [database, time] = [virtual.database(), virtual.time()];
    const inner = fakeProvider({ byConstruction: false });
    const { observe, revoke } = inner;
    room = Infinity;
    const turn = () => {
      if (room <= 0) throw behindOthers();
      room -= 1;
    };
    provider = Object.assign(inner, {
      quota: () => [{ key: 'aws:sso-admin', perSecond: 1, burst: 1, calls: 1 }],
      observe: async (...asked: Parameters<typeof observe>) => (turn(), observe(...asked)),
      revoke: async (...asked: Parameters<typeof revoke>) => (turn(), revoke(...asked)),
    });
    on = bench(database, provider, { clock: time.clock });
  });

  const returned = async (): Promise<GrantId> => {
    const id = await scheduledGrant(database);
    for (let n = 0; n < 5 && (await on.state(id)) !== 'active'; n += 1) {
      await time.advance(2_000);
      await on.engine.pass('starts');
    }
    await toldToEnd(database, id, 'return');
    // The claim of the end waits for what may have been under way.
    await sql`update "grant" set lease_until = null where id = ${id}`.execute(database.db);
    return id;
  };
  const pass = async (ms: number) => {
    await time.advance(ms);
    await on.engine.pass('ends');
  };
  const ledTo = async (id: GrantId) => {
    const grant = await findGrant(database.db, id);
    return { attempts: grant?.attempts, lastFault: grant?.lastFault, dueInMs: (grant?.dueAt ?? 0) - time.now() };
  };

  test('has not failed, says what it waits for, and comes back when there may be room', async () => {
    const id = await returned();
    room = 0;
    for (let n = 0; n < 12; n += 1) await pass(1_000);
    expect(await ledTo(id)).toEqual({ attempts: 0, lastFault: 'throttled: waits for its turn', dueInMs: 400 });
    expect(on.found).toEqual([]);
    room = Infinity;
    await pass(1_000);
    expect(await on.state(id)).toBe('ended');
  });

  test('nor where only the look behind the removal is held back', async () => {
    const id = await returned();
    room = 2;
    await pass(0);
    expect(await ledTo(id)).toMatchObject({ attempts: 0, lastFault: 'throttled: waits for its turn' });
  });

  test('has failed when the settle time of its method is over: attempts count, and somebody is told', async () => {
    const id = await returned();
    room = 0;
    await pass(SETTLE_MS - 2_000);
    expect(await ledTo(id)).toMatchObject({ attempts: 0 });
    for (let n = 1; n <= 3; n += 1) {
      await pass(2_000);
      expect(await ledTo(id)).toMatchObject({ attempts: n });
    }
    expect(on.found).toEqual(['access-not-provably-gone']);
  });

  test('is not counted anew in the rate each time, and keeps no end waiting that was never tried', async () => {
    const id = await returned();
    room = 0;
    await pass(0);
    const nextAt = async () =>
      (await database.db.selectFrom('quota').select('next_at').executeTakeFirstOrThrow()).next_at;
    const counted = await nextAt();
    await pass(1_000);
    expect(await nextAt()).toEqual(counted);
    await time.advance(1_000);
    expect(await claimDue(database.db, 'ends', 'one', 1_000, 8, 0)).toEqual([]);
    expect((await claimDue(database.db, 'ends', 'one', 1_000, 8, 1)).map((grant) => grant.id)).toEqual([id]);
  });
});
