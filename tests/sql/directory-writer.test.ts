import { beforeEach, describe, expect, test } from 'vitest';
import { parseId, type AccountId } from '../../src/core/ids.ts';
import { linkAccount, listAccounts } from '../../src/operations/linked-accounts.ts';
import { listAdministration } from '../../src/operations/list-administration.ts';
import { propose } from '../../src/operations/propose.ts';
import { confirmProposal } from '../../src/operations/proposals.ts';
import { signIn } from '../../src/operations/sign-in.ts';
import { openConflicts } from '../../src/store/linked-accounts.ts';
import { personIdFor } from '../../src/store/people.ts';
import { verifiedIdentity } from '../verified-identity.ts';
import { acmeOperations, code, got, ISSUER, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { BECAUSE, OTHER_ISSUER, personnel } from './personnel.ts';

const FINN = parseId('per', 'per_aaaaaaaaaaaaaaaaaaaa');
if (FINN === null) throw new Error('an id');

eachDatabase('whoever writes the directory', (current) => {
  let acme: AcmeOperations;
  beforeEach(async () => {
    acme = await acmeOperations(current());
  });
  const { edit, give, bodies, enter, link, admins } = personnel(current, () => acme);
  const accountOf = async (key: string, subject = key): Promise<AccountId> => {
    const row = await current()
      .db.selectFrom('linked_account')
      .innerJoin('person', 'person.id', 'linked_account.person_id')
      .select('linked_account.id')
      .where('directory_key', '=', key)
      .where('subject', '=', subject)
      .executeTakeFirstOrThrow();
    return row.id;
  };
  const release = async (account: AccountId) => {
    const proposal = got(await propose(acme.world, await acme.as('gia'), { action: 'release', account, ...BECAUSE }));
    return got(await confirmProposal(acme.world, await acme.as('ivo'), proposal.id));
  };

  describe('does not sign in as somebody else', () => {
    test('by another account for whoever has signed in: nobody is signed in, and it is shown', async () => {
      const mia = await acme.as('mia');
      await admins('mia');
      await give('mia', 'mallory');
      const before = await bodies('person.signed-in');
      expect(code(await enter('mallory'))).toBe('account-conflict');
      expect(await bodies('person.signed-in')).toHaveLength(before.length);
      expect(await bodies('account.refused')).toMatchObject([
        {
          facts: {
            account: await accountOf('mia'),
            issuer: ISSUER,
            claimedBy: mia.person,
            cause: 'another-was-proven',
          },
        },
      ]);
      expect((await bodies('account.refused'))[0]?.text).not.toContain('mallory');
      expect(got(await listAccounts(acme.world, mia))).toMatchObject([{ subject: 'mia' }]);
      await acme.reload();
      expect(await openConflicts(current().db)).toMatchObject([{ person: 'mia', claimedBy: 'mia' }]);
    });

    test('until two admins release the account that was theirs, who see what it is about', async () => {
      const mia = await acme.as('mia');
      await give('mia', 'mia-2');
      expect(code(await enter('mia-2'))).toBe('account-conflict');
      await admins('gia', 'ivo');
      const lea = { ...(await acme.as('lea')), roles: ['auditor'] } as const;
      const account = await accountOf('mia');
      const proposal = got(await propose(acme.world, await acme.as('gia'), { action: 'release', account, ...BECAUSE }));
      const shown = got(await listAdministration(acme.world, lea)).proposals;
      expect(shown).toMatchObject([{ person: { key: 'mia' }, account: { subject: 'mia', claimedBy: { key: 'mia' } } }]);
      expect(code(await enter('mia-2'))).toBe('account-conflict');
      got(await confirmProposal(acme.world, await acme.as('ivo'), proposal.id));
      expect(got(await enter('mia-2'))).toBe(mia.person);
      expect(code(await enter('mia'))).toBe('unknown-person');
      expect(await openConflicts(current().db)).toEqual([]);
      // And not back again either, without two of them.
      await give('mia', 'mia');
      expect(code(await enter('mia'))).toBe('account-conflict');
    });

    test('what is put right in the directory signs in as before, and is no conflict any more', async () => {
      const { person } = await acme.as('mia');
      await give('mia', 'mallory');
      expect(code(await enter('mallory'))).toBe('account-conflict');
      await give('mia', 'mia');
      expect(got(await enter('mia'))).toBe(person);
      expect(await openConflicts(current().db)).toEqual([]);
    });

    test('by an entry that left and came back with another account, or as another human under the same key', async () => {
      await acme.as('bo');
      await edit('directory.yaml', /^( {2}bo:\n)/m, '$1    active: false\n');
      expect(code(await enter('bo'))).toBe('unknown-person');
      await give('bo', 'bo-2');
      expect(code(await enter('bo-2'))).toBe('unknown-person');
      await edit('directory.yaml', '    active: false\n', '');
      expect(code(await enter('bo-2'))).toBe('account-conflict');
      await admins('gia', 'ivo');
      await release(await accountOf('bo'));
      got(await enter('bo-2'));
    });

    test('at a further provider: one there is proven once, by the directory or by signing in', async () => {
      const there = (subject: string) => signIn(acme.world, verifiedIdentity(OTHER_ISSUER, subject, 'contractors'));
      await give('ana', 'n-1', 'contractors');
      const ana = got(await there('n-1'));
      expect((await acme.as('ana')).person).toBe(ana);
      await give('ana', 'n-2', 'contractors');
      expect(code(await there('n-2'))).toBe('account-conflict');
      got(await link('bo', 'n-3'));
      await give('bo', 'n-4', 'contractors');
      expect(code(await there('n-4'))).toBe('account-conflict');
      // What somebody proves themself is theirs besides, and what they took off stands in nobody's way.
      const proven = {
        issuer: OTHER_ISSUER,
        subject: 'n-2',
        proof: 'sign-in',
        name: 'contractors',
        signsIn: true,
      } as const;
      got(await linkAccount(acme.world, await acme.as('ana'), proven));
      expect(got(await there('n-2'))).toBe(ana);
      expect(await openConflicts(current().db)).toMatchObject([{ person: 'bo', claimedBy: 'bo' }]);
    });

    test('another address, name or group changes nothing of who somebody is', async () => {
      const { person } = await acme.as('ana');
      await edit('directory.yaml', /^( {2}ana:[^]*?email: )\S+/m, '$1ana.santos@acme.example');
      expect(got(await enter('ana'))).toBe(person);
    });

    describe('by the entries of one human', () => {
      beforeEach(async () => {
        await acme.as('bo');
        await admins('gia', 'ivo');
        // Finn is known, and has not signed in yet.
        const { db } = current();
        await db.transaction().execute((trx) => personIdFor(trx, 'finn', FINN, acme.world.clock.now()));
        const merge = { action: 'merge', person: 'bo', other: 'finn', grants: 'keep', ...BECAUSE } as const;
        const proposal = got(await propose(acme.world, await acme.as('gia'), merge));
        got(await confirmProposal(acme.world, await acme.as('ivo'), proposal.id));
      });

      test('each of which begins with an account of its own', async () => {
        expect(got(await enter('finn'))).toBe(FINN);
        expect(got(await enter('bo'))).not.toBe(FINN);
        for (const key of ['bo', 'finn']) {
          await give(key, 'mallory');
          expect(code(await enter('mallory'))).toBe('account-conflict');
          await give(key, key);
        }
      });

      test('each of which keeps what was that of another before', async () => {
        await give('bo', 'nobody-1');
        await give('finn', 'bo');
        expect(got(await enter('bo'))).toBe(FINN);
        await give('finn', 'mallory');
        await give('bo', 'bo');
        expect(code(await enter('mallory'))).toBe('account-conflict');
        expect(got(await enter('bo'))).not.toBe(FINN);
        await give('finn', 'finn');
        await give('bo', 'mallory');
        expect(code(await enter('mallory'))).toBe('account-conflict');
      });
    });
  });
});
