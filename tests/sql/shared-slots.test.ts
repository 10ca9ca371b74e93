import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import { isOver, needsBinding } from '../../src/core/grant.ts';
import type { GrantId } from '../../src/core/ids.ts';
import { slotKey } from '../../src/core/slot.ts';
import type { Database } from '../../src/store/database.ts';
import { after } from '../../src/core/time.ts';
import { findBinding, noteUnsettled } from '../../src/store/bindings.ts';
import { findGrant, type GrantRecord } from '../../src/store/grants.ts';
import { wakeUnsettled } from '../../src/store/slot-grants.ts';
import { BY, bench, type Bench } from './engine-bench.ts';
import { emptyAll, testEmbedded } from './harness.ts';
import { scheduledGrant, toldToEnd, wantedExtension } from './rows.ts';
import { MAY_LAND_MS, SharedCloud, virtualTime, type Mishap, type VirtualTime } from './shared-cloud.ts';

const PLACE = ['444455556666', 'ana'];
const SLOT = slotKey('aws', 'assume-role', PLACE);
const MINUTE = 60_000;

describe('grants that share one place in the cloud', () => {
  let database: Database;
  let time: VirtualTime;
  let cloud: SharedCloud;
  let on: Bench;
  let grants: GrantId[];
  /** The log takes nothing. */
  let mute: boolean;

  beforeAll(async () => {
    database = await testEmbedded();
    time = await virtualTime(database);
  });
  beforeEach(() => begin());
  afterAll(() => database.close());

  const begin = async () => {
    await emptyAll(database);
    await sql`insert into virtual_time values (to_timestamp(${time.now() / 1000}::float8))`.execute(database.db);
    cloud = new SharedCloud(time.now);
    on = bench(database, cloud.provider(), { clock: time.clock, appendFails: () => mute });
    grants = [];
    mute = false;
  };

  const ask = async (durationMs: number, role = 'invoice-reader') => {
    grants.push(await scheduledGrant(database, { durationMs, place: PLACE, role }));
    await work();
  };
  /** Everything that is due now, and what that makes due. */
  const work = async () => {
    cloud.land();
    for (let round = 0; round < 3; round += 1) {
      await on.engine.pass('starts');
      await on.engine.pass('ends');
    }
  };
  const pass = async (ms: number) => {
    await time.advance(ms);
    await work();
  };
  const end = async (id: GrantId, kind: 'return' | 'revoke') => {
    await toldToEnd(database, id, kind);
    await work();
  };
  const somebodyElseWorksThere = () =>
    sql`insert into cloud_lock (key, owner, until) values (${`slot/${SLOT}`}, 'node-2/1', app_now() + interval '5 seconds')`.execute(
      database.db,
    );
  /** Extends the first grant, and tells its new end. */
  const extend = async (byMs: number) => {
    const until = after((await all())[0]?.endsAt ?? time.now(), byMs);
    await wantedExtension(database, grants[0] as GrantId, until);
    await work();
    return until;
  };
  const all = async (): Promise<readonly GrantRecord[]> =>
    (await Promise.all(grants.map((id) => findGrant(database.db, id)))).flatMap((one) => one ?? []);
  /** Also the second attempts of what was not usable in time, for which nobody asked. */
  const everybody = async (): Promise<readonly GrantRecord[]> => {
    const { rows } = await sql<{ id: GrantId }>`select id from "grant" where slot = ${SLOT}`.execute(database.db);
    return (await Promise.all(rows.map(({ id }) => findGrant(database.db, id)))).flatMap((one) => one ?? []);
  };
  const states = async () => (await all()).map((one) => one.state.kind);

  test('the first to end leaves the place to the other, with the other’s end; the last one clears it', async () => {
    await ask(10 * MINUTE);
    await ask(30 * MINUTE, 'invoice-auditor');
    expect(await states()).toEqual(['active', 'active']);
    await pass(11 * MINUTE);
    expect(await states()).toEqual(['ended', 'active']);
    expect((await all())[0]?.state).toMatchObject({
      proof: { evidence: { neededByOthersUntil: expect.any(String) as string } },
    });
    expect(cloud.places.get(SLOT)).toBe((await all())[1]?.endsAt);
    await pass(20 * MINUTE);
    expect(cloud.places.has(SLOT)).toBe(false);
    expect(await states()).toEqual(['ended', 'ending']);
    await pass(MAY_LAND_MS + 5_000);
    expect(await states()).toEqual(['ended', 'ended']);
  });

  test('when the longer grant is returned, the earlier end is written at once', async () => {
    await ask(10 * MINUTE);
    await ask(30 * MINUTE);
    expect(cloud.places.get(SLOT)).toBe((await all())[1]?.endsAt);
    await end(grants[1] as GrantId, 'return');
    expect(await states()).toEqual(['active', 'ended']);
    expect(cloud.places.get(SLOT)).toBe((await all())[0]?.endsAt);
  });

  test('what was there before is used as it is, and is never removed', async () => {
    cloud.places.set(SLOT, null);
    await ask(10 * MINUTE);
    await ask(20 * MINUTE);
    expect(await states()).toEqual(['active', 'active']);
    await pass(30 * MINUTE);
    // Both were due: one had its turn, the other waited for it.
    await pass(1_000);
    expect(await states()).toEqual(['ended', 'ended']);
    expect(cloud.places.get(SLOT)).toBeNull();
    expect(cloud.calls).not.toContain('provision');
    expect(cloud.calls).not.toContain('revoke');
    expect(on.entries).toContain('finding.raised');
    expect((await all())[1]?.state).toMatchObject({ proof: { evidence: { standingAccessRemains: true } } });
  });

  test('what somebody puts there after ours was gone is not ours either', async () => {
    await ask(10 * MINUTE);
    await pass(11 * MINUTE);
    await pass(MAY_LAND_MS + 5_000);
    expect(await states()).toEqual(['ended']);
    cloud.places.set(SLOT, null);
    await ask(10 * MINUTE);
    await pass(20 * MINUTE);
    expect(await states()).toEqual(['ended', 'ended']);
    expect(cloud.places.get(SLOT)).toBeNull();
  });

  test('what a grant gave that the database does not know any more, after a restore, is ours: it takes the end of the next one, and goes with it', async () => {
    const forgotten = after(time.now(), 60 * MINUTE);
    cloud.places.set(SLOT, forgotten);
    cloud.ends.set(SLOT, 'grt_aaaaaaaaaaaaaaaaaaaa' as GrantId);
    await ask(10 * MINUTE);
    expect(await states()).toEqual(['active']);
    expect(cloud.places.get(SLOT)).toBeLessThan(forgotten);
    await end(grants[0] as GrantId, 'return');
    expect(cloud.places.has(SLOT)).toBe(false);
    expect(on.entries).not.toContain('finding.raised');
  });

  test('a grant waits until a removal that was given up can no longer land on it; its clock has not started', async () => {
    await ask(10 * MINUTE);
    cloud.mishaps.push({ kind: 'lands-late', afterMs: 40_000 });
    await end(grants[0] as GrantId, 'revoke');
    await ask(10 * MINUTE);
    expect(await states()).toEqual(['ending', 'scheduled']);
    await pass(30_000);
    expect((await states())[1]).toBe('scheduled');
    // The removal was tried again meanwhile, and that call may be delivered twice.
    await pass(MAY_LAND_MS + 5_000);
    await pass(1_000);
    const second = (await all())[1];
    expect(second?.state.kind).toBe('active');
    expect(second?.endsAt).toBe((second?.activatedAt ?? 0) + 10 * MINUTE);
    expect(cloud.places.has(SLOT)).toBe(true);
  });

  test('whoever wants to begin while a start is not usable yet begins as soon as it is, and not when it could last have landed', async () => {
    cloud.slow = true;
    await ask(10 * MINUTE);
    await ask(10 * MINUTE, 'invoice-auditor');
    expect(await states()).toEqual(['activating', 'activating']);
    cloud.mishaps.push({ kind: 'refused' }, { kind: 'refused' }, { kind: 'refused' });
    await pass(1_000);
    cloud.slow = false;
    cloud.mishaps.length = 0;
    await pass(5_000);
    await pass(5_000);
    expect(await states()).toEqual(['active', 'active']);
    expect((await findBinding(database.db, SLOT)).unsettledUntil).toBeNull();
  });

  test('who leaves the place to others is over when the earlier end of theirs shows, and not before', async () => {
    await ask(10 * MINUTE);
    await ask(30 * MINUTE);
    cloud.slow = true;
    await end(grants[1] as GrantId, 'return');
    expect(await states()).toEqual(['active', 'ending']);
    cloud.slow = false;
    await pass(5_000);
    expect(await states()).toEqual(['active', 'ended']);
    expect(cloud.places.get(SLOT)).toBe((await all())[0]?.endsAt);
  });

  test('whoever has waited for a call that was under way looks again when it was answered', async () => {
    await ask(10 * MINUTE);
    await noteUnsettled(database.db, SLOT, after(time.now(), MAY_LAND_MS));
    await ask(10 * MINUTE, 'invoice-auditor');
    expect((await all())[1]).toMatchObject({ state: { kind: 'scheduled' }, dueAt: after(time.now(), MAY_LAND_MS) });
    await wakeUnsettled(database.db, SLOT);
    expect((await all())[1]?.dueAt).toBe(time.now());
  });

  test('a start that failed leaves nothing behind: what somebody gives by hand then is not ours', async () => {
    cloud.mishaps.push({ kind: 'invalid' });
    await ask(10 * MINUTE);
    expect(await states()).toEqual(['failed']);
    cloud.places.set(SLOT, null);
    await pass(2 * MAY_LAND_MS);
    await ask(10 * MINUTE);
    await pass(11 * MINUTE);
    expect(await states()).toEqual(['failed', 'ended']);
    expect(cloud.places.get(SLOT)).toBeNull();
  });

  test('a place that cannot be looked at is not waited for for ever', async () => {
    cloud.blind = true;
    await ask(10 * MINUTE);
    expect(await states()).toEqual(['scheduled']);
    for (let n = 0; n < 12; n += 1) await pass(31_000);
    expect(await states()).toEqual(['failed']);
    cloud.blind = false;
    await pass(10 * MINUTE);
    expect(cloud.places.has(SLOT)).toBe(false);
  });

  test('two whose time is over do not keep each other alive while nothing can be recorded', async () => {
    await ask(10 * MINUTE);
    await ask(12 * MINUTE);
    mute = true;
    await pass(11 * MINUTE);
    expect(cloud.places.has(SLOT)).toBe(true);
    await pass(2 * MINUTE);
    expect(cloud.places.has(SLOT)).toBe(false);
    mute = false;
    for (let n = 0; n < 3; n += 1) await pass(2 * MAY_LAND_MS);
    expect(await states()).toEqual(['ended', 'ended']);
    expect(on.entries.filter((entry) => entry.startsWith('grant.ending'))).toEqual([
      'grant.ending (late)',
      'grant.ending (late)',
    ]);
  });

  test('what is taken back while nothing can be recorded is left to whoever else needs it, and goes with the last', async () => {
    await ask(10 * MINUTE);
    await ask(30 * MINUTE);
    mute = true;
    const [first, second] = await all();
    if (first === undefined || second === undefined) throw new Error('two grants were asked for');
    await on.engine.endUnrecorded(first, 'revoked', BY);
    expect(cloud.calls).not.toContain('revoke');
    expect(cloud.places.has(SLOT)).toBe(true);
    await on.engine.endUnrecorded(second, 'revoked', BY);
    expect(cloud.places.has(SLOT)).toBe(false);
  });

  test('a place that was somebody’s before stays while nothing can be recorded', async () => {
    cloud.places.set(SLOT, null);
    await ask(10 * MINUTE);
    mute = true;
    await pass(11 * MINUTE);
    expect(cloud.places.has(SLOT)).toBe(true);
    expect(cloud.calls).not.toContain('revoke');
  });

  test('a removal that could not be announced is waited for by whoever begins there next', async () => {
    await ask(10 * MINUTE);
    const [first] = await all();
    if (first === undefined) throw new Error('a grant was asked for');
    await sql`create function no_space() returns trigger language plpgsql as $$ begin raise 'no space left on device'; end $$`.execute(
      database.db,
    );
    await sql`create trigger no_space before update on binding execute function no_space()`.execute(database.db);
    cloud.mishaps.push({ kind: 'lands-late', afterMs: 40_000 });
    await on.engine.endUnrecorded(first, 'revoked', BY);
    await sql`drop trigger no_space on binding`.execute(database.db);
    await sql`drop function no_space`.execute(database.db);
    await on.engine.pass('ends');
    await ask(10 * MINUTE);
    expect(await states()).toEqual(['ending', 'scheduled']);
    await pass(50_000);
    expect((await states())[1]).toBe('scheduled');
    await pass(2 * MAY_LAND_MS);
    await pass(MAY_LAND_MS + 5_000);
    await pass(1_000);
    expect((await states())[1]).toBe('active');
    expect(cloud.places.has(SLOT)).toBe(true);
  });

  test('an extension of what was there before is only recorded: there is nothing of ours to write', async () => {
    cloud.places.set(SLOT, null);
    await ask(10 * MINUTE);
    const longer = await extend(10 * MINUTE);
    expect((await all())[0]).toMatchObject({ endsAt: longer, extended: 1 });
    expect(cloud.calls).not.toContain('provision');
    expect(cloud.places.get(SLOT)).toBeNull();
  });

  test('an extension waits for its turn, and keeps the end that the others need', async () => {
    await ask(10 * MINUTE);
    await ask(60 * MINUTE);
    await somebodyElseWorksThere();
    const longer = await extend(10 * MINUTE);
    expect((await all())[0]).toMatchObject({ extended: 0, lastFault: expect.stringContaining('waiting: ') as string });
    await pass(6_000);
    expect((await all())[0]).toMatchObject({ endsAt: longer, extended: 1 });
    expect(cloud.places.get(SLOT)).toBe((await all())[1]?.endsAt);
    await pass(25 * MINUTE);
    expect(await states()).toEqual(['ended', 'active']);
    expect(cloud.places.has(SLOT)).toBe(true);
  });

  test('no two work on one place at once', async () => {
    await ask(10 * MINUTE);
    await somebodyElseWorksThere();
    await ask(20 * MINUTE);
    await end(grants[0] as GrantId, 'revoke');
    expect(await states()).toEqual(['ending', 'scheduled']);
    expect(cloud.calls.filter((call) => call === 'revoke')).toEqual([]);
    await pass(6_000);
    expect(cloud.calls.filter((call) => call === 'revoke')).toEqual(['revoke']);
    expect(await states()).toEqual(['ending', 'scheduled']);
    await pass(MAY_LAND_MS + 5_000);
    await pass(1_000);
    expect(await states()).toEqual(['ended', 'active']);
    expect(cloud.places.has(SLOT)).toBe(true);
  });

  test('in any history: nobody is ended by another, and nothing outlives the last', { timeout: 120_000 }, async () => {
    const mishap: fc.Arbitrary<Mishap> = fc.oneof(
      fc.constant({ kind: 'refused' } as const),
      fc.constant({ kind: 'answer-lost' } as const),
      fc.integer({ min: 0, max: MAY_LAND_MS - 5_000 }).map((afterMs) => ({ kind: 'lands-late', afterMs }) as const),
    );
    const step = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('ask' as const), minutes: fc.integer({ min: 1, max: 12 }) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constantFrom('return' as const, 'revoke' as const), which: fc.nat(7) }),
      },
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 240_000 }) }),
      },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('mishap' as const), mishap }) },
      // One goes as another comes, and the call that takes away does not go well.
      { weight: 2, arbitrary: fc.record({ do: fc.constant('swap' as const), mishap, which: fc.nat(7) }) },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.array(step, { minLength: 4, maxLength: 12, size: 'max' }),
        async (standing, history) => {
          await begin();
          if (standing) cloud.places.set(SLOT, null);
          for (const one of history) {
            if (one.do === 'ask') await ask(one.minutes * MINUTE);
            else if (one.do === 'wait') await pass(one.ms);
            else if (one.do === 'mishap') cloud.mishaps.push(one.mishap);
            else if (one.do === 'swap') {
              if (grants.length === 0) continue;
              cloud.mishaps.push(one.mishap);
              await end(grants[one.which % grants.length] as GrantId, 'return');
              await ask(10 * MINUTE);
            } else if (grants.length > 0) await end(grants[one.which % grants.length] as GrantId, one.do);
            await holds(standing);
          }
          cloud.mishaps.length = 0;
          for (let n = 0; n < 25; n += 1) {
            await pass(MINUTE);
            await holds(standing);
          }
          expect((await everybody()).filter(({ state }) => !isOver(state))).toEqual([]);
          expect(cloud.places.has(SLOT)).toBe(standing);
        },
      ),
      { numRuns: 12 },
    );
  });

  /** The naive model: the place is held exactly as long as somebody needs it, and what stood there before stands for ever. */
  const holds = async (standing: boolean) => {
    const rows = await everybody();
    const active = rows.filter((one) => one.state.kind === 'active');
    if (standing) return expect(cloud.places.get(SLOT)).toBeNull();
    if (active.length > 0) {
      const latest = Math.max(...active.map((one) => one.endsAt ?? 0));
      expect(cloud.places.get(SLOT) ?? 0).toBeGreaterThanOrEqual(latest);
    }
    if (cloud.places.has(SLOT)) {
      expect(rows.some((one) => needsBinding(one.state) || one.state.kind === 'ending')).toBe(true);
      const { writtenUntil } = await findBinding(database.db, SLOT);
      expect(cloud.places.get(SLOT) ?? 0).toBeLessThanOrEqual(writtenUntil ?? 0);
    }
  };
});
