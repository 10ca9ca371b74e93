import { expect, test } from 'vitest';
import { sql } from 'kysely';
import type { GrantId } from '../../src/core/ids.ts';
import { ok } from '../../src/core/result.ts';
import { after } from '../../src/core/time.ts';
import { createEngine } from '../../src/engine/engine.ts';
import { readinessChecks } from '../../src/operations/check-readiness.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { ProviderFault } from '../../src/providers/contract.ts';
import { findGrant } from '../../src/store/grants.ts';
import { fakeProvider } from './fake-provider.ts';
import { eachDatabase } from './harness.ts';
import { scheduledGrant } from './rows.ts';

import { BY, bench, pastItsEnd } from './engine-bench.ts';

eachDatabase('endings that cannot be recorded', (current) => {
  test('no entry, no grant: when the ledger takes nothing, nothing is dispatched', async () => {
    const provider = fakeProvider();
    const { engine, state } = bench(current(), provider, { appendFails: () => true });
    const id = await scheduledGrant(current());
    await engine.pass('starts');
    expect(await state(id)).toBe('scheduled');
    expect(provider.calls).toEqual([]);
  });

  test('ending never waits for the record: access is taken away while nothing can be written, and recorded late', async () => {
    const provider = fakeProvider();
    let broken = false;
    const { engine, entries, state, callsAreOver } = bench(current(), provider, { appendFails: () => broken });
    const id = await scheduledGrant(current());
    await engine.pass('starts');
    broken = true;
    const grant = await findGrant(current().db, id);
    if (grant === null) throw new Error('the grant is there');
    await engine.endUnrecorded(grant, 'returned', BY);
    expect(provider.held.size).toBe(0);
    expect(await state(id)).toBe('active');
    expect(await engine.pass('ends')).toBe(0);
    expect(await state(id)).toBe('active');
    broken = false;
    await callsAreOver();
    await engine.pass('ends');
    expect(await state(id)).toBe('ended');
    expect(entries).toContain('grant.ending (late)');
  });

  test('a grant whose time is over is revoked even when its end cannot be recorded', async () => {
    const provider = fakeProvider({ byConstruction: false });
    let broken = false;
    const { engine, entries, state, hurry, callsAreOver } = bench(current(), provider, { appendFails: () => broken });
    const id = await scheduledGrant(current());
    await engine.pass('starts');
    await pastItsEnd(current(), id);
    broken = true;
    await engine.pass('ends');
    expect(provider.held.size).toBe(0);
    expect(await state(id)).toBe('active');
    broken = false;
    await hurry();
    await callsAreOver();
    await engine.pass('ends');
    expect(await state(id)).toBe('ended');
    expect(entries).toContain('grant.ended (late)');
  });

  test('what is returned before its start while nothing can be written never starts', async () => {
    const provider = fakeProvider();
    let broken = true;
    const { engine, entries, state } = bench(current(), provider, { appendFails: () => broken });
    const id = await scheduledGrant(current());
    const grant = await findGrant(current().db, id);
    if (grant === null) throw new Error('the grant is there');
    await engine.endUnrecorded(grant, 'revoked', BY);
    broken = false;
    await engine.pass('starts');
    expect(provider.calls).toEqual([]);
    await engine.pass('ends');
    expect(await state(id)).toBe('ended');
    expect(entries).toEqual(['grant.ended (late)']);
  });

  test('a cloud that fails while nothing can be written is asked again until it confirms, in a process without lanes too', async () => {
    const provider = fakeProvider();
    let broken = false;
    const { engine, entries, state } = bench(current(), provider, { appendFails: () => broken });
    const id = await scheduledGrant(current());
    await engine.pass('starts');
    broken = true;
    const grant = await findGrant(current().db, id);
    if (grant === null) throw new Error('the grant is there');
    provider.faults.push({ call: 'revoke', fault: new ProviderFault('throttled', 'slow down') });
    provider.faults.push({ call: 'revoke', fault: new ProviderFault('unreachable', 'nobody there') });
    await engine.endUnrecorded(grant, 'revoked', BY);
    expect(provider.held.size).toBe(1);
    const stop = new AbortController();
    const running = engine.runUnrecorded(stop.signal);
    await expect.poll(() => provider.held.size, { timeout: 5_000 }).toBe(0);
    broken = false;
    await expect.poll(() => state(id), { timeout: 5_000 }).toBe('ending');
    stop.abort();
    await running;
    expect(entries).toContain('grant.ending (late)');
  });

  test('the broker is not ready while there is an end that cannot be recorded, and is when it is', async () => {
    let broken = false;
    const { engine } = bench(current(), fakeProvider(), { appendFails: () => broken });
    const id = await scheduledGrant(current());
    await engine.pass('starts');
    const grant = await findGrant(current().db, id);
    if (grant === null) throw new Error('the grant is there');
    const checks = readinessChecks({
      epoch: () => null,
      db: current().db,
      clock: systemClock,
      rules: { current: () => expect.unreachable() },
      maxClockOffsetMs: 2_000,
      unrecorded: () => engine.unrecorded(),
      logContradicts: () => null,
      sendsMail: false,
    });
    expect(await checks.engine()).toMatchObject({ ok: true });
    broken = true;
    await engine.endUnrecorded(grant, 'revoked', BY);
    expect(await checks.engine()).toEqual({ ok: false, detail: 'ends that the database does not take: 1' });
    broken = false;
    const stop = new AbortController();
    const running = engine.runUnrecorded(stop.signal);
    await expect.poll(() => checks.engine(), { timeout: 5_000 }).toMatchObject({ ok: true });
    stop.abort();
    await running;
  });

  test('while nothing can be written, every end that is due is taken away, however many there are', async () => {
    const provider = fakeProvider({ byConstruction: false });
    const { engine } = bench(current(), provider);
    const ids: GrantId[] = [];
    for (let n = 0; n < 40; n += 1) ids.push(await scheduledGrant(current()));
    while ((await engine.pass('starts')) > 0);
    expect(provider.held.size).toBe(40);
    for (const id of ids) await pastItsEnd(current(), id);
    await sql`create or replace function no_space() returns trigger language plpgsql as $$ begin raise exception 'No space left on device' using errcode = 'disk_full'; end $$`.execute(
      current().db,
    );
    await sql`create trigger no_space before update on "grant" for each statement execute function no_space()`.execute(
      current().db,
    );
    try {
      for (let n = 0; n < 3; n += 1) await engine.pass('ends').catch(() => {});
      expect(provider.held.size).toBe(0);
    } finally {
      await sql`drop trigger no_space on "grant"`.execute(current().db);
    }
  });

  test('an end by time that cannot be recorded is asked of the cloud until it confirms', async () => {
    const provider = fakeProvider({ byConstruction: false });
    let broken = false;
    const { engine, hurry } = bench(current(), provider, { appendFails: () => broken });
    const id = await scheduledGrant(current());
    await engine.pass('starts');
    await pastItsEnd(current(), id);
    broken = true;
    provider.faults.push({ call: 'revoke', fault: new ProviderFault('throttled', 'slow down') });
    await engine.pass('ends');
    expect(provider.held.size).toBe(1);
    await hurry();
    await engine.pass('ends');
    expect(provider.held.size).toBe(0);
  });

  test('a node whose clock is ahead does not take a live grant for over', async () => {
    const seen: number[] = [];
    const provider = fakeProvider();
    const watched = {
      ...provider,
      revoke: async (...call: Parameters<typeof provider.revoke>) => {
        seen.push(call[3].now - call[0].endsAt);
        return provider.revoke(...call);
      },
    };
    const { engine } = bench(current(), watched);
    const id = await scheduledGrant(current());
    await engine.pass('starts');
    const ahead = bench(current(), watched, {
      appendFails: () => true,
      clock: { ...systemClock, now: () => after(systemClock.now(), 1_200_000) },
    });
    const grant = await findGrant(current().db, id);
    if (grant === null) throw new Error('the grant is there');
    await ahead.engine.endUnrecorded(grant, 'revoked', BY);
    expect(seen).toHaveLength(1);
    expect(seen[0]).toBeLessThan(0);
    expect(provider.held.size).toBe(0);
  });

  test('a node whose clock is off still writes down what it promised', async () => {
    const provider = fakeProvider();
    const id = await scheduledGrant(current());
    const entries: string[] = [];
    const engine = createEngine({
      db: current().db,
      clock: { ...systemClock, now: () => after(systemClock.now(), -600_000) },
      random: systemRandom,
      node: 'off',
      providers: new Map([['aws', provider]]),
      recheck: async () => ok(null),
      append: async (_trx, entry) => void entries.push(entry.kind),
      publish: () => {},
      log: silentLog,
    });
    const grant = await findGrant(current().db, id);
    if (grant === null) throw new Error('the grant is there');
    await engine.endUnrecorded(grant, 'revoked', BY);
    await engine.pass('ends');
    expect((await findGrant(current().db, id))?.state.kind).toBe('ended');
    expect(entries).toEqual(['grant.ended', 'engine.clock-refused']);
  });
});
