import { expect, test } from 'vitest';
import { findGrants } from '../../src/store/grants.ts';
import type { GrantId } from '../../src/core/ids.ts';
import { ProviderFault } from '../../src/providers/contract.ts';
import type { Database } from '../../src/store/database.ts';
import { BY, bench } from './engine-bench.ts';
import { fakeProvider } from './fake-provider.ts';
import { eachDatabase } from './harness.ts';
import { scheduledGrant } from './rows.ts';

const MANY = 200;

/** The same database, with a count of the transactions that begin. */
function counting(database: Database): { readonly database: Database; transactions: number } {
  const counted = { database, transactions: 0 };
  const db = new Proxy(database.db, {
    get(target, name) {
      if (name === 'transaction') counted.transactions += 1;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
  return Object.assign(counted, { database: { ...database, db } });
}

eachDatabase('many endings that cannot be recorded', (current) => {
  test('each is taken away once, tried a few at a time while nothing can be written, and written down once', async () => {
    // Nothing is proven within this test: each is remembered until it is.
    const provider = fakeProvider({ byConstruction: false, abandonedCallMs: 3_600_000 });
    const on = counting(current());
    let broken = false;
    const { engine, entries } = bench(on.database, provider, { appendFails: () => broken });
    const ids: GrantId[] = [];
    for (let n = 0; n < MANY; n += 1) ids.push(await scheduledGrant(current()));
    while ((await engine.pass('starts')) > 0);
    const revoked = () => provider.calls.filter((call) => call === 'revoke').length;

    broken = true;
    const grants = await findGrants(current().db, ids);
    await Promise.all(grants.map((grant) => engine.endUnrecorded(grant, 'returned', BY)));
    expect(revoked()).toBe(MANY);
    for (let pass = 0; pass < 3; pass += 1) {
      on.transactions = 0;
      await engine.pass('ends');
      // A few that show that nothing can be written, and the claim.
      expect(on.transactions).toBeLessThanOrEqual(10);
    }
    expect(engine.unrecorded()).toBe(MANY);

    broken = false;
    await engine.pass('ends');
    expect(engine.unrecorded()).toBe(0);
    expect(entries.filter((kind) => kind === 'grant.ending (late)')).toHaveLength(MANY);
    while ((await engine.pass('ends')) > 0);
    for (let pass = 0; pass < 3; pass += 1) {
      on.transactions = 0;
      await engine.pass('ends');
      expect(on.transactions).toBeLessThanOrEqual(1);
    }
    // What was taken away is not taken away again.
    expect(revoked()).toBe(MANY);
  }, 120_000);

  test('what the cloud never confirmed is asked for again in the next outage, though the first was written down', async () => {
    const provider = fakeProvider({ byConstruction: false, abandonedCallMs: 3_600_000 });
    let broken = false;
    const { engine, state } = bench(current(), provider, { appendFails: () => broken });
    const id = await scheduledGrant(current());
    await engine.pass('starts');
    const [grant] = await findGrants(current().db, [id]);
    if (grant === undefined) throw new Error('the grant is there');
    const asked = () => provider.calls.filter((call) => call === 'revoke').length;
    broken = true;
    provider.faults.push({ call: 'revoke', fault: new ProviderFault('unreachable', 'no answer') });
    await engine.endUnrecorded(grant, 'returned', BY);
    broken = false;
    provider.faults.push({ call: 'revoke', fault: new ProviderFault('unreachable', 'no answer') });
    await engine.pass('ends');
    expect(await state(id)).toBe('ending');
    broken = true;
    const before = asked();
    await engine.endUnrecorded(grant, 'returned', BY);
    expect(asked()).toBe(before + 1);
  });

  test('one that can never be written keeps none of the others', async () => {
    const provider = fakeProvider({ byConstruction: false, abandonedCallMs: 3_600_000 });
    const ids: GrantId[] = [];
    const { engine, state } = bench(current(), provider);
    for (let n = 0; n < 30; n += 1) ids.push(await scheduledGrant(current()));
    while ((await engine.pass('starts')) > 0);
    const grants = await findGrants(current().db, ids);
    const first = grants.slice(0, 10);
    let broken = true;
    const late = bench(current(), provider, {
      appendFails: (written) => broken && written.some(({ subjects }) => first.some(({ id }) => id === subjects.grant)),
    });
    for (const grant of grants) await late.engine.endUnrecorded(grant, 'returned', BY);
    for (let pass = 0; pass < 2; pass += 1) await late.engine.pass('ends');
    expect(late.engine.unrecorded()).toBe(first.length);
    expect(await Promise.all(grants.slice(10).map(({ id }) => state(id)))).toEqual(
      grants.slice(10).map(() => 'ending'),
    );
    broken = false;
    await late.engine.pass('ends');
    expect(late.engine.unrecorded()).toBe(0);
  }, 60_000);
});
