import { beforeEach, expect, test } from 'vitest';
import { sql } from 'kysely';
import { carryOutOpen } from '../../src/operations/carry-out-revocation.ts';
import { listRevocations } from '../../src/operations/list-revocations.ts';
import type { RevocationView } from '../../src/operations/revocation-view.ts';
import { liftRevocationOrder, orderRevocation, showRevocation } from '../../src/operations/revoke-many.ts';
import type { Page } from '../../src/operations/pages.ts';
import type { Actor } from '../../src/operations/world.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { heldGrants } from './held-grants.ts';

/** Bo and Fay answer for something; Ana and Cem for nothing. */
eachDatabase('the list of orders', (current) => {
  let acme: AcmeOperations;
  let ana: Actor;
  let bo: Actor;
  let fay: Actor;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    [ana, bo, fay] = [await acme.as('ana'), await acme.as('bo'), await acme.as('fay')];
  });

  const hold = (count: number) => heldGrants(acme, current(), { person: ana.person, count, state: 'active' });
  const endAll = async (): Promise<void> => {
    while ((await acme.engine.pass('ends')) > 0);
    await carryOutOpen(acme.world);
  };
  const order = (actor: Actor, what: { person?: string; all?: boolean }) =>
    orderRevocation(acme.world, actor, { ...what, reason: 'The laptop was stolen' });
  const listed = async (actor: Actor, list: 'standing' | 'all' = 'standing') =>
    got(await listRevocations(acme.world, actor, { list, cursor: null, limit: 50 })).items.map(({ id, status }) => [
      id,
      status,
    ]);

  test('has what stands, from the order until it is lifted, with how far it is; and all that ever was', async () => {
    await hold(2);
    const one = got(await order(bo, { person: 'ana' }));
    expect(await listed(bo)).toEqual([[one.id, 'ending']]);
    await endAll();
    const [item] = got(await listRevocations(acme.world, bo, { list: 'standing', cursor: null, limit: 1 })).items;
    // It is done, and stops new access: it stands.
    expect(item).toEqual({ ...got(await showRevocation(acme.world, bo, one.id)), serverTime: item?.serverTime });
    expect(item).toMatchObject({ status: 'done', stopsNew: true, counts: { gone: 2 } });
    expect(item?.toZeroMs).toBeGreaterThanOrEqual(0);
    const everything = got(await order(fay, { all: true }));
    expect(await listed(bo)).toEqual([
      [everything.id, 'waiting'],
      [one.id, 'done'],
    ]);
    got(await liftRevocationOrder(acme.world, bo, one.id, { reason: 'Found' }));
    // Nobody can confirm it any more, so it stops nothing and waits for nobody.
    await sql`alter table revocation disable trigger revocation_only_moves_on`.execute(current().db);
    await sql`update revocation set asks_until = app_now() where scope = 'all'`.execute(current().db);
    await sql`alter table revocation enable trigger revocation_only_moves_on`.execute(current().db);
    expect(await listed(bo)).toEqual([]);
    expect(await listed(bo, 'all')).toEqual([
      [everything.id, 'lapsed'],
      [one.id, 'lifted'],
    ]);
  });

  test('one’s own access that is given back at once stands for as long as something of it is left', async () => {
    await hold(1);
    const own = got(await order(ana, { person: 'ana' }));
    expect(await listed(ana)).toEqual([[own.id, 'ending']]);
    await endAll();
    expect([await listed(ana), await listed(ana, 'all')]).toEqual([[], [[own.id, 'done']]]);
  });

  test('shows nothing to whom an order is about, and to who answers for nothing', async () => {
    await hold(1);
    const about = got(await order(bo, { person: 'fay' }));
    const anas = got(await order(bo, { person: 'ana' }));
    const [ids, seenBy] = [[anas.id, about.id], async (actor: Actor) => (await listed(actor, 'all')).map(([id]) => id)];
    expect(await seenBy(bo)).toEqual(ids);
    expect(await seenBy(fay)).toEqual([anas.id]);
    expect(await seenBy(ana)).toEqual([]);
    expect(await seenBy(await acme.as('cem'))).toEqual([]);
  });

  test('names exactly those who would be told that they may confirm it, while somebody can', async () => {
    await hold(1);
    for (const given of [got(await order(bo, { person: 'fay' })), got(await order(fay, { all: true }))]) {
      const may: string[] = [];
      for (const { key, active } of acme.world.rules.current().directory.people.values()) {
        const shown = active ? await showRevocation(acme.world, await acme.as(key), given.id) : null;
        if (shown?.ok === true && shown.value.mayConfirm) may.push(key);
        // Whoever sees the order sees the names, and nobody else.
        if (shown?.ok === true) expect(shown.value.confirmers).toEqual(given.confirmers);
      }
      expect(given.confirmers?.people.map(({ key }) => key).sort()).toEqual(may.sort());
      expect([may.length > 0, given.confirmers?.more]).toEqual([true, 0]);
    }
    const own = got(await order(ana, { person: 'ana' }));
    expect(own.confirmers).toEqual({ people: [], more: 0 });
  });

  test('tells nobody by a cursor what they may not see', async () => {
    await hold(1);
    got(await order(bo, { person: 'ana' }));
    got(await order(bo, { person: 'cem' }));
    const cem = await acme.as('cem');
    for (const limit of [1, 2])
      expect(got(await listRevocations(acme.world, cem, { list: 'all', cursor: null, limit }))).toEqual({
        items: [],
        nextCursor: null,
      });
  });

  test('comes in pages that leave nothing out, whatever one may not see', async () => {
    await hold(1);
    const mine: string[] = [];
    for (let n = 0; n < 7; n += 1) {
      const { id } = got(await order(bo, { person: n % 3 === 1 ? 'fay' : 'ana' }));
      if (n % 3 !== 1) mine.unshift(id);
    }
    const seen: string[] = [];
    let cursor: string | null = null;
    for (let pages = 0; pages === 0 || (cursor !== null && pages < 10); pages += 1) {
      const page: Page<RevocationView> = got(await listRevocations(acme.world, fay, { list: 'all', cursor, limit: 3 }));
      expect(page.items.length).toBeLessThanOrEqual(3);
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(mine);
    expect(code(await listRevocations(acme.world, fay, { list: 'all', cursor: 'x', limit: 3 }))).toBe('invalid-input');
  });
});
