import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { carryOutOpen } from '../../src/operations/carry-out-revocation.ts';
import { previewRequest } from '../../src/operations/preview-request.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import {
  confirmRevocationOrder,
  liftRevocationOrder,
  orderRevocation,
  showRevocation,
} from '../../src/operations/revoke-many.ts';
import type { RevocationView } from '../../src/operations/revocation-view.ts';
import type { Actor } from '../../src/operations/world.ts';
import { after } from '../../src/core/time.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { appNow } from '../../src/store/database.ts';
import { keepPolicyVersion } from '../../src/store/policy-versions.ts';
import { insertRequest } from '../../src/store/requests.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { entriesOf, heldGrants } from './held-grants.ts';

/** Bo answers for the role invoice-reader and the target aws/prod, Ivo for aws/staging, Fay for aws/security; Ana for nothing. */
eachDatabase('lifting an order', (current) => {
  let acme: AcmeOperations;
  let ana: Actor;
  let bo: Actor;
  let fay: Actor;
  let ivo: Actor;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    [ana, bo, fay, ivo] = [await acme.as('ana'), await acme.as('bo'), await acme.as('fay'), await acme.as('ivo')];
  });

  const hold = (who: Actor, state: 'active' | 'scheduled' = 'active', target = 'aws/prod') =>
    heldGrants(acme, current(), { person: who.person, count: 1, state, target });
  const waits = (who: Actor, target = 'aws/prod') =>
    current()
      .db.transaction()
      .execute(async (trx) => {
        const now = await appNow(trx);
        const lapsesAt = after(now, 3_600_000);
        await keepPolicyVersion(trx, 'v1', [], now);
        await insertRequest(trx, {
          id: newId(systemRandom, 'req'),
          person: who.person,
          items: [{ role: 'invoice-reader', target }],
          reason: 'because',
          ticket: null,
          durationMs: 900_000,
          startsAt: null,
          question: {},
          decision: { steps: [] },
          policyVersion: 'v1',
          createdAt: now,
          lapsesAt,
          extends: null,
          state: { kind: 'pending', lapsesAt },
        });
      });
  const order = async (who: Actor, what: { target?: string; all?: boolean }) =>
    got(await orderRevocation(acme.world, who, { ...what, reason: 'An intruder' }));
  const confirm = async (who: Actor, { id }: RevocationView, world = acme.world) =>
    got(await confirmRevocationOrder(world, who, id));
  const lift = async (who: Actor, { id }: RevocationView) =>
    code(await liftRevocationOrder(acme.world, who, id, { reason: 'It was nothing' }));
  /** A broker that dies as soon as it is to tell the first grant to end. */
  const dying = () =>
    Object.defineProperty({ ...acme.world, endUnrecorded: async () => {} }, 'append', {
      value: async (...args: Parameters<typeof acme.world.append>) => {
        if (args[1]?.kind === 'grant.ending') throw new Error('killed');
        return acme.world.append(...args);
      },
    });
  const states = async () => {
    const { rows } = await sql<{ state: string }>`select state from "grant" order by state`.execute(current().db);
    return rows.map(({ state }) => state);
  };

  test.each([
    ['everything', { all: true }],
    ['a target', { target: 'aws/prod' }],
  ])(
    'what two people ordered over %s is lifted once all of it has been told to end, and not before',
    async (_, what) => {
      await hold(ana);
      await hold(await acme.as('cem'));
      // Fay has no say in production, so nothing ends before the second person.
      const begun = await order(fay, what);
      expect(await confirm(ivo, begun, dying())).toMatchObject({ status: 'ending', reach: 'all' });
      expect(await states()).toEqual(['active', 'active']);
      for (const who of [bo, ivo, fay]) expect(await lift(who, begun)).toBe('revocation-under-way');
      expect(await entriesOf(current(), 'revocation.lifted')).toEqual([]);
      await carryOutOpen(acme.world);
      expect(await states()).toEqual(['ending', 'ending']);
      // All of it ends now, whatever becomes of the order: a cloud that refuses us does not keep everybody stopped.
      expect(await lift(bo, begun)).toBe('ok');
      while ((await acme.engine.pass('ends')) > 0);
      expect(await states()).toEqual(['ended', 'ended']);
    },
  );

  test.each([
    ['access that is live', () => hold(ivo)],
    ['access that is to start', () => hold(ivo, 'scheduled')],
    ['a request that waits', () => waits(ivo)],
  ])('who has %s within an order of somebody else does not lift it, whatever they answer for', async (_, has) => {
    await has();
    const begun = await order(bo, { all: true });
    expect(await lift(ivo, begun)).toBe('revocation-covers-you');
    expect(await lift(fay, begun)).toBe('ok');
  });

  test('what is being ended is held until that is proven', async () => {
    await hold(ivo);
    const begun = await order(bo, { all: true });
    expect(await lift(ivo, begun)).toBe('revocation-covers-you');
    await confirm(fay, begun);
    expect(await states()).toEqual(['ending']);
    expect(await lift(ivo, begun)).toBe('revocation-covers-you');
    while ((await acme.engine.pass('ends')) > 0);
    await carryOutOpen(acme.world);
    expect(got(await showRevocation(acme.world, ivo, begun.id)).status).toBe('done');
    expect(await lift(ivo, begun)).toBe('ok');
  });

  test('access elsewhere is no reason, and who gave an order that nobody confirmed takes it back in any case', async () => {
    await hold(ivo, 'active', 'aws/staging');
    await waits(ivo, 'aws/staging');
    expect(await lift(ivo, await order(bo, { target: 'aws/prod' }))).toBe('ok');
    await hold(bo);
    expect(await lift(bo, await order(bo, { all: true }))).toBe('ok');
    const confirmed = await order(bo, { all: true });
    await confirm(fay, confirmed);
    expect(await lift(bo, confirmed)).toBe('revocation-covers-you');
  });

  const shown = async ({ id }: RevocationView) => got(await showRevocation(acme.world, fay, id));
  const allGone = async () => {
    while ((await acme.engine.pass('ends')) > 0);
    await carryOutOpen(acme.world);
  };

  test('what began after the lift is none of the order: it stays what it had come to', async () => {
    await hold(ana);
    const begun = await order(bo, { all: true });
    await confirm(fay, begun);
    await allGone();
    expect(await lift(bo, begun)).toBe('ok');
    await hold(ana);
    expect(await shown(begun)).toMatchObject({ status: 'lifted', counts: { live: 0, ending: 0, gone: 1 }, left: [] });
  });

  test('one that was lifted before anybody confirmed it counts what it left live, and nothing that began since', async () => {
    await hold(ana);
    const begun = await order(bo, { all: true });
    expect(await lift(bo, begun)).toBe('ok');
    await hold(ana);
    expect((await shown(begun)).counts).toEqual({ live: 1, ending: 0, gone: 0 });
    expect((await shown(begun)).left).toHaveLength(1);
  });

  test('an order over one’s own is done when that is gone, whatever one gets afterwards', async () => {
    await hold(bo);
    const begun = got(await orderRevocation(acme.world, bo, { person: 'bo', reason: 'My laptop was stolen' }));
    await allGone();
    await hold(bo);
    expect(await shown(begun)).toMatchObject({ status: 'done', counts: { live: 0, ending: 0, gone: 1 }, left: [] });
  });

  test.each([
    ['everybody', { all: true }],
    ['a target', { target: 'aws/prod' }],
  ])('while one for %s stands, a preview answers what sending does, and nothing of why', async (_, what) => {
    const ask = {
      items: [{ role: 'invoice-reader', target: 'aws/prod' }],
      durationMs: 900_000,
      reason: 'Check the invoice export',
    };
    const refusal = (answer: Awaited<ReturnType<typeof previewRequest | typeof requestAccess>>) =>
      answer.ok ? 'ok' : answer.refusal;
    const begun = await order(fay, what);
    // Nobody confirmed it, and of this nothing is Fay's to end.
    expect(refusal(await previewRequest(acme.world, ana, ask))).toBe('ok');
    await confirm(ivo, begun);
    const sent = refusal(await requestAccess(acme.world, ana, ask));
    expect(sent).toMatchObject({ code: 'access-stopped' });
    expect(refusal(await previewRequest(acme.world, ana, ask))).toEqual(sent);
    expect(await lift(bo, begun)).toBe('ok');
    expect(refusal(await previewRequest(acme.world, ana, ask))).toBe('ok');
  });
});
