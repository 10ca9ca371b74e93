import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import { transitionGrant, type GrantEvent } from '../../src/core/grant.ts';
import type { GrantId } from '../../src/core/ids.ts';
import { after } from '../../src/core/time.ts';
import { alongside } from '../../src/engine/alongside.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import type { NewEntry } from '../../src/ledger/entry.ts';
import { findBinding } from '../../src/store/bindings.ts';
import { appNow, type Database } from '../../src/store/database.ts';
import { findGrant, saveGrantState, type GrantRecord } from '../../src/store/grants.ts';
import { pastItsEnd } from './engine-bench.ts';
import { fakeProvider } from './fake-provider.ts';
import { emptyAll, testEmbedded } from './harness.ts';
import { scheduledGrant } from './rows.ts';

/** What a provider that writes something together is told of whatever else is ending there. */
describe('who writes beside others', () => {
  let database: Database;
  let written: NewEntry[];
  let failing: boolean;
  let key: ((role: string) => string | null) | undefined;
  beforeAll(async () => {
    database = await testEmbedded();
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    await emptyAll(database);
    written = [];
    failing = false;
    key = () => 'the role';
  });

  const found = async (id: GrantId): Promise<GrantRecord> =>
    (await findGrant(database.db, id)) ?? expect.fail('it is there');
  /** A grant that was active and is ending. */
  const ending = async (kind: 'revoke' | 'expire' = 'revoke', options: { role?: string; bound?: number } = {}) => {
    const id = await scheduledGrant(database, { durationMs: 60_000, role: options.role ?? 'invoice-reader' });
    const happens = (event: GrantEvent) =>
      database.db.transaction().execute(async (trx) => {
        const now = await appNow(trx);
        const { state } = (await findGrant(trx, id)) ?? expect.fail('it is there');
        const next = transitionGrant(state, event, now);
        await saveGrantState(trx, id, next.ok ? next.value : expect.fail(JSON.stringify(next.refusal)), now);
      });
    await happens({ kind: 'start', durationMs: 60_000, latestEndAt: null });
    await happens({ kind: 'usable' });
    if (kind === 'expire') await pastItsEnd(database, id);
    await happens({ kind });
    const { bound } = options;
    if (bound !== undefined)
      await database.db.transaction().execute(async (trx) => {
        await sql`set local session_replication_role = replica`.execute(trx);
        await sql`update "grant" set bound_until = ends_at + ${bound} * interval '1 millisecond' where id = ${id}`.execute(
          trx,
        );
      });
    return found(id);
  };
  const of = (grant: GrantRecord, recording: 'needs-the-log' | 'never-waits' = 'never-waits') => {
    const { exclusive: _, ...provider } = { ...fakeProvider(), exclusive: null };
    const named = key;
    return alongside(
      {
        db: database.db,
        clock: systemClock,
        log: silentLog,
        providers: new Map([
          ['aws', named === undefined ? provider : { ...provider, exclusive: ({ role }) => named(role.name) }],
        ]),
        append: async (_trx, ...entries) => {
          if (failing) throw new Error('no space left on device');
          written.push(...entries);
        },
      },
      grant,
      recording,
    );
  };

  test('hears of everybody who ends early on the same native role, with the latest end that may stand in the cloud', async () => {
    const [one, other] = [await ending(), await ending('revoke', { bound: 30_000 })];
    const heard = await of(one).ending();
    expect(heard).toHaveLength(2);
    expect(heard).toContainEqual({
      grant: one.id,
      endsAt: one.endsAt,
      since: one.state.kind === 'ending' && one.state.since,
    });
    expect(heard.find(({ grant }) => grant === other.id)?.endsAt).toBe(
      after(other.endsAt ?? expect.fail('it ends'), 30_000),
    );
  });

  test('hears nothing of what ends by itself, unless a later end may stand there', async () => {
    const one = await ending();
    await ending('expire');
    const late = await ending('expire', { bound: 30_000 });
    expect((await of(one).ending()).map(({ grant }) => grant).sort()).toEqual([one.id, late.id].sort());
  });

  test('hears only of what the provider writes into the same thing', async () => {
    const one = await ending();
    const other = await ending('revoke', { role: 'invoice-auditor' });
    key = (role) => role;
    expect((await of(one).ending()).map(({ grant }) => grant)).toEqual([one.id]);
    expect((await of(other).ending()).map(({ grant }) => grant)).toEqual([other.id]);
    key = () => null;
    expect(await of(one).ending()).toEqual([]);
    key = undefined;
    expect(await of(one).ending()).toEqual([]);
  });

  test('a grant that is active, or over, is none of them', async () => {
    const one = await ending();
    await scheduledGrant(database, {});
    expect((await of(one).ending()).map(({ grant }) => grant)).toEqual([one.id]);
  });

  test('what it puts back was not gone: absence counts anew', async () => {
    const one = await ending();
    await sql`insert into binding (slot, provider, method) values (${one.slot}, 'aws', 'assume-role') on conflict do nothing`.execute(
      database.db,
    );
    await sql`update binding set absent_since = app_now() where slot = ${one.slot}`.execute(database.db);
    const absentSince = async () =>
      (await sql<{ at: unknown }>`select absent_since as at from binding where slot = ${one.slot}`.execute(database.db))
        .rows[0]?.at;
    expect(await absentSince()).not.toBeNull();
    await of(one).restores([one.id]);
    expect(await absentSince()).toBeNull();
    expect((await findBinding(database.db, one.slot)).standing).toBe(false);
  });

  test('what it removes stands in the log before, with how much is left', async () => {
    const one = await ending();
    await of(one, 'needs-the-log').removes(3);
    expect(written).toMatchObject([
      {
        kind: 'grant.tidied',
        actor: { kind: 'system', id: 'engine' },
        subjects: { grant: one.id, request: one.request, person: one.person },
        facts: { role: 'invoice-reader', target: 'aws/prod', left: 3 },
      },
    ]);
  });

  test('a log that takes nothing keeps whoever tidies from removing, and nobody from ending', async () => {
    const one = await ending();
    failing = true;
    await expect(of(one, 'needs-the-log').removes(0)).rejects.toThrow('no space left');
    await expect(of(one, 'never-waits').removes(0)).resolves.toBeUndefined();
  });

  test('a database that does not answer holds up nobody who ends', async () => {
    const one = await ending();
    const broken = await testEmbedded();
    await broken.close();
    const port = { ...database };
    database = { ...database, db: broken.db };
    try {
      expect(await of(one).ending()).toEqual([]);
      await expect(of(one).restores([one.id])).resolves.toBeUndefined();
    } finally {
      database = port;
    }
  });
});
