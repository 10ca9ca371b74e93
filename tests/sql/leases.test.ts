import { expect, test } from 'vitest';
import { sql } from 'kysely';
import { claimDue, lockClaimed, releaseCloudLock, renewLease, takeCloudLock } from '../../src/store/leases.ts';
import { findRequest, insertApproval } from '../../src/store/requests.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { eachDatabase } from './harness.ts';
import { scheduledGrant } from './rows.ts';

eachDatabase('leases', (current) => {
  test('a claim keeps others away until its time is over, then anybody takes it up', async () => {
    const id = await scheduledGrant(current());
    const { db } = current();
    const [claimed] = await claimDue(db, 'starts', 'one', 10_000, 10);
    if (claimed?.id !== id) throw new Error('the grant is claimed');
    expect(await claimDue(db, 'starts', 'two', 10_000, 10)).toEqual([]);
    expect(await renewLease(db, claimed, 'one', 10_000)).toBeGreaterThan(0);
    const moved = {
      ...claimed,
      state: {
        kind: 'activating',
        activatedAt: claimed.startsAt,
        endsAt: claimed.startsAt,
        boundUntil: claimed.startsAt,
      },
    } as const;
    expect(await renewLease(db, moved, 'one', 10_000)).toBeNull();
    await sql`update "grant" set lease_until = app_now() - interval '1 millisecond'`.execute(db);
    expect(await renewLease(db, claimed, 'one', 10_000)).toBeNull();
    expect((await claimDue(db, 'starts', 'two', 10_000, 10)).map((grant) => grant.id)).toEqual([id]);
    expect(await db.transaction().execute((trx) => lockClaimed(trx, id, 'one'))).toBeNull();
    expect(await db.transaction().execute((trx) => lockClaimed(trx, id, 'two'))).not.toBeNull();
  });

  test('starts and ends are separate lanes', async () => {
    await scheduledGrant(current());
    expect(await claimDue(current().db, 'ends', 'one', 10_000, 10)).toEqual([]);
  });

  test('what is not due is not claimed', async () => {
    const { db } = current();
    await scheduledGrant(current());
    await sql`update "grant" set due_at = app_now() + interval '1 hour'`.execute(db);
    expect(await claimDue(db, 'starts', 'one', 10_000, 10)).toEqual([]);
  });

  test('a cloud lock has one owner, who may take it again, and is free after its time', async () => {
    const { db } = current();
    expect(await takeCloudLock(db, 'role/x', 'one', 10_000)).toBe(true);
    expect(await takeCloudLock(db, 'role/x', 'one', 10_000)).toBe(true);
    expect(await takeCloudLock(db, 'role/x', 'two', 10_000)).toBe(false);
    await releaseCloudLock(db, 'role/x', 'two');
    expect(await takeCloudLock(db, 'role/x', 'two', 10_000)).toBe(false);
    await sql`update cloud_lock set until = app_now()`.execute(db);
    expect(await takeCloudLock(db, 'role/x', 'two', 10_000)).toBe(true);
  });

  test('a person decides a request once', async () => {
    const { db } = current();
    await scheduledGrant(current());
    const { id, person_id: person } = await db
      .selectFrom('request')
      .select(['id', 'person_id'])
      .executeTakeFirstOrThrow();
    const request = await findRequest(db, id);
    const vote = (verdict: 'approve' | 'deny') =>
      db.transaction().execute((trx) =>
        insertApproval(trx, {
          id: newId(systemRandom, 'apr'),
          request: id,
          person,
          verdict,
          comment: null,
          at: request?.createdAt ?? never(),
        }),
      );
    expect(await vote('approve')).toBe(true);
    expect(await vote('deny')).toBe(false);
  });
});

function never(): never {
  throw new Error('the request is there');
}
