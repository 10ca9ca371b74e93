import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { carryOutOpen } from '../../src/operations/carry-out-revocation.ts';
import { endDeparted } from '../../src/operations/departures.ts';
import { listRevocations } from '../../src/operations/list-revocations.ts';
import { propose } from '../../src/operations/propose.ts';
import { confirmProposal } from '../../src/operations/proposals.ts';
import { foreseeOrder } from '../../src/operations/order-outlook.ts';
import { recheckGrant } from '../../src/operations/recheck-grant.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import type { RevocationView } from '../../src/operations/revocation-view.ts';
import {
  confirmRevocationOrder,
  liftRevocationOrder,
  orderRevocation,
  showRevocation,
} from '../../src/operations/revoke-many.ts';
import { whoMaySee } from '../../src/operations/who-may-see.ts';
import type { Actor } from '../../src/operations/world.ts';
import { findGrant } from '../../src/store/grants.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { giveRole } from './curfew-roles.ts';
import { eachDatabase } from './harness.ts';
import { entriesOf, heldGrants } from './held-grants.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};

/** Ana and Fay turn out to be one. Bo answers for the target aws/prod, Fay for aws/security, Ivo for aws/staging; Ana for nothing. */
eachDatabase('an order about a person', (current) => {
  let acme: AcmeOperations;
  let ana: Actor;
  let bo: Actor;
  let fay: Actor;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    acme.edit((file) => ({ ...file, text: file.text.replace('members: [ana, cem,', 'members: [ana, fay, cem,') }));
    await acme.reload();
    [ana, bo, fay] = [await acme.as('ana'), await acme.as('bo'), await acme.as('fay')];
  });

  /** Merges them; the answers are what was shown before, and after. */
  const merge = async (person = 'ana', other = 'fay') => {
    for (const key of ['gia', 'lea']) await giveRole(acme, key, 'admin');
    const merging = { action: 'merge', person, other, grants: 'end', reason: 'The personnel office says so' } as const;
    const proposal = got(await propose(acme.world, await acme.as('gia'), merging));
    return [proposal, got(await confirmProposal(acme.world, await acme.as('lea'), proposal.id))];
  };
  const hold = async (who: Actor, state: 'active' | 'scheduled' = 'active') => {
    const [id] = await heldGrants(acme, current(), { person: who.person, count: 1, state });
    return id ?? expect.fail('it is held');
  };
  const order = async (actor: Actor, person: string) =>
    got(await orderRevocation(acme.world, actor, { person, reason: 'The laptop was stolen' }));
  const lift = async (actor: Actor, { id }: RevocationView) =>
    code(await liftRevocationOrder(acme.world, actor, id, { reason: 'It is fine' }));
  const show = async (actor: Actor, { id }: RevocationView) => got(await showRevocation(acme.world, actor, id));
  const endAll = async (): Promise<void> => {
    while ((await acme.engine.pass('ends')) > 0);
    await carryOutOpen(acme.world);
  };
  const states = async () => {
    const { rows } = await sql<{ state: string }>`select state from "grant" order by state`.execute(current().db);
    return rows.map(({ state }) => state);
  };

  test('is about the human: all their ids lose what they hold and wait for, and start nothing', async () => {
    await merge();
    const others = await hold(bo);
    await hold(ana);
    await hold(fay);
    got(await requestAccess(acme.world, fay, ASK));
    const given = await order(bo, 'ana');
    expect(given).toMatchObject({ status: 'ending', counts: { live: 0, ending: 2 }, requestsWithdrawn: 1 });
    expect(given.left.map(({ person }) => person.key).sort()).toEqual(['ana', 'fay']);
    // What came into being behind the order is refused at its start.
    const behind = (await findGrant(current().db, await hold(fay, 'scheduled'))) ?? expect.fail('it is there');
    expect(await recheckGrant(acme.world, behind)).toMatchObject({ refusal: { code: 'access-stopped' } });
    expect(code(await requestAccess(acme.world, fay, ASK))).toBe('access-stopped');
    expect((await show(bo, given)).counts.live).toBe(1);
    await endAll();
    expect((await show(bo, given)).counts).toMatchObject({ ending: 0, gone: 2 });
    expect((await findGrant(current().db, others))?.state.kind).toBe('active');
    expect(await entriesOf(current(), 'revocation.finished')).toMatchObject([{ facts: { gone: 2, beyondReach: 1 } }]);
  });

  test('is foreseen with all that it covers, by whoever may give it', async () => {
    for (const who of [ana, fay, fay, bo]) await hold(who);
    const foresee = (actor: Actor, person: string) => foreseeOrder(acme.world, actor, { person });
    expect(got(await foresee(bo, 'ana'))).toEqual({ grants: 1, ending: 0, entries: 1 });
    await merge();
    for (const key of ['ana', 'fay']) expect(got(await foresee(bo, key))).toEqual({ grants: 3, ending: 0, entries: 2 });
    // Whoever is the same human gives it about themself.
    expect(got(await foresee(fay, 'ana')).grants).toBe(3);
    expect(got(await foresee(bo, 'mia'))).toEqual({ grants: 0, ending: 0, entries: 0 });
    expect(code(await foresee(bo, 'nobody'))).toBe('not-found');
    expect(code(await foresee(ana, 'bo'))).toBe('not-allowed-to-revoke');
    const given = await order(bo, 'ana');
    expect(given.counts.ending).toBe(3);
    expect(got(await foresee(bo, 'fay'))).toEqual({ grants: 3, ending: 3, entries: 2 });
    await endAll();
    expect(got(await foresee(bo, 'fay')).grants).toBe(0);
  });

  test('is against the human: under no id do they see, confirm or lift it', async () => {
    const before = await order(bo, 'cem');
    expect(code(await showRevocation(acme.world, fay, before.id))).toBe('ok');
    const seen = async () => (await whoMaySee(acme.world, { kind: 'revocation', id: given.id, at: 0 as never }))(fay);
    const given = await order(bo, 'ana');
    expect(await seen()).toBe(true);
    expect((await show(fay, given)).mayConfirm).toBe(true);
    await merge();
    // That it stops them they hear, and read on Home.
    expect(await seen()).toBe('own');
    expect(code(await showRevocation(acme.world, fay, given.id))).toBe('not-found');
    expect(code(await confirmRevocationOrder(acme.world, fay, given.id))).toBe('not-found');
    expect(await lift(fay, given)).toBe('not-found');
    const { items } = got(await listRevocations(acme.world, fay, { list: 'all', cursor: null, limit: 50 }));
    expect(items.map(({ id }) => id)).toEqual([before.id]);
    got(await confirmRevocationOrder(acme.world, await acme.as('ivo'), given.id));
    await endAll();
    expect(await lift(fay, given)).toBe('not-found');
    expect(await lift(bo, given)).toBe('ok');
  });

  test('covers whoever is merged with the person while it stands, and counts its time to zero anew', async () => {
    await hold(ana);
    const held = await hold(fay);
    const given = await order(bo, 'ana');
    await endAll();
    const first = await show(bo, given);
    expect(first).toMatchObject({ status: 'done', counts: { gone: 1 } });
    expect(await states()).toEqual(['active', 'ended']);
    // Bo answers for what Fay holds, so that his order ends it.
    const widened = { id: given.id, person: { key: 'ana' }, to: { key: 'fay' }, ends: 1 };
    for (const seen of await merge()) expect(seen).toMatchObject({ losesGrants: [], widensOrders: [widened] });
    expect(await entriesOf(current(), 'person.merged')).toMatchObject([{ facts: { widened: [given.id] } }]);
    await carryOutOpen(acme.world);
    expect((await findGrant(current().db, held))?.state.kind).toBe('ending');
    expect(await show(bo, given)).toMatchObject({ status: 'ending', finishedAt: null, counts: { ending: 1, gone: 1 } });
    await endAll();
    const second = await show(bo, given);
    expect(second).toMatchObject({ status: 'done', counts: { live: 0, ending: 0, gone: 2 } });
    expect(Date.parse(second.startedAt ?? '')).toBeGreaterThan(Date.parse(first.startedAt ?? ''));
    expect(await entriesOf(current(), 'revocation.finished')).toHaveLength(2);
  });

  test('which was lifted, or held nothing back and is over, stays over when somebody is merged with the person', async () => {
    await hold(fay);
    const lifted = await order(bo, 'ana');
    expect(await lift(bo, lifted)).toBe('ok');
    const own = await order(ana, 'ana');
    expect(own.status).toBe('done');
    for (const seen of await merge()) expect(seen).toMatchObject({ widensOrders: [] });
    expect(await entriesOf(current(), 'person.merged')).toMatchObject([{ facts: { widened: [] } }]);
    await endAll();
    expect(await states()).toEqual(['active']);
  });

  test('by one who may end the access of the other only as their own is said to reach it, and does', async () => {
    await hold(ana);
    await hold(fay);
    const own = await order(ana, 'ana');
    expect(own.finishedAt).toBeNull();
    for (const seen of await merge('fay', 'ana'))
      expect(seen).toMatchObject({
        widensOrders: [{ id: own.id, person: { key: 'ana' }, to: { key: 'fay' }, ends: 1 }],
      });
    await endAll();
    expect(await states()).not.toContain('active');
  });

  test('by themself reaches what they hold under another id, asks nobody and holds back nothing', async () => {
    await merge();
    await hold(fay);
    const own = await order(ana, 'fay');
    expect(own).toMatchObject({ status: 'ending', asksUntil: null, counts: { live: 0, ending: 1 } });
    await endAll();
    expect(await show(ana, own)).toMatchObject({ status: 'done', stopsNew: false });
    expect(code(await requestAccess(acme.world, fay, ASK))).toBe('ok');
  });

  test('who gave it about another id of theirs does not lift it once it was confirmed and they were found to be one', async () => {
    const given = await order(bo, 'fay');
    got(await confirmRevocationOrder(acme.world, await acme.as('ivo'), given.id));
    await merge('bo', 'fay');
    await endAll();
    expect(await lift(bo, given)).toBe('not-found');
    expect(await lift(await acme.as('ivo'), given)).toBe('ok');
  });

  test('who leaves under one id keeps what they hold under another, by which they are still here', async () => {
    await merge();
    await hold(ana);
    const kept = await hold(fay);
    await sql`update person set left_at = app_now() where id = ${ana.person}`.execute(current().db);
    await endDeparted(acme.world);
    expect(await states()).toEqual(['active', 'ending']);
    expect((await findGrant(current().db, kept))?.state.kind).toBe('active');
  });
});
