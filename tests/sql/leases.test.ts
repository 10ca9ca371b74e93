import { expect, test } from 'vitest';
import { sql } from 'kysely';
import { after, toIso } from '../../src/core/time.ts';
import { findBinding } from '../../src/store/bindings.ts';
import { appNow } from '../../src/store/database.ts';
import { findGrant } from '../../src/store/grants.ts';
import {
  claimDue,
  lockClaimed,
  releaseCloudLock,
  releaseLease,
  renewLease,
  renewLeaseForCall,
  takeCloudLock,
} from '../../src/store/leases.ts';
import { insertApproval } from '../../src/store/approvals.ts';
import { findRequest } from '../../src/store/requests.ts';
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

  test('a call is noted with the renewal of the claim that it is made under, and not without it', async () => {
    const id = await scheduledGrant(current());
    const { db } = current();
    const [claimed] = await claimDue(db, 'starts', 'one', 10_000, 10);
    if (claimed?.id !== id) throw new Error('the grant is claimed');
    const leaves = (owner: string, grant = claimed) =>
      renewLeaseForCall(db, grant, owner, 20_000, { kind: 'leaving', callTimeoutMs: 4_000 });
    const { slot, startsAt: moment } = claimed;
    const begun = { activatedAt: moment, endsAt: moment, boundUntil: moment };
    expect(await leaves('two')).toBeNull();
    expect(await leaves('one', { ...claimed, state: { kind: 'activating', ...begun } })).toBeNull();
    expect((await findBinding(db, slot)).lastCallAt).toBeNull();
    const at = (await leaves('one')) ?? expect.fail('the claim holds');
    const { rows } = await sql<{ heldMs: number; landsMs: number }>`
      select extract(epoch from lease_until - ${toIso(at)})::float8 * 1000 as "heldMs",
        extract(epoch from last_call_at - ${toIso(at)})::float8 * 1000 as "landsMs"
      from "grant" join binding using (slot) where id = ${id}`.execute(db);
    const [{ heldMs, landsMs }] = rows as [(typeof rows)[number]];
    // The time is told to the millisecond, and the database's clock goes on within a statement.
    expect(heldMs).toBeGreaterThanOrEqual(20_000 - 1_000);
    expect(heldMs).toBeLessThan(21_000);
    expect(landsMs).toBeGreaterThanOrEqual(4_000);
    expect(landsMs).toBeLessThan(5_000);
    await sql`update "grant" set lease_until = app_now() - interval '1 millisecond'`.execute(db);
    expect(await leaves('one')).toBeNull();
  });

  test('who gives a claim back says when to look again: not past an end that is to come, and nothing of what has moved on', async () => {
    const id = await scheduledGrant(current());
    const { db } = current();
    const now = await appNow(db);
    const givenBack = async (due: Parameters<typeof releaseLease>[3]['due'], owner = 'one') => {
      await sql`update "grant" set due_at = app_now(), lease_owner = null, lease_until = null`.execute(db);
      const [claimed] = await claimDue(db, 'starts', 'one', 10_000, 10);
      if (claimed?.id !== id) throw new Error('the grant is claimed');
      await releaseLease(db, claimed, owner, { due, attempts: 3, lastFault: 'x' });
      return (await findGrant(db, id))?.dueAt;
    };
    const [soon, late, past] = [after(now, 60_000), after(now, 120_000), after(now, -60_000)];
    expect(await givenBack({ at: late })).toBe(late);
    expect(await givenBack({ at: late, notPast: soon })).toBe(soon);
    expect(await givenBack({ at: soon, notPast: late })).toBe(soon);
    expect(await givenBack({ at: late, notPast: past })).toBe(late);
    expect(await givenBack({ inMs: 3_600_000, notAfter: soon })).toBe(soon);
    expect(await givenBack({ inMs: 90_000 })).toBeGreaterThanOrEqual(after(now, 90_000));
    expect(await givenBack({ at: late }, 'another')).toBeLessThan(soon);
    expect(await findGrant(db, id)).toMatchObject({ attempts: 3, lastFault: 'x' });
    await sql`update "grant" set due_at = app_now(), lease_owner = null, lease_until = null`.execute(db);
    const [claimed] = await claimDue(db, 'starts', 'one', 10_000, 10);
    if (claimed === undefined) throw new Error('the grant is claimed');
    const elsewhere = {
      ...claimed,
      state: { kind: 'activating', activatedAt: now, endsAt: now, boundUntil: now },
    } as const;
    const next = { due: { at: late }, attempts: 9, lastFault: 'y', cellAt: late };
    await releaseLease(db, elsewhere, 'one', next);
    expect(await findGrant(db, id)).toMatchObject({ attempts: 3, lastFault: 'x', cellAt: null, dueAt: claimed.dueAt });
    // The claim is given back all the same.
    expect(await claimDue(db, 'starts', 'two', 10_000, 10)).toHaveLength(1);
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
          durationMs: null,
          givenFor: null,
          signed: null,
        }),
      );
    expect(await vote('approve')).toBe(true);
    expect(await vote('deny')).toBe(false);
  });
});

function never(): never {
  throw new Error('the request is there');
}
