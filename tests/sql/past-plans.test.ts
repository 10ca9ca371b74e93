import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GrantId, RequestId } from '../../src/core/ids.ts';
import type { RevocationScope } from '../../src/core/revocation.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { appNow, type Database } from '../../src/store/database.ts';
import * as grants from '../../src/store/grants.ts';
import * as leases from '../../src/store/leases.ts';
import { activeToLookAt } from '../../src/store/looks.ts';
import { overSince } from '../../src/store/past-grants.ts';
import * as requests from '../../src/store/requests.ts';
import * as sweeps from '../../src/store/revocation-sweeps.ts';
import * as revocations from '../../src/store/revocations.ts';
import { testEmbedded } from './harness.ts';
import { scheduledGrant } from './rows.ts';

/** So many grants are over, and as many requests decided. */
const PAST = 3_000;
/** More than any of the pages that are asked for, and far less than what is past. */
const FEW = 250;

let database: Database;
beforeAll(async () => {
  database = await testEmbedded();
});
afterAll(() => database.close());

/** Twenty letters of the alphabet of ids for each number. */
const body = (of: string) => sql.raw(`translate(substr(md5('${of}' || n), 1, 20), '0189', 'ghij')`);

/** Copies of what is there, long over. No setting is touched: some make the database plan everything anew. */
async function age(): Promise<void> {
  const copies = (table: string, changed: ReturnType<typeof sql>) =>
    sql`
      insert into ${sql.id(table)} select made.*
      from (select * from ${sql.id(table)} limit 1) as one, generate_series(1, ${PAST}::integer) as n,
        jsonb_populate_record(one::${sql.id(table)}, ${changed}) as made`.execute(database.db);
  const [request, slot] = [sql`'req_' || ${body('request')}`, sql`'slot-' || n`];
  const at = sql`app_now() - interval '30 days' - n * interval '1 minute'`;
  await copies('request', sql`jsonb_build_object('id', ${request}, 'created_at', ${at})`);
  await copies('request_item', sql`jsonb_build_object('request_id', ${request})`);
  await copies('binding', sql`jsonb_build_object('slot', ${slot})`);
  await copies(
    'grant',
    sql`jsonb_build_object('id', 'grt_' || ${body('grant')}, 'request_id', ${request}, 'slot', ${slot}, 'state', 'ended',
      'prior_state', 'ending', 'starts_at', ${at}, 'activated_at', ${at}, 'ends_at', ${at} + interval '1 minute',
      'ended_at', ${at} + interval '1 minute', 'end_cause', 'expired', 'proof', '{}'::jsonb, 'due_at', null)`,
  );
}

/** How many rows of grants and requests were read, one after the other or out of an index. */
async function rowsRead(): Promise<number> {
  await sql`select pg_stat_force_next_flush()`.execute(database.db);
  const { rows } = await sql<{ read: number }>`
    select sum(seq_tup_read + coalesce(idx_tup_fetch, 0))::integer as read from pg_stat_user_tables
    where relname in ('grant', 'request')`.execute(database.db);
  return rows[0]?.read ?? expect.fail('the tables have statistics');
}

test('nothing that is asked of what goes on reads what is long over, though the plan was made while there was one grant', async () => {
  const { db } = database;
  const id = await scheduledGrant(database);
  const grant = (await grants.findGrant(db, id)) ?? expect.fail('the grant is there');
  const { person } = grant;
  const order = await db.transaction().execute(async (trx) => {
    const now = await appNow(trx);
    const of = { scope: { kind: 'person', person }, reason: 'because', orderedBy: person, orderedAt: now } as const;
    const more = { reach: 'own', asksUntil: now, holds: true, startedAt: now } as const;
    return revocations.insertRevocation(trx, { ...of, ...more, id: newId(systemRandom, 'rev') });
  });
  const before = { at: grant.startsAt, id: grant.id };
  const inTransaction =
    (work: (trx: Parameters<Parameters<ReturnType<typeof db.transaction>['execute']>[0]>[0]) => Promise<unknown>) =>
    () =>
      db.transaction().execute(work);
  const within = (scope: RevocationScope): Record<string, () => Promise<unknown>> => ({
    [`what ${scope.kind} ends`]: () => sweeps.toldNothing(db, scope, null, 100),
    [`the next page of what ${scope.kind} ends`]: () => sweeps.toldNothing(db, scope, id, 100),
    [`what ${scope.kind} does not try again`]: () => sweeps.toBeTriedAgain(db, scope, null, 100),
    [`what ${scope.kind} withdraws`]: () => sweeps.pendingWithin(db, scope, null, 100),
    [`what ${scope.kind} found ending`]: () => sweeps.noteFoundEnding(db, { ...order, scope }),
    [`who is in ${scope.kind}`]: () => sweeps.holdsOrWantsWithin(db, scope, person),
    [`how far ${scope.kind} is`]: () => revocations.countRevocation(db, { ...order, scope }),
    [`what is left of ${scope.kind}`]: () => revocations.leftOf(db, { ...order, scope }, 20),
  });
  const asked: Readonly<Record<string, () => Promise<unknown>>> = {
    ...within({ kind: 'person', person }),
    ...within({ kind: 'target', target: 'aws/prod' }),
    ...within({ kind: 'all' }),
    'who holds on a target': () => sweeps.hasLiveGrantOn(db, 'aws/elsewhere'),
    'grants to end, locked': inTransaction((trx) => sweeps.lockToldNothing(trx, [id])),
    'grants not to try again, locked': inTransaction((trx) => sweeps.lockToBeTriedAgain(trx, [id])),
    'orders under way': () => revocations.openRevocations(db),
    'orders that stand': () => revocations.listRevocations(db, { standingOnly: true, limit: 50 }),
    'all orders': () => revocations.listRevocations(db, { standingOnly: false, limit: 50 }),
    'orders in the way': () => revocations.standingRevocations(db, person, ['aws/prod']),
    'the end of an order': inTransaction((trx) => revocations.finishRevocation(trx, order.id)),
    'traces of grants': async () => {
      for await (const _ of overSince(db, 86_400_000));
    },
    'my grants': () => grants.listGrants(db, { person, limit: 50 }),
    'the next of my grants': () => grants.listGrants(db, { person, limit: 50, before }),
    'my live grants': () => grants.listGrants(db, { person, liveOnly: true, limit: 50 }),
    'all grants': () => grants.listGrants(db, { limit: 50 }),
    'the next of all grants': () => grants.listGrants(db, { limit: 50, before }),
    'all live grants': () => grants.listGrants(db, { liveOnly: true, limit: 50 }),
    'the next of all live grants': () => grants.listGrants(db, { liveOnly: true, limit: 50, before }),
    'live grants by state': () => grants.countLiveGrants(db),
    'grants by id': () => grants.findGrants(db, [id]),
    'the grants of a request': () => grants.grantsOfRequests(db, [grant.request]),
    'grants whose sessions were cut': () => grants.markReissue(db, '444455556666', 'elsewhere', grant.startsAt),
    'the claim of ends': () => leases.claimDue(db, 'ends', 'one', 1, 10),
    'the claim of starts': () => leases.claimDue(db, 'starts', 'one', 1, 10),
    'the next end': () => leases.nextDueInMs(db, 'ends'),
    'the next start': () => leases.nextDueInMs(db, 'starts'),
    'the next lapse': () => leases.nextDueInMs(db, 'lapses'),
    'ends that are due': () => leases.peekDueEnds(db, 10),
    'grants that are over in time': inTransaction((trx) => leases.saveExpired(trx, [], grant.startsAt)),
    'grants to look at': () => activeToLookAt(db, null, 100),
    'the next grants to look at': () => activeToLookAt(db, id, 100),
    'my requests': () => requests.listRequests(db, { person, limit: 50 }),
    'all requests': () => requests.listRequests(db, { limit: 50 }),
    'requests that wait': () => requests.listRequests(db, { pendingOnly: true, limit: 50 }),
    'requests by id': () => requests.findRequests(db, [grant.request]),
    'requests that lapse': inTransaction((trx) => requests.claimLapsed(trx, grant.startsAt, 100)),
    'what waits to extend': inTransaction((trx) => requests.lockPendingExtensions(trx, [id])),
    'whether an extension waits': inTransaction((trx) => requests.extensionIsPending(trx, id)),
    'the last extension': () => requests.lastExtension(db, id),
    'the grant that is extended': inTransaction((trx) => requests.lockExtended(trx, 'req_a' as RequestId)),
    'no grants': () => grants.findGrants(db, ['grt_a' as GrantId]),
  };
  // As often as it takes until a plan is made once for all times.
  for (let times = 0; times < 12; times += 1) for (const ask of Object.values(asked)) await ask();
  await age();
  const tooMany: Record<string, number> = {};
  for (const [what, ask] of Object.entries(asked)) {
    const already = await rowsRead();
    await ask();
    const read = (await rowsRead()) - already;
    if (read > FEW) tooMany[what] = read;
  }
  expect(tooMany).toEqual({});

  // And what is read in pages is read whole, and once.
  const traces: string[] = [];
  for await (const past of overSince(db, 60 * 86_400_000, 700)) traces.push(past.grant.id);
  expect(new Set(traces).size).toBe(PAST);
  expect(traces).toHaveLength(PAST);
});
