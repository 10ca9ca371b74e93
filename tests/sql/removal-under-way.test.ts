import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { ProviderFault } from '../../src/providers/contract.ts';
import type { Database } from '../../src/store/database.ts';
import { findGrant } from '../../src/store/grants.ts';
import { bench, type Bench } from './engine-bench.ts';
import { fakeProvider, type FakeProvider } from './fake-provider.ts';
import { scheduledGrant, toldToEnd } from './rows.ts';
import type { VirtualTime } from './shared-cloud.ts';
import { virtualEmbedded } from './virtual-embedded.ts';

/** What the provider's method promises. */
const SETTLE_MS = 60_000;

describe('a removal that the cloud carries out in its own time', () => {
  let database: Database;
  let time: VirtualTime;
  let provider: FakeProvider;
  let on: Bench;
  /** The cloud has taken the removal and has not done it yet. */
  let slow: boolean;

  const virtual = virtualEmbedded();
  beforeEach(() => {
    [database, time] = [virtual.database(), virtual.time()];
    const inner = fakeProvider({ byConstruction: false, abandonedCallMs: 60_000 });
    slow = true;
    let asked = false;
    provider = Object.assign(inner, {
      revoke: async (): Promise<void> => {
        inner.calls.push('revoke');
        const fault = inner.faults.shift();
        if (fault !== undefined) throw fault.fault;
        asked = true;
      },
      observe: async () =>
        asked && !slow
          ? ({ presence: 'absent', proof: 'observed', evidence: {}, final: true } as const)
          : ({
              presence: 'present',
              usable: true,
              native: {},
              ...(asked ? { underWay: 'removing' as const } : {}),
            } as const),
    });
    on = bench(database, provider, { clock: time.clock });
  });

  const returned = async () => {
    const id = await scheduledGrant(database);
    await on.engine.pass('starts');
    await toldToEnd(database, id, 'return');
    // The claim of the end waits for what may have been under way.
    await sql`update "grant" set lease_until = null where id = ${id}`.execute(database.db);
    return id;
  };
  const attemptsOf = async (id: Awaited<ReturnType<typeof returned>>) => (await findGrant(database.db, id))?.attempts;
  const looks = async (count: number, apartMs: number) => {
    for (let look = 0; look < count; look += 1) {
      await on.engine.pass('ends');
      await time.advance(apartMs);
    }
  };

  test('has not failed: nobody is told, and no other means is tried', async () => {
    const id = await returned();
    await looks(10, 1_000);
    expect(await attemptsOf(id)).toBe(0);
    expect(on.found).toEqual([]);
    slow = false;
    await looks(1, 1_000);
    expect(await on.state(id)).toBe('ended');
  });

  test('has failed when the settle time of its method is over: attempts count, and somebody is told', async () => {
    const id = await returned();
    await looks(1, SETTLE_MS - 1);
    await looks(1, 0);
    expect(await attemptsOf(id)).toBe(0);
    await time.advance(501);
    await looks(3, 1_000);
    expect(await attemptsOf(id)).toBe(3);
    expect(on.found).toEqual(['access-not-provably-gone']);
  });

  test('that was seen done, and is told anew by what others write, is not called for again: its proof waits no longer for that', async () => {
    const id = await returned();
    const seen = provider as { observe: FakeProvider['observe'] };
    let toldAnew = false;
    seen.observe = async () =>
      toldAnew
        ? { presence: 'present', usable: true, native: {}, underWay: 'denying' }
        : { presence: 'absent', proof: 'observed', evidence: {}, final: false };
    await looks(1, 1_000);
    // On a slot of its own what is known of it is read only then; on a shared one always.
    await sql`update "grant" set attempts = 1 where id = ${id}`.execute(database.db);
    const calls = () => provider.calls.filter((call) => call === 'revoke').length;
    const before = calls();
    // Others write all the time, and for a moment now and then everybody has what they wrote.
    for (let n = 0; n < 12; n += 1) {
      toldAnew = n !== 8;
      await looks(2, 6_000);
    }
    expect([await on.state(id), calls(), on.found]).toEqual(['ended', before, []]);
  });

  test('and is never told by whoever wrote last, who may have died, is called for again', async () => {
    const id = await returned();
    const seen = provider as { observe: FakeProvider['observe'] };
    seen.observe = async () => ({ presence: 'absent', proof: 'observed', evidence: {}, final: false });
    await looks(1, 1_000);
    await sql`update "grant" set attempts = 1 where id = ${id}`.execute(database.db);
    const calls = () => provider.calls.filter((call) => call === 'revoke').length;
    const before = calls();
    seen.observe = async () => ({ presence: 'present', usable: true, native: {}, underWay: 'denying' });
    await looks(8, 15_000);
    expect(calls()).toBe(before);
    await looks(8, 6_000);
    expect(calls()).toBeGreaterThan(before);
  });

  test('does not hide that the cloud refuses: each refusal is an attempt', async () => {
    const id = await returned();
    await looks(1, 1_000);
    for (let n = 1; n <= 3; n += 1) {
      provider.faults.push({ call: 'revoke', fault: new ProviderFault('forbidden-to-us', 'not allowed') });
      await looks(1, 30_000 / 2);
      expect(await attemptsOf(id)).toBe(n);
    }
    expect(on.found).toEqual(['access-not-provably-gone']);
  });
});
