import { expect, test } from 'vitest';
import { sql } from 'kysely';
import { ok, refused } from '../../src/core/result.ts';
import { createEngine } from '../../src/engine/engine.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { systemRandom } from '../../src/platform/random.ts';
import { ProviderFault } from '../../src/providers/contract.ts';
import { findGrant } from '../../src/store/grants.ts';
import { fakeProvider, type FakeProvider } from './fake-provider.ts';
import { eachDatabase } from './harness.ts';
import { scheduledGrant } from './rows.ts';

import { bench, pastItsEnd } from './engine-bench.ts';

eachDatabase('engine', (current) => {
  test('a grant becomes active, and ends by construction without a call', async () => {
    const provider = fakeProvider();
    const { engine, entries, state } = bench(current(), provider);
    const id = await scheduledGrant(current());
    expect(await engine.pass('starts')).toBe(1);
    expect(await state(id)).toBe('active');
    expect(await engine.pass('ends')).toBe(0);
    await pastItsEnd(current(), id);
    provider.calls.length = 0;
    await engine.pass('ends');
    expect(await state(id)).toBe('ended');
    expect(provider.calls).toEqual(['observe']);
    expect(entries).toEqual(['grant.activating', 'grant.active', 'grant.ending', 'grant.ended']);
  });

  test('a grant whose end only the broker brings is revoked, and is ended only when no abandoned call can still land', async () => {
    const provider = fakeProvider({ byConstruction: false, abandonedCallMs: 400 });
    const { engine, state, hurry } = bench(current(), provider);
    const id = await scheduledGrant(current());
    await engine.pass('starts');
    await pastItsEnd(current(), id);
    await engine.pass('ends');
    expect(provider.held.size).toBe(0);
    expect(await state(id)).toBe('ending');
    await systemClock.sleep(450);
    await hurry();
    await engine.pass('ends');
    expect(await state(id)).toBe('ended');
  });

  test('an unknown outcome is observed before it is tried again: the call that landed is not repeated', async () => {
    const provider = fakeProvider();
    provider.faults.push({ call: 'provision', fault: new ProviderFault('unknown-outcome', 'cut off'), landed: true });
    const { engine, state, hurry } = bench(current(), provider);
    const id = await scheduledGrant(current());
    await engine.pass('starts');
    expect(await state(id)).toBe('activating');
    await hurry();
    await engine.pass('starts');
    expect(await state(id)).toBe('active');
    expect(provider.calls.filter((call) => call === 'provision')).toHaveLength(1);
  });

  test('a hopeless fault that touched nothing fails the grant at once, with proof that nothing was provisioned', async () => {
    const provider = fakeProvider();
    provider.faults.push({ call: 'provision', fault: new ProviderFault('invalid', 'the policy is too long') });
    const { engine, entries, state } = bench(current(), provider);
    const id = await scheduledGrant(current());
    await engine.pass('starts');
    expect(await state(id)).toBe('failed');
    expect(entries).toEqual(['grant.activating', 'grant.ending', 'grant.failed']);
  });

  test('no entry, no step: what cannot be logged leaves no trace in the rows, however the statements travel', async () => {
    const provider = fakeProvider();
    const { engine, state } = bench(current(), provider, { appendFails: () => true });
    const ids = await Promise.all(Array.from({ length: 16 }, () => scheduledGrant(current())));
    for (let round = 0; round < 3; round += 1) {
      await engine.pass('starts');
      await sql`update "grant" set due_at = app_now(), lease_until = app_now() where due_at is not null and lease_until is not null`.execute(
        current().db,
      );
    }
    expect(await Promise.all(ids.map(state))).toEqual(ids.map(() => 'scheduled'));
    expect(provider.calls).toEqual([]);
  });

  test('a rule tightened before the start refuses it without any call', async () => {
    const provider = fakeProvider();
    const { engine, state } = bench(current(), provider, {
      verdict: refused({ code: 'no-matching-policy', text: 'no' }),
    });
    const id = await scheduledGrant(current());
    await engine.pass('starts');
    expect(await state(id)).toBe('failed');
    expect(provider.calls).toEqual([]);
  });

  test('a grant under which very much was handed out ends like any other', async () => {
    const provider = fakeProvider();
    const { engine, state } = bench(current(), provider);
    const id = await scheduledGrant(current());
    await engine.pass('starts');
    await sql`insert into credential (id, grant_id, fingerprint, issued_at, expires_at)
      select 'crd_' || n, ${id}, lpad(n::text, 64, '0'), app_now(), app_now() from generate_series(1, 2000) n`.execute(
      current().db,
    );
    await pastItsEnd(current(), id);
    await engine.pass('ends');
    expect(await state(id)).toBe('ended');
    const proof = (await findGrant(current().db, id))?.state;
    expect(proof).toMatchObject({ proof: { evidence: { credentials: { count: 2000 } } } });
    expect(JSON.stringify(proof).length).toBeLessThan(2_000);
  });

  test('a step that always breaks is put off, and keeps nothing else waiting', async () => {
    const provider = fakeProvider();
    const broken = await scheduledGrant(current());
    const { engine, state } = bench(current(), provider);
    const stuck = { ...provider, provision: () => Promise.reject(new TypeError('a defect')) };
    const other = bench(current(), stuck as FakeProvider);
    await other.engine.pass('starts');
    expect(await other.engine.pass('starts')).toBe(0);
    const id = await scheduledGrant(current());
    await engine.pass('starts');
    expect(await state(id)).toBe('active');
    expect(await state(broken)).toBe('activating');
  });

  test('an account that hangs holds up nobody else', async () => {
    const provider = fakeProvider();
    let release = () => {};
    const hung = new Promise<void>((resolve) => (release = resolve));
    let first = true;
    const { engine, state } = bench(current(), {
      ...provider,
      provision: async (wanted, call) => {
        if (first) {
          first = false;
          await hung;
        }
        return provider.provision(wanted, call);
      },
    });
    const slow = await scheduledGrant(current());
    expect(await engine.begin('starts')).toBe(1);
    await expect.poll(() => state(slow)).toBe('activating');
    const quick = await scheduledGrant(current());
    expect(await engine.begin('starts')).toBe(1);
    await expect.poll(() => state(quick)).toBe('active');
    expect(await state(slow)).toBe('activating');
    release();
    await expect.poll(() => state(slow)).toBe('active');
  });

  test('access that is forbidden to us for a moment is tried again, and nothing counts as provisioned', async () => {
    const provider = fakeProvider();
    provider.faults.push({ call: 'provision', fault: new ProviderFault('forbidden-to-us', 'not yet') });
    const { engine, state, hurry } = bench(current(), provider);
    const id = await scheduledGrant(current());
    await engine.pass('starts');
    expect(await state(id)).toBe('activating');
    await hurry();
    await engine.pass('starts');
    expect(await state(id)).toBe('active');
    expect(provider.calls).toEqual(['provision', 'provision']);
  });

  test('a cloud that asks to be left alone for a day is asked again within a minute', async () => {
    const provider = fakeProvider({ byConstruction: false });
    provider.faults.push({
      call: 'revoke',
      fault: new ProviderFault('throttled', 'slow down', { retryAfterMs: 86_400_000 }),
    });
    const { engine } = bench(current(), provider);
    const id = await scheduledGrant(current());
    await engine.pass('starts');
    await pastItsEnd(current(), id);
    await engine.pass('ends');
    const { rows } = await sql<{
      ms: number;
    }>`select (extract(epoch from due_at - app_now()) * 1000)::float8 as ms from "grant" where id = ${id}`.execute(
      current().db,
    );
    expect(rows[0]?.ms).toBeLessThanOrEqual(60_000);
  });

  test('work of a dead node is taken up by another, which looks before it calls', async () => {
    const provider = fakeProvider();
    const dead = bench(current(), provider, { node: 'dead' });
    const id = await scheduledGrant(current());
    provider.faults.push({
      call: 'provision',
      fault: new ProviderFault('unknown-outcome', 'the node died here'),
      landed: true,
    });
    await dead.engine.pass('starts');
    await sql`update "grant" set lease_owner = 'dead', lease_until = app_now() + interval '5 seconds', due_at = app_now() where id = ${id}`.execute(
      current().db,
    );
    const other = bench(current(), provider, { node: 'other' });
    expect(await other.engine.pass('starts')).toBe(0);
    await other.hurry();
    expect(await other.engine.pass('starts')).toBe(1);
    expect(await other.state(id)).toBe('active');
    expect(provider.calls).toEqual(['provision', 'observe']);
  });

  test('whoever may not look any more still takes away', async () => {
    const provider = fakeProvider({ byConstruction: false });
    const { engine, state } = bench(current(), provider);
    const id = await scheduledGrant(current());
    await engine.pass('starts');
    await pastItsEnd(current(), id);
    provider.calls.length = 0;
    provider.faults.push({ call: 'observe', fault: new ProviderFault('forbidden-to-us', 'not allowed to look') });
    await engine.pass('ends');
    expect(provider.calls).toEqual(['observe', 'revoke', 'observe']);
    expect(provider.held.size).toBe(0);
    expect(await state(id)).toBe('ended');
  });

  test.each([
    [3_600_000, 1],
    [null, 1],
    [60_000, 0],
    [undefined, 0],
  ])(
    'more that survives an end than was promised is a finding (%s ms of 60 s), and nobody is kept from ending',
    async (maxMs, findings) => {
      const provider = fakeProvider({ byConstruction: false });
      const { engine, state, entries } = bench(current(), {
        ...provider,
        provision: async (wanted, call) => ({
          ...(await provider.provision(wanted, call)),
          residual: { maxMs: 60_000, words: 'a minute' },
        }),
        observe: async (binding, ending, call) => {
          const seen = await provider.observe(binding, ending, call);
          const residual = maxMs === undefined ? {} : { residual: { maxMs, words: 'longer' } };
          return seen.presence === 'absent' ? { ...seen, ...residual } : seen;
        },
      });
      const id = await scheduledGrant(current());
      await engine.pass('starts');
      await pastItsEnd(current(), id);
      await engine.pass('ends');
      expect(await state(id)).toBe('ended');
      expect(entries.filter((kind) => kind === 'finding.raised')).toHaveLength(findings);
    },
  );

  test('whoever must write alone waits while another node does, at the start and at the end, and it counts as no attempt', async () => {
    const fake = fakeProvider({ byConstruction: false });
    const provider: FakeProvider = { ...fake, exclusive: () => 'the role' };
    const { engine, state, hurry } = bench(current(), provider);
    const id = await scheduledGrant(current());
    const waiting = async () => {
      const { rows } = await sql<{ attempts: number; why: string | null; ms: number }>`
        select attempts, last_fault as why, (extract(epoch from due_at - app_now()) * 1000)::float8 as ms
        from "grant" where id = ${id}`.execute(current().db);
      expect(rows[0]?.attempts).toBe(0);
      expect(rows[0]?.ms).toBeLessThanOrEqual(100);
      return rows[0]?.why;
    };
    const busy = (until: string) =>
      sql`insert into cloud_lock (key, owner, until) values ('the role', 'elsewhere', app_now() + ${until}::interval)
        on conflict on constraint cloud_lock_pk do update set until = excluded.until`.execute(current().db);
    await busy('1 minute');
    await engine.pass('starts');
    expect(await state(id)).toBe('scheduled');
    expect(await waiting()).toBe('waiting: somebody else writes there');
    expect(fake.calls).toEqual([]);
    await busy('0 seconds');
    await hurry();
    await engine.pass('starts');
    expect(await state(id)).toBe('active');
    await busy('1 minute');
    await pastItsEnd(current(), id);
    await engine.pass('ends');
    expect(await state(id)).toBe('ending');
    await waiting();
    expect(fake.calls).not.toContain('revoke');
    await busy('0 seconds');
    await hurry();
    await engine.pass('ends');
    expect(await state(id)).toBe('ended');
  });

  test('the alarm of an end that does not succeed grows: it is raised at 3, 10, 30, 100 and 300 attempts and then each thousand', async () => {
    const provider = fakeProvider({ byConstruction: false });
    const { engine, entries, found, hurry } = bench(current(), provider);
    const id = await scheduledGrant(current());
    await engine.pass('starts');
    await pastItsEnd(current(), id);
    const raisedAt: number[] = [];
    const fail = async (attempts: number): Promise<void> => {
      const before = found.length;
      provider.faults.push({ call: 'revoke', fault: new ProviderFault('forbidden-to-us', 'not allowed') });
      await hurry();
      await engine.pass('ends');
      if (found.length > before) raisedAt.push(attempts);
      expect(found.length - before).toBeLessThanOrEqual(1);
    };
    for (let attempts = 1; attempts <= 31; attempts += 1) await fail(attempts);
    for (const attempts of [99, 100, 299, 300, 301, 1_000, 1_500, 2_000]) {
      await sql`update "grant" set attempts = ${attempts - 1} where id = ${id}`.execute(current().db);
      await fail(attempts);
    }
    expect(raisedAt).toEqual([3, 10, 30, 100, 300, 1_000, 2_000]);
    expect(entries.filter((kind) => kind === 'finding.raised')).toHaveLength(raisedAt.length);
  });

  test('a node whose clock is off claims nothing and says so', async () => {
    const provider = fakeProvider();
    await scheduledGrant(current());
    const engine = createEngine({
      db: current().db,
      clock: { ...systemClock, now: () => (systemClock.now() + 600_000) as never },
      random: systemRandom,
      node: 'skewed',
      providers: new Map([['aws', provider]]),
      recheck: async () => ok(null),
      append: async () => {},
      publish: () => {},
      log: silentLog,
    });
    expect(await engine.pass('starts')).toBe(0);
    expect(engine.status().claiming).toBe(false);
    expect(engine.status().clockOffsetMs).toBeGreaterThan(500_000);
  });
});
