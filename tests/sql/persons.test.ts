import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ProposalId } from '../../src/core/ids.ts';
import { after } from '../../src/core/time.ts';
import { approveRequest } from '../../src/operations/decide-request.ts';
import { openBrowserSession, recogniseSession } from '../../src/operations/browser-sessions.ts';
import { askToLink, listAccounts, linkAccount, unlinkAccount } from '../../src/operations/linked-accounts.ts';
import { listAdministration } from '../../src/operations/list-administration.ts';
import { confirmProposal, propose, refuseProposal } from '../../src/operations/proposals.ts';
import { requestAccess } from '../../src/operations/request-access.ts';
import { confirmRevocationOrder, liftRevocationOrder, orderRevocation } from '../../src/operations/revoke-many.ts';
import { showRequest } from '../../src/operations/show-requests.ts';
import { signIn } from '../../src/operations/sign-in.ts';
import type { Actor } from '../../src/operations/world.ts';
import { askForStepUp } from '../../src/operations/passkeys.ts';
import { openConflicts } from '../../src/store/linked-accounts.ts';
import { acmeOperations, code, got, ISSUER, type AcmeOperations } from './acme-operations.ts';
import { giveRole } from './curfew-roles.ts';
import { eachDatabase } from './harness.ts';
import { withPasskey } from './passkey-people.ts';
import { verifiedIdentity } from '../verified-identity.ts';

const ASK = {
  items: [{ role: 'invoice-reader', target: 'aws/prod' }],
  durationMs: 900_000,
  reason: 'Check the invoice export',
};
const OTHER_ISSUER = 'https://contractors.example';
const BECAUSE = { reason: 'The personnel office says that they are one' };

eachDatabase('operations', (current) => {
  let acme: AcmeOperations;
  beforeEach(async () => {
    acme = await acmeOperations(current());
  });

  const edit = async (path: string, from: string | RegExp, to: string): Promise<void> => {
    acme.edit((file) => (file.path === path ? { ...file, text: file.text.replace(from, to) } : file));
    await acme.reload();
    expect(acme.rules.current().problems).toEqual([]);
  };
  const bodies = async (kind: string): Promise<readonly { facts: Record<string, unknown>; text: string }[]> => {
    const { rows } = await sql<{ body: string }>`
      select body from ledger_outbox where body::jsonb ->> 'kind' = ${kind} order by id`.execute(current().db);
    return rows.map(({ body }) => ({ ...(JSON.parse(body) as { facts: Record<string, unknown> }), text: body }));
  };
  const enter = (subject: string, issuer = ISSUER) => signIn(acme.world, verifiedIdentity(issuer, subject));
  const link = async (key: string, subject: string) => {
    const proven = { issuer: OTHER_ISSUER, subject, proof: 'sign-in', name: 'contractors' } as const;
    return linkAccount(acme.world, await acme.as(key), proven);
  };
  /** Makes admins of some people, and lets the first propose what the second confirms. */
  const admins = async (...keys: readonly string[]): Promise<void> => {
    for (const key of keys) await giveRole(acme, key, 'admin');
  };
  const two = () => edit('policies/data.yaml', 'count: 1\n    escalate: { after: 10m, to: [group:sre] }', 'count: 2');

  describe('accounts of a person', () => {
    test('the first sign-in links what the directory says, once, and the subject stays out of the log', async () => {
      const ana = await acme.as('ana');
      await acme.as('ana');
      expect(got(await listAccounts(acme.world, ana))).toMatchObject([
        { issuer: ISSUER, subject: 'ana', proof: 'directory' },
      ]);
      const linked = await bodies('account.linked');
      expect(linked).toHaveLength(1);
      expect(linked[0]?.text).not.toContain('"ana"');
      expect(linked[0]?.facts).toMatchObject({ issuer: ISSUER, proof: 'directory' });
    });

    test('an account that was proven is listed, and taken off again by its own person alone', async () => {
      got(await link('ana', 'a-17'));
      const ana = await acme.as('ana');
      const [, other] = got(await listAccounts(acme.world, ana));
      expect(other).toMatchObject({ issuer: OTHER_ISSUER, subject: 'a-17', proof: 'sign-in' });
      if (other === undefined) throw new Error('the account is there');
      expect(code(await unlinkAccount(acme.world, await acme.as('bo'), other.id))).toBe('not-found');
      got(await unlinkAccount(acme.world, ana, other.id));
      expect(code(await unlinkAccount(acme.world, ana, other.id))).toBe('not-found');
      expect(got(await listAccounts(acme.world, ana))).toHaveLength(1);
      expect((await bodies('account.unlinked'))[0]?.text).not.toContain('a-17');
    });

    test('what an administrator wrote into the directory, nobody takes off themself', async () => {
      const ana = await acme.as('ana');
      const [own] = got(await listAccounts(acme.world, ana));
      if (own === undefined) throw new Error('the account is there');
      expect(code(await unlinkAccount(acme.world, ana, own.id))).toBe('account-not-yours-to-unlink');
    });

    test('an account that somebody linked at the company signs them in, and the same subject elsewhere does not', async () => {
      const ana = await acme.as('ana');
      const proven = { issuer: ISSUER, subject: 'ana-admin', proof: 'sign-in', name: 'oidc' } as const;
      got(await linkAccount(acme.world, ana, proven));
      expect(got(await enter('ana-admin'))).toBe(ana.person);
      expect(code(await enter('ana-admin', 'https://evil.example'))).toBe('unknown-person');
    });

    test('an account proven for two persons is refused to the second, for ever, until an administrator releases it', async () => {
      got(await link('ana', 'shared'));
      expect(code(await link('bo', 'shared'))).toBe('account-conflict');
      expect(await openConflicts(current().db)).toMatchObject([{ person: 'ana', claimedBy: 'bo' }]);
      expect((await bodies('account.refused'))[0]?.text).not.toContain('shared');
      const ana = await acme.as('ana');
      const id = got(await listAccounts(acme.world, ana))[1]?.id;
      if (id === undefined) throw new Error('the account is there');
      // Taking it off oneself does not make two persons of one human.
      got(await unlinkAccount(acme.world, ana, id));
      expect(code(await link('bo', 'shared'))).toBe('account-conflict');
      const release = async (by: string) =>
        propose(acme.world, await acme.as(by), { action: 'release', account: id, ...BECAUSE });
      await admins('mia', 'lea', 'ana', 'bo');
      // Who had it or claims it decides nothing about it, admin or not.
      expect(code(await release('gia'))).toBe('not-an-admin');
      for (const key of ['ana', 'bo']) expect(code(await release(key))).toBe('needs-another-admin');
      const proposal = got(await release('mia'));
      expect(proposal).toMatchObject({
        person: { key: 'ana' },
        account: { subject: 'shared', signsIn: false, provenFor: [{ key: 'ana' }], claimedBy: { key: 'bo' } },
      });
      expect(code(await confirmProposal(acme.world, await acme.as('mia'), proposal.id))).toBe('self-approval');
      for (const key of ['ana', 'bo'])
        expect(code(await confirmProposal(acme.world, await acme.as(key), proposal.id))).toBe('needs-another-admin');
      expect(code(await link('bo', 'shared'))).toBe('account-conflict');
      got(await confirmProposal(acme.world, await acme.as('lea'), proposal.id));
      expect(code(await release('mia'))).toBe('not-found');
      expect((await bodies('account.unlinked')).at(-1)?.facts).toMatchObject({
        proposal: proposal.id,
        by: 'administrator',
      });
      got(await link('bo', 'shared'));
      expect(await openConflicts(current().db)).toEqual([]);
    });

    test('whose account it is hears only who sees everything anyway', async () => {
      got(await link('ana', 'shared'));
      const proven = { issuer: OTHER_ISSUER, subject: 'shared', proof: 'sign-in', name: 'contractors' } as const;
      const told = async (actor: Actor) => {
        const outcome = await linkAccount(acme.world, actor, proven);
        return outcome.ok ? '' : outcome.refusal.detail;
      };
      expect(await told(await acme.as('bo'))).not.toContain('ana');
      expect(await told({ ...(await acme.as('mia')), roles: ['admin'] })).toContain('The other person is "ana".');
      await edit('directory.yaml', /^( {2}cem:[^]*?accounts: \{)/m, '$1 contractors: c-1,');
      const written = { ...proven, subject: 'c-1' };
      expect(await linkAccount(acme.world, { ...(await acme.as('mia')), roles: ['admin'] }, written)).toMatchObject({
        refusal: { detail: expect.stringContaining('"cem"') as string },
      });
    });

    test('linking begins only after somebody has just shown who they are', async () => {
      const ana = await acme.as('ana');
      expect(await askToLink(acme.world, ana)).toMatchObject({ ok: true });
      const { signIn: itsOwn } = ana;
      const ago = (ms: number) => after(acme.world.clock.now(), -ms);
      for (const authenticatedAt of [null, ago(10 * 60_000 + 1_000)])
        expect(
          code(await askToLink(acme.world, { ...ana, ...(itsOwn && { signIn: { ...itsOwn, authenticatedAt } }) })),
        ).toBe('sign-in-too-old');
      const { signIn: _, ...unknown } = ana;
      expect(code(await askToLink(acme.world, unknown))).toBe('sign-in-too-old');
      expect(code(await askToLink(acme.world, { ...ana, kind: 'agent' }))).toBe('people-only');
    });

    test('whoever has a passkey uses it before an account is linked: a sign-in alone is not enough', async () => {
      const { actor, device } = await withPasskey(acme, 'ana');
      expect(code(await askToLink(acme.world, actor))).toBe('step-up-required');
      const response = device.assert(got(await askForStepUp(acme.world, actor)));
      expect(await askToLink(acme.world, actor, { response })).toMatchObject({ ok: true });
      expect((await askToLink(acme.world, actor, { response })).ok).toBe(false);
      const other = await withPasskey(acme, 'bo');
      const foreign = other.device.assert(got(await askForStepUp(acme.world, actor)));
      expect((await askToLink(acme.world, actor, { response: foreign })).ok).toBe(false);
    });

    test('a linked account signs in nobody who has left, and another provider does not know who is here by name', async () => {
      got(await link('ana', 'a-17'));
      const there = (subject: string) => signIn(acme.world, verifiedIdentity(OTHER_ISSUER, subject, 'contractors'));
      expect(got(await there('a-17'))).toBe((await acme.as('ana')).person);
      expect(code(await there('ana'))).toBe('unknown-person');
      await edit('directory.yaml', /^( {2}ana:\n)/m, '$1    active: false\n');
      expect(code(await there('a-17'))).toBe('unknown-person');
      const proven = { issuer: OTHER_ISSUER, subject: 'a-18', proof: 'sign-in', name: 'contractors' } as const;
      const gone: Actor = { ...(await acme.as('bo')), key: 'ana' };
      expect(code(await linkAccount(acme.world, gone, proven))).toBe('not-found');
    });

    test('taking an account off oneself, or releasing it, ends what signed in by it and nothing else', async () => {
      for (const by of ['person', 'administrator'] as const) {
        got(await link('ana', `x-${by}`));
        const open = async (subject: string, issuer: string, accounts: string) => {
          const browser = { authenticatedAt: null, mfaAt: null, agent: 'Firefox', formerToken: null };
          const identity = { ...verifiedIdentity(issuer, subject, accounts), ...browser };
          return got(await openBrowserSession(acme.world, identity)).token;
        };
        const by2nd = await open(`x-${by}`, OTHER_ISSUER, 'contractors');
        const by1st = await open('ana', ISSUER, 'oidc');
        const ana = await acme.as('ana');
        const id = got(await listAccounts(acme.world, ana)).find((one) => one.subject === `x-${by}`)?.id;
        if (id === undefined) throw new Error('the account is there');
        if (by === 'person') got(await unlinkAccount(acme.world, ana, id));
        else {
          await admins('mia', 'ada');
          const release = { action: 'release', account: id, ...BECAUSE } as const;
          const proposal = got(await propose(acme.world, await acme.as('mia'), release));
          got(await confirmProposal(acme.world, await acme.as('ada'), proposal.id));
        }
        expect(await recogniseSession(acme.world, by2nd)).toMatchObject({ ok: false });
        expect(await recogniseSession(acme.world, by1st)).toMatchObject({ ok: true });
        const ended = (await bodies('session.ended')).at(-1);
        expect(ended?.facts).toMatchObject({ cause: 'account-unlinked' });
      }
    });

    test('an account that the directory gives to somebody else now signs in nobody', async () => {
      await acme.as('ana');
      await edit('directory.yaml', /^( {2}ana:[^]*?accounts: \{)/m, '$1 oidc: ana-2,');
      await edit('directory.yaml', /^( {2}cem:[^]*?accounts: \{)/m, '$1 oidc: ana,');
      expect(code(await enter('ana'))).toBe('account-conflict');
      expect(await openConflicts(current().db)).toMatchObject([{ person: 'ana', claimedBy: 'cem' }]);
      got(await enter('ana-2'));
    });

    test('whoever never proved an account is not found by it, nor by an e-mail address', async () => {
      expect(code(await enter('ana.ribeiro@acme.example'))).toBe('unknown-person');
    });
  });

  describe('two persons who turn out to be one', () => {
    const proposeMerge = async (by: string, grants: 'end' | 'keep' = 'end') =>
      propose(acme.world, await acme.as(by), { action: 'merge', person: 'bo', other: 'finn', grants, ...BECAUSE });
    const confirm = async (by: string, id: ProposalId) => confirmProposal(acme.world, await acme.as(by), id);
    /** Merges them, as two admins who are neither. */
    const merge = async (grants: 'end' | 'keep' = 'end') => {
      await admins('gia', 'ivo');
      const { id } = got(await proposeMerge('gia', grants));
      const merged = got(await confirm('ivo', id));
      if (merged.action !== 'merge') throw new Error('it merges');
      return merged;
    };
    const idsOf = (items: readonly { readonly id: string }[]) => items.map(({ id }) => id);

    test('takes two admins who are neither of them, and is done once', async () => {
      await admins('mia', 'lea', 'bo');
      expect(code(await proposeMerge('ana'))).toBe('not-an-admin');
      expect(code(await proposeMerge('bo'))).toBe('needs-another-admin');
      const { id } = got(await proposeMerge('mia'));
      expect(code(await proposeMerge('lea'))).toBe('already-proposed');
      expect(code(await confirm('mia', id))).toBe('self-approval');
      expect(code(await confirm('bo', id))).toBe('needs-another-admin');
      // One whom it is about, without a role: may look, and decides nothing.
      expect(code(await confirm('finn', id))).toBe('needs-another-admin');
      expect(code(await refuseProposal(acme.world, await acme.as('finn'), id))).toBe('needs-another-admin');
      expect(code(await confirm('ana', id))).toBe('not-found');
      expect(await bodies('person.merged')).toEqual([]);
      got(await confirm('lea', id));
      expect(await bodies('person.merged')).toMatchObject([{ facts: { proposal: id } }]);
      expect(code(await confirm('lea', id))).toBe('already-decided');
      expect(code(await proposeMerge('mia'))).toBe('same-person');
    });

    test('where nobody could confirm it, says that another admin has to be appointed first', async () => {
      await admins('mia', 'bo');
      const refusal = await proposeMerge('mia');
      expect(refusal).toMatchObject({
        refusal: { code: 'needs-another-admin', hint: expect.stringContaining('admin appoint') },
      });
      await admins('lea');
      got(await proposeMerge('mia'));
    });

    test('nobody confirms as the other self of who proposed it, with an old sign-in, or for who became one of them', async () => {
      await admins('mia', 'lea', 'ada');
      const { id } = got(await proposeMerge('mia'));
      const lea = await acme.as('lea');
      const authenticatedAt = after(acme.world.clock.now(), -11 * 60_000);
      const old: Actor = { ...lea, signIn: { id: lea.signIn?.id ?? ('ses' as never), authenticatedAt } };
      expect(code(await confirmProposal(acme.world, old, id))).toBe('sign-in-too-old');
      const same = { action: 'merge', person: 'mia', other: 'ada', grants: 'end', ...BECAUSE } as const;
      await admins('gia', 'ivo');
      got(await confirm('ivo', got(await propose(acme.world, await acme.as('gia'), same)).id));
      expect(code(await confirm('ada', id))).toBe('self-approval');
      const worse = { action: 'merge', person: 'mia', other: 'bo', grants: 'end', ...BECAUSE } as const;
      got(await confirm('ivo', got(await propose(acme.world, await acme.as('gia'), worse)).id));
      expect(code(await confirm('lea', id))).toBe('proposal-lapsed');
      const seen = got(await listAdministration(acme.world, { ...lea, roles: ['admin'] })).proposals;
      expect(seen).toMatchObject([{ id, mayConfirm: false, mayRefuse: true }]);
    });

    test('is shown with everything that it would change, and what it changed is what there was by then', async () => {
      await admins('mia', 'lea');
      await two();
      const waits = got(await requestAccess(acme.world, await acme.as('bo'), ASK));
      got(await approveRequest(acme.world, await acme.as('finn'), waits.id, {}));
      const proposal = got(await proposeMerge('mia'));
      expect(proposal).toMatchObject({
        ...{ person: { key: 'bo' }, other: { key: 'finn' }, grants: 'end', ...BECAUSE },
        losesRequests: [{ id: waits.id, person: { key: 'bo' }, items: [{ role: 'invoice-reader' }] }],
        losesGrants: [],
      });
      // Nothing has changed yet.
      expect(got(await showRequest(acme.world, await acme.as('bo'), waits.id)).steps[0]?.missing).toBe(1);
      got(await approveRequest(acme.world, await acme.as('hal'), waits.id, {}));
      await acme.engine.pass('starts');
      const [listed] = got(
        await listAdministration(acme.world, { ...(await acme.as('lea')), roles: ['admin'] }),
      ).proposals;
      const { grants } = got(await showRequest(acme.world, await acme.as('bo'), waits.id));
      const now = {
        losesRequests: [],
        losesGrants: [{ id: grants[0]?.id, person: { key: 'bo' }, target: 'aws/prod' }],
      };
      expect(listed).toMatchObject(now);
      expect(got(await confirm('lea', proposal.id))).toMatchObject({ ...now, mayConfirm: false });
      expect(got(await showRequest(acme.world, await acme.as('bo'), waits.id)).grants[0]?.status).toBe('ending');
    });

    test('refused or withdrawn, nothing changes', async () => {
      await admins('mia', 'lea');
      got(await refuseProposal(acme.world, await acme.as('lea'), got(await proposeMerge('mia')).id));
      got(await refuseProposal(acme.world, await acme.as('mia'), got(await proposeMerge('mia')).id));
      expect((await bodies('administration.refused'))[0]?.facts).toMatchObject({ action: 'merge', grants: 'end' });
      expect(await bodies('administration.withdrawn')).toHaveLength(1);
      expect(await bodies('person.merged')).toEqual([]);
    });

    test('what one approved for the other does not count any more, and the other cannot approve it', async () => {
      await two();
      const { id } = got(await requestAccess(acme.world, await acme.as('bo'), ASK));
      got(await approveRequest(acme.world, await acme.as('finn'), id, {}));
      expect(idsOf((await merge()).losesRequests)).toEqual([id]);
      const view = got(await approveRequest(acme.world, await acme.as('hal'), id, {}));
      expect(view.status).toBe('pending');
      expect(view.steps[0]?.missing).toBe(1);
      const again = got(await requestAccess(acme.world, await acme.as('bo'), ASK));
      expect(code(await approveRequest(acme.world, await acme.as('finn'), again.id, {}))).toBe('self-approval');
    });

    test('both together are one approval of what somebody else asks', async () => {
      await two();
      const { id } = got(await requestAccess(acme.world, await acme.as('ana'), ASK));
      got(await approveRequest(acme.world, await acme.as('bo'), id, {}));
      await merge();
      expect(code(await approveRequest(acme.world, await acme.as('finn'), id, {}))).toBe('already-decided-by-you');
      expect(got(await approveRequest(acme.world, await acme.as('hal'), id, {})).status).toBe('approved');
    });

    test('what was approved and has not started does not start', async () => {
      const { id } = got(await requestAccess(acme.world, await acme.as('bo'), ASK));
      got(await approveRequest(acme.world, await acme.as('finn'), id, {}));
      await merge('keep');
      await acme.engine.pass('starts');
      const view = got(await showRequest(acme.world, await acme.as('bo'), id));
      expect(view.grants[0]?.status).toBe('failed');
      expect(acme.provider.calls).toEqual([]);
    });

    test.each([
      ['end', 'ending'],
      ['keep', 'active'],
    ] as const)(
      'live access that one approved for the other gets a finding, and is told to %s',
      async (grants, status) => {
        const { id } = got(await requestAccess(acme.world, await acme.as('bo'), ASK));
        got(await approveRequest(acme.world, await acme.as('finn'), id, {}));
        await acme.engine.pass('starts');
        const other = got(await requestAccess(acme.world, await acme.as('ana'), ASK));
        got(await approveRequest(acme.world, await acme.as('finn'), other.id, {}));
        await acme.engine.pass('starts');
        const merged = await merge(grants);
        const view = got(await showRequest(acme.world, await acme.as('bo'), id));
        expect(idsOf(merged.losesGrants)).toEqual([view.grants[0]?.id]);
        expect(view.grants[0]?.status).toBe(status);
        expect(got(await showRequest(acme.world, await acme.as('ana'), other.id)).grants[0]?.status).toBe('active');
        expect(await bodies('finding.raised')).toMatchObject([{ facts: { finding: 'approved-by-requester' } }]);
        expect(await bodies('person.merged')).toMatchObject([
          { facts: { grants, affected: idsOf(merged.losesGrants) } },
        ]);
      },
    );

    test('neither confirms an order of the other, nor lifts one that covers the other', async () => {
      await edit('directory.yaml', 'members: [bo, finn, hal]', 'members: [bo, finn, hal, mia]');
      const { id } = got(await requestAccess(acme.world, await acme.as('bo'), ASK));
      got(await approveRequest(acme.world, await acme.as('hal'), id, {}));
      await acme.engine.pass('starts');
      await merge();
      const order = got(await orderRevocation(acme.world, await acme.as('bo'), { all: true, reason: 'An incident' }));
      expect(code(await confirmRevocationOrder(acme.world, await acme.as('finn'), order.id))).toBe('self-approval');
      const input = { target: 'aws/prod', reason: 'An incident' };
      const second = got(await orderRevocation(acme.world, await acme.as('mia'), input));
      got(await confirmRevocationOrder(acme.world, await acme.as('hal'), second.id));
      expect(code(await liftRevocationOrder(acme.world, await acme.as('finn'), second.id, BECAUSE))).toBe(
        'revocation-covers-you',
      );
    });

    test('an account of the one is no conflict for the other any more', async () => {
      got(await link('bo', 'shared'));
      expect(code(await link('finn', 'shared'))).toBe('account-conflict');
      await merge();
      got(await link('finn', 'shared'));
      expect(await openConflicts(current().db)).toEqual([]);
    });
  });
});
