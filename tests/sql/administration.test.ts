import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { after } from '../../src/core/time.ts';
import { claimAdministration, issueAdminCode } from '../../src/operations/claim-administration.ts';
import { listAdministration } from '../../src/operations/list-administration.ts';
import { MOST_PROPOSED_AN_HOUR, propose } from '../../src/operations/propose.ts';
import { confirmProposal, refuseProposal } from '../../src/operations/proposals.ts';
import type { Actor } from '../../src/operations/world.ts';
import { appNow } from '../../src/store/database.ts';
import { mergeHumans } from '../../src/store/people.ts';
import { rolesOf } from '../../src/store/role-assignments.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { giveRole } from './curfew-roles.ts';
import { eachDatabase } from './harness.ts';

const BECAUSE = { reason: 'The team asked for it' };

eachDatabase('the administration of Curfew itself', (current) => {
  let acme: AcmeOperations;
  let [ana, bo, eli, fay] = [] as unknown as [Actor, Actor, Actor, Actor];
  beforeEach(async () => {
    acme = await acmeOperations(current());
    [ana, bo, eli, fay] = [await acme.as('ana'), await acme.as('bo'), await acme.as('eli'), await acme.as('fay')];
  });

  const issue = async (): Promise<string> => (await issueAdminCode(acme.world))?.code ?? '';
  const claim = (actor: Actor, given: string) => claimAdministration(acme.world, actor, { code: given });
  const appoint = (actor: Actor, person: string, role: 'auditor' | 'admin' = 'admin') =>
    propose(acme.world, actor, { action: 'appoint', person, role, ...BECAUSE });
  const dismiss = (actor: Actor, person: string, role: 'auditor' | 'admin' = 'admin') =>
    propose(acme.world, actor, { action: 'dismiss', person, role, ...BECAUSE });
  const roles = (actor: Actor) => rolesOf(current().db, actor.person);
  const kinds = async (): Promise<readonly string[]> => {
    const { rows } = await sql<{ kind: string }>`
      select body::jsonb ->> 'kind' as kind from ledger_outbox order by id`.execute(current().db);
    return rows.map(({ kind }) => kind).filter((kind) => kind.startsWith('administration.'));
  };

  describe('the code of the console', () => {
    test('makes the first admin, once; of it only a hash is kept, and nothing in the log', async () => {
      const first = await issue();
      expect(first).toMatch(/^([a-z2-7]{4}-){4}[a-z2-7]{4}$/);
      const { rows } = await sql<{ hash: Uint8Array }>`select hash from admin_code`.execute(current().db);
      const plain = first.replaceAll('-', '');
      expect(Buffer.from(rows[0]?.hash ?? []).toString('hex')).toBe(createHash('sha256').update(plain).digest('hex'));
      // As somebody types it.
      const claimed = got(await claim(ana, ` ${first.toUpperCase().replaceAll('-', ' ')}\n`));
      expect(claimed.holders).toMatchObject([{ person: { key: 'ana' }, role: 'admin', appointedBy: null }]);
      expect(await roles(ana)).toEqual(['admin']);
      expect(code(await claim(bo, first))).toBe('nothing-to-claim');
      expect(await issueAdminCode(acme.world)).toBeNull();
      expect(await kinds()).toEqual(['administration.code-issued', 'administration.claimed']);
      const stored = await sql<{ t: string }>`select string_agg(body, '') as t from ledger_outbox`.execute(
        current().db,
      );
      expect(stored.rows[0]?.t).not.toContain(plain);
    });

    test('is void after five wrong tries, by whomever; the next start prints another', async () => {
      const first = await issue();
      for (const actor of [ana, bo, ana, bo, ana]) expect(code(await claim(actor, 'wrong'))).toBe('claim-refused');
      expect(code(await claim(ana, first))).toBe('claim-refused');
      expect((await kinds()).filter((kind) => kind === 'administration.claim-refused')).toHaveLength(5);
      const second = await issue();
      expect(code(await claim(ana, first))).toBe('claim-refused');
      got(await claim(ana, second));
    });

    test('of several nodes that start, the last one has the code', async () => {
      const [one, two] = [await issue(), await issue()];
      expect(one).not.toBe(two);
      expect(code(await claim(ana, one))).toBe('claim-refused');
      got(await claim(ana, two));
    });

    test('is void after a day', async () => {
      const first = await issue();
      await sql`update admin_code set expires_at = app_now()`.execute(current().db);
      expect(code(await claim(ana, first))).toBe('claim-refused');
    });

    test('of two who claim at one instant one is admin', async () => {
      const first = await issue();
      const both = await Promise.all([claim(ana, first), claim(bo, first)]);
      expect(both.map(code).sort()).toEqual(['nothing-to-claim', 'ok']);
    });
  });

  describe('with one admin', () => {
    beforeEach(() => giveRole(acme, 'eli', 'admin'));

    test('whom they appoint accepts, or does not', async () => {
      const proposal = got(await appoint(eli, 'fay', 'auditor'));
      const confirmers = [{ key: 'fay' }];
      expect(proposal).toMatchObject({ mayConfirm: false, mayRefuse: true, person: { key: 'fay' }, confirmers });
      expect(code(await confirmProposal(acme.world, eli, proposal.id))).toBe('self-approval');
      expect(code(await confirmProposal(acme.world, ana, proposal.id))).toBe('not-found');
      expect(await roles(fay)).toEqual([]);
      got(await confirmProposal(acme.world, fay, proposal.id));
      expect(await roles(fay)).toEqual(['auditor']);
      expect(code(await confirmProposal(acme.world, fay, proposal.id))).toBe('already-decided');
      const other = got(await appoint(eli, 'bo'));
      got(await refuseProposal(acme.world, bo, other.id));
      expect(await roles(bo)).toEqual([]);
      expect(await kinds()).toEqual([
        ...['administration.proposed', 'administration.confirmed'],
        ...['administration.proposed', 'administration.refused'],
      ]);
    });

    test('they cannot appoint their own second id either, which is no second person', async () => {
      const before = got(await appoint(eli, 'fay', 'auditor'));
      await current()
        .db.transaction()
        .execute(async (trx) => {
          const merging = { keep: eli.person, merge: fay.person, by: ana.person, confirmedBy: bo.person };
          await mergeHumans(trx, { ...merging, now: await appNow(trx) });
        });
      expect(code(await confirmProposal(acme.world, fay, before.id))).toBe('self-approval');
      expect(got(await listAdministration(acme.world, fay)).proposals).toMatchObject([{ mayConfirm: false }]);
      got(await refuseProposal(acme.world, eli, before.id));
      expect(code(await appoint(eli, 'fay', 'auditor'))).toBe('needs-another-admin');
      expect(await roles(fay)).toEqual([]);
    });

    test('they cannot appoint themselves, nor go', async () => {
      expect(code(await appoint(eli, 'eli', 'auditor'))).toBe('needs-another-admin');
      expect(code(await dismiss(eli, 'eli'))).toBe('last-admin');
    });

    test('the last one is kept by the database too', async () => {
      const gone = sql`update role_assignment set until = app_now() where role = 'admin'`.execute(current().db);
      await expect(gone).rejects.toMatchObject({ constraint: 'role_assignment_keeps_an_admin' });
    });
  });

  describe('with several admins', () => {
    beforeEach(async () => {
      for (const key of ['eli', 'fay', 'ada']) await giveRole(acme, key, 'admin');
    });

    test('names exactly those who would be told that they may confirm it', async () => {
      const open = [
        got(await appoint(eli, 'bo')),
        got(await dismiss(eli, 'fay')),
        got(await appoint(fay, 'ana', 'auditor')),
      ];
      for (const { id, confirmers } of open) {
        const may: string[] = [];
        for (const { key, active } of acme.world.rules.current().directory.people.values()) {
          if (!active) continue;
          const actor = await acme.as(key);
          const seen = got(await listAdministration(acme.world, { ...actor, roles: await roles(actor) })).proposals;
          if (seen.some((one) => one.id === id && one.mayConfirm)) may.push(key);
        }
        expect([id, confirmers.map(({ key }) => key).sort()]).toEqual([id, may.sort()]);
        expect(may.length).toBeGreaterThan(0);
      }
    });

    test('another one confirms, and not whom it is about', async () => {
      const proposal = got(await appoint(eli, 'bo'));
      expect(code(await confirmProposal(acme.world, bo, proposal.id))).toBe('needs-another-admin');
      const { signIn } = fay;
      if (signIn === undefined) throw new Error('nobody signed in');
      const old: Actor = {
        ...fay,
        signIn: { ...signIn, authenticatedAt: after(acme.world.clock.now(), -11 * 60_000) },
      };
      expect(code(await confirmProposal(acme.world, old, proposal.id))).toBe('sign-in-too-old');
      got(await confirmProposal(acme.world, fay, proposal.id));
      expect(await roles(bo)).toEqual(['admin']);
      expect(code(await appoint(eli, 'bo'))).toBe('role-unchanged');
    });

    test('nobody can refuse their own dismissal as long as another admin can decide it', async () => {
      const proposal = got(await dismiss(eli, 'fay'));
      expect(proposal).toMatchObject({ action: 'dismiss', mayConfirm: false });
      expect(code(await refuseProposal(acme.world, fay, proposal.id))).toBe('needs-another-admin');
      expect(code(await confirmProposal(acme.world, fay, proposal.id))).toBe('needs-another-admin');
      got(await confirmProposal(acme.world, await acme.as('ada'), proposal.id));
      expect(await roles(fay)).toEqual([]);
      // What she still believes to be does not count.
      expect(code(await appoint({ ...fay, roles: ['admin'] }, 'bo'))).toBe('not-an-admin');
    });

    test('what somebody proposed who is no admin any more is not carried out', async () => {
      const proposal = got(await appoint(fay, 'bo'));
      got(await confirmProposal(acme.world, await acme.as('ada'), got(await dismiss(eli, 'fay')).id));
      expect(code(await confirmProposal(acme.world, eli, proposal.id))).toBe('proposal-lapsed');
    });

    test('of two dismissals that would leave nobody, the second is refused', async () => {
      const ada = await acme.as('ada');
      got(await confirmProposal(acme.world, fay, got(await dismiss(eli, 'ada')).id));
      const [one, two] = [got(await dismiss(eli, 'fay')), got(await dismiss(fay, 'eli'))];
      expect(await roles(ada)).toEqual([]);
      got(await confirmProposal(acme.world, fay, one.id));
      expect(['proposal-lapsed', 'last-admin']).toContain(code(await confirmProposal(acme.world, eli, two.id)));
      expect(await roles(eli)).toEqual(['admin']);
    });

    test('who has left the directory is counted by nobody', async () => {
      acme.edit((file) => ({
        ...file,
        text: file.text
          .replace('  fay:\n', '  fay:\n    active: false\n')
          .replace('  ada:\n', '  ada:\n    active: false\n'),
      }));
      await acme.reload();
      expect(code(await dismiss(eli, 'eli'))).toBe('last-admin');
      const proposal = got(await appoint(eli, 'bo'));
      got(await confirmProposal(acme.world, bo, proposal.id));
      const listed = got(await listAdministration(acme.world, ana));
      expect(listed.holders.filter(({ active }) => active).map(({ person }) => person.key)).toEqual(['eli', 'bo']);
    });

    test('lapses after a day', async () => {
      const proposal = got(await appoint(eli, 'bo'));
      await sql`alter table proposal disable trigger proposal_is_decided_once`.execute(current().db);
      await sql`update proposal set lapses_at = app_now()`.execute(current().db);
      await sql`alter table proposal enable trigger proposal_is_decided_once`.execute(current().db);
      expect(code(await confirmProposal(acme.world, fay, proposal.id))).toBe('proposal-lapsed');
      expect(got(await listAdministration(acme.world, fay)).proposals).toEqual([]);
    });

    test('whoever proposes and withdraws without end is told to wait, and others are not', async () => {
      for (let n = 0; n < MOST_PROPOSED_AN_HOUR; n += 1)
        got(await refuseProposal(acme.world, eli, got(await appoint(eli, 'bo')).id));
      expect(code(await appoint(eli, 'bo'))).toBe('too-many-pending');
      const other = got(await appoint(fay, 'bo'));
      got(await confirmProposal(acme.world, eli, other.id));
      await sql`alter table proposal disable trigger proposal_is_decided_once`.execute(current().db);
      await sql`update proposal set proposed_at = proposed_at - interval '1 hour'`.execute(current().db);
      await sql`alter table proposal enable trigger proposal_is_decided_once`.execute(current().db);
      got(await dismiss(eli, 'bo'));
    });

    test('one proposal about a role of somebody waits at a time; whoever made it withdraws it', async () => {
      const proposal = got(await appoint(eli, 'bo'));
      expect(code(await appoint(fay, 'bo'))).toBe('already-proposed');
      got(await refuseProposal(acme.world, eli, proposal.id));
      expect(await kinds()).toEqual(['administration.proposed', 'administration.withdrawn']);
      got(await appoint(fay, 'bo'));
    });

    test('shows proposals to those whom they concern, and holders to everybody', async () => {
      got(await appoint(eli, 'bo'));
      const seen = async (actor: Actor) => got(await listAdministration(acme.world, actor));
      expect((await seen(ana)).proposals).toEqual([]);
      expect((await seen(ana)).holders).toHaveLength(3);
      expect((await seen(bo)).proposals).toHaveLength(1);
      expect((await seen({ ...fay, roles: ['admin'] })).proposals).toMatchObject([{ mayConfirm: true }]);
    });

    test('whoever is one human with who proposed it is no other admin, and is not told that they could confirm', async () => {
      await current()
        .db.transaction()
        .execute(async (trx) => {
          const merging = { keep: eli.person, merge: fay.person, by: ana.person, confirmedBy: bo.person };
          await mergeHumans(trx, { ...merging, now: await appNow(trx) });
        });
      const proposal = got(await appoint(fay, 'bo'));
      const seen = async (actor: Actor) =>
        got(await listAdministration(acme.world, { ...actor, roles: ['admin'] })).proposals;
      const confirmers = [{ key: 'ada' }];
      expect(await seen(eli)).toMatchObject([{ mayConfirm: false, mayRefuse: true, confirmers }]);
      expect(await seen(await acme.as('ada'))).toMatchObject([{ mayConfirm: true, confirmers }]);
      expect(code(await confirmProposal(acme.world, eli, proposal.id))).toBe('self-approval');
    });

    test('says why: to those who see it, and beside the log, never in it', async () => {
      const { id } = got(await appoint(eli, 'bo'));
      expect(got(await listAdministration(acme.world, bo)).proposals).toMatchObject([{ id, ...BECAUSE }]);
      const empty = { action: 'appoint', person: 'bo', role: 'auditor', reason: ' ' } as const;
      expect(code(await propose(acme.world, eli, empty))).toBe('invalid-input');
      const stored = await sql<{ t: string }>`select string_agg(body, '') as t from ledger_outbox`.execute(
        current().db,
      );
      expect(stored.rows[0]?.t).not.toContain(BECAUSE.reason);
      expect(stored.rows[0]?.t).toContain('"commitments":{"reason"');
    });

    test('who is nobody is named, with who is near', async () => {
      const no = await appoint(eli, 'bob');
      expect(no.ok ? '' : [no.refusal.detail, no.refusal.hint]).toEqual([
        'The directory has nobody with the key "bob".',
        'did you mean bo (Bo Sandberg)?',
      ]);
    });

    test.each([
      ['a key that looks like another', 'b\u043e', 'invalid-input'],
      ['a key with a character that is not shown', 'bo\u200b', 'invalid-input'],
      ['a key written in full width', '\uff42\uff4f', 'invalid-input'],
      ['nobody', 'nobody', 'not-found'],
    ])('appoints nobody by %s', async (_, key, wanted) => {
      expect(code(await appoint(eli, key))).toBe(wanted);
      expect(await kinds()).toEqual([]);
    });
  });

  test('the database lets nobody be both persons', async () => {
    const { db } = current();
    const alone = sql`insert into role_assignment values (${ana.person}, 'auditor', app_now(), null, ${bo.person}, ${bo.person})`;
    await expect(alone.execute(db)).rejects.toMatchObject({ constraint: 'role_assignment_takes_two_persons' });
    const merged = sql`insert into person_alias values (${ana.person}, ${bo.person}, app_now(), ${eli.person}, ${eli.person})`;
    await expect(merged.execute(db)).rejects.toMatchObject({ constraint: 'person_alias_takes_two_persons' });
    const merge = (by: Actor, decidedBy: Actor, outcome: string) => sql`
      insert into proposal (id, action, person_id, other_id, grants, reason, proposed_by, proposed_at, lapses_at, outcome, decided_by, decided_at)
      values (${`prp_${'a'.repeat(20)}`}, 'merge', ${ana.person}, ${bo.person}, 'end', 'one', ${by.person}, app_now(),
        app_now() + interval '1 day', ${outcome}, ${decidedBy.person}, app_now())`;
    for (const [by, decidedBy, outcome, constraint] of [
      [eli, eli, 'confirmed', 'proposal_is_confirmed_by_another'],
      [eli, eli, 'refused', 'proposal_is_refused_by_another'],
      [eli, fay, 'withdrawn', 'proposal_is_withdrawn_by_who_made_it'],
      [ana, fay, 'confirmed', 'proposal_is_not_made_by_whom_it_is_about'],
      [eli, bo, 'confirmed', 'proposal_is_not_confirmed_by_whom_it_is_about'],
    ] as const)
      await expect(merge(by, decidedBy, outcome).execute(db)).rejects.toMatchObject({ constraint });
    await merge(eli, fay, 'confirmed').execute(db);
    const changed = sql`update proposal set other_id = ${fay.person}`.execute(db);
    await expect(changed).rejects.toMatchObject({ constraint: 'proposal_is_decided_once' });
  });
});
