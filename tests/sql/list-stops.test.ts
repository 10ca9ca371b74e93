import { beforeEach, expect, test } from 'vitest';
import { carryOutOpen } from '../../src/operations/carry-out-revocation.ts';
import { listStops } from '../../src/operations/list-stops.ts';
import { previewRequest } from '../../src/operations/preview-request.ts';
import { confirmRevocationOrder, liftRevocationOrder, orderRevocation } from '../../src/operations/revoke-many.ts';
import { whoMaySee } from '../../src/operations/who-may-see.ts';
import type { Actor } from '../../src/operations/world.ts';
import { acmeOperations, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { heldGrants } from './held-grants.ts';

/** Bo and Fay answer for something; Ana and Hana for nothing. */
eachDatabase('what stops somebody', (current) => {
  let acme: AcmeOperations;
  let ana: Actor;
  let bo: Actor;
  let fay: Actor;
  let hana: Actor;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    [ana, bo, fay, hana] = [await acme.as('ana'), await acme.as('bo'), await acme.as('fay'), await acme.as('hana')];
  });

  const stopsOf = async (actor: Actor) => got(await listStops(acme.world, actor));
  const order = async (actor: Actor, what: { person?: string; target?: string; all?: boolean }) =>
    got(await orderRevocation(acme.world, actor, { ...what, reason: 'The laptop was stolen' }));
  const tells = async (id: string, actor: Actor) =>
    (await whoMaySee(acme.world, { kind: 'revocation', id, at: acme.world.clock.now() }))(actor);

  test('is said to whom an order is about, with since when and how far; never by whom nor why', async () => {
    const one = await order(bo, { person: 'ana' });
    const said = await stopsOf(ana);
    expect(said).toEqual([
      {
        ...{ order: one.id, scope: 'person', target: null, since: one.orderedAt },
        ...{ reach: 'own', holds: true, byMe: false },
      },
    ]);
    // It is no news to others: not to whoever gave it either.
    expect([await stopsOf(bo), await stopsOf(hana)]).toEqual([[], []]);
    const confirmed = got(await confirmRevocationOrder(acme.world, fay, one.id));
    expect(await stopsOf(ana)).toEqual([{ ...said[0], since: confirmed.confirmedAt, reach: 'all' }]);
    await carryOutOpen(acme.world);
    got(await liftRevocationOrder(acme.world, bo, one.id, { reason: 'Found again' }));
    expect(await stopsOf(ana)).toEqual([]);
  });

  test('of everybody is said to everybody once it is confirmed, and the stream tells of it then', async () => {
    const one = await order(bo, { all: true });
    expect([await stopsOf(ana), await tells(one.id, ana), await tells(one.id, fay)]).toEqual([[], false, true]);
    got(await confirmRevocationOrder(acme.world, fay, one.id));
    for (const actor of [ana, bo, fay, hana])
      expect([await stopsOf(actor), await tells(one.id, actor)]).toMatchObject([
        [{ order: one.id, scope: 'all', reach: 'all', byMe: actor === bo }],
        'own',
      ]);
    await carryOutOpen(acme.world);
    got(await liftRevocationOrder(acme.world, bo, one.id, { reason: 'It was a drill' }));
    // That it is over is told to the same people.
    expect([await stopsOf(ana), await tells(one.id, ana)]).toEqual([[], 'own']);
  });

  test('on a target is said to whom the rules offer something there, and to who holds some', async () => {
    const one = await order(bo, { target: 'aws/prod' });
    const told: string[] = [];
    for (const { key, active } of acme.world.rules.current().directory.people.values()) {
      if (!active) continue;
      const actor = await acme.as(key);
      const stops = await stopsOf(actor);
      expect([key, (await tells(one.id, actor)) === 'own']).toEqual([key, stops.length === 1]);
      if (stops.length === 1) told.push(key);
    }
    expect(told).toContain('ana');
    const [stranger] = [...acme.world.rules.current().directory.people.values()].filter(
      ({ key, active }) => active && !told.includes(key),
    );
    if (stranger === undefined) throw new Error('the rules offer something on aws/prod to everybody');
    const holder = await acme.as(stranger.key);
    await heldGrants(acme, current(), { person: holder.person, count: 1, state: 'active' });
    expect(await stopsOf(holder)).toMatchObject([{ order: one.id, scope: 'target', target: 'aws/prod' }]);
  });

  test('their own order stops them for as long as something of it is left', async () => {
    await heldGrants(acme, current(), { person: ana.person, count: 1, state: 'active' });
    const own = await order(ana, { person: 'ana' });
    expect(await stopsOf(ana)).toMatchObject([{ order: own.id, holds: false, byMe: true }]);
    while ((await acme.engine.pass('ends')) > 0);
    await carryOutOpen(acme.world);
    expect(await stopsOf(ana)).toEqual([]);
  });

  test('names every order that refuses what they would ask for', async () => {
    const asks = { items: [{ role: 'invoice-reader', target: 'aws/prod' }], reason: 'Check the invoice export' };
    const answer = async () => {
      const preview = await previewRequest(acme.world, ana, asks);
      return preview.ok ? preview.value.decision.effect : preview.refusal.code;
    };
    expect(await answer()).toBe('allow');
    for (const what of [{ person: 'ana' }, { target: 'aws/prod' }]) {
      const one = await order(bo, what);
      expect([await answer(), (await stopsOf(ana)).map((stop) => stop.order)]).toEqual(['access-stopped', [one.id]]);
      got(await liftRevocationOrder(acme.world, bo, one.id, { reason: 'Found again' }));
    }
  });
});
