import { beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import type { GrantId } from '../../src/core/ids.ts';
import { meaningOf } from '../../src/ledger/decision-document.ts';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { returnGrant, revokeGrant } from '../../src/operations/end-grant.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { showGrant } from '../../src/operations/show-grants.ts';
import type { Actor, World } from '../../src/operations/world.ts';
import { ProviderFault } from '../../src/providers/contract.ts';
import type { Database } from '../../src/store/database.ts';
import { findGrant, toGrant, saveTriesAgain, type GrantRecord } from '../../src/store/grants.ts';
import { bench, type Bench } from './engine-bench.ts';
import { fakeProvider, type FakeProvider } from './fake-provider.ts';
import { acmeOperations, code, got } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { scheduledGrant } from './rows.ts';
import type { VirtualTime } from './shared-cloud.ts';
import { virtualEmbedded } from './virtual-embedded.ts';

/** As the method of these tests declares them. */
const SETTLE_MS = 60_000;
const MAY_LAND_MS = 30_000;

describe('a grant that is not usable within the settle time', () => {
  let database: Database;
  let time: VirtualTime;
  let cloud: FakeProvider;
  let on: Bench;
  let first: GrantId;
  /** Whether the access can be used once it was made. */
  let usable: boolean;
  /** Why nobody could see that. */
  let unseen: { readonly unseen?: string };

  const virtual = virtualEmbedded();
  beforeEach(async () => {
    [database, time] = [virtual.database(), virtual.time()];
    usable = false;
    unseen = {};
    const made = fakeProvider({ byConstruction: false, abandonedCallMs: MAY_LAND_MS });
    cloud = Object.assign(made, {
      provision: async (wanted: Parameters<FakeProvider['provision']>[0]) => {
        made.calls.push('provision');
        made.held.add(wanted.slot);
        return { usable, ...unseen, native: {}, credentials: [] };
      },
      observe: async (binding: Parameters<FakeProvider['observe']>[0], ending: unknown) =>
        made.held.has(binding.slot)
          ? ({ presence: 'present', usable: usable || ending !== null, native: {} } as const)
          : ({ presence: 'absent', proof: 'observed', evidence: {}, final: false } as const),
    });
    on = bench(database, cloud, { clock: time.clock });
    first = await scheduledGrant(database, { durationMs: 900_000 });
  });

  const all = async (): Promise<readonly GrantRecord[]> =>
    (await database.db.selectFrom('grant').selectAll().orderBy('retry_of', 'desc').execute()).map(toGrant);
  const states = async () => (await all()).map(({ state }) => state.kind);
  const pass = async (ms: number) => {
    await time.advance(ms);
    for (let n = 0; n < 2; n += 1) {
      await on.engine.pass('starts');
      await on.engine.pass('ends');
    }
  };
  const unusable = async () => {
    for (let n = 0; n < 4; n += 1) await pass(SETTLE_MS / 3);
  };
  const gone = async () => {
    for (let n = 0; n < 3; n += 1) await pass(MAY_LAND_MS);
  };

  test('says meanwhile that it was given, and why nobody can see it', async () => {
    unseen = { unseen: 'throttled: Rate exceeded' };
    await pass(0);
    expect(await all()).toMatchObject([
      {
        state: { kind: 'activating' },
        lastFault: 'conflict: The access was given, and cannot be seen yet: throttled: Rate exceeded',
      },
    ]);
  });

  test('is ended, proven absent, and only then tried once more, with its whole time', async () => {
    await unusable();
    expect(await states()).toEqual(['ending']);
    expect(cloud.held.size).toBe(0);
    usable = true;
    await gone();
    const [old, again] = await all();
    expect(old).toMatchObject({ id: first, state: { kind: 'failed' } });
    expect(again).toMatchObject({ retryOf: first, request: old?.request, state: { kind: 'active' } });
    expect((again?.endsAt ?? 0) - (again?.activatedAt ?? 0)).toBe(900_000);
    expect(again?.slot).not.toBe(old?.slot);
    expect(on.entries).toEqual([
      'grant.activating',
      'grant.ending',
      'grant.failed',
      'grant.scheduled',
      'grant.activating',
      'grant.active',
    ]);
    // It says what it gives, as the first did: whoever verifies the log compares that with what was signed.
    const { role, target } = again?.definition ?? {};
    expect(on.written.find(({ kind }) => kind === 'grant.scheduled')?.facts).toMatchObject(meaningOf(role, target));
  });

  test('is tried no third time', async () => {
    for (let n = 0; n < 3; n += 1) {
      await unusable();
      await gone();
    }
    expect(await states()).toEqual(['failed', 'failed']);
    expect(cloud.held.size).toBe(0);
  });

  test('is not tried again when another attempt could not mend it', async () => {
    Object.assign(cloud, {
      provision: () => Promise.reject(new ProviderFault('invalid', 'there is no such role')),
    });
    await unusable();
    await gone();
    expect(await states()).toEqual(['failed']);
  });

  test('is not tried again when somebody ends it meanwhile', async () => {
    await unusable();
    await database.db.transaction().execute((trx) => saveTriesAgain(trx, first, false));
    await gone();
    expect(await states()).toEqual(['failed']);
  });

  test('the database allows one grant and one retry of an item', async () => {
    await unusable();
    usable = true;
    await gone();
    const copy = sql`insert into "grant" (id, request_id, ordinal, person_id, slot, role, target, provider, method, principal,
        duration_ms, definition, starts_at, due_at, retry_of)
      select 'grt_' || repeat('b', 20), request_id, ordinal, person_id, slot, role, target, provider, method, principal,
        duration_ms, definition, starts_at, app_now(), id from "grant" where retry_of is not null`;
    await expect(copy.execute(database.db)).rejects.toMatchObject({
      code: '23505',
      constraint: 'grant_is_retried_once',
    });
  });
});

eachDatabase('a grant that is to be tried once more', (current) => {
  test.each([
    ['given back', 'ana', returnGrant],
    [
      'taken away',
      'bo',
      (world: World, actor: Actor, id: GrantId) => revokeGrant(world, actor, id, { reason: 'No more' }),
    ],
  ] as const)('is not, once it was %s', async (_, key, end) => {
    const { acme, id } = await toBeTriedAgain();
    expect(got(await showGrant(acme.world, await acme.as('ana'), id)).triesAgain).toBe(true);
    const actor = await acme.as(key);
    expect(code(await end(acme.world, actor, id))).toBe('ok');
    expect((await lastEntry()).kind).toBe('grant.not-retried');
    expect(got(await showGrant(acme.world, actor, id)).triesAgain).toBe(false);
    expect(code(await end(acme.world, actor, id))).toBe('grant-ended');
  });

  test('is not, once it was taken away while nothing could be recorded; that is written late', async () => {
    const { acme, id } = await toBeTriedAgain();
    const bo = await acme.as('bo');
    const grant = await findGrant(current().db, id);
    if (grant === null) throw new Error('the grant is there');
    await acme.world.endUnrecorded(grant, 'revoked', { person: bo.person, reason: 'No more' });
    await acme.engine.pass('ends');
    expect(await lastEntry()).toMatchObject({
      kind: 'grant.not-retried',
      late: true,
      actor: { kind: 'person', id: bo.person },
      subjects: { grant: id },
      facts: { cause: 'revoked' },
    });
    expect(got(await showGrant(acme.world, bo, id)).triesAgain).toBe(false);
  });

  const toBeTriedAgain = async () => {
    const acme = await acmeOperations(current());
    const items = [{ role: 'invoice-reader', target: 'aws/prod' }];
    const asked = got(await requestAccess(acme.world, await acme.as('ana'), { items, reason: 'Look at the export' }));
    const { grants } = got(await approveRequest(acme.world, await acme.as('bo'), asked.id, {}));
    const id = grants[0]?.id as GrantId;
    for (const step of [
      `state = 'activating', activated_at = app_now(), ends_at = app_now() + interval '15 minutes'`,
      `state = 'ending', end_cause = 'failed', ending_since = app_now(), tries_again = true`,
    ])
      await sql.raw(`update "grant" set ${step}, due_at = app_now() + interval '1 hour'`).execute(current().db);
    return { acme, id };
  };

  const lastEntry = async () => {
    const { rows } = await sql<{ body: string }>`select body from ledger_outbox order by id desc limit 1`.execute(
      current().db,
    );
    return JSON.parse(rows[0]?.body ?? '{}') as Readonly<Record<string, unknown>>;
  };
});
