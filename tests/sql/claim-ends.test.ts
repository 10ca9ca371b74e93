import { expect, test } from 'vitest';
import { sql } from 'kysely';
import { ok } from '../../src/core/result.ts';
import { createEngine } from '../../src/engine/engine.ts';
import { PACE } from '../../src/engine/ports.ts';
import type { NewEntry } from '../../src/ledger/entry.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { findGrant } from '../../src/store/grants.ts';
import { claimDue, nextDueInMs } from '../../src/store/leases.ts';
import type { Database } from '../../src/store/database.ts';
import { pastItsEnd } from './engine-bench.ts';
import { fakeProvider } from './fake-provider.ts';
import { eachDatabase } from './harness.ts';
import { scheduledGrant } from './rows.ts';

/** An engine whose log keeps its entries here, and refuses those that `refuses` names. */
function engineWith(database: Database, refuses: (entries: readonly NewEntry[]) => boolean = () => false) {
  const batches: (readonly NewEntry[])[] = [];
  const provider = fakeProvider();
  const engine = createEngine({
    db: database.db,
    clock: systemClock,
    random: systemRandom,
    node: 'node-1',
    providers: new Map([['aws', provider]]),
    recheck: async () => ok(null),
    append: async (_trx, ...entries) => {
      if (refuses(entries)) throw new Error('this entry cannot be written');
      batches.push(entries);
    },
    publish: () => {},
    log: silentLog,
  });
  return { engine, batches, provider };
}

/** So many active grants whose time is over. */
async function overdue(database: Database, count: number) {
  const ids = [];
  for (let n = 0; n < count; n += 1) ids.push(await scheduledGrant(database));
  await engineWith(database).engine.pass('starts');
  for (const id of ids) await pastItsEnd(database, id);
  return ids;
}

eachDatabase('ends that are claimed together', (current) => {
  test('what is due together is written down together, and every grant ends with an entry of its own', async () => {
    const ids = await overdue(current(), 5);
    const { engine, batches } = engineWith(current());
    expect(await engine.pass('ends')).toBe(5);
    const ending = batches.filter((entries) => entries.some((entry) => entry.kind === 'grant.ending'));
    expect(ending.map((entries) => entries.map((entry) => entry.subjects.grant).sort())).toEqual([[...ids].sort()]);
    for (const id of ids) {
      const kinds = batches.flat().flatMap((entry) => (entry.subjects.grant === id ? [entry.kind] : []));
      expect(kinds).toEqual(['grant.ending', 'grant.ended']);
      expect((await findGrant(current().db, id))?.state.kind).toBe('ended');
    }
    // The lag that the engine tells is that of the deadline, not of the claim.
    expect(engine.status().lagMs).toBeGreaterThan(0);
  });

  test('one grant whose end cannot be recorded holds up no other that is due with it', async () => {
    const ids = await overdue(current(), 4);
    const [broken] = ids;
    const { engine, provider } = engineWith(current(), (entries) =>
      entries.some((entry) => entry.subjects.grant === broken),
    );
    await engine.pass('ends');
    const states = await Promise.all(ids.map(async (id) => (await findGrant(current().db, id))?.state.kind));
    expect(states).toEqual(['active', 'ended', 'ended', 'ended']);
    // And it is taken away in the cloud although nothing can be written about it.
    expect(provider.calls).toContain('revoke');
  });

  test('more than a lane holds at once are all claimed, one lane-full after the other', async () => {
    const count = PACE.batch + 3;
    await overdue(current(), 1);
    await sql`
      insert into request_item (request_id, ordinal, role, target)
      select request_id, n, role, target || n from request_item, generate_series(1, ${count - 1}::integer) as n`.execute(
      current().db,
    );
    await current()
      .db.transaction()
      .execute(async (trx) => {
        await sql`set local session_replication_role = replica`.execute(trx);
        await sql`
        insert into "grant" (id, request_id, ordinal, person_id, slot, role, target, provider, method, principal, duration_ms,
          definition, state, prior_state, starts_at, activated_at, usable_at, ends_at, bound_until, due_at)
        select 'grt_' || translate(substr(md5(n::text), 1, 20), '0189', 'ghij'), request_id, n, person_id, slot || n, role, target || n,
          provider, method, principal, duration_ms, definition, state, prior_state, starts_at, activated_at, usable_at, ends_at, bound_until, due_at
        from "grant", generate_series(1, ${count - 1}::integer) as n`.execute(trx);
        await sql`insert into binding (slot, provider, method) select slot, provider, method from "grant" on conflict do nothing`.execute(
          trx,
        );
      });
    const { engine } = engineWith(current());
    const stop = new AbortController();
    const running = engine.run(stop.signal);
    await expect
      .poll(
        async () =>
          (
            await sql<{ n: number }>`select count(*)::integer as n from "grant" where state = 'ended'`.execute(
              current().db,
            )
          ).rows[0]?.n,
        { timeout: 20_000 },
      )
      .toBe(count);
    stop.abort();
    await running;
  });

  test('work that another node holds is due again when its claim is over, not when somebody happens to look', async () => {
    await scheduledGrant(current());
    const { db } = current();
    await claimDue(db, 'starts', 'another', 5_000, 1);
    const inMs = await nextDueInMs(db, 'starts');
    expect(inMs).toBeGreaterThan(0);
    expect(inMs).toBeLessThanOrEqual(5_000);
    expect(await nextDueInMs(db, 'ends')).toBeNull();
  });
});
