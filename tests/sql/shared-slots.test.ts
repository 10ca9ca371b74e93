import { beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import type { GrantId } from '../../src/core/ids.ts';
import { after } from '../../src/core/time.ts';
import { findBinding, noteUnsettled } from '../../src/store/bindings.ts';
import { wakeUnsettled } from '../../src/store/slot-grants.ts';
import { BY } from './engine-bench.ts';
import { MAY_LAND_MS } from './shared-cloud.ts';
import { MINUTE, SLOT, sharedSlot, type SharedSlot } from './shared-slot-steps.ts';

describe('grants that share one place in the cloud', () => {
  const slot = sharedSlot();
  let here: SharedSlot;
  beforeEach(() => {
    here = slot();
  });

  test('the first to end leaves the place to the other, with the other’s end; the last one clears it', async () => {
    await here.ask(10 * MINUTE);
    await here.ask(30 * MINUTE, 'invoice-auditor');
    expect(await here.states()).toEqual(['active', 'active']);
    await here.pass(11 * MINUTE);
    expect(await here.states()).toEqual(['ended', 'active']);
    expect((await here.all())[0]?.state).toMatchObject({
      proof: { evidence: { neededByOthersUntil: expect.any(String) as string } },
    });
    expect(here.cloud.places.get(SLOT)).toBe((await here.all())[1]?.endsAt);
    await here.pass(20 * MINUTE);
    expect(here.cloud.places.has(SLOT)).toBe(false);
    expect(await here.states()).toEqual(['ended', 'ending']);
    await here.pass(MAY_LAND_MS + 5_000);
    expect(await here.states()).toEqual(['ended', 'ended']);
  });

  test('when the longer grant is returned, the earlier end is written at once', async () => {
    await here.ask(10 * MINUTE);
    await here.ask(30 * MINUTE);
    expect(here.cloud.places.get(SLOT)).toBe((await here.all())[1]?.endsAt);
    await here.end(here.grants[1] as GrantId, 'return');
    expect(await here.states()).toEqual(['active', 'ended']);
    expect(here.cloud.places.get(SLOT)).toBe((await here.all())[0]?.endsAt);
  });

  test('what was there before is used as it is, and is never removed', async () => {
    here.cloud.places.set(SLOT, null);
    await here.ask(10 * MINUTE);
    await here.ask(20 * MINUTE);
    expect(await here.states()).toEqual(['active', 'active']);
    await here.pass(30 * MINUTE);
    // Both were due: one had its turn, the other waited for it.
    await here.pass(1_000);
    expect(await here.states()).toEqual(['ended', 'ended']);
    expect(here.cloud.places.get(SLOT)).toBeNull();
    expect(here.cloud.calls).not.toContain('provision');
    expect(here.cloud.calls).not.toContain('revoke');
    expect(here.on.entries).toContain('finding.raised');
    expect((await here.all())[1]?.state).toMatchObject({ proof: { evidence: { standingAccessRemains: true } } });
  });

  test('what somebody puts there after ours was gone is not ours either', async () => {
    await here.ask(10 * MINUTE);
    await here.pass(11 * MINUTE);
    await here.pass(MAY_LAND_MS + 5_000);
    expect(await here.states()).toEqual(['ended']);
    here.cloud.places.set(SLOT, null);
    await here.ask(10 * MINUTE);
    await here.pass(20 * MINUTE);
    expect(await here.states()).toEqual(['ended', 'ended']);
    expect(here.cloud.places.get(SLOT)).toBeNull();
  });

  test('what a grant gave that the database does not know any more, after a restore, is ours: it takes the end of the next one, and goes with it', async () => {
    const forgotten = after(here.time.now(), 60 * MINUTE);
    here.cloud.places.set(SLOT, forgotten);
    here.cloud.ends.set(SLOT, 'grt_aaaaaaaaaaaaaaaaaaaa' as GrantId);
    await here.ask(10 * MINUTE);
    expect(await here.states()).toEqual(['active']);
    expect(here.cloud.places.get(SLOT)).toBeLessThan(forgotten);
    await here.end(here.grants[0] as GrantId, 'return');
    expect(here.cloud.places.has(SLOT)).toBe(false);
    expect(here.on.entries).not.toContain('finding.raised');
  });

  test('a grant waits until a removal that was given up can no longer land on it; its clock has not started', async () => {
    await here.ask(10 * MINUTE);
    here.cloud.mishaps.push({ kind: 'lands-late', afterMs: 40_000 });
    await here.end(here.grants[0] as GrantId, 'revoke');
    await here.ask(10 * MINUTE);
    expect(await here.states()).toEqual(['ending', 'scheduled']);
    await here.pass(30_000);
    expect((await here.states())[1]).toBe('scheduled');
    // The removal was tried again meanwhile, and that call may be delivered twice.
    await here.pass(MAY_LAND_MS + 5_000);
    await here.pass(1_000);
    const second = (await here.all())[1];
    expect(second?.state.kind).toBe('active');
    expect(second?.endsAt).toBe((second?.activatedAt ?? 0) + 10 * MINUTE);
    expect(here.cloud.places.has(SLOT)).toBe(true);
  });

  test('whoever wants to begin while a start is not usable yet begins as soon as it is, and not when it could last have landed', async () => {
    here.cloud.slow = true;
    await here.ask(10 * MINUTE);
    await here.ask(10 * MINUTE, 'invoice-auditor');
    expect(await here.states()).toEqual(['activating', 'activating']);
    here.cloud.mishaps.push({ kind: 'refused' }, { kind: 'refused' }, { kind: 'refused' });
    await here.pass(1_000);
    here.cloud.slow = false;
    here.cloud.mishaps.length = 0;
    await here.pass(5_000);
    await here.pass(5_000);
    expect(await here.states()).toEqual(['active', 'active']);
    expect((await findBinding(here.database.db, SLOT)).unsettledUntil).toBeNull();
  });

  test('who leaves the place to others is over when the earlier end of theirs shows, and not before', async () => {
    await here.ask(10 * MINUTE);
    await here.ask(30 * MINUTE);
    here.cloud.slow = true;
    await here.end(here.grants[1] as GrantId, 'return');
    expect(await here.states()).toEqual(['active', 'ending']);
    here.cloud.slow = false;
    await here.pass(5_000);
    expect(await here.states()).toEqual(['active', 'ended']);
    expect(here.cloud.places.get(SLOT)).toBe((await here.all())[0]?.endsAt);
  });

  test('whoever has waited for a call that was under way looks again when it was answered', async () => {
    await here.ask(10 * MINUTE);
    await noteUnsettled(here.database.db, SLOT, after(here.time.now(), MAY_LAND_MS));
    await here.ask(10 * MINUTE, 'invoice-auditor');
    expect((await here.all())[1]).toMatchObject({
      state: { kind: 'scheduled' },
      dueAt: after(here.time.now(), MAY_LAND_MS),
    });
    await wakeUnsettled(here.database.db, SLOT);
    expect((await here.all())[1]?.dueAt).toBe(here.time.now());
  });

  test('a start that failed leaves nothing behind: what somebody gives by hand then is not ours', async () => {
    here.cloud.mishaps.push({ kind: 'invalid' });
    await here.ask(10 * MINUTE);
    expect(await here.states()).toEqual(['failed']);
    here.cloud.places.set(SLOT, null);
    await here.pass(2 * MAY_LAND_MS);
    await here.ask(10 * MINUTE);
    await here.pass(11 * MINUTE);
    expect(await here.states()).toEqual(['failed', 'ended']);
    expect(here.cloud.places.get(SLOT)).toBeNull();
  });

  test('a place that cannot be looked at is not waited for for ever', async () => {
    here.cloud.blind = true;
    await here.ask(10 * MINUTE);
    expect(await here.states()).toEqual(['scheduled']);
    for (let n = 0; n < 12; n += 1) await here.pass(31_000);
    expect(await here.states()).toEqual(['failed']);
    here.cloud.blind = false;
    await here.pass(10 * MINUTE);
    expect(here.cloud.places.has(SLOT)).toBe(false);
  });

  test('two whose time is over do not keep each other alive while nothing can be recorded', async () => {
    await here.ask(10 * MINUTE);
    await here.ask(12 * MINUTE);
    here.mute = true;
    await here.pass(11 * MINUTE);
    expect(here.cloud.places.has(SLOT)).toBe(true);
    await here.pass(2 * MINUTE);
    expect(here.cloud.places.has(SLOT)).toBe(false);
    here.mute = false;
    for (let n = 0; n < 3; n += 1) await here.pass(2 * MAY_LAND_MS);
    expect(await here.states()).toEqual(['ended', 'ended']);
    expect(here.on.entries.filter((entry) => entry.startsWith('grant.ending'))).toEqual([
      'grant.ending (late)',
      'grant.ending (late)',
    ]);
  });

  test('what is taken back while nothing can be recorded is left to whoever else needs it, and goes with the last', async () => {
    await here.ask(10 * MINUTE);
    await here.ask(30 * MINUTE);
    here.mute = true;
    const [first, second] = await here.all();
    if (first === undefined || second === undefined) throw new Error('two grants were asked for');
    await here.on.engine.endUnrecorded(first, 'revoked', BY);
    expect(here.cloud.calls).not.toContain('revoke');
    expect(here.cloud.places.has(SLOT)).toBe(true);
    await here.on.engine.endUnrecorded(second, 'revoked', BY);
    expect(here.cloud.places.has(SLOT)).toBe(false);
  });

  test('a place that was somebody’s before stays while nothing can be recorded', async () => {
    here.cloud.places.set(SLOT, null);
    await here.ask(10 * MINUTE);
    here.mute = true;
    await here.pass(11 * MINUTE);
    expect(here.cloud.places.has(SLOT)).toBe(true);
    expect(here.cloud.calls).not.toContain('revoke');
  });

  test('a removal that could not be announced is waited for by whoever begins there next', async () => {
    await here.ask(10 * MINUTE);
    const [first] = await here.all();
    if (first === undefined) throw new Error('a grant was asked for');
    await sql`create function no_space() returns trigger language plpgsql as $$ begin raise 'no space left on device'; end $$`.execute(
      here.database.db,
    );
    await sql`create trigger no_space before update on binding execute function no_space()`.execute(here.database.db);
    here.cloud.mishaps.push({ kind: 'lands-late', afterMs: 40_000 });
    await here.on.engine.endUnrecorded(first, 'revoked', BY);
    await sql`drop trigger no_space on binding`.execute(here.database.db);
    await sql`drop function no_space`.execute(here.database.db);
    await here.on.engine.pass('ends');
    await here.ask(10 * MINUTE);
    expect(await here.states()).toEqual(['ending', 'scheduled']);
    await here.pass(50_000);
    expect((await here.states())[1]).toBe('scheduled');
    await here.pass(2 * MAY_LAND_MS);
    await here.pass(MAY_LAND_MS + 5_000);
    await here.pass(1_000);
    expect((await here.states())[1]).toBe('active');
    expect(here.cloud.places.has(SLOT)).toBe(true);
  });

  test('an extension of what was there before is only recorded: there is nothing of ours to write', async () => {
    here.cloud.places.set(SLOT, null);
    await here.ask(10 * MINUTE);
    const longer = await here.extend(10 * MINUTE);
    expect((await here.all())[0]).toMatchObject({ endsAt: longer, extended: 1 });
    expect(here.cloud.calls).not.toContain('provision');
    expect(here.cloud.places.get(SLOT)).toBeNull();
  });

  test('an extension waits for its turn, and keeps the end that the others need', async () => {
    await here.ask(10 * MINUTE);
    await here.ask(60 * MINUTE);
    await here.somebodyElseWorksThere();
    const longer = await here.extend(10 * MINUTE);
    expect((await here.all())[0]).toMatchObject({
      extended: 0,
      lastFault: expect.stringContaining('waiting: ') as string,
    });
    await here.pass(6_000);
    expect((await here.all())[0]).toMatchObject({ endsAt: longer, extended: 1 });
    expect(here.cloud.places.get(SLOT)).toBe((await here.all())[1]?.endsAt);
    await here.pass(25 * MINUTE);
    expect(await here.states()).toEqual(['ended', 'active']);
    expect(here.cloud.places.has(SLOT)).toBe(true);
  });

  test('no two work on one place at once', async () => {
    await here.ask(10 * MINUTE);
    await here.somebodyElseWorksThere();
    await here.ask(20 * MINUTE);
    await here.end(here.grants[0] as GrantId, 'revoke');
    expect(await here.states()).toEqual(['ending', 'scheduled']);
    expect(here.cloud.calls.filter((call) => call === 'revoke')).toEqual([]);
    await here.pass(6_000);
    expect(here.cloud.calls.filter((call) => call === 'revoke')).toEqual(['revoke']);
    expect(await here.states()).toEqual(['ending', 'scheduled']);
    await here.pass(MAY_LAND_MS + 5_000);
    await here.pass(1_000);
    expect(await here.states()).toEqual(['ended', 'active']);
    expect(here.cloud.places.has(SLOT)).toBe(true);
  });
});
