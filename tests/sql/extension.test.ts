import { beforeEach, describe, expect, test } from 'vitest';
import { sql } from 'kysely';
import { toIso, type Instant } from '../../src/core/time.ts';
import { claimEnds } from '../../src/engine/claim-ends.ts';
import { end } from '../../src/engine/end.ts';
import type { Change } from '../../src/operations/changes.ts';
import { approveRequest, denyRequest } from '../../src/operations/decide-request.ts';
import { returnGrant, revokeGrant } from '../../src/operations/end-grant.ts';
import { extendGrant } from '../../src/operations/extend-grant.ts';
import { previewExtension } from '../../src/operations/preview-extension.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { orderRevocation } from '../../src/operations/revoke-many.ts';
import { explainRequest, showRequest } from '../../src/operations/show-requests.ts';
import type { RequestView } from '../../src/operations/views.ts';
import type { Actor } from '../../src/operations/world.ts';
import { ProviderFault } from '../../src/providers/contract.ts';
import { findGrant, type GrantRecord } from '../../src/store/grants.ts';
import { claimDue } from '../../src/store/leases.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { stepPorts } from './step-ports.ts';

const MINUTE = 60_000;
const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 15 * MINUTE,
  reason: 'Check the invoice export',
};
const MORE = { durationMs: 30 * MINUTE, reason: 'The export is slower than I thought' };

eachDatabase('an extension', (current) => {
  let acme: AcmeOperations;
  let ana: Actor;
  let bo: Actor;
  let first: GrantRecord;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    [ana, bo] = [await acme.as('ana'), await acme.as('bo')];
    const { id } = got(await requestAccess(acme.world, ana, ASK));
    const { grants } = got(await approveRequest(acme.world, bo, id, {}));
    await acme.engine.pass('starts');
    first = await grantOf(grants[0]?.id);
    expect(first.state.kind).toBe('active');
  });

  const grantOf = async (id: RequestView['grants'][number]['id'] | undefined): Promise<GrantRecord> => {
    const grant = id === undefined ? null : await findGrant(current().db, id);
    if (grant === null) throw new Error('the grant is there');
    return grant;
  };
  const now = () => grantOf(first.id);
  const ask = () => extendGrant(acme.world, ana, first.id, MORE);
  const approved = async () => {
    const { id } = got(await ask());
    return got(await approveRequest(acme.world, bo, id, {}));
  };
  const seen = async (id: RequestView['id']) => got(await showRequest(acme.world, ana, id));
  const later = () => (first.endsAt ?? 0) + MORE.durationMs;
  const hurry = () => sql`update "grant" set due_at = app_now() where due_at is not null`.execute(current().db);
  const entries = async () => {
    const { rows } = await sql<{ kind: string }>`
      select body::jsonb ->> 'kind' as kind from ledger_outbox where grant_id = ${first.id} order by id`.execute(
      current().db,
    );
    return rows.map(({ kind }) => kind);
  };

  test('waits for its approval, is written into the cloud, and is the end from then on', async () => {
    const asked = got(await ask());
    expect(asked).toMatchObject({
      status: 'pending',
      duration: '30m',
      extends: { grant: first.id, until: toIso(later() as Instant), status: 'pending' },
      // Once the access is over there is nothing left to decide.
      lapsesAt: toIso(first.endsAt as Instant),
      grants: [{ id: first.id, status: 'active' }],
    });
    const decided = got(await approveRequest(acme.world, bo, asked.id, {}));
    expect(decided).toMatchObject({ status: 'approved', extends: { status: 'writing' } });
    expect((await now()).endsAt).toBe(first.endsAt);
    await acme.engine.pass('starts');
    expect(await now()).toMatchObject({ endsAt: later(), boundUntil: later(), extended: 1, dueAt: later() });
    expect(acme.provider.ends.get(first.slot)).toBe(later());
    expect(await seen(asked.id)).toMatchObject({ extends: { status: 'extended' }, grants: [{ extended: 1 }] });
    expect((await entries()).slice(3)).toEqual([
      'request.submitted',
      'request.approved',
      'grant.extending',
      'grant.extended',
    ]);
  });

  test('the old end holds until the cloud has the later one, which is noted as the bound before it leaves', async () => {
    const during: unknown[] = [];
    acme.provider.onProvision = async () => {
      const { endsAt, boundUntil } = await now();
      during.push([endsAt, boundUntil, (await entries()).at(-1)]);
    };
    await approved();
    await acme.engine.pass('starts');
    expect(during).toEqual([[first.endsAt, later(), 'grant.extending']]);
  });

  test('an answer that is lost acknowledges nothing; the same end is written again', async () => {
    acme.provider.faults.push({
      call: 'provision',
      fault: new ProviderFault('unknown-outcome', 'no answer'),
      landed: true,
    });
    await approved();
    await acme.engine.pass('starts');
    expect(await now()).toMatchObject({ endsAt: first.endsAt, boundUntil: later(), extended: 0 });
    await hurry();
    await acme.engine.pass('starts');
    expect(await now()).toMatchObject({ endsAt: later(), extended: 1 });
    expect((await entries()).filter((kind) => kind === 'grant.extending')).toHaveLength(1);
  });

  test('who gives it back meanwhile ends it, and the receipt says how far the cloud may have been told', async () => {
    acme.provider.faults.push({
      call: 'provision',
      fault: new ProviderFault('unknown-outcome', 'no answer'),
      landed: true,
    });
    const { id } = await approved();
    await acme.engine.pass('starts');
    got(await returnGrant(acme.world, ana, first.id));
    for (let n = 0; n < 3; n += 1) {
      await hurry();
      await acme.engine.pass('ends');
    }
    expect((await now()).state).toMatchObject({
      kind: 'ended',
      cause: 'returned',
      proof: { kind: 'observed', evidence: { boundUntil: toIso(later() as Instant) } },
    });
    const view = await seen(id);
    expect(view.extends?.status).toBe('ended-first');
    expect(view.next).toBe('The access ended before its end could be moved to later.');
    const { timeline } = got(await explainRequest(acme.world, ana, view.id));
    expect(timeline.at(-1)?.text).toContain(toIso(later() as Instant));
  });

  test('at its end the grant is over, although a later one was on its way: the access is taken away', async () => {
    acme.provider.faults.push({ call: 'provision', fault: new ProviderFault('unknown-outcome', 'x'), landed: true });
    await approved();
    await acme.engine.pass('starts');
    await current()
      .db.transaction()
      .execute(async (trx) => {
        await sql`set local session_replication_role = replica`.execute(trx);
        await sql`update "grant" set activated_at = app_now() - interval '1 hour', ends_at = app_now(), due_at = app_now()`.execute(
          trx,
        );
      });
    expect(await acme.engine.pass('starts')).toBe(0);
    for (let n = 0; n < 3; n += 1) {
      await acme.engine.pass('ends');
      await hurry();
    }
    expect(acme.provider.calls).toContain('revoke');
    expect((await now()).state).toMatchObject({ kind: 'ended', cause: 'expired', proof: { kind: 'observed' } });
  });

  test('where the end stands in one object, it waits until no earlier call can write the old end back', async () => {
    const method = acme.provider.methods['assume-role'];
    if (method === undefined) throw new Error('the fake provider has its method');
    const { endsApart: _, ...oneObject } = method;
    Object.assign(acme.provider, { methods: { 'assume-role': { ...oneObject, abandonedCallMs: 60_000 } } });
    await approved();
    const calls = acme.provider.calls.length;
    await acme.engine.pass('starts');
    expect(acme.provider.calls).toHaveLength(calls);
    const waiting = await now();
    expect(waiting).toMatchObject({ endsAt: first.endsAt, lastFault: 'waiting: an earlier call may still land' });
    const { rows } = await sql<{ over: boolean }>`
      select due_at = date_trunc('milliseconds', last_call_at) + interval '60 seconds' as over from "grant" join binding using (slot)`.execute(
      current().db,
    );
    expect(rows).toEqual([{ over: true }]);
    await sql`update binding set last_call_at = app_now() - interval '61 seconds'`.execute(current().db);
    await hurry();
    await acme.engine.pass('starts');
    expect(await now()).toMatchObject({ endsAt: later() });
  });

  test('a cloud that will never take it leaves the end as it is', async () => {
    acme.provider.faults.push({ call: 'provision', fault: new ProviderFault('invalid', 'it does not fit') });
    const { id } = await approved();
    await acme.engine.pass('starts');
    expect(await now()).toMatchObject({ endsAt: first.endsAt, dueAt: first.endsAt, state: { extension: null } });
    expect(await seen(id)).toMatchObject({ extends: { status: 'refused' } });
    expect((await entries()).at(-1)).toBe('grant.not-extended');
  });

  test('rules that were tightened after the approval refuse it before anything is written', async () => {
    const { id } = await approved();
    acme.edit((file) => ({ ...file, text: file.text.replace('max: 1h, extensions: 1', 'max: 30m, extensions: 1') }));
    expect(await acme.reload()).toBe(true);
    const calls = acme.provider.calls.length;
    await acme.engine.pass('starts');
    expect(acme.provider.calls).toHaveLength(calls);
    expect(await now()).toMatchObject({ endsAt: first.endsAt, boundUntil: first.endsAt, state: { extension: null } });
    expect(await seen(id)).toMatchObject({ status: 'approved', extends: { status: 'refused' } });
  });

  test('rules that were tightened before the decision close the request', async () => {
    const { id } = got(await ask());
    acme.edit((file) => ({ ...file, text: file.text.replace('max: 1h, extensions: 1', 'max: 1h') }));
    await acme.reload();
    expect(code(await approveRequest(acme.world, bo, id, {}))).toBe('policy-tightened');
    expect((await now()).state).toMatchObject({ extension: null });
  });

  /** Lets the time of the grant be over; the guard that forbids it is switched off for that. */
  const pastItsEnd = () =>
    current()
      .db.transaction()
      .execute(async (trx) => {
        await sql`set local session_replication_role = replica`.execute(trx);
        await sql`update "grant" set activated_at = app_now() - interval '1 hour', ends_at = app_now(), bound_until = app_now(), due_at = app_now()`.execute(
          trx,
        );
      });

  const publishing = () => ({
    ...stepPorts(acme, current().db),
    publish: (change: Change) => acme.world.changes.publish(change),
  });

  test.each([
    ['is given back', () => returnGrant(acme.world, ana, first.id)],
    ['is taken away', () => revokeGrant(acme.world, bo, first.id, { reason: 'A lost laptop' })],
    ['is ended by an order', () => orderRevocation(acme.world, bo, { person: 'ana', reason: 'A lost laptop' })],
    [
      'is ended while nothing can be recorded, and that is written later',
      async () => {
        await acme.engine.endUnrecorded(await now(), 'revoked', { person: bo.person, reason: null });
        await acme.engine.pass('ends');
      },
    ],
    [
      'is over by time, recorded with others',
      async () => {
        await pastItsEnd();
        await claimEnds(publishing(), 10, () => false);
      },
    ],
    [
      'is over by time, recorded alone',
      async () => {
        await pastItsEnd();
        const [claimed] = await claimDue(current().db, 'ends', 'one', 9_500, 1);
        if (claimed === undefined) throw new Error('it is due');
        await end(publishing(), claimed, false);
      },
    ],
  ])('that nobody has decided lapses with the grant when that %s', async (_, over) => {
    const { id } = got(await ask());
    const told: string[] = [];
    const forget = acme.world.changes.subscribe((change) => void told.push(`${change.kind} ${change.id}`));
    await over();
    forget();
    expect((await now()).state.kind).toMatch(/^end/);
    expect(told).toContain(`request ${id}`);
    expect(await seen(id)).toMatchObject({
      status: 'lapsed',
      extends: { status: 'ended-first' },
      next: 'The access ended before its end could be moved to later.',
    });
    expect((await entries()).filter((kind) => kind === 'request.lapsed')).toHaveLength(1);
    const { timeline } = got(await explainRequest(acme.world, bo, id));
    expect(timeline.map(({ text }) => text)).toContain('let it lapse: the access ended before this was decided');
    // Whoever comes to decide is told so, and nothing comes of it.
    for (const decide of [approveRequest, denyRequest]) {
      const answer = await decide(acme.world, bo, id, {});
      expect(answer).toMatchObject({
        refusal: { code: 'grant-ended', detail: 'The access ended before this was decided. The request is closed.' },
      });
    }
    expect((await now()).state.kind).not.toBe('active');
  });

  test('that lapses because nobody decided in time says so, and not that the access is over', async () => {
    const { id } = got(await ask());
    await sql`update request set due_at = app_now(), lapses_at = app_now() where id = ${id}`.execute(current().db);
    await acme.engine.lapse();
    expect(code(await approveRequest(acme.world, bo, id, {}))).toBe('request-lapsed');
    expect((await now()).state.kind).toBe('active');
  });

  test('when an older node ended the access and left the request, whoever comes to decide closes it', async () => {
    const { id } = got(await ask());
    await sql`update "grant" set state = 'ending', ending_since = app_now(), end_cause = 'returned'`.execute(
      current().db,
    );
    expect(code(await approveRequest(acme.world, bo, id, {}))).toBe('grant-ended');
    expect(await seen(id)).toMatchObject({ status: 'denied', deniedBy: 'policy', extends: { status: 'ended-first' } });
  });

  test('is foreseen as it would be decided: by whom, until when at the latest, and how often still', async () => {
    const foreseen = (minutes: number, actor = ana) =>
      previewExtension(acme.world, actor, first.id, { ...MORE, durationMs: minutes * MINUTE });
    const latest = toIso(((first.activatedAt ?? 0) + 60 * MINUTE) as Instant);
    const most = { latestEnd: latest, extensionsLeft: 1 };
    expect(got(await foreseen(30))).toMatchObject({
      ...most,
      until: toIso(later() as Instant),
      decision: { effect: 'allow' },
      deciders: [{ eligible: expect.arrayContaining([expect.objectContaining({ key: 'bo' })]) as unknown }],
    });
    // As long as it can be had: to the latest end, and not a minute more.
    expect(got(await foreseen(45))).toMatchObject({ ...most, until: latest, decision: { effect: 'allow' } });
    expect(got(await foreseen(46))).toMatchObject({
      ...most,
      decision: { effect: 'deny', refusals: [{ code: 'duration-too-long' }] },
    });
    expect(code(await foreseen(30, bo))).toBe('not-your-grant');
    expect(await entries()).not.toContain('request.refused');
    const { id } = got(await ask());
    expect(code(await foreseen(15))).toBe('already-being-extended');
    got(await approveRequest(acme.world, bo, id, {}));
    await acme.engine.pass('starts');
    expect(got(await foreseen(5))).toMatchObject({
      extensionsLeft: 0,
      decision: { effect: 'deny', refusals: [{ code: 'no-extension-left' }] },
    });
    got(await returnGrant(acme.world, ana, first.id));
    expect(code(await foreseen(5))).toBe('grant-ended');
  });

  describe('is refused', () => {
    test('to anybody but the holder', async () => {
      expect(code(await extendGrant(acme.world, bo, first.id, MORE))).toBe('not-your-grant');
    });

    test.each([
      ['beyond what the rules allow from activation', 46, 'duration-too-long'],
      ['by nothing', 0, 'invalid-input'],
      ['by less than nothing', -5, 'invalid-input'],
    ] as const)('%s', async (_, minutes, wanted) => {
      const asked = await extendGrant(acme.world, ana, first.id, { ...MORE, durationMs: minutes * MINUTE });
      expect(code(asked)).toBe(wanted);
      expect((await entries()).at(-1)).toBe(wanted === 'duration-too-long' ? 'request.refused' : 'grant.active');
    });

    test('without a reason where the rule wants one', async () => {
      expect(code(await extendGrant(acme.world, ana, first.id, { durationMs: MINUTE }))).toBe('reason-required');
    });

    test('while one is being decided, and while one is being written', async () => {
      const { id } = got(await ask());
      expect(code(await ask())).toBe('already-being-extended');
      got(await approveRequest(acme.world, bo, id, {}));
      expect(code(await ask())).toBe('already-being-extended');
    });

    test('once too often', async () => {
      await approved();
      await acme.engine.pass('starts');
      expect(code(await extendGrant(acme.world, ana, first.id, { ...MORE, durationMs: MINUTE }))).toBe(
        'no-extension-left',
      );
    });

    test('to what is over, and to what has not started', async () => {
      got(await returnGrant(acme.world, ana, first.id));
      expect(code(await ask())).toBe('grant-ended');
      const { id } = got(await requestAccess(acme.world, ana, ASK));
      const { grants } = got(await approveRequest(acme.world, bo, id, {}));
      const scheduled = await extendGrant(acme.world, ana, (await grantOf(grants[0]?.id)).id, MORE);
      expect(code(scheduled)).toBe('grant-not-active');
    });
  });
});
