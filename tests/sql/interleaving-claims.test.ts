import { beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import type { GrantId } from '../../src/core/ids.ts';
import { instant } from '../../src/core/time.ts';
import { findBinding } from '../../src/store/bindings.ts';
import { markReissue, type GrantRecord } from '../../src/store/grants.ts';
import { releaseKey, reserveKey } from '../../src/store/idempotency.ts';
import {
  claimDue,
  dropLease,
  lockClaimed,
  putOffClaimed,
  releaseCloudLock,
  releaseLease,
  renewLease,
  renewLeaseForCall,
  takeCloudLock,
} from '../../src/store/leases.ts';
import { lockHead } from '../../src/store/ledger-entries.ts';
import { consumeOidcPayload, takeOidcPayload } from '../../src/store/oidc-payloads.ts';
import { personIdFor } from '../../src/store/people.ts';
import type { Db, Trx } from '../../src/store/schema.ts';
import { sequence } from '../../src/ledger/sequencer.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { appNow } from '../../src/store/database.ts';
import { append, sequenceAll, SIGNER, verifyStored, write } from './ledger-under-test.ts';
import { scheduledGrant } from './rows.ts';
import { LOCKING_READ, onTwoConnections } from './two-connections.ts';

const LEASE_MS = 10_000;
const LEAVING = { kind: 'leaving', callTimeoutMs: 4_000 } as const;
const NOW = instant(Date.parse('2026-11-21T09:00:00Z'));

/** One statement, or a few, in a transaction of its own: what is held open. */
const inside =
  <Result>(work: (trx: Trx) => Promise<Result>) =>
  (db: Db): Promise<Result> =>
    db.transaction().execute(work);

/** What the owner of a claim does later than it thinks. */
type Late = (db: Db, grant: GrantRecord) => Promise<unknown>;

const claimAs = (owner: string) => (db: Db) => claimDue(db, 'starts', owner, LEASE_MS, 10);

onTwoConnections('claims on due grants', (current) => {
  let id: GrantId;
  beforeEach(async () => {
    id = await scheduledGrant(current().database);
  });
  const claimedByOne = async (): Promise<GrantRecord> => {
    const [grant] = await claimAs('one')(current().database.db);
    if (grant === undefined) throw new Error('the grant is due');
    return grant;
  };
  const row = () =>
    current()
      .database.db.selectFrom('grant')
      .select(['lease_owner', 'attempts', 'last_fault', 'due_at'])
      .executeTakeFirstOrThrow();

  test('claim x claim: the second gets something else, and does not wait', async () => {
    const outcome = await current().interleave(inside(claimAs('one')), async (db) => {
      const other = await scheduledGrant(current().database);
      return { other, claimed: await claimAs('two')(db) };
    });
    expect(outcome.waitedIn).toBeNull();
    expect(outcome.first.map((grant) => grant.id)).toEqual([id]);
    expect(outcome.second.claimed.map((grant) => grant.id)).toEqual([outcome.second.other]);
  });

  test('many nodes that claim at one instant never get the same grant', async () => {
    for (let n = 0; n < 39; n += 1) await scheduledGrant(current().database);
    const claims = await Promise.all(
      Array.from({ length: 8 }, (_, node) => claimAs(`node-${node}`)(current().database.db)),
    );
    const ids = claims.flat().map((grant) => grant.id);
    expect([new Set(ids).size, ids.length]).toEqual([40, 40]);
  });

  test('somebody decides on a grant x claim: it is left out, and nobody waits', async () => {
    const lock = (trx: Trx) => sql`select from "grant" where id = ${id} for update`.execute(trx);
    const outcome = await current().interleave(inside(lock), claimAs('one'));
    expect([outcome.second, outcome.waitedIn]).toEqual([[], null]);
  });

  test('renewal x takeover: what is being renewed is not taken over', async () => {
    const grant = await claimedByOne();
    const renewed = inside((trx) => renewLease(trx, grant, 'one', LEASE_MS));
    const outcome = await current().interleave(renewed, async (db) => {
      await current().skipAhead(LEASE_MS + 1);
      return claimAs('two')(db);
    });
    expect(outcome.first).not.toBeNull();
    expect([outcome.second, outcome.waitedIn]).toEqual([[], null]);
  });

  test.each([
    ['renewal', (db, grant) => renewLease(db, grant, 'one', LEASE_MS)],
    ['announcing a call', (db, grant) => renewLeaseForCall(db, grant, 'one', LEASE_MS, LEAVING)],
    ['giving back', (db, grant) => dropLease(db, grant.id, 'one')],
    ['another time', (db, grant) => releaseLease(db, grant, 'one', { due: { at: NOW }, attempts: 7, lastFault: 'x' })],
    ['putting off', (db, grant) => putOffClaimed(db, grant, 'one', 60_000, 'x')],
    ['recording', (db, grant) => inside((trx) => lockClaimed(trx, grant.id, 'one'))(db)],
  ] satisfies [string, Late][])('takeover x %s: a claim that ran out is lost to its owner', async (_, late: Late) => {
    const grant = await claimedByOne();
    const before = await row();
    const noted = await findBinding(current().database.db, grant.slot);
    await current().skipAhead(LEASE_MS + 1);
    const outcome = await current().interleave(inside(claimAs('two')), async (db) => {
      // The owner looked at the clock just before.
      await current().skipAhead(0);
      return late(db, grant);
    });
    expect(outcome.waitedIn).not.toBeNull();
    expect(outcome.first.map((one) => one.id)).toEqual([id]);
    expect(outcome.second ?? null).toBeNull();
    expect(await row()).toEqual({ ...before, lease_owner: 'two' });
    expect(await findBinding(current().database.db, grant.slot)).toEqual(noted);
  });

  test('a claim that runs out while its owner waits for the row is lost', async () => {
    const grant = await claimedByOne();
    const outcome = await current().interleave(
      inside((trx) => sql`select from "grant" where id = ${id} for update`.execute(trx)),
      inside((trx) => lockClaimed(trx, grant.id, 'one')),
      () => current().skipAhead(LEASE_MS + 1),
    );
    expect(outcome.waitedIn).toMatch(LOCKING_READ);
    expect(outcome.second).toBeNull();
  });

  test('the same cut told twice at once is news once', async () => {
    await sql`update "grant" set state = 'activating', activated_at = ${new Date(NOW - 1_000).toISOString()},
      ends_at = ${new Date(NOW + 1_000).toISOString()}`.execute(current().database.db);
    const mark = (db: Db) => markReissue(db, '444455556666', 'curfew/invoice-reader', NOW);
    const outcome = await current().interleave(inside(mark), mark);
    expect([outcome.first, outcome.second]).toEqual([[id], []]);
    expect(outcome.waitedIn).toMatch(/^update/);
  });
});

onTwoConnections('what only one may have', (current) => {
  const takeAs = (owner: string) => (db: Db) => takeCloudLock(db, 'role/x', owner, LEASE_MS);
  const holder = async () =>
    (await current().database.db.selectFrom('cloud_lock').select('owner').executeTakeFirst())?.owner;

  describe('a cloud lock', () => {
    test('take x take: the first has it', async () => {
      const outcome = await current().interleave(inside(takeAs('one')), takeAs('two'));
      expect([outcome.first, outcome.second, await holder()]).toEqual([true, false, 'one']);
      expect(outcome.waitedIn).toMatch(/^insert/);
    });

    test('take x take, after it ran out: the first has it', async () => {
      await takeAs('zero')(current().database.db);
      await current().skipAhead(LEASE_MS + 1);
      const outcome = await current().interleave(inside(takeAs('one')), takeAs('two'));
      expect([outcome.first, outcome.second, await holder()]).toEqual([true, false, 'one']);
    });

    test('take, after it ran out x release: the old owner releases nothing', async () => {
      await takeAs('zero')(current().database.db);
      await current().skipAhead(LEASE_MS + 1);
      const release = (db: Db) => releaseCloudLock(db, 'role/x', 'zero');
      const outcome = await current().interleave(inside(takeAs('one')), release);
      expect([await holder(), outcome.waitedIn]).toEqual(['one', expect.stringMatching(/^delete/)]);
    });
  });

  describe('an Idempotency-Key', () => {
    const reserve = (fingerprint: string) => (db: Db) => reserveKey(db, 'per_a', 'key', fingerprint, NOW);

    test('reserve x reserve: the second learns what the first is at', async () => {
      const outcome = await current().interleave(inside(reserve('one')), reserve('two'));
      expect(outcome.first).toEqual({ kind: 'reserved' });
      expect(outcome.second).toEqual({ kind: 'taken', fingerprint: 'one', since: NOW });
      expect(outcome.waitedIn).toMatch(/^insert/);
    });

    test('release x reserve: it is free again', async () => {
      await reserve('one')(current().database.db);
      const outcome = await current().interleave(
        inside((trx) => releaseKey(trx, 'per_a', 'key')),
        reserve('two'),
      );
      expect(outcome.second).toEqual({ kind: 'reserved' });
    });
  });

  describe('what signs somebody in', () => {
    const HASH = 'a'.repeat(64);
    const consume = (db: Db) => consumeOidcPayload(db, 'AuthorizationCode', HASH, NOW);
    const take = (db: Db) => takeOidcPayload(db, 'AuthorizationCode', HASH);

    test.each([
      ['consume x consume', consume, consume, true, false],
      ['take x take', take, take, 'sealed', null],
      ['take x consume', take, consume, 'sealed', false],
    ] as const)('%s: it is used once', async (_, first, second, one, two) => {
      await sql`insert into oidc_payload (model, id_hash, payload, expires_at)
        values ('AuthorizationCode', ${HASH}, '{"sealed": "sealed"}', app_now())`.execute(current().database.db);
      const outcome = await current().interleave<unknown, unknown>(inside<unknown>(first), second);
      expect([outcome.first, outcome.second]).toEqual([one, two]);
      expect(outcome.waitedIn).toMatch(/^(update|delete)/);
    });
  });

  test('first sight x first sight: a person has one id', async () => {
    const see = inside((trx) => personIdFor(trx, 'ana', newId(systemRandom, 'per'), NOW));
    const outcome = await current().interleave(see, see);
    expect(outcome.second).toBe(outcome.first);
    expect(outcome.waitedIn).toMatch(/^insert/);
  });

  test('two first entries about one person are sealed under one key', async () => {
    const person = newId(systemRandom, 'per');
    const about = inside(async (trx) => {
      const actor = { kind: 'person', id: person } as const;
      const personal = { key: { subject: person, value: 'ana' } };
      await append(trx, { kind: 'person.signed-in', at: NOW, actor, subjects: { person }, facts: {}, personal });
    });
    const outcome = await current().interleave(about, about);
    expect(outcome.waitedIn).toMatch(/^insert/);
    const keys = await current().database.db.selectFrom('subject_key').selectAll().execute();
    expect(keys.length).toBe(1);
  });

  test('a sequencer that has begun x sequencer: the second waits before it reads anything', async () => {
    await write(current().database, 3);
    await sequenceAll(current().database);
    await write(current().database, 2);
    const at = await appNow(current().database.db);
    const outcome = await current().interleave(inside(lockHead), (db) => sequence(db, SIGNER, at));
    expect(outcome.waitedIn).toMatch(LOCKING_READ);
    expect([outcome.first, outcome.second]).toEqual([3, 2]);
  });

  test('sequencer x sequencer: the second waits, and gives places from where the first stopped', async () => {
    await write(current().database, 3);
    await sequenceAll(current().database);
    await write(current().database, 2);
    const sequencer = async (db: Db) => sequence(db, SIGNER, await appNow(current().database.db));
    const outcome = await current().interleave(sequencer, async (db) => {
      await write(current().database, 4);
      return sequencer(db);
    });
    expect(outcome.waitedIn).toContain('ledger_head');
    expect([outcome.first, outcome.second]).toEqual([2, 4]);
    expect(await verifyStored(current().database)).toMatchObject({ ok: true, entries: 9 });
  });
});
