import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { GrantId, PersonId, RequestId } from '../../src/core/ids.ts';
import { instant } from '../../src/core/time.ts';
import { findGrants, grantsOfRequests, listGrants } from '../../src/store/grants.ts';
import { saveExpired } from '../../src/store/leases.ts';
import { bodiesAbout } from '../../src/store/ledger-entries.ts';
import { deleteOutbox, insertOutbox } from '../../src/store/ledger-outbox.ts';
import { findSubjectKeys } from '../../src/store/ledger-personal.ts';
import { personKeys } from '../../src/store/people.ts';
import { approvalsOf } from '../../src/store/approvals.ts';
import { findRequests, lockPendingExtensions } from '../../src/store/requests.ts';
import { lockToldNothing } from '../../src/store/revocation-sweeps.ts';
import { standingRevocations } from '../../src/store/revocations.ts';
import { eachDatabase } from './harness.ts';
import { scheduledGrant } from './rows.ts';

eachDatabase('prepared statements', (database) => {
  const ask = () => sql<{ a: number }>`select * from prepared_here where a = ${1}`.execute(database().db);

  test('what comes again and again is prepared, and answers the same', async () => {
    const { db } = database();
    const again = (n: number) => sql<{ n: number }>`select ${n}::int4 * 2 as n`.execute(db);
    for (let n = 1; n <= 5; n += 1) expect((await again(n)).rows).toEqual([{ n: n * 2 }]);
    const { rows } = await sql<{ statement: string }>`select statement from pg_prepared_statements`.execute(db);
    expect(rows.map(({ statement }) => statement)).toContain('select $1::int4 * 2 as n');
  });

  test('a statement that fails in a transaction spoils neither the next transaction nor its own plan', async () => {
    const { db } = database();
    const divide = (by: number) => sql<{ n: number }>`select 10 / ${by}::int4 as n`.execute(db);
    for (let n = 1; n <= 3; n += 1) await divide(n);
    await expect(divide(0)).rejects.toMatchObject({ code: '22012' });
    const failing = db.transaction().execute(async (trx) => {
      await sql`select 10 / ${0}::int4 as n`.execute(trx);
    });
    await expect(failing).rejects.toMatchObject({ code: '22012' });
    expect((await divide(5)).rows).toEqual([{ n: 2 }]);
  });

  test('lists of all lengths leave room for what comes again: a statement for each, or none', async () => {
    const { db } = database();
    const prepared = async () => {
      const { rows } = await sql<{ statement: string }>`select statement from pg_prepared_statements`.execute(db);
      return rows.map(({ statement }) => statement);
    };
    await scheduledGrant(database());
    const before = await prepared();
    for (let length = 1; length <= 60; length += 1) {
      const ids = <Id>(kind: string) => Array.from({ length }, (_, n) => `${kind}_${n}` as Id);
      for (let again = 0; again < 3; again += 1) {
        await db.transaction().execute(async (trx) => {
          await findGrants(trx, ids<GrantId>('grt'));
          await grantsOfRequests(trx, ids<RequestId>('req'));
          await findRequests(trx, ids<RequestId>('req'));
          await approvalsOf(trx, ids<RequestId>('req'));
          await personKeys(trx, ids<PersonId>('per'));
          await findSubjectKeys(trx, ids<PersonId>('per'));
          await standingRevocations(trx, 'per_x' as PersonId, ids('aws'));
          await lockToldNothing(trx, ids<GrantId>('grt'));
          await lockPendingExtensions(trx, ids<GrantId>('grt'));
          await saveExpired(trx, ids<GrantId>('grt'), instant(0));
          await insertOutbox(
            trx,
            ids<string>(`${length}.${again}`).map((entryId) => ({ entryId, body: '{}', request: null, grant: null })),
            [],
          );
          await deleteOutbox(
            trx,
            Array.from({ length }, (_, n) => n),
          );
        });
        await bodiesAbout(db, 'req_x' as RequestId, ids<GrantId>('grt'));
      }
    }
    const added = (await prepared()).filter((text) => !before.includes(text));
    expect(added.filter((text) => text.startsWith('insert into "ledger_outbox"')).length).toBeLessThanOrEqual(8);
    expect(added.length).toBeLessThan(30);
    // And they find what they name.
    const [grant] = await listGrants(db, { limit: 10 });
    expect((await findGrants(db, grant === undefined ? [] : [grant.id])).length).toBe(1);
  });

  test('a schema that another node migrates meanwhile costs a statement at most', async () => {
    const { db } = database();
    await sql`create table prepared_here (a int4)`.execute(db);
    await sql`insert into prepared_here values (1)`.execute(db);
    for (let n = 0; n < 4; n += 1) await ask();
    await sql`alter table prepared_here add column b text default 'new'`.execute(db);
    await expect(ask()).rejects.toMatchObject({ code: '0A000' });
    expect((await ask()).rows).toEqual([{ a: 1, b: 'new' }]);
    for (let n = 0; n < 4; n += 1) expect((await ask()).rows).toHaveLength(1);
  });
});
