import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { carryOutOpen } from '../../src/operations/carry-out-revocation.ts';
import { confirmRevocationOrder, liftRevocationOrder, orderRevocation } from '../../src/operations/revoke-many.ts';
import type { Actor } from '../../src/operations/world.ts';
import { appNow } from '../../src/store/database.ts';
import { mergeHumans } from '../../src/store/people.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { entriesOf, heldGrants } from './held-grants.ts';

eachDatabase('an order of the kill switch that is given again', (current) => {
  let acme: AcmeOperations;
  let [ana, bo, fay] = [] as unknown as [Actor, Actor, Actor];
  beforeEach(async () => {
    acme = await acmeOperations(current());
    [ana, bo, fay] = [await acme.as('ana'), await acme.as('bo'), await acme.as('fay')];
  });
  const order = (actor: Actor, what: { person?: string; all?: boolean }) =>
    orderRevocation(acme.world, actor, { ...what, reason: 'The laptop was stolen' });

  test('a second order over everything by the same human waits for nobody: it is refused, and names the first', async () => {
    const first = got(await order(bo, { all: true }));
    const gus = await acme.as('gus');
    await current()
      .db.transaction()
      .execute(async (trx) => {
        const at = { now: await appNow(trx), by: fay.person, confirmedBy: ana.person };
        await mergeHumans(trx, { keep: bo.person, merge: gus.person, ...at });
      });
    for (const by of [bo, gus]) {
      const again = await order(by, { all: true });
      expect(code(again)).toBe('already-ordered');
      expect(again.ok ? '' : `${again.refusal.detail} ${again.refusal.hint ?? ''}`).toContain(first.id);
    }
    expect(await entriesOf(current(), 'revocation.ordered')).toHaveLength(1);
    // Others give their own, and whoever took theirs back gives another.
    got(await order(fay, { all: true }));
    got(await liftRevocationOrder(acme.world, bo, first.id, { reason: 'To say it better' }));
    const better = got(await order(bo, { all: true }));
    // One that was confirmed, or that nobody confirmed in time, waits for nobody any more.
    got(await confirmRevocationOrder(acme.world, fay, better.id));
    got(await order(bo, { all: true }));
  });

  test('a second order over everything at the same moment is refused, too', async () => {
    const both = await Promise.all([order(bo, { all: true }), order(bo, { all: true })]);
    expect(both.map(code).sort()).toEqual(['already-ordered', 'ok']);
  });

  test('what takes effect at once is never refused for being ordered again', async () => {
    await heldGrants(acme, current(), { person: ana.person, count: 1, state: 'active' });
    for (let n = 0; n < 12; n += 1) got(await order(bo, { person: 'ana' }));
    while ((await acme.engine.pass('ends')) > 0);
    await carryOutOpen(acme.world);
    const { rows } = await sql`select from "grant" where state = 'active'`.execute(current().db);
    expect(rows).toEqual([]);
  });
});
