import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { mailReadiness } from '../../src/operations/check-readiness.ts';
import { beginTelling, planNotifications } from '../../src/operations/plan-notifications.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { appNow } from '../../src/store/database.ts';
import { insertNotifications } from '../../src/store/notifications.ts';
import { personIdsFor } from '../../src/store/people.ts';
import { acmeOperations, got } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { sequenceAll } from './ledger-under-test.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};

eachDatabase('more people to tell than one statement can name', (current) => {
  test('are all told: nobody silences everybody by a request that nine thousand may decide', async () => {
    const { world, as } = await acmeOperations(current());
    const { id: request } = got(await requestAccess(world, await as('ana'), ASK));
    const told = await current()
      .db.transaction()
      .execute(async (trx) => {
        const now = await appNow(trx);
        const keys = Array.from({ length: 9_000 }, (_, n) => `somebody-${n}`);
        const ids = await personIdsFor(trx, keys, () => newId(systemRandom, 'per'), now);
        const about = {
          kind: 'waits',
          occasion: `waits:${request}`,
          request,
          grant: null,
          happenedAt: now,
          dueAt: now,
        } as const;
        await insertNotifications(
          trx,
          [...ids.values()].map((person) => ({ ...about, person })),
        );
        return ids.size;
      });
    const { rows } = await sql<{ count: number }>`select count(*)::int as count from notification`.execute(
      current().db,
    );
    expect([told, rows[0]?.count]).toEqual([9_000, 9_000]);
  });

  test('and what nobody has read for a minute is said where one looks whether mail goes out', async () => {
    const { world, as } = await acmeOperations(current());
    await beginTelling(world);
    await requestAccess(world, await as('ana'), ASK);
    await sequenceAll(current());
    const readiness = async () => (await mailReadiness(current().db, true)).detail;
    expect(await readiness()).toBe('nothing waits');
    const body = sql`replace(body, '"at":"20', '"at":"19')`;
    await sql`alter table ledger_entry disable trigger all`.execute(current().db);
    await sql`update ledger_entry set body = ${body}`.execute(current().db);
    expect(await readiness()).toMatch(/^for \d+ min nobody has read what to tell$/);
    await planNotifications(world);
    expect(await readiness()).toBe('nothing waits');
  });
});
