import { beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import type { GrantId } from '../../src/core/ids.ts';
import { activate } from '../../src/engine/activate.ts';
import { record } from '../../src/engine/record.ts';
import { carryOutOpen } from '../../src/operations/carry-out-revocation.ts';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { returnGrant } from '../../src/operations/end-grant.ts';
import { recheckGrant } from '../../src/operations/recheck-grant.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { confirmRevocationOrder, orderRevocation, showRevocation } from '../../src/operations/revoke-many.ts';
import type { Actor } from '../../src/operations/world.ts';
import { findGrant } from '../../src/store/grants.ts';
import { claimDue } from '../../src/store/leases.ts';
import type { Db } from '../../src/store/schema.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { entriesOf, heldGrants } from './held-grants.ts';
import { stepPorts } from './step-ports.ts';
import { LOCKING_READ, onTwoConnections } from './two-connections.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};
const LEASE_MS = 10_000;

/** Whatever comes between the parts of an order: nothing starts that it reaches, and nothing ends twice. */
onTwoConnections('the kill switch', (current) => {
  let acme: AcmeOperations;
  let ana: Actor;
  let bo: Actor;
  beforeEach(async () => {
    acme = await acmeOperations(current().database);
    [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
  });

  const order = async (db: Db, what: object = { person: 'ana' }) =>
    got(await orderRevocation({ ...acme.world, db }, bo, { ...what, reason: 'The laptop was stolen' }));
  const stateOf = async (id: GrantId) => (await findGrant(current().database.db, id))?.state.kind;
  const approved = async (): Promise<GrantId> => {
    const { id } = got(await requestAccess(acme.world, ana, ASK));
    const [grant] = got(await approveRequest(acme.world, bo, id, {})).grants;
    if (grant === undefined) throw new Error('the request has a grant');
    return grant.id;
  };
  const claimed = async () => {
    const [grant] = await claimDue(current().database.db, 'starts', 'one', LEASE_MS, 1);
    if (grant === undefined) throw new Error('a grant is due');
    return grant;
  };

  describe('and a start', () => {
    test('that was checked before the order and is written after it: it does not start, and the cloud is not called', async () => {
      const id = await approved();
      const ports = stepPorts(acme, current().database.db);
      const late: typeof ports = {
        ...ports,
        recheck: async (grant) => {
          const verdict = await recheckGrant(acme.world, grant);
          expect(verdict.ok).toBe(true);
          await order(current().database.db);
          return verdict;
        },
      };
      expect(await activate(late, await claimed())).toBe(false);
      expect(await stateOf(id)).toBe('ended');
      expect(acme.provider.calls).not.toContain('provision');
    });

    test('that is being written when the order comes: the order waits for it, and ends it', async () => {
      const id = await approved();
      const grant = await claimed();
      const start = (db: Db) =>
        record(stepPorts(acme, db), grant, [{ event: { kind: 'start', durationMs: 900_000, latestEndAt: null } }]);
      const outcome = await current().interleave(start, (db) => order(db));
      expect(outcome.waitedIn).toMatch(LOCKING_READ);
      expect(outcome.first).not.toBeNull();
      expect(await stateOf(id)).toBe('ending');
      expect(outcome.second.counts).toEqual({ live: 0, ending: 1, gone: 0 });
    });

    test('of a grant that an approval makes while the order is carried out: it is refused at its start', async () => {
      const { id } = got(await requestAccess(acme.world, ana, ASK));
      const approve = async (db: Db) => got(await approveRequest({ ...acme.world, db }, bo, id, {}));
      const outcome = await current().interleave(approve, (db) => order(db));
      const grant = outcome.first.grants[0]?.id;
      if (grant === undefined) throw new Error('the approval made a grant');
      await acme.engine.pass('starts');
      expect(['failed', 'ended']).toContain(await stateOf(grant));
      expect(acme.provider.calls).not.toContain('provision');
    });
  });

  test('two orders at once: each grant ends once, and both know when all of it was gone', async () => {
    await heldGrants(acme, current().database, { person: ana.person, state: 'active', count: 250 });
    const { db } = current().database;
    const [one, two] = await Promise.all([order(db), order(db, { target: 'aws/prod' })]);
    await carryOutOpen(acme.world);
    while ((await acme.engine.pass('ends')) > 0);
    await carryOutOpen(acme.world);
    const ended = await entriesOf(current().database, 'grant.ending');
    expect(new Set(ended.map((entry) => entry.subjects['grant'])).size).toBe(250);
    expect(ended).toHaveLength(250);
    for (const { id } of [one, two]) {
      const seen = got(await showRevocation(acme.world, bo, id));
      expect(seen).toMatchObject({ status: 'done', counts: { live: 0, ending: 0 } });
    }
    const finished = await entriesOf(current().database, 'revocation.finished');
    expect(new Set(finished.map((entry) => entry.facts['revocation']))).toEqual(new Set([one.id, two.id]));
    expect(finished).toHaveLength(2);
  });

  test('a return x the order: whoever is first ends it, and the order counts it', async () => {
    const [id] = await heldGrants(acme, current().database, { person: ana.person, state: 'active', count: 1 });
    if (id === undefined) throw new Error('a grant was made');
    const outcome = await current().interleave(
      async (db) => code(await returnGrant({ ...acme.world, db }, ana, id)),
      (db) => order(db),
    );
    expect(outcome.first).toBe('ok');
    expect(outcome.waitedIn).toMatch(LOCKING_READ);
    expect(outcome.second.counts).toEqual({ live: 0, ending: 1, gone: 0 });
    expect(await entriesOf(current().database, 'grant.ending')).toHaveLength(1);
  });

  test('two second persons at once: one confirms, the other learns that it is done', async () => {
    const begun = await order(current().database.db, { all: true });
    const confirm = (actor: Actor) => async (db: Db) =>
      code(await confirmRevocationOrder({ ...acme.world, db }, actor, begun.id));
    const outcome = await current().interleave(confirm(await acme.as('fay')), confirm(await acme.as('eli')));
    expect([outcome.first, outcome.second]).toEqual(['ok', 'already-confirmed']);
  });

  test('nobody confirms after 15 minutes, and nothing has ended', async () => {
    const [id] = await heldGrants(acme, current().database, { person: ana.person, state: 'active', count: 1 });
    const begun = await order(current().database.db, { all: true });
    await current().skipAhead(15 * 60_000 - 2_000);
    expect(got(await showRevocation(acme.world, bo, begun.id)).status).toBe('waiting');
    await current().skipAhead(15 * 60_000 + 1_000);
    const fay = await acme.as('fay');
    expect(code(await confirmRevocationOrder(acme.world, fay, begun.id))).toBe('revocation-lapsed');
    expect(got(await showRevocation(acme.world, fay, begun.id))).toMatchObject({ status: 'lapsed', asksUntil: null });
    await carryOutOpen(acme.world);
    expect(id === undefined ? null : await stateOf(id)).toBe('active');
    const { rows } = await sql`select from revocation where started_at is not null`.execute(current().database.db);
    expect(rows).toHaveLength(0);
  });
});
