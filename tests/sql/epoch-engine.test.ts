import { beforeEach, expect, test } from 'vitest';
import { sql } from 'kysely';
import type { GrantId } from '../../src/core/ids.ts';
import { refused } from '../../src/core/result.ts';
import { after } from '../../src/core/time.ts';
import { lookAfterRestore } from '../../src/engine/look-after-restore.ts';
import { createEpochWatch } from '../../src/operations/watch-epoch.ts';
import { ProviderFault } from '../../src/providers/contract.ts';
import { findBinding } from '../../src/store/bindings.ts';
import { appNow } from '../../src/store/database.ts';
import { findGrant } from '../../src/store/grants.ts';
import { acmeOperations, type AcmeOperations } from './acme-operations.ts';
import { copyOf, restore } from './copies.ts';
import { BY, bench } from './engine-bench.ts';
import { eachDatabase } from './harness.ts';
import { scheduledGrant, toldToEnd, wantedExtension } from './rows.ts';
import { stepPorts } from './step-ports.ts';

/** What a restored database says is held against the cloud before anybody relies on it. */
eachDatabase('the engine in a new epoch', (current) => {
  let acme: AcmeOperations;
  beforeEach(async () => {
    acme = await acmeOperations(current());
  });

  const begin = () => createEpochWatch(acme.world, { read: () => null, write: () => {} }, 'curfew.test/log').restored();
  const start = async (engine: { pass(lane: 'starts'): Promise<number> } = acme.engine) => {
    const id = await scheduledGrant(current());
    await engine.pass('starts');
    expect(await stateOf(id)).toBe('active');
    acme.provider.calls.length = 0;
    return id;
  };
  const stateOf = async (id: GrantId) => (await findGrant(current().db, id))?.state.kind;
  const look = () => lookAfterRestore(stepPorts(acme, current().db), new AbortController().signal);
  const open = () => bench(current(), acme.provider);

  test('looks before it starts what may have started once: what is there is not given a second time', async () => {
    const { engine } = open();
    const id = await scheduledGrant(current());
    const copy = await copyOf(current());
    await engine.pass('starts');
    const end = acme.provider.ends.get((await findGrant(current().db, id))?.slot ?? '');
    await restore(current(), copy);
    expect(await stateOf(id)).toBe('scheduled');
    await begin();
    acme.provider.calls.length = 0;
    await engine.pass('starts');
    expect(acme.provider.calls).toEqual(['observe']);
    expect(await stateOf(id)).toBe('active');
    expect(acme.provider.ends.get((await findGrant(current().db, id))?.slot ?? '')).toBe(end);
  });

  test('starts what has not started, after a look; and what is asked for from then on without one', async () => {
    const { engine } = open();
    const id = await scheduledGrant(current());
    await begin();
    await engine.pass('starts');
    expect(acme.provider.calls).toEqual(['observe', 'provision']);
    expect(await stateOf(id)).toBe('active');
    acme.provider.calls.length = 0;
    await scheduledGrant(current());
    await engine.pass('starts');
    expect(acme.provider.calls).toEqual(['provision']);
  });

  test('never says of what may have started once that nothing was ever given: who gives it back waits for a look', async () => {
    const { engine } = open();
    const id = await scheduledGrant(current());
    const copy = await copyOf(current());
    await engine.pass('starts');
    await restore(current(), copy);
    await begin();
    await toldToEnd(current(), id, 'return');
    expect(await stateOf(id)).toBe('ending');
    await engine.pass('ends');
    expect(acme.provider.held.size).toBe(0);
  });

  test('decides again before it goes on with what may have started once', async () => {
    const id = await scheduledGrant(current());
    await begin();
    const verdict = refused({ code: 'no-matching-policy', text: 'no' });
    const { engine } = bench(current(), acme.provider, { verdict });
    await engine.pass('starts');
    expect([await stateOf(id), acme.provider.calls]).toEqual(['ending', []]);
  });

  test('leaves alone what was to start later, which cannot have started', async () => {
    const id = await scheduledGrant(current(), { startsAt: after(await appNow(current().db), 600_000) });
    await begin();
    expect(await stateOf(id)).toBe('scheduled');
    await toldToEnd(current(), id, 'return');
    expect(await stateOf(id)).toBe('ended');
  });

  test('marks what is live before it begins, apart from it: who dies in between begins anew', async () => {
    const { engine } = open();
    await start(engine);
    const append = () => Promise.reject(new Error('the log is full'));
    const dying = createEpochWatch({ ...acme.world, append }, { read: () => null, write: () => {} }, 'curfew.test/log');
    await expect(dying.restored()).rejects.toThrow('the log is full');
    const epochs = async () => (await sql<{ number: number }>`select number from epoch`.execute(current().db)).rows;
    expect(await epochs()).toEqual([{ number: 1 }]);
    expect(await look()).toBe(1);
    await begin();
    expect(await epochs()).toEqual([{ number: 2 }]);
    expect(await look()).toBe(1);
  });

  test('ends what was given back in the time that is lost, once it has seen that it is gone, and says why', async () => {
    const { engine } = open();
    const [given, kept] = [await start(engine), await start(engine)];
    const grant = await findGrant(current().db, given);
    await begin();
    acme.provider.held.delete(grant?.slot ?? '');
    expect(await look()).toBe(2);
    expect([await stateOf(given), await stateOf(kept)]).toEqual(['ending', 'active']);
    const { rows } = await sql<{ body: string }>`
      select body from ledger_outbox where grant_id = ${given} order by id desc limit 1`.execute(current().db);
    expect(rows[0]?.body).toContain('time that the database has lost');
    expect(await look()).toBe(0);
    await sql`update "grant" set lease_until = app_now() where lease_until is not null`.execute(current().db);
    await engine.pass('ends');
    expect(await stateOf(given)).toBe('ended');
  });

  test('asks again for what the cloud did not say, and leaves it as it is until then', async () => {
    const { engine } = open();
    const id = await start(engine);
    await begin();
    acme.provider.faults.push({ call: 'observe', fault: new ProviderFault('throttled', 'slow down') });
    expect(await look()).toBe(0);
    expect(await stateOf(id)).toBe('active');
    expect(await look()).toBe(1);
    expect(await look()).toBe(0);
  });

  test('extends nothing before it was looked at', async () => {
    const { engine } = open();
    const id = await start(engine);
    await wantedExtension(current(), id, after(await appNow(current().db), 3_000_000));
    await begin();
    await engine.pass('starts');
    expect(acme.provider.calls).toEqual([]);
    await look();
    await sql`update "grant" set due_at = app_now()`.execute(current().db);
    await engine.pass('starts');
    expect(acme.provider.calls).toContain('provision');
    expect((await findGrant(current().db, id))?.extended).toBe(1);
  });

  test('counts anew since when something is gone, and for how long a call may land', async () => {
    const { engine } = open();
    const id = await start(engine);
    await sql`update "grant" set state = 'ending', ending_since = app_now(), end_cause = 'revoked' where id = ${id}`.execute(
      current().db,
    );
    await sql`update binding set absent_since = app_now() - interval '1 hour', last_call_at = app_now() - interval '1 hour'`.execute(
      current().db,
    );
    const now = await appNow(current().db);
    await begin();
    const { rows } = await sql<{ absent: unknown }>`select absent_since as absent from binding`.execute(current().db);
    expect(rows).toEqual([{ absent: null }]);
    const binding = await findBinding(current().db, (await findGrant(current().db, id))?.slot ?? expect.unreachable());
    expect(binding.lastCallAt).toBeGreaterThan(now);
  });

  test('lets nobody begin on a shared slot while a call of the lost time may land there', async () => {
    await scheduledGrant(current(), { place: ['1', 'shared', 'ana'] });
    const own = await scheduledGrant(current());
    await sql`update "grant" set state = 'failed', proof = '{}', ended_at = app_now(), due_at = null, end_cause = 'failed' where id <> ${own}`.execute(
      current().db,
    );
    const now = await appNow(current().db);
    await begin();
    const { rows } = await sql<{ slot: string; until: number | null }>`
      select slot, unsettled_until as until from binding order by slot`.execute(current().db);
    const [shared, other] = [
      rows.find(({ slot }) => slot.includes('shared')),
      rows.find(({ slot }) => slot.includes(own)),
    ];
    expect(shared?.until).toBeGreaterThan(now);
    expect(other?.until).toBeNull();
  });

  test('still takes away what was promised while the database took no writes, also of a grant that is forgotten', async () => {
    const copy = await copyOf(current());
    let broken = false;
    const { engine } = bench(current(), acme.provider, { appendFails: () => broken });
    const id = await start(engine);
    const grant = await findGrant(current().db, id);
    if (grant === null) throw new Error('the grant is there');
    broken = true;
    acme.provider.faults.push({ call: 'revoke', fault: new ProviderFault('throttled', 'slow down') });
    await engine.endUnrecorded(grant, 'revoked', BY);
    expect(acme.provider.held.size).toBe(1);
    broken = false;
    await restore(current(), copy);
    await begin();
    expect(await stateOf(id)).toBeUndefined();
    await engine.pass('ends');
    expect(acme.provider.held.size).toBe(0);
    await engine.pass('ends');
    expect(engine.unrecorded()).toBe(0);
  });
});
