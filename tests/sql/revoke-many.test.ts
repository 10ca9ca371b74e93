import { beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import type { PersonId } from '../../src/core/ids.ts';
import { carryOutOpen } from '../../src/operations/carry-out-revocation.ts';
import { asksUntil } from '../../src/core/revocation.ts';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { returnGrant } from '../../src/operations/end-grant.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import {
  confirmRevocationOrder,
  liftRevocationOrder,
  orderRevocation,
  showRevocation,
} from '../../src/operations/revoke-many.ts';
import type { RevocationView } from '../../src/operations/revocation-view.ts';
import { showRequest } from '../../src/operations/show-requests.ts';
import type { Actor } from '../../src/operations/world.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { ProviderFault } from '../../src/providers/contract.ts';
import { appNow } from '../../src/store/database.ts';
import { insertRevocation } from '../../src/store/revocations.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { entriesOf, heldGrants } from './held-grants.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};
const STOLEN = 'The laptop was stolen';

/** Bo answers for the role invoice-reader and the target aws/prod, Ivo for aws/staging, Fay for aws/security; Ana, Cem and Jan for nothing. */
eachDatabase('the kill switch', (current) => {
  let acme: AcmeOperations;
  let ana: Actor;
  let bo: Actor;
  let fay: Actor;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    [ana, bo, fay] = [await acme.as('ana'), await acme.as('bo'), await acme.as('fay')];
  });

  const hold = (
    person: PersonId,
    count: number,
    more: { state?: 'scheduled' | 'activating'; role?: string; target?: string } = {},
  ) => heldGrants(acme, current(), { person, count, state: 'active', ...more });
  const endAll = async (): Promise<void> => {
    while ((await acme.engine.pass('ends')) > 0);
    await carryOutOpen(acme.world);
  };
  const show = async (actor: Actor, { id }: RevocationView) => got(await showRevocation(acme.world, actor, id));
  const order = (actor: Actor, what: { person?: string; target?: string; all?: boolean }) =>
    orderRevocation(acme.world, actor, { ...what, reason: STOLEN });
  const states = async (): Promise<Readonly<Record<string, number>>> => {
    const { rows } = await sql<{ state: string; n: number }>`
      select state, count(*)::int as n from "grant" group by state`.execute(current().db);
    return Object.fromEntries(rows.map((row) => [row.state, row.n]));
  };

  test('500 grants of one person end with one order, each with one entry, and the time to zero is that of the last proof', async () => {
    await hold(ana.person, 400);
    await hold(ana.person, 50, { state: 'activating' });
    await hold(ana.person, 50, { state: 'scheduled' });
    const others = await hold((await acme.as('cem')).person, 3);
    const begun = got(await order(bo, { person: 'ana' }));
    await carryOutOpen(acme.world);
    expect(await states()).toEqual({ ending: 450, ended: 50, active: 3 });
    expect(begun.scope.person?.name).toBe('Ana Ribeiro');

    await endAll();
    const done = await show(bo, begun);
    expect(done).toMatchObject({ status: 'done', counts: { live: 0, ending: 0, gone: 500 }, left: [], stopsNew: true });
    expect(acme.provider.held.size).toBe(others.length);
    const { rows } = await sql<{ ms: number }>`
      select (extract(epoch from (select max(ended_at) from "grant") - started_at) * 1000)::float8 as ms from revocation`.execute(
      current().db,
    );
    expect(done.toZeroMs).toBeGreaterThan(0);
    expect(Math.abs((done.toZeroMs ?? 0) - (rows[0]?.ms ?? 0))).toBeLessThanOrEqual(1);

    const entries = [...(await entriesOf(current(), 'grant.ending')), ...(await entriesOf(current(), 'grant.ended'))];
    const told = entries.filter((entry) => entry.facts['revocation'] === begun.id);
    expect(new Set(told.map((entry) => entry.subjects['grant'])).size).toBe(500);
    expect(told).toHaveLength(500);
    expect(await entriesOf(current(), 'revocation.finished')).toMatchObject([
      { facts: { revocation: begun.id, toZeroMs: done.toZeroMs, gone: 500, beyondReach: 0 } },
    ]);
    // Looking again changes nothing.
    await carryOutOpen(acme.world);
    expect(await entriesOf(current(), 'revocation.finished')).toHaveLength(1);
  }, 120_000);

  test('what its holder gave back before the order came to it counts towards the time to zero as well', async () => {
    const { db } = current();
    const [id] = await hold(ana.person, 1);
    if (id === undefined) throw new Error('a grant is held');
    await db.transaction().execute(async (trx) => {
      const now = await appNow(trx);
      const by = { orderedBy: bo.person, orderedAt: now, startedAt: now, asksUntil: asksUntil(now) };
      const scope = { kind: 'person', person: ana.person } as const;
      await insertRevocation(trx, {
        ...by,
        id: newId(systemRandom, 'rev'),
        scope,
        reason: STOLEN,
        reach: 'own',
        holds: true,
      });
    });
    got(await returnGrant(acme.world, ana, id));
    while ((await acme.engine.pass('ends')) > 0);
    expect(await states()).toEqual({ ended: 1 });
    await carryOutOpen(acme.world);
    const { rows } = await sql`select r.finished_at = g.ended_at as true_time from revocation r, "grant" g`.execute(db);
    expect(rows).toEqual([{ true_time: true }]);
  });

  test('what waits is withdrawn, nothing new is taken or starts until the order is lifted, and the log says who did it', async () => {
    const waiting = got(await requestAccess(acme.world, ana, ASK));
    const begun = got(await order(bo, { person: 'ana' }));
    expect(begun).toMatchObject({ status: 'done', requestsWithdrawn: 1, counts: { live: 0, ending: 0, gone: 0 } });
    expect(got(await showRequest(acme.world, ana, waiting.id)).status).toBe('withdrawn');
    expect(await entriesOf(current(), 'request.withdrawn')).toMatchObject([{ facts: { revocation: begun.id } }]);
    const again = await requestAccess(acme.world, ana, ASK);
    expect(code(again)).toBe('access-stopped');
    expect(again.ok ? '' : again.refusal.detail).not.toContain(STOLEN);
    expect(code(await requestAccess(acme.world, await acme.as('cem'), ASK))).toBe('ok');

    expect(code(await showRevocation(acme.world, ana, begun.id))).toBe('not-found');
    expect(code(await liftRevocationOrder(acme.world, ana, begun.id, { reason: 'it is fine' }))).toBe('not-found');
    expect(code(await liftRevocationOrder(acme.world, bo, begun.id, { reason: ' ' }))).toBe('invalid-input');
    expect(got(await liftRevocationOrder(acme.world, bo, begun.id, { reason: 'Found' })).status).toBe('lifted');
    expect(code(await liftRevocationOrder(acme.world, bo, begun.id, { reason: 'Found' }))).toBe('revocation-lifted');
    expect(code(await requestAccess(acme.world, ana, ASK))).toBe('ok');
    expect(await entriesOf(current(), 'revocation.lifted')).toHaveLength(1);
  });

  test('a grant that comes into being behind the order is refused at its start, and nothing is asked of the cloud', async () => {
    got(await order(bo, { person: 'ana' }));
    await hold(ana.person, 1, { state: 'scheduled' });
    await sql`update "grant" set due_at = app_now(), starts_at = app_now()`.execute(current().db);
    await acme.engine.pass('starts');
    expect(await states()).toEqual({ failed: 1 });
    expect(await entriesOf(current(), 'grant.failed')).toMatchObject([{ facts: { refusal: 'access-stopped' } }]);
    expect(acme.provider.calls).not.toContain('provision');
  });

  describe('who may', () => {
    test('somebody who answers for nothing and may end nothing of it may not, and nothing is written', async () => {
      await hold(ana.person, 1);
      const jan = await acme.as('jan');
      for (const what of [{ person: 'ana' }, { target: 'aws/prod' }, { all: true }])
        expect(code(await order(jan, what))).toBe('not-allowed-to-revoke');
      expect(code(await order(bo, { person: 'nobody' }))).toBe('not-found');
      expect(code(await order(bo, { target: 'aws/nowhere' }))).toBe('not-found');
      expect(code(await order(bo, {}))).toBe('invalid-input');
      expect(code(await order(bo, { person: 'ana', all: true }))).toBe('invalid-input');
      expect(await states()).toEqual({ active: 1 });
      expect(await entriesOf(current(), 'revocation.ordered')).toEqual([]);
    });

    test('one ends alone what one may revoke one by one; the rest stays until a second person confirms', async () => {
      await hold(ana.person, 2);
      await hold(ana.person, 3, { role: 'staging-operator', target: 'aws/staging' });
      const begun = got(await order(bo, { person: 'ana' }));
      await endAll();
      expect(await show(bo, begun)).toMatchObject({ status: 'partly', reach: 'own', counts: { live: 3, gone: 2 } });
      // Its reach is also what it stops: Bo has no say in staging.
      const staging = { ...ASK, items: [{ role: 'build-log-reader', target: 'aws/staging' }] };
      expect(code(await requestAccess(acme.world, ana, ASK))).toBe('access-stopped');
      expect(code(await requestAccess(acme.world, ana, staging))).toBe('ok');

      expect((await show(fay, begun)).mayConfirm).toBe(true);
      const confirmed = got(await confirmRevocationOrder(acme.world, fay, begun.id));
      expect(confirmed).toMatchObject({ reach: 'all', confirmedBy: { key: 'fay' } });
      await endAll();
      expect(await show(bo, begun)).toMatchObject({ status: 'done', counts: { live: 0, ending: 0, gone: 6 } });
      expect(code(await requestAccess(acme.world, ana, staging))).toBe('access-stopped');
      expect(code(await confirmRevocationOrder(acme.world, fay, begun.id))).toBe('already-confirmed');
    });

    test('what was to be tried once more is not, within reach and with an entry; beyond it, it is', async () => {
      const mine = await hold(ana.person, 1, { state: 'activating' });
      const theirs = await hold(ana.person, 1, {
        state: 'activating',
        role: 'staging-operator',
        target: 'aws/staging',
      });
      await sql`update "grant" set state = 'ending', ending_since = app_now(), end_cause = 'failed', tries_again = true,
        due_at = app_now() + interval '1 hour'`.execute(current().db);
      const again = async () => {
        const { rows } = await sql<{ id: string }>`select id from "grant" where tries_again`.execute(current().db);
        return rows.map(({ id }) => id);
      };
      const said = async () =>
        (await entriesOf(current(), 'grant.not-retried')).map(({ facts, subjects }) => [subjects['grant'], facts]);
      const begun = got(await order(bo, { person: 'ana' }));
      const facts = { cause: 'revoked', revocation: begun.id };
      expect([await again(), await said()]).toEqual([theirs, [[mine[0], facts]]]);
      await carryOutOpen(acme.world);
      expect(await said()).toHaveLength(1);
      got(await confirmRevocationOrder(acme.world, fay, begun.id));
      expect([await again(), await said()]).toEqual([
        [],
        [
          [mine[0], facts],
          [theirs[0], facts],
        ],
      ]);
    });

    test('everything takes two people, and until then nothing ends', async () => {
      await hold(ana.person, 2);
      const begun = got(await order(bo, { all: true }));
      await endAll();
      expect(await states()).toEqual({ active: 2 });
      expect(await show(bo, begun)).toMatchObject({
        status: 'waiting',
        reach: 'none',
        stopsNew: false,
        mayConfirm: false,
      });
      expect(code(await requestAccess(acme.world, await acme.as('cem'), ASK))).toBe('ok');

      expect(code(await confirmRevocationOrder(acme.world, bo, begun.id))).toBe('self-approval');
      expect(code(await confirmRevocationOrder(acme.world, ana, begun.id))).toBe('not-found');
      expect(code(await confirmRevocationOrder(acme.world, fay, begun.id))).toBe('ok');
      await endAll();
      expect(await show(bo, begun)).toMatchObject({ status: 'done', counts: { live: 0, ending: 0, gone: 2 } });
      expect(code(await requestAccess(acme.world, await acme.as('dia'), ASK))).toBe('access-stopped');
    });

    test('another account of the first person is not a second person: the directory knows it as the same, or refuses it', async () => {
      const twin = (text: string) =>
        text.replace(/\npeople:\n/, '\npeople:\n  bo2:\n    name: Bo at home\n    email: BO.Sandberg@acme.example\n');
      acme.edit((file) => (file.path === 'directory.yaml' ? { ...file, text: twin(file.text) } : file));
      await acme.reload();
      expect(JSON.stringify(acme.rules.current().problems)).toContain('already belongs to');
      await expect(acme.as('bo2')).rejects.toThrow('cannot sign in');
      const begun = got(await order(bo, { all: true }));
      const elsewhere: Actor = { ...bo, context: { via: 'web' } };
      expect(code(await confirmRevocationOrder(acme.world, elsewhere, begun.id))).toBe('self-approval');
    });

    test('whom it is about neither sees it nor confirms nor lifts it, whatever they answer for', async () => {
      const ivo = await acme.as('ivo');
      await hold(ivo.person, 1, { role: 'audit-log-reader', target: 'aws/security' });
      const begun = got(await order(bo, { person: 'ivo' }));
      expect(begun.counts).toEqual({ live: 1, ending: 0, gone: 0 });
      expect(code(await showRevocation(acme.world, ivo, begun.id))).toBe('not-found');
      expect(code(await confirmRevocationOrder(acme.world, ivo, begun.id))).toBe('not-found');
      expect(code(await liftRevocationOrder(acme.world, ivo, begun.id, { reason: 'no' }))).toBe('not-found');
      expect(code(await confirmRevocationOrder(acme.world, fay, begun.id))).toBe('ok');
    });

    test('one always ends all of one’s own, and may ask again once it is gone', async () => {
      await hold(ana.person, 2);
      await hold(ana.person, 1, { role: 'staging-operator', target: 'aws/staging' });
      const begun = got(await order(ana, { person: 'ana' }));
      expect(begun.asksUntil).toBeNull();
      expect(code(await requestAccess(acme.world, ana, ASK))).toBe('access-stopped');
      await endAll();
      expect(await show(ana, begun)).toMatchObject({ status: 'done', stopsNew: false, counts: { live: 0, gone: 3 } });
      expect(code(await requestAccess(acme.world, ana, ASK))).toBe('ok');
    });

    test('a target ends for everybody, and other targets do not', async () => {
      await hold(ana.person, 1);
      await hold((await acme.as('cem')).person, 1);
      await hold(ana.person, 1, { role: 'staging-operator', target: 'aws/staging' });
      const begun = got(await order(bo, { target: 'aws/prod' }));
      await endAll();
      expect(await show(bo, begun)).toMatchObject({ status: 'done', counts: { live: 0, gone: 2 } });
      expect(await states()).toEqual({ ended: 2, active: 1 });
      const stopped = await requestAccess(acme.world, await acme.as('dia'), ASK);
      expect(stopped.ok ? '' : stopped.refusal.detail).toContain('on aws/prod');
    });
  });

  test('what the cloud refuses to end is left, with the kind of its fault, and the order is not finished', async () => {
    await hold(ana.person, 2);
    acme.provider.faults.push(
      { call: 'revoke', fault: new ProviderFault('forbidden-to-us', 'arn:aws:iam::1:role/secret') },
      { call: 'revoke', fault: new ProviderFault('forbidden-to-us', 'arn:aws:iam::1:role/secret') },
    );
    const begun = got(await order(bo, { person: 'ana' }));
    await acme.engine.pass('ends');
    await carryOutOpen(acme.world);
    const left = await show(bo, begun);
    expect(left).toMatchObject({
      status: 'ending',
      finishedAt: null,
      toZeroMs: null,
      counts: { live: 0, ending: 2, gone: 0 },
    });
    expect(left.left).toMatchObject([
      { lastFault: 'forbidden-to-us', person: { key: 'ana' }, attempts: 1 },
      { lastFault: 'forbidden-to-us' },
    ]);
    expect(JSON.stringify(left)).not.toContain('arn:aws');
  });

  test.each([
    ['somebody', () => bo],
    ['somebody whom the database does not know', () => ({ ...bo, person: newId(systemRandom, 'per') })],
  ])(
    'while the database takes no writes, what %s may end is taken away in the cloud all the same',
    async (_who, by) => {
      const held = await hold(ana.person, 3);
      await hold(ana.person, 1, { role: 'staging-operator', target: 'aws/staging' });
      await sql`create or replace function no_space() returns trigger language plpgsql as $$ begin raise exception 'could not extend file: No space left on device' using errcode = 'disk_full'; end $$`.execute(
        current().db,
      );
      // Before the row itself, as a full disk is, so that nobody asks who the orderer is.
      for (const table of ['ledger_outbox', 'revocation'])
        await sql`create trigger no_space before insert on ${sql.table(table)} for each statement execute function no_space()`.execute(
          current().db,
        );
      try {
        const late = await order(by(), { person: 'ana' });
        expect(code(late)).toBe('recorded-late');
        expect(late.ok ? '' : late.refusal.detail).toContain(`${held.length} grants`);
        expect(acme.provider.held.size).toBe(1);
      } finally {
        for (const table of ['ledger_outbox', 'revocation'])
          await sql`drop trigger no_space on ${sql.table(table)}`.execute(current().db);
      }
      await acme.engine.pass('ends');
      expect(await entriesOf(current(), 'grant.ending')).toHaveLength(3);
      expect(await entriesOf(current(), 'revocation.ordered')).toEqual([]);
    },
  );

  test('whom a restored database does not know must sign in again, and hears how much of what they may end is ending', async () => {
    const held = await hold(ana.person, 2);
    const forgotten = { ...bo, person: newId(systemRandom, 'per') };
    await expect(order(forgotten, { all: true })).rejects.toMatchObject({ constraint: 'revocation_ordered_by_fk' });
    expect(await states()).toEqual({ active: held.length });
    const answer = await order(forgotten, { person: 'ana' });
    expect(code(answer)).toBe('unauthenticated');
    expect(answer.ok ? '' : answer.refusal.detail).toContain(`${held.length} grants`);
    await endAll();
    expect((await states())['active']).toBeUndefined();
  });

  test('a node that dies in the middle leaves an order that any other carries out', async () => {
    await hold(ana.person, 5);
    const dying = { ...acme.world, endUnrecorded: async () => {} };
    Object.defineProperty(dying, 'append', {
      value: async (...args: Parameters<typeof acme.world.append>) => {
        if (args[1]?.kind === 'grant.ending') throw new Error('killed');
        return acme.world.append(...args);
      },
    });
    const begun = got(await orderRevocation(dying, bo, { person: 'ana', reason: STOLEN }));
    expect(begun).toMatchObject({ status: 'ending', counts: { live: 5, ending: 0 } });
    expect(await states()).toEqual({ active: 5 });
    await carryOutOpen(acme.world);
    await endAll();
    expect(await show(bo, begun)).toMatchObject({ status: 'done', counts: { gone: 5 } });
  });

  test.each([
    [
      'revocation_is_confirmed_by_another',
      sql`update revocation set reach = 'all', confirmed_by = ordered_by, confirmed_at = ordered_at, started_at = ordered_at`,
    ],
    ['revocation_of_everything_takes_two', sql`update revocation set scope = 'all', person_id = null, target = null`],
    ['revocation_only_moves_on', sql`update revocation set reason = 'another'`],
    ['revocation_only_moves_on', sql`update revocation set reach = 'none', started_at = null`],
    ['revocation_reaches_all_exactly_when_confirmed', sql`update revocation set reach = 'all'`],
    ['revocation_finishes_after_its_sweep', sql`update revocation set finished_at = ordered_at, swept_at = null`],
  ])('the database itself keeps %s', async (constraint, statement) => {
    await hold(ana.person, 1);
    got(await order(bo, { person: 'ana' }));
    if (constraint === 'revocation_of_everything_takes_two')
      await sql`alter table revocation disable trigger revocation_only_moves_on`.execute(current().db);
    try {
      await expect(statement.execute(current().db)).rejects.toMatchObject({ code: '23514', constraint });
    } finally {
      await sql`alter table revocation enable trigger revocation_only_moves_on`.execute(current().db);
    }
  });

  test('an approval given behind the order makes a grant that does not start', async () => {
    const { id } = got(await requestAccess(acme.world, ana, ASK));
    // As if the request had been read before the order was there.
    await sql`insert into revocation (id, scope, person_id, reason, ordered_by, ordered_at, reach, holds, started_at, asks_until)
      values (${`rev_${'a'.repeat(20)}`}, 'person', ${ana.person}, 'x', ${bo.person}, app_now(), 'own', true, app_now(), app_now() + interval '15 minutes')`.execute(
      current().db,
    );
    got(await approveRequest(acme.world, bo, id, {}));
    await acme.engine.pass('starts');
    expect(await states()).toEqual({ failed: 1 });
  });
});
