import { expect, test } from 'vitest';
import { sql } from 'kysely';
import { transitionGrant } from '../../src/core/grant.ts';
import type { GrantId } from '../../src/core/ids.ts';
import { ok } from '../../src/core/result.ts';
import { after, instant } from '../../src/core/time.ts';
import { createEngine } from '../../src/engine/engine.ts';
import type { EnginePorts } from '../../src/engine/ports.ts';
import { tidy } from '../../src/engine/tidy.ts';
import { tidyInTurn } from '../../src/engine/upkeep.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { silentLog } from '../../src/platform/log.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { ProviderFault, type CredentialFacts, type Provider, type Tidied } from '../../src/providers/contract.ts';
import { credentialsOf, insertCredential, issuedOnRole } from '../../src/store/credentials.ts';
import { appNow, type Database } from '../../src/store/database.ts';
import { findGrant, markReissue, saveGrantState, type GrantRecord } from '../../src/store/grants.ts';
import { releaseCloudLock, takeCloudLock } from '../../src/store/leases.ts';
import { doneUntil } from '../../src/store/upkeep.ts';
import { fakeProvider } from './fake-provider.ts';
import { eachDatabase } from './harness.ts';
import { ROLE, scheduledGrant, TARGET } from './rows.ts';

/** What Curfew leaves in the cloud, and what the cloud says about what was handed out: both must reach the database. */

const LOCK = 'role/curfew/invoice-reader';
const running = new AbortController().signal;

function ports(database: Database, provider: Provider, append: EnginePorts['append'] = async () => {}): EnginePorts {
  return {
    db: database.db,
    clock: systemClock,
    random: systemRandom,
    node: 'node-1',
    providers: new Map([['aws', provider]]),
    recheck: async () => ok(null),
    append,
    publish: () => {},
    log: silentLog,
  };
}

async function grantOf(database: Database, id: GrantId): Promise<GrantRecord> {
  const grant = await findGrant(database.db, id);
  if (grant === null) throw new Error('the grant is there');
  return grant;
}

async function active(database: Database, provider: Provider): Promise<GrantId> {
  const id = await scheduledGrant(database);
  await createEngine(ports(database, provider)).pass('starts');
  return id;
}

/** A grant that was given back before its time, and is proven gone. */
async function givenBack(database: Database, provider: Provider): Promise<GrantId> {
  const id = await active(database, provider);
  const { state } = await grantOf(database, id);
  await database.db.transaction().execute(async (trx) => {
    const now = await appNow(trx);
    const next = transitionGrant(state, { kind: 'return' }, now);
    if (!next.ok) throw new Error('it is live');
    await saveGrantState(trx, id, next.value, now);
  });
  await createEngine(ports(database, provider)).pass('ends');
  expect((await grantOf(database, id)).state.kind).toBe('ended');
  return id;
}

/** Something was handed out under a grant. */
async function handOut(database: Database, grant: GrantId, fingerprint: string, expiresInMs: number): Promise<void> {
  const now = await appNow(database.db);
  const facts = { fingerprint, policyHash: null, issuedAt: now, expiresAt: after(now, expiresInMs) };
  await database.db
    .transaction()
    .execute((trx) => insertCredential(trx, { id: newId(systemRandom, 'crd'), grant, ...facts }));
}

/** Lets the time of a running grant be over since a second. The guard that forbids it is switched off for that. */
async function pastItsEnd(database: Database): Promise<void> {
  await database.db.transaction().execute(async (trx) => {
    await sql`set local session_replication_role = replica`.execute(trx);
    await sql`update "grant" set activated_at = app_now() - interval '1 hour', ends_at = app_now() - interval '1 second', bound_until = app_now() - interval '1 second', due_at = app_now() where state = 'active'`.execute(
      trx,
    );
  });
}

eachDatabase('traces in the cloud', (current) => {
  /** A provider whose early ends leave something behind; `answer` says what comes of removing it. */
  function leavingTraces(answer: () => Tidied) {
    const tidied: string[] = [];
    const done: string[] = [];
    const provider: Provider = {
      ...fakeProvider(),
      exclusive: () => LOCK,
      tidy: async ({ role, target }, { alongside }) => {
        tidied.push(`${role.name} on ${target.key}`);
        expect(await takeCloudLock(current().db, LOCK, 'somebody else', 1_000)).toBe(false);
        const { removed, left } = answer();
        if (removed) await alongside?.removes(left);
        done.push('removed');
        return { removed, left };
      },
    };
    return { provider, tidied, done };
  }

  test('are removed once for each role on which access ended early, under the lock of its writer', async () => {
    const { provider, tidied } = leavingTraces(() => ({ removed: true, left: 0 }));
    expect(await tidy(ports(current(), provider), running)).toBe(0);
    for (let nth = 0; nth < 2; nth += 1) await givenBack(current(), provider);
    expect(await tidy(ports(current(), provider), running)).toBe(1);
    expect(tidied).toEqual([`${ROLE.name} on ${TARGET.key}`]);
    expect(await takeCloudLock(current().db, LOCK, 'the next one', 1_000)).toBe(true);
  });

  test('are removed with what was handed out under early ends of the role and is not over yet, and with nothing else', async () => {
    const { provider } = leavingTraces(() => ({ removed: false, left: 0 }));
    let told: readonly CredentialFacts[] = [];
    const asking: Provider = {
      ...provider,
      tidy: async (_binding, { issued }) => {
        told = (await issued?.()) ?? [];
        return { removed: false, left: 0 };
      },
    };
    const [early, over, late] = ['a', 'b', 'c'].map((letter) => letter.repeat(64));
    for (const [fingerprint, expiresInMs] of [
      [early, 600_000],
      [over, -1],
    ] as const)
      await handOut(current(), await givenBack(current(), provider), fingerprint ?? '', expiresInMs);
    const id = await active(current(), provider);
    await pastItsEnd(current());
    await createEngine(ports(current(), provider)).pass('ends');
    await handOut(current(), id, late ?? '', 600_000);
    await tidy(ports(current(), asking), running);
    expect(told.map(({ fingerprint }) => fingerprint)).toEqual([early]);
  });

  test('are removed with what their own method handed out, what is good for longest first', async () => {
    const { db } = current();
    const [mine, other] = [await givenBack(current(), fakeProvider()), await givenBack(current(), fakeProvider())];
    await db.transaction().execute(async (trx) => {
      await sql`set local session_replication_role = replica`.execute(trx);
      await sql`update "grant" set method = 'roles-anywhere' where id = ${other}`.execute(trx);
    });
    await handOut(current(), mine, 'a'.repeat(64), 300_000);
    await handOut(current(), mine, 'b'.repeat(64), 600_000);
    await handOut(current(), other, 'c'.repeat(64), 600_000);
    const told = async (id: GrantId) =>
      (await issuedOnRole(db, await grantOf(current(), id), 3_600_000)).map(({ fingerprint }) => fingerprint[0]);
    expect([await told(mine), await told(other)]).toEqual([['b', 'a'], ['c']]);
  });

  test('on identities that people have already are looked for after every end, once for each identity', async () => {
    const { provider, tidied } = leavingTraces(() => ({ removed: true, left: 0 }));
    const landing = { ...provider, landing: () => ({ identity: 'user/ana', words: 'her own' }) };
    for (let nth = 0; nth < 2; nth += 1) {
      await active(current(), landing);
      await pastItsEnd(current());
      await createEngine(ports(current(), landing)).pass('ends');
    }
    expect(await tidy(ports(current(), landing), running)).toBe(1);
    expect(tidied).toHaveLength(1);
  });

  test('are left alone while somebody else writes there, and no fault of a cloud keeps the pass from going on', async () => {
    const { provider, tidied } = leavingTraces(() => {
      throw new ProviderFault('throttled', 'slow down');
    });
    await givenBack(current(), provider);
    await takeCloudLock(current().db, LOCK, 'a revocation', 10_000);
    expect(await tidy(ports(current(), provider), running)).toBe(0);
    expect(tidied).toEqual([]);
    await releaseCloudLock(current().db, LOCK, 'a revocation');
    expect(await tidy(ports(current(), provider), running)).toBe(0);
    expect(tidied).toHaveLength(1);
    expect(await takeCloudLock(current().db, LOCK, 'the next one', 1_000)).toBe(true);
  });

  test('that are removed stand in the log before, under the grant that left them, and nothing else does', async () => {
    let removed = true;
    const { provider, done } = leavingTraces(() => ({ removed, left: 3 }));
    await givenBack(current(), provider);
    const entries: unknown[] = [];
    const logging = ports(current(), provider, async (_trx, { kind, subjects, facts }) => {
      entries.push({ kind, facts, grant: subjects.grant });
      done.push('logged');
    });
    await tidy(logging, running);
    expect(done).toEqual(['logged', 'removed']);
    const facts = { role: ROLE.name, target: TARGET.key, left: 3 };
    expect(entries).toEqual([{ kind: 'grant.tidied', facts, grant: expect.stringMatching(/^grt_/) as string }]);
    removed = false;
    await tidy(logging, running);
    expect(entries).toHaveLength(1);
  });

  test('are left where they are when the log does not take it', async () => {
    const { provider, done } = leavingTraces(() => ({ removed: true, left: 3 }));
    await givenBack(current(), provider);
    const silent = ports(current(), provider, () => Promise.reject(new Error('the log is full')));
    await expect(tidy(silent, running)).rejects.toThrow('the log is full');
    expect(done).toEqual([]);
    expect(await takeCloudLock(current().db, LOCK, 'the next one', 1_000)).toBe(true);
  });

  test('are left where another grant still needs the place', async () => {
    const { provider, tidied } = leavingTraces(() => ({ removed: true, left: 0 }));
    await givenBack(current(), provider);
    await active(current(), provider);
    await sql`update "grant" set slot = (select slot from "grant" where state = 'ended') where state = 'active'`.execute(
      current().db,
    );
    await tidy(ports(current(), provider), running);
    expect(tidied).toEqual([]);
    await pastItsEnd(current());
    await createEngine(ports(current(), provider)).pass('ends');
    await tidy(ports(current(), provider), running);
    expect(tidied).toHaveLength(1);
  });

  test('of a grant that simply ran out there are none', async () => {
    const { provider, tidied } = leavingTraces(() => ({ removed: true, left: 0 }));
    await active(current(), provider);
    await pastItsEnd(current());
    await createEngine(ports(current(), provider)).pass('ends');
    await tidy(ports(current(), provider), running);
    expect(tidied).toEqual([]);
  });
});

eachDatabase('looking for traces', (current) => {
  function counting(answer: () => Tidied = () => ({ removed: false, left: 0 })) {
    let looks = 0;
    const tidying: Provider = { ...fakeProvider(), tidy: async () => ((looks += 1), answer()) };
    return { tidying, looks: () => looks };
  }
  const aged = (hours: number) =>
    sql`update "grant" set ended_at = ended_at - make_interval(hours => ${hours})`.execute(current().db);

  test('is one process’s work for an hour, also when others are started meanwhile', async () => {
    const { tidying, looks } = counting();
    await givenBack(current(), tidying);
    const by = (node: string) => tidyInTurn({ ...ports(current(), tidying), node }, running);
    await by('node-1');
    await by('node-2');
    expect(looks()).toBe(1);
    await by('node-1');
    expect(looks()).toBe(2);
    await sql`update cloud_lock set until = app_now()`.execute(current().db);
    await by('node-2');
    expect(looks()).toBe(3);
    await by('node-1');
    expect(looks()).toBe(3);
  });

  test('stops when another process has taken it over', async () => {
    const { tidying, looks } = counting();
    await givenBack(current(), tidying);
    await tidy(ports(current(), tidying), running, async () => false);
    expect(looks()).toBe(0);
    expect(await doneUntil(current().db, 'tidy')).toBeNull();
  });

  test('goes back no further than something can remain from before the last whole pass', async () => {
    const { tidying, looks } = counting();
    await givenBack(current(), tidying);
    await aged(24);
    const pass = () => tidy(ports(current(), tidying), running);
    await pass();
    expect(looks()).toBe(1);
    await pass();
    expect(looks()).toBe(1);
    await sql`update upkeep set done_until = done_until - interval '11 hours'`.execute(current().db);
    await pass();
    expect(looks()).toBe(2);
  });

  test('goes as far back again after a pass in which a cloud did not answer, or somebody else wrote', async () => {
    let answers = false;
    const { tidying, looks } = counting(() => {
      if (!answers) throw new ProviderFault('unreachable', 'no answer');
      return { removed: false, left: 0 };
    });
    await givenBack(current(), tidying);
    await aged(24);
    const pass = (provider: Provider = tidying) => tidy(ports(current(), provider), running);
    await pass();
    answers = true;
    await takeCloudLock(current().db, LOCK, 'a revocation', 10_000);
    await pass({ ...tidying, exclusive: () => LOCK });
    expect(looks()).toBe(1);
    await pass();
    await pass();
    expect(looks()).toBe(2);
  });
});

eachDatabase('what the cloud says', (current) => {
  test('of what survives the end of this very grant is kept and logged, and what was not said is not', async () => {
    const said: unknown[] = [];
    const append: EnginePorts['append'] = async (_trx, { kind, facts }) => {
      if (kind === 'grant.active') said.push(facts['residual']);
    };
    const plain = await scheduledGrant(current());
    await createEngine(ports(current(), fakeProvider(), append)).pass('starts');
    expect((await grantOf(current(), plain)).residual).toBeNull();
    const residual = { maxMs: 3_600_000, words: 'there was no room' };
    const provider = fakeProvider();
    const { provision } = provider;
    provider.provision = async (wanted, call) => ({ ...(await provision(wanted, call)), residual });
    const full = await scheduledGrant(current());
    await createEngine(ports(current(), provider, append)).pass('starts');
    expect((await grantOf(current(), full)).residual).toEqual(residual);
    expect(said).toEqual([undefined, residual]);
  });

  test('a cut is news to a live grant once, a later one again, and none to who came after it', async () => {
    const { db } = current();
    const provider = fakeProvider();
    const id = await active(current(), provider);
    const at = instant(Math.ceil((await appNow(db)) / 1_000) * 1_000);
    const tell = (when: typeof at) => markReissue(db, TARGET.native, 'curfew/invoice-reader', when);
    expect(await tell(after(at, -3_600_000))).toEqual([]);
    expect(await tell(at)).toEqual([id]);
    expect(await tell(at)).toEqual([]);
    expect(await tell(after(at, -1_000))).toEqual([]);
    expect((await grantOf(current(), id)).reissueAfter).toBe(at);
    expect(await tell(after(at, 5_000))).toEqual([id]);
    expect(await markReissue(db, TARGET.native, 'curfew/other', after(at, 9_000))).toEqual([]);
  });

  test('a session that came into being when a grant was taken over is kept with the others', async () => {
    const provider = fakeProvider();
    provider.faults.push({ call: 'provision', fault: new ProviderFault('unknown-outcome', 'cut off'), landed: true });
    const id = await active(current(), provider);
    expect(await credentialsOf(current().db, id)).toEqual([]);
    await sql`update "grant" set due_at = app_now(), lease_owner = null, lease_until = null`.execute(current().db);
    await createEngine(ports(current(), provider)).pass('starts');
    expect((await grantOf(current(), id)).state.kind).toBe('active');
    expect((await credentialsOf(current().db, id)).map((one) => one.fingerprint)).toEqual(['b'.repeat(64)]);
  });

  test('a grant is ended when the clock of the cloud must be past its end too, without another call', async () => {
    const provider = fakeProvider({ clocksDifferMs: 10_000 });
    const id = await active(current(), provider);
    await pastItsEnd(current());
    provider.calls.length = 0;
    await createEngine(ports(current(), provider)).pass('ends');
    const { state, dueAt, endsAt, attempts } = await grantOf(current(), id);
    expect(state.kind).toBe('ending');
    expect({ dueAt, attempts }).toEqual({ dueAt: after(endsAt ?? instant(0), 10_000), attempts: 0 });
    expect(provider.calls).toEqual(['observe']);
    await sql`update "grant" set due_at = app_now()`.execute(current().db);
    await createEngine(ports(current(), fakeProvider({ clocksDifferMs: 900 }))).pass('ends');
    expect((await grantOf(current(), id)).state).toMatchObject({ kind: 'ended', proof: { kind: 'by-construction' } });
  });
});
