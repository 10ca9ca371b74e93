import { beforeEach, expect, test } from 'vitest';
import { openBrowserSession, recogniseSession } from '../../src/operations/browser-sessions.ts';
import { endSignInsAt, linkAccount, listAccounts } from '../../src/operations/linked-accounts.ts';
import { propose } from '../../src/operations/propose.ts';
import { confirmProposal } from '../../src/operations/proposals.ts';
import { signIn } from '../../src/operations/sign-in.ts';
import { openConflicts } from '../../src/store/linked-accounts.ts';
import { verifiedIdentity } from '../verified-identity.ts';
import { acmeOperations, code, got, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { BECAUSE, OTHER_ISSUER as CHAT, personnel } from './personnel.ts';

eachDatabase('accounts that are known and sign in nobody', (current) => {
  let acme: AcmeOperations;
  beforeEach(async () => {
    acme = await acmeOperations(current());
  });
  const { edit, bodies, admins } = personnel(current, () => acme);

  const link = async (key: string, subject: string, signsIn = false) => {
    const proven = { issuer: CHAT, subject, proof: 'sign-in', name: 'chat', signsIn } as const;
    return linkAccount(acme.world, await acme.as(key), proven);
  };
  const enter = (subject: string, use: 'sign-in' | 'link' = 'sign-in') =>
    signIn(acme.world, verifiedIdentity(CHAT, subject, 'chat', use));
  /** Writes into the directory that an account there is somebody's. */
  const give = (key: string, subject: string) =>
    edit('directory.yaml', new RegExp(`^( {2}${key}:[^]*?accounts: \\{)`, 'm'), `$1 chat: ${subject},`);
  const idOf = async (key: string, subject: string) => {
    const id = got(await listAccounts(acme.world, await acme.as(key))).find((one) => one.subject === subject)?.id;
    if (id === undefined) throw new Error('the account is there');
    return id;
  };

  test('where accounts are for linking alone, neither a proof nor the directory lets anybody in', async () => {
    got(await link('ana', 'u-1', true));
    await give('bo', 'u-2');
    for (const subject of ['u-1', 'u-2', 'nobody'])
      expect(code(await enter(subject, 'link'))).toBe('account-signs-in-nobody');
    expect(await bodies('person.signed-in')).toMatchObject([{ facts: {} }]);
    // The directory introduces nobody by it either: that is for where people sign in.
    expect(await bodies('account.linked')).toHaveLength(2);
  });

  test('what was linked to be known does not sign in once others do, also where the directory names it then', async () => {
    got(await link('ana', 'u-1'));
    expect(code(await enter('u-1'))).toBe('account-signs-in-nobody');
    await give('ana', 'u-1');
    expect(code(await enter('u-1'))).toBe('account-signs-in-nobody');
    const { person } = await acme.as('ana');
    got(await link('ana', 'u-1', true));
    expect(got(await enter('u-1'))).toBe(person);
    expect((await bodies('account.linked')).slice(1)).toMatchObject([
      { facts: { issuer: CHAT, proof: 'sign-in', signsIn: false } },
      { facts: { issuer: CHAT, proof: 'sign-in', signsIn: true } },
    ]);
    // And back, by a proof of what it is for then.
    got(await link('ana', 'u-1'));
    expect(code(await enter('u-1'))).toBe('account-signs-in-nobody');
  });

  test('what was signed in by an account ends when it is linked anew to be known, and when a node starts at which nobody signs in', async () => {
    const open = async () => {
      const browser = { authenticatedAt: null, mfaAt: null, agent: 'Firefox', formerToken: null };
      return got(await openBrowserSession(acme.world, { ...verifiedIdentity(CHAT, 'u-1', 'chat'), ...browser })).token;
    };
    const stands = async (token: string) => (await recogniseSession(acme.world, token)).ok;
    const heard: string[] = [];
    acme.world.changes.subscribe((change) => void (change.kind === 'session' && heard.push(change.id)));
    got(await link('ana', 'u-1', true));
    const first = await open();
    got(await link('ana', 'u-1'));
    expect(await stands(first)).toBe(false);
    expect(heard).toHaveLength(1);
    expect((await bodies('session.ended')).at(-1)?.facts).toMatchObject({ cause: 'account-unlinked' });
    got(await link('ana', 'u-1', true));
    const second = await open();
    // As a version before wrote it, which ended nothing.
    await current().db.updateTable('linked_account').set({ signs_in: false }).where('subject', '=', 'u-1').execute();
    expect(await stands(second)).toBe(true);
    await endSignInsAt(acme.world, [{ issuer: CHAT, use: 'sign-in' }]);
    expect(await stands(second)).toBe(true);
    await endSignInsAt(acme.world, [{ issuer: CHAT, use: 'link' }]);
    expect(await stands(second)).toBe(false);
    expect(heard).toHaveLength(2);
  });

  test('what the directory introduced where people signed in stays the directory’s: linking it changes nothing', async () => {
    await give('ana', 'u-1');
    got(await enter('u-1'));
    got(await link('ana', 'u-1'));
    expect(got(await listAccounts(acme.world, await acme.as('ana')))[1]).toMatchObject({
      proof: 'directory',
      signsIn: true,
    });
    expect(code(await enter('u-1', 'link'))).toBe('account-signs-in-nobody');
    got(await enter('u-1'));
  });

  test('one that another has is a conflict, however it is claimed, until two admins release it', async () => {
    got(await link('ana', 'u-1'));
    expect(code(await link('bo', 'u-1'))).toBe('account-conflict');
    await give('cem', 'u-1');
    expect(code(await link('bo', 'u-1'))).toBe('account-conflict');
    expect(code(await enter('u-1'))).toBe('account-conflict');
    expect(await openConflicts(current().db)).toMatchObject([{ person: 'ana', claimedBy: 'bo' }]);
    await admins('gia', 'ivo');
    const release = { action: 'release', account: await idOf('ana', 'u-1'), ...BECAUSE } as const;
    const proposal = got(await propose(acme.world, await acme.as('gia'), release));
    expect(proposal).toMatchObject({ account: { subject: 'u-1', signsIn: false } });
    got(await confirmProposal(acme.world, await acme.as('ivo'), proposal.id));
    expect(got(await listAccounts(acme.world, await acme.as('ana')))).toHaveLength(1);
  });

  test('one of a human who has two entries signs in neither of them', async () => {
    await acme.as('finn');
    got(await link('bo', 'u-1'));
    expect(code(await link('finn', 'u-1'))).toBe('account-conflict');
    await admins('gia', 'ivo');
    const merge = { action: 'merge', person: 'bo', other: 'finn', grants: 'keep', ...BECAUSE } as const;
    const proposal = got(await propose(acme.world, await acme.as('gia'), merge));
    got(await confirmProposal(acme.world, await acme.as('ivo'), proposal.id));
    expect(await openConflicts(current().db)).toEqual([]);
    got(await link('finn', 'u-1'));
    await give('finn', 'u-1');
    expect(code(await enter('u-1'))).toBe('account-signs-in-nobody');
  });
});
