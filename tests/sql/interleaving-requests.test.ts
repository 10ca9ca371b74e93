import { beforeEach, expect, test } from 'vitest';
import { sql } from 'kysely';
import type { RequestId } from '../../src/core/ids.ts';
import { lapseRequests } from '../../src/engine/lapse.ts';
import { approveRequest, denyRequest, withdrawRequest } from '../../src/operations/decide-request.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import type { Actor } from '../../src/operations/world.ts';
import type { Db } from '../../src/store/schema.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { stepPorts } from './step-ports.ts';
import { LOCKING_READ, onTwoConnections } from './two-connections.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};
const HOUR_MS = 3_600_000;

/** Whoever decides a request waits for whoever was first, and then sees what was decided. */
onTwoConnections('deciding a request', (current) => {
  let acme: AcmeOperations;
  let ana: Actor;
  let bo: Actor;
  let finn: Actor;
  let id: RequestId;
  beforeEach(async () => {
    acme = await acmeOperations(current().database);
    [ana, bo, finn] = [await acme.as('ana'), await acme.as('bo'), await acme.as('finn')];
    id = got(await requestAccess(acme.world, ana, ASK)).id;
  });

  const approve = (actor: Actor) => (db: Db) => approveRequest({ ...acme.world, db }, actor, id, {});
  const deny = (actor: Actor) => (db: Db) => denyRequest({ ...acme.world, db }, actor, id, {});
  const withdraw = (db: Db) => withdrawRequest({ ...acme.world, db }, ana, id);
  const lapse = (db: Db) => lapseRequests(stepPorts(acme, db));

  /** What is written of the request in the end: its state, the entries about it, how many grants it has. */
  const written = async () => {
    const { db } = current().database;
    const { state } = await db.selectFrom('request').select('state').executeTakeFirstOrThrow();
    const { rows } = await sql<{ kind: string }>`
      select body::jsonb ->> 'kind' as kind from ledger_outbox where request_id = ${id} order by id`.execute(db);
    const grants = await db.selectFrom('grant').select('id').execute();
    return { state, entries: rows.map((row) => row.kind).slice(1), grants: grants.length };
  };
  const APPROVED = {
    state: 'approved',
    entries: ['approval.given', 'request.approved', 'grant.scheduled'],
    grants: 1,
  };
  const WITHDRAWN = { state: 'withdrawn', entries: ['request.withdrawn'], grants: 0 };
  const DENIED = { state: 'denied', entries: ['approval.refused', 'request.denied'], grants: 0 };

  test.each([
    ['approve x approve', approve, approve, APPROVED],
    ['deny x approve', deny, approve, DENIED],
    ['approve x deny', approve, deny, APPROVED],
    ['deny x deny', deny, deny, DENIED],
    ['withdraw x approve', () => withdraw, approve, WITHDRAWN],
    ['approve x withdraw', approve, () => withdraw, APPROVED],
    ['withdraw x withdraw', () => withdraw, () => withdraw, WITHDRAWN],
  ] as const)('%s: the second comes too late', async (_, first, second, expected) => {
    const outcome = await current().interleave(first(bo), second(finn));
    expect(outcome.waitedIn).toMatch(LOCKING_READ);
    expect([code(outcome.first), code(outcome.second)]).toEqual(['ok', 'already-decided']);
    expect(await written()).toEqual(expected);
  });

  test('approve x approve of one person counts once', async () => {
    acme.edit((file) => ({ ...file, text: file.text.replace('count: 1\n    escalate', 'count: 2\n    escalate') }));
    expect(await acme.reload()).toBe(true);
    const outcome = await current().interleave(approve(bo), approve(bo));
    expect(outcome.waitedIn).toMatch(LOCKING_READ);
    expect([code(outcome.first), code(outcome.second)]).toEqual(['ok', 'already-decided-by-you']);
    expect(await written()).toEqual({ state: 'pending', entries: ['approval.given'], grants: 0 });
  });

  test('approve x approve, where two are needed: the second sees the first, and the request is approved', async () => {
    acme.edit((file) => ({ ...file, text: file.text.replace('count: 1\n    escalate', 'count: 2\n    escalate') }));
    expect(await acme.reload()).toBe(true);
    const outcome = await current().interleave(approve(bo), approve(finn));
    expect(outcome.waitedIn).toMatch(LOCKING_READ);
    expect([code(outcome.first), code(outcome.second)]).toEqual(['ok', 'ok']);
    expect(await written()).toEqual({ ...APPROVED, entries: ['approval.given', ...APPROVED.entries] });
  });

  test('approve x lapse: what is being approved does not lapse, and nobody waits for it', async () => {
    const inTime = approve(bo);
    const outcome = await current().interleave(inTime, async (db) => {
      await current().skipAhead(HOUR_MS);
      return lapse(db);
    });
    expect(outcome.waitedIn).toBeNull();
    expect([code(outcome.first), outcome.second]).toEqual(['ok', 0]);
    expect(await written()).toEqual(APPROVED);
  });

  test.each([
    ['approve', approve],
    ['deny', deny],
    ['withdraw', () => withdraw],
  ] as const)('lapse x %s: it has lapsed', async (_, decide) => {
    await current().skipAhead(HOUR_MS);
    const outcome = await current().interleave(lapse, async (db) => {
      // For whoever decides it would be in time.
      await current().skipAhead(0);
      return decide(bo)(db);
    });
    expect(outcome.waitedIn).toMatch(LOCKING_READ);
    expect([outcome.first, code(outcome.second)]).toEqual([1, 'request-lapsed']);
    expect(await written()).toEqual({ state: 'lapsed', entries: ['request.lapsed'], grants: 0 });
  });

  test('lapse x lapse: of two nodes one lapses it', async () => {
    await current().skipAhead(HOUR_MS);
    const outcome = await current().interleave(lapse, lapse);
    expect(outcome).toEqual({ first: 1, second: 0, waitedIn: null });
    expect(await written()).toEqual({ state: 'lapsed', entries: ['request.lapsed'], grants: 0 });
  });
});
