import { beforeEach, describe, expect, test } from 'vitest';
import { after } from '../../src/core/time.ts';
import { openBrowserSession, recogniseSession } from '../../src/operations/browser-sessions.ts';
import { askToLink, listAccounts, linkAccount, unlinkAccount } from '../../src/operations/linked-accounts.ts';
import { propose } from '../../src/operations/propose.ts';
import { confirmProposal } from '../../src/operations/proposals.ts';
import { signIn } from '../../src/operations/sign-in.ts';
import type { Actor } from '../../src/operations/world.ts';
import { askForStepUp, listPasskeys, removeOwnPasskey } from '../../src/operations/passkeys.ts';
import { openConflicts } from '../../src/store/linked-accounts.ts';
import { acmeOperations, code, got, ISSUER, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { withPasskey } from './passkey-people.ts';
import { BECAUSE, OTHER_ISSUER, personnel } from './personnel.ts';
import { verifiedIdentity } from '../verified-identity.ts';

eachDatabase('linked accounts', (current) => {
  let acme: AcmeOperations;
  beforeEach(async () => {
    acme = await acmeOperations(current());
  });
  const { edit, bodies, enter, link, admins } = personnel(current, () => acme);

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
      const proven = { issuer: ISSUER, subject: 'ana-admin', proof: 'sign-in', name: 'oidc', signsIn: true } as const;
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

    test('what another proved is not settled by whoever has the account: not by a sign-in, nor by taking it off', async () => {
      got(await link('ana', 'shared'));
      expect(code(await link('bo', 'shared'))).toBe('account-conflict');
      const there = () => signIn(acme.world, verifiedIdentity(OTHER_ISSUER, 'shared', 'contractors'));
      const ana = await acme.as('ana');
      // It signs in whoever it was proven for first, and never the other.
      expect(got(await there())).toBe(ana.person);
      const conflict = { person: 'ana', claimedBy: 'bo' };
      expect(await openConflicts(current().db)).toMatchObject([conflict]);
      // A mistake in the directory does not hide it, and to put that right does not settle it.
      await edit('directory.yaml', /^( {2}cem:[^]*?accounts: \{)/m, '$1 contractors: shared,');
      expect(code(await there())).toBe('account-conflict');
      expect(await openConflicts(current().db)).toMatchObject([conflict]);
      await edit('directory.yaml', ' contractors: shared,', '');
      expect(got(await there())).toBe(ana.person);
      const id = got(await listAccounts(acme.world, ana))[1]?.id;
      if (id === undefined) throw new Error('the account is there');
      got(await unlinkAccount(acme.world, ana, id));
      expect(await openConflicts(current().db)).toMatchObject([conflict]);
    });

    test('what only the directory claimed is settled by putting it right', async () => {
      got(await link('ana', 'shared'));
      const there = () => signIn(acme.world, verifiedIdentity(OTHER_ISSUER, 'shared', 'contractors'));
      await edit('directory.yaml', /^( {2}cem:[^]*?accounts: \{)/m, '$1 contractors: shared,');
      expect(code(await there())).toBe('account-conflict');
      expect(await openConflicts(current().db)).toMatchObject([{ person: 'ana', claimedBy: 'cem' }]);
      await edit('directory.yaml', ' contractors: shared,', '');
      got(await there());
      expect(await openConflicts(current().db)).toEqual([]);
    });

    test('whose account it is hears only who sees everything anyway', async () => {
      got(await link('ana', 'shared'));
      const proven = {
        issuer: OTHER_ISSUER,
        subject: 'shared',
        proof: 'sign-in',
        name: 'contractors',
        signsIn: true,
      } as const;
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

    test('whoever removed theirs links nothing before a recovery: a sign-in alone removes a passkey', async () => {
      const { actor, device } = await withPasskey(acme, 'ana');
      const response = device.assert(got(await askForStepUp(acme.world, actor)));
      for (const { id } of got(await listPasskeys(acme.world, actor)).items)
        got(await removeOwnPasskey(acme.world, actor, id));
      expect(await askToLink(acme.world, actor)).toMatchObject({
        refusal: { code: 'recovery-required', hint: expect.stringContaining('/recovery') as string },
      });
      expect(code(await askToLink(acme.world, actor, { response }))).toBe('recovery-required');
    });

    test('a linked account signs in nobody who has left, and another provider does not know who is here by name', async () => {
      got(await link('ana', 'a-17'));
      const there = (subject: string) => signIn(acme.world, verifiedIdentity(OTHER_ISSUER, subject, 'contractors'));
      expect(got(await there('a-17'))).toBe((await acme.as('ana')).person);
      expect(code(await there('ana'))).toBe('unknown-person');
      await edit('directory.yaml', /^( {2}ana:\n)/m, '$1    active: false\n');
      expect(code(await there('a-17'))).toBe('unknown-person');
      const proven = {
        issuer: OTHER_ISSUER,
        subject: 'a-18',
        proof: 'sign-in',
        name: 'contractors',
        signsIn: true,
      } as const;
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
    });

    test('whoever never proved an account is not found by it, nor by an e-mail address', async () => {
      expect(code(await enter('ana.ribeiro@acme.example'))).toBe('unknown-person');
    });
  });
});
