import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { after, type Instant } from '../../src/core/time.ts';
import {
  endAtCompany,
  endSessionOfLeaver,
  endSessions,
  openBrowserSession,
  recogniseSession,
  standingSessions,
  type BrowserIdentity,
} from '../../src/operations/browser-sessions.ts';
import type { Change } from '../../src/operations/changes.ts';
import type { World } from '../../src/operations/world.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { nameSignIn } from '../../src/store/company-names.ts';
import { saveOidcPayload, signInStands } from '../../src/store/oidc-payloads.ts';
import { acmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { verifiedIdentity } from '../verified-identity.ts';

const MINUTE = 60_000;

const ANA: BrowserIdentity = {
  ...verifiedIdentity('https://idp.acme.example', 'ana'),
  companySession: 'sid-1',
  authenticatedAt: null,
  mfaAt: null,
  agent: 'Firefox on Linux',
  formerToken: null,
};

eachDatabase('sessions of browsers', (current) => {
  /** A world whose time stands still until a test moves it. */
  async function begin() {
    const { world: real } = await acmeOperations(current());
    let now: Instant = systemClock.now();
    const world: World = { ...real, clock: { ...systemClock, now: () => now } };
    const open = async (changes: Partial<BrowserIdentity> = {}) => {
      const opened = await openBrowserSession(world, { ...ANA, ...changes });
      if (!opened.ok) throw new Error(opened.refusal.detail);
      return opened.value.token;
    };
    return {
      world,
      open,
      pass: (ms: number) => void (now = after(now, ms)),
      show: (token: string) => recogniseSession(world, token),
      /** Shows a token until it is time for another one, which must come. */
      async younger(token: string) {
        now = after(now, 10 * MINUTE);
        const found = await recogniseSession(world, token);
        if (!found.ok || found.value.offered === null) throw new Error('no younger token');
        return found.value.offered;
      },
    };
  }

  const logged = async () =>
    (await current().db.selectFrom('ledger_outbox').select('body').orderBy('id').execute())
      .map((row) => JSON.parse(row.body) as { kind: string; facts: Record<string, unknown> })
      .filter(({ kind }) => kind === 'session.ended' || kind === 'person.signed-in')
      .map(({ kind, facts }) => [kind, facts['cause'] ?? 'in']);

  test('a session is over twelve hours after the sign-in, however much it is used', async () => {
    const { open, show, pass } = await begin();
    let token = await open();
    for (let half = 1; half < 24; half += 1) {
      pass(30 * MINUTE);
      const found = await show(token);
      if (!found.ok) throw new Error(`${half}: ${found.refusal}`);
      token = found.value.offered ?? token;
    }
    pass(30 * MINUTE - 1);
    expect((await show(token)).ok).toBe(true);
    pass(1);
    expect(await show(token)).toEqual({ ok: false, refusal: 'session over' });
  });

  test('a session that nobody uses for an hour is over', async () => {
    const { open, show, pass, world } = await begin();
    const token = await open();
    pass(60 * MINUTE - 1);
    const found = await show(token);
    expect(found.ok).toBe(true);
    pass(60 * MINUTE - 1);
    expect((await show(token)).ok).toBe(true);
    const id = found.ok ? found.value.id : null;
    expect(id !== null && (await standingSessions(world, [id])).size).toBe(1);
    pass(60 * MINUTE);
    expect(await show(token)).toEqual({ ok: false, refusal: 'session over' });
    expect(id !== null && (await standingSessions(world, [id])).size).toBe(0);
  });

  test('what a page reads by itself puts the end off no further, and is answered with a younger token all the same', async () => {
    const { world, open, show, pass } = await begin();
    const poll = (token: string) => recogniseSession(world, token, false);
    let token = await open();
    let offered = 0;
    for (let minute = 1; minute < 60; minute += 1) {
      pass(MINUTE);
      const found = await poll(token);
      if (!found.ok) throw new Error(`${minute}: ${found.refusal}`);
      if (found.value.offered !== null) offered += 1;
      token = found.value.offered ?? token;
    }
    expect(offered).toBe(5);
    pass(MINUTE);
    expect(await poll(token)).toEqual({ ok: false, refusal: 'session over' });
    expect(await show(token)).toEqual({ ok: false, refusal: 'session over' });
    const other = await open();
    pass(30 * MINUTE);
    expect((await show(other)).ok).toBe(true);
    pass(59 * MINUTE);
    expect((await poll(other)).ok).toBe(true);
  });

  test('of many requests at one instant one is offered a younger token, and all are taken', async () => {
    const { open, show, pass } = await begin();
    const token = await open();
    pass(10 * MINUTE);
    const answers = await Promise.all(Array.from({ length: 8 }, () => show(token)));
    const offered = answers.map((one) => (one.ok ? one.value.offered : 'refused'));
    expect(offered.filter((one) => one !== null)).toHaveLength(1);
    expect(offered).not.toContain('refused');
  });

  test('a younger token that never arrived costs nothing: the old one goes on and is offered another', async () => {
    const { open, show, younger } = await begin();
    const token = await open();
    await younger(token);
    const second = await younger(token);
    expect((await show(second)).ok).toBe(true);
  });

  test('what was under way with the old token is taken for a minute', async () => {
    const { open, show, younger, pass } = await begin();
    const token = await open();
    const next = await younger(token);
    expect((await show(next)).ok).toBe(true);
    pass(MINUTE);
    const late = await show(token);
    expect(late.ok && late.value.offered).toBeNull();
    expect((await show(next)).ok).toBe(true);
  });

  test('a replaced token that comes later ends the session for everybody who has a copy, and the log says so', async () => {
    const { open, show, younger, pass, world } = await begin();
    const changes: Change[] = [];
    world.changes.subscribe((change) => void changes.push(change));
    const token = await open();
    const next = await younger(token);
    expect((await show(next)).ok).toBe(true);
    pass(MINUTE + 1);
    expect(await show(token)).toEqual({ ok: false, refusal: 'replayed token' });
    expect(await show(next)).toEqual({ ok: false, refusal: 'unknown session' });
    expect(changes.map((change) => change.kind)).toEqual(['session']);
    expect(await logged()).toEqual([
      ['person.signed-in', 'in'],
      ['session.ended', 'replayed'],
    ]);
  });

  test('a replaced token is known for as long as its session: also hours later it ends it', async () => {
    const { open, show, younger } = await begin();
    const first = await open();
    let token = first;
    for (let count = 0; count < 12; count += 1) {
      token = await younger(token);
      expect((await show(token)).ok).toBe(true);
    }
    expect(await show(first)).toEqual({ ok: false, refusal: 'replayed token' });
    expect((await show(token)).ok).toBe(false);
  });

  test('a sign-in ends the session that the browser had, and no other', async () => {
    const { open, show } = await begin();
    const elsewhere = await open();
    const before = await open();
    const now = await open({ subject: 'bo', formerToken: before });
    expect((await show(before)).ok).toBe(false);
    for (const token of [elsewhere, now]) expect((await show(token)).ok).toBe(true);
  });

  test('a person has twenty sessions at most, and what is over is tidied: rows do not pile up', async () => {
    const { open, show, pass } = await begin();
    const tokens = [];
    for (let count = 0; count < 25; count += 1) {
      tokens.push(await open());
      pass(1);
    }
    const alive = [];
    for (const token of tokens) alive.push((await show(token)).ok);
    expect(alive).toEqual([...Array<boolean>(5).fill(false), ...Array<boolean>(20).fill(true)]);
    pass(60 * MINUTE);
    await open({ subject: 'bo' });
    for (const table of ['browser_session', 'session_token'] as const)
      expect(await current().db.selectFrom(table).selectAll().execute()).toHaveLength(1);
  });

  test('a session ends by id only together with its person', async () => {
    const { open, show, world } = await begin();
    const [ana, bo] = [await show(await open()), await show(await open({ subject: 'bo' }))];
    if (!ana.ok || !bo.ok) throw new Error('not signed in');
    const steal = await endSessions(world, { id: ana.value.id, person: bo.value.person }, 'revoked', bo.value.person);
    expect(steal).toEqual([]);
    expect(
      await endSessions(world, { id: ana.value.id, person: ana.value.person }, 'revoked', ana.value.person),
    ).toEqual([ana.value.id]);
  });

  test('a session of somebody who has left ends, and none while the directory knows nobody', async () => {
    const { world, open, show } = await begin();
    const token = await open();
    const found = await show(token);
    if (!found.ok) throw new Error(found.refusal);
    const rules = world.rules.current();
    const empty = { ...rules, directory: { ...rules.directory, people: new Map<string, never>() } };
    await endSessionOfLeaver({ ...world, rules: { ...world.rules, current: () => empty } }, found.value.id);
    expect(await show(token)).toMatchObject({ ok: true });
    await endSessionOfLeaver(world, found.value.id);
    expect(await show(token)).toMatchObject({ ok: false });
    expect(await logged()).toEqual([
      ['person.signed-in', 'in'],
      ['session.ended', 'left'],
    ]);
  });

  test('while the database takes no writes, whoever is signed in stays so: they may have something to end', async () => {
    const { open, pass, show, younger } = await begin();
    const [fresh, used] = [await open(), await younger(await open())];
    await sql`create or replace function no_space() returns trigger language plpgsql as $$ begin raise exception 'could not extend file: No space left on device' using errcode = 'disk_full'; end $$`.execute(
      current().db,
    );
    const tables = ['browser_session', 'session_token'].map((name) => sql.table(name));
    for (const table of tables)
      await sql`create trigger no_space before insert or update or delete on ${table} for each statement execute function no_space()`.execute(
        current().db,
      );
    try {
      pass(12 * MINUTE);
      for (const token of [fresh, used, fresh])
        expect(await show(token)).toMatchObject({ ok: true, value: { offered: null } });
      expect(await show('somebody else')).toMatchObject({ ok: false });
    } finally {
      for (const table of tables) await sql`drop trigger no_space on ${table}`.execute(current().db);
    }
    expect(await younger(fresh)).toMatch(/./);
  });

  /** A logout at the company that names Ana and one session there. */
  const logoutOf = (world: World, companySession: string | null, tokenId: string) => {
    const now = world.clock.now();
    const names = { issuer: ANA.issuer, subject: 'ana', companySession, tokenId };
    return endAtCompany(world, { ...names, heardAt: now, rememberUntil: after(now, 60 * MINUTE) });
  };

  test('a logout that names person and session ends that session, and what the company named by no session', async () => {
    const { world, open, show, pass } = await begin();
    const [named, other] = [await open(), await open({ companySession: 'sid-2' })];
    const unnamed = await open({ companySession: null });
    const bo = await open({ ...verifiedIdentity(ANA.issuer, 'bo'), companySession: null });
    const signIn = newId(systemRandom, 'ses');
    const found = await show(unnamed);
    if (!found.ok) throw new Error(found.refusal);
    const { person } = found.value;
    const { db } = current();
    const begunAt = world.clock.now();
    await saveOidcPayload(db, {
      ...{ model: 'Grant', idHash: 'ab'.repeat(32), sealed: 'x', grantId: null, uid: null, userCodeHash: null },
      ...{ savedAt: begunAt, person, signIn, expiresAt: after(begunAt, 60 * MINUTE) },
    });
    const line = { issuer: ANA.issuer, subject: 'ana', companySession: null };
    expect(await nameSignIn(db, { id: signIn, person, at: line, begunAt })).toBe('named');
    pass(1);
    expect(await logoutOf(world, 'sid-1', 'first')).toBe(true);
    expect([(await show(named)).ok, (await show(unnamed)).ok]).toEqual([false, false]);
    expect([(await show(other)).ok, (await show(bo)).ok]).toEqual([true, true]);
    expect(await signInStands(db, signIn)).toBe(false);
    // What is under way then, and comes without a session, is not finished; what begins later, or comes out of another session, is.
    const under = { begunAt, companySession: null };
    expect(await openBrowserSession(world, { ...ANA, ...under })).toMatchObject({ ok: false });
    expect(await openBrowserSession(world, { ...ANA, begunAt, companySession: 'sid-2' })).toMatchObject({ ok: true });
    pass(1);
    const later = await open({ companySession: null, begunAt: world.clock.now() });
    expect(await logoutOf(world, 'sid-1', 'first')).toBe(false);
    expect((await show(later)).ok).toBe(true);
  });

  test('no row holds a token, a subject or a session of the company in clear', async () => {
    const { open, younger } = await begin();
    const token = await open();
    const next = await younger(token);
    const rows = [
      await current().db.selectFrom('browser_session').selectAll().execute(),
      await current().db.selectFrom('session_token').selectAll().execute(),
    ];
    const dump = JSON.stringify(rows);
    for (const secret of [token, next, 'sid-1', 'idp.acme.example', '"ana"']) expect(dump).not.toContain(secret);
  });

  test('who has left, or is nobody, is not admitted and leaves no row', async () => {
    const { world } = await begin();
    for (const subject of ['iris', 'nobody'])
      expect(await openBrowserSession(world, { ...ANA, subject })).toMatchObject({ ok: false });
    expect(await current().db.selectFrom('browser_session').selectAll().execute()).toEqual([]);
    expect(await logged()).toEqual([]);
  });
});
