import { beforeEach, expect, test } from 'vitest';
import { sql } from 'kysely';
import type { GrantEvent } from '../../src/core/grant.ts';
import type { GrantId, RequestId } from '../../src/core/ids.ts';
import { claimEnds } from '../../src/engine/claim-ends.ts';
import { record } from '../../src/engine/record.ts';
import { approveRequest, withdrawRequest } from '../../src/operations/decide-request.ts';
import { returnGrant } from '../../src/operations/end-grant.ts';
import { extendGrant } from '../../src/operations/extend-grant.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import type { Actor } from '../../src/operations/world.ts';
import { findGrant, type GrantRecord } from '../../src/store/grants.ts';
import { claimDue, renewLease } from '../../src/store/leases.ts';
import type { Db } from '../../src/store/schema.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { stepPorts } from './step-ports.ts';
import { onTwoConnections } from './two-connections.ts';

const MINUTE = 60_000;
const ITEM = { role: 'invoice-reader', target: 'aws/prod' };

/** Whoever ends a grant and whoever lengthens it wait for each other, and the second sees what the first has done. */
onTwoConnections('extending a grant', (current) => {
  let acme: AcmeOperations;
  let ana: Actor;
  let bo: Actor;
  let id: GrantId;
  beforeEach(async () => {
    acme = await acmeOperations(current().database);
    [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
    const asked = got(
      await requestAccess(acme.world, ana, { items: [ITEM], durationMs: 15 * MINUTE, reason: 'Look at it' }),
    );
    const { grants } = got(await approveRequest(acme.world, bo, asked.id, {}));
    id = grants[0]?.id ?? id;
    await acme.engine.pass('starts');
  });

  type Act = (db: Db) => Promise<string>;
  const theGrant = async (): Promise<GrantRecord> => {
    const grant = await findGrant(current().database.db, id);
    if (grant === null) throw new Error('the grant is there');
    return grant;
  };
  const ask: Act = async (db) =>
    code(await extendGrant({ ...acme.world, db }, ana, id, { durationMs: 10 * MINUTE, reason: 'It takes longer' }));
  const give: Act = async (db) => code(await returnGrant({ ...acme.world, db }, ana, id));
  const approve: Act = async (db) => {
    const { id: request } = await pending();
    return code(await approveRequest({ ...acme.world, db }, bo, request, {}));
  };
  const withdraw: Act = async (db) => {
    const { id: request } = await pending();
    return code(await withdrawRequest({ ...acme.world, db }, ana, request));
  };
  const engine =
    (event: GrantEvent): Act =>
    async (db) =>
      (await record(stepPorts(acme, db), await theGrant(), [{ event }])) === null ? 'too late' : 'ok';
  const extended = engine({ kind: 'extended' });
  const expire: Act = async (db) => {
    const moved = await claimEnds(stepPorts(acme, db, 'two'), 10, () => false);
    return moved.some((grant) => grant.state.kind === 'ending') ? 'ok' : 'nothing due';
  };
  const pending = () =>
    current()
      .database.db.selectFrom('request')
      .select('id')
      .where('extends_grant', 'is not', null)
      .executeTakeFirstOrThrow() as Promise<{ id: RequestId }>;

  /** Brings the grant to a point on the way to a later end. */
  const reach = {
    active: async () => {},
    asked: async () => void (await ask(current().database.db)),
    noted: async () => {
      await reach.asked();
      await approve(current().database.db);
      await claimDue(current().database.db, 'starts', 'one', 9_500, 1);
      await engine({ kind: 'write-extension' })(current().database.db);
    },
  };
  const outcome = async (): Promise<string> => {
    const { rows } = await sql<{ words: string }>`
      select state || case when extended > 0 then ', extended' else '' end
        || case when extension_until is not null then ', to be extended' else '' end
        || case when bound_until > ends_at then ', told a later end' else '' end as words from "grant"`.execute(
      current().database.db,
    );
    return rows[0]?.words ?? '';
  };

  test.each([
    ['extend x extend', 'active', ask, ask, 'already-being-extended', 'active'],
    ['extend x return', 'active', ask, give, 'ok', 'ending'],
    ['return x extend', 'active', give, ask, 'grant-ended', 'ending'],
    ['approval x return', 'asked', approve, give, 'ok', 'ending'],
    ['return x approval', 'asked', give, approve, 'grant-ended', 'ending'],
    ['return x withdrawal', 'asked', give, withdraw, 'grant-ended', 'ending'],
    ['acknowledged x return', 'noted', extended, give, 'ok', 'ending, extended'],
    ['return x acknowledged', 'noted', give, extended, 'too late', 'ending, told a later end'],
  ] as const)('%s', async (_, state, first, second, answer, expected) => {
    await reach[state]();
    const done = await current().interleave(first, second);
    expect(done.waitedIn).not.toBeNull();
    expect([done.first, done.second]).toEqual(['ok', answer]);
    expect(await outcome()).toBe(expected);
  });

  test('withdrawal x return: whoever gives it back does not wait for who closes the request anyway', async () => {
    await reach.asked();
    const done = await current().interleave(withdraw, give);
    expect(done).toEqual({ first: 'ok', second: 'ok', waitedIn: null });
    expect(await outcome()).toBe('ending');
    expect(
      await current()
        .database.db.selectFrom('request')
        .select('state')
        .where('id', '=', (await pending()).id)
        .execute(),
    ).toEqual([{ state: 'withdrawn' }]);
  });

  test.each([
    ['by the longest call, and not by its claim', 1_000, 1_000 + 3_500, 1_000 + 4_100],
    ['by its claim where that runs out sooner', 8_000, 9_000, 9_600],
  ])('a node that dies while it extends holds up whoever gives it back %s', async (_, backAt, held, free) => {
    await reach.noted();
    const { db } = current().database;
    const extending = await theGrant();
    expect(await renewLease(db, extending, 'one', 9_500)).not.toBeNull();
    await current().skipAhead(backAt);
    expect(await give(db)).toBe('ok');
    // Nothing that it has not called by now is called any more.
    expect(await renewLease(db, extending, 'one', 9_500)).toBeNull();
    await current().skipAhead(held);
    expect(await claimDue(db, 'ends', 'two', 9_500, 1)).toEqual([]);
    await current().skipAhead(free);
    expect(await claimDue(db, 'ends', 'two', 9_500, 1)).toMatchObject([{ id, state: { kind: 'ending' } }]);
  });

  test('whoever gives back what nobody is at work on leaves no claim', async () => {
    await give(current().database.db);
    const { rows } = await sql`select lease_owner, lease_until from "grant"`.execute(current().database.db);
    expect(rows).toEqual([{ lease_owner: null, lease_until: null }]);
  });

  test('the claim of whoever extends does not outlive the end: it is ended at once, and nothing is acknowledged', async () => {
    await reach.noted();
    const { endsAt } = await theGrant();
    const { rows } = await sql<{ held: boolean }>`select lease_until <= ends_at as held from "grant"`.execute(
      current().database.db,
    );
    expect([rows[0]?.held, endsAt !== null]).toEqual([true, true]);
    await current().skipAhead(15 * MINUTE);
    expect(await expire(current().database.db)).toBe('ok');
    expect(await extended(current().database.db)).toBe('too late');
    expect(await outcome()).toBe('ending, told a later end');
  });
});
