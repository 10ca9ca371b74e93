import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { openBrowserSession, recogniseSession } from '../../src/operations/browser-sessions.ts';
import { forgetAccounts, planForgetting } from '../../src/operations/forget-accounts.ts';
import { linkAccount, listAccounts } from '../../src/operations/linked-accounts.ts';
import { listAdministration } from '../../src/operations/list-administration.ts';
import { propose } from '../../src/operations/propose.ts';
import { confirmProposal } from '../../src/operations/proposals.ts';
import { signIn } from '../../src/operations/sign-in.ts';
import { beginFirstEpoch, readWhereabouts } from '../../src/store/epoch.ts';
import { openConflicts } from '../../src/store/linked-accounts.ts';
import { passkeysOf } from '../../src/store/passkeys.ts';
import { verifiedIdentity } from '../verified-identity.ts';
import { acmeOperations, code, got, ISSUER, type AcmeOperations } from './acme-operations.ts';
import { eachDatabase } from './harness.ts';
import { withPasskey } from './passkey-people.ts';
import { BECAUSE, OTHER_ISSUER, personnel } from './personnel.ts';

const EPOCH = 'a'.repeat(32);
/** The number `n` as the body of an id. */
const IN_LETTERS = sql`translate(lpad(n::text, 20, '0'), '0123456789', 'abcdefghij')`;

eachDatabase('accounts that an operator has forgotten', (current) => {
  let acme: AcmeOperations;
  beforeEach(async () => {
    acme = await acmeOperations(current());
    const { db } = current();
    await db.deleteFrom('epoch').execute();
    await beginFirstEpoch(db, EPOCH, await readWhereabouts(db));
  });
  const { give, bodies, enter, link, admins } = personnel(current, () => acme);
  const forget = async (issuer = ISSUER, epoch = EPOCH) => {
    const plan = await planForgetting(current().db, issuer);
    return forgetAccounts(acme.world, plan, epoch);
  };
  const there = (subject: string) => signIn(acme.world, verifiedIdentity(OTHER_ISSUER, subject, 'contractors'));

  test('are introduced anew, once, for the same persons, whose passkeys stay', async () => {
    const { actor } = await withPasskey(acme, 'ana');
    const bo = await acme.as('bo');
    await give('ana', 'ana-2');
    await give('bo', 'bo-2');
    expect(code(await enter('ana-2'))).toBe('account-conflict');
    expect(await openConflicts(current().db)).toHaveLength(1);
    got(await forget());
    expect(await openConflicts(current().db)).toEqual([]);
    expect(got(await enter('ana-2'))).toBe(actor.person);
    expect(got(await enter('bo-2'))).toBe(bo.person);
    expect(await passkeysOf(current().db, actor.person)).toHaveLength(1);
    // Once: whoever writes the directory does not go on with it.
    await give('ana', 'mallory');
    expect(code(await enter('mallory'))).toBe('account-conflict');
    // And what was somebody's before does not become another's.
    await give('cem', 'bo');
    expect(code(await enter('bo'))).toBe('account-conflict');
  });

  test('are those of one issuer that the directory introduced, and no others', async () => {
    await give('ana', 'n-1', 'contractors');
    got(await there('n-1'));
    got(await link('bo', 'n-2'));
    await acme.as('ana');
    got(await forget(OTHER_ISSUER));
    expect(got(await listAccounts(acme.world, await acme.as('ana')))).toMatchObject([{ issuer: ISSUER }]);
    expect(got(await there('n-2'))).toBe((await acme.as('bo')).person);
    // Whoever proved one there keeps it, and it stands against what the directory says as before: nothing of it was forgotten.
    await give('bo', 'n-3', 'contractors');
    expect(code(await there('n-3'))).toBe('account-conflict');
  });

  test('make room also for somebody who linked another one there, which stays theirs', async () => {
    await give('ana', 'n-1', 'contractors');
    const ana = got(await there('n-1'));
    await acme.as('ana');
    const proven = {
      issuer: OTHER_ISSUER,
      subject: 'n-own',
      proof: 'sign-in',
      name: 'contractors',
      signsIn: true,
    } as const;
    got(await linkAccount(acme.world, await acme.as('ana'), proven));
    got(await forget(OTHER_ISSUER));
    await give('ana', 'n-9', 'contractors');
    expect(got(await there('n-9'))).toBe(ana);
    expect(got(await there('n-own'))).toBe(ana);
    await give('ana', 'n-10', 'contractors');
    expect(code(await there('n-10'))).toBe('account-conflict');
  });

  test('make room no more once somebody has shown the other one that they linked there', async () => {
    await give('ana', 'n-1', 'contractors');
    const ana = got(await there('n-1'));
    const own = { issuer: OTHER_ISSUER, subject: 'n-own', proof: 'sign-in', name: 'contractors' } as const;
    got(await linkAccount(acme.world, await acme.as('ana'), { ...own, signsIn: true }));
    got(await there('n-own'));
    got(await forget(OTHER_ISSUER));
    expect(got(await there('n-own'))).toBe(ana);
    await give('ana', 'mallory', 'contractors');
    expect(code(await there('mallory'))).toBe('account-conflict');
    expect(got(await there('n-own'))).toBe(ana);
  });

  test('stay on record as forgotten when administrators release one later', async () => {
    const { actor } = await withPasskey(acme, 'ana');
    const own = { issuer: ISSUER, subject: 'ana-own', proof: 'sign-in', name: 'oidc', signsIn: true } as const;
    got(await linkAccount(acme.world, actor, own));
    const shown = async () => got(await listAdministration(acme.world, await acme.as('mia'))).forgotten;
    await acme.as('mia');
    const { accounts } = got(await forget());
    const { id } = await current()
      .db.selectFrom('linked_account')
      .select('id')
      .where('person_id', '=', actor.person)
      .where('subject', '=', 'ana')
      .executeTakeFirstOrThrow();
    const before = await shown();
    expect(before).toMatchObject([{ issuer: ISSUER, accounts }]);
    await admins('mia', 'lea');
    const proposal = got(
      await propose(acme.world, await acme.as('mia'), { action: 'release', account: id, ...BECAUSE }),
    );
    got(await confirmProposal(acme.world, await acme.as('lea'), proposal.id));
    expect(await shown()).toEqual(before);
    // And what she linked before goes on to make room.
    await give('ana', 'ana-2');
    expect(got(await enter('ana-2'))).toBe(actor.person);
  });

  test('stand in the log, one by one and as a whole, and on the page of administration', async () => {
    await acme.as('ana');
    await acme.as('bo');
    await admins('mia');
    const plan = got(await forget());
    expect(plan).toMatchObject({ issuer: ISSUER, accounts: plan.people, admins: ['mia'] });
    expect(await bodies('accounts.forgotten')).toMatchObject([{ facts: { issuer: ISSUER, accounts: plan.accounts } }]);
    const unlinked = await bodies('account.unlinked');
    expect(unlinked).toHaveLength(plan.accounts);
    expect(unlinked[0]).toMatchObject({ facts: { issuer: ISSUER, proof: 'directory', by: 'operator' } });
    expect(unlinked.map(({ text }) => text).join()).not.toMatch(/"ana"/);
    const shown = got(await listAdministration(acme.world, await acme.as('bo'))).forgotten;
    expect(shown).toMatchObject([{ issuer: ISSUER, accounts: plan.accounts }]);
  });

  test('end what is signed in by them, and nothing that is signed in by another account', async () => {
    got(await link('ana', 'n-1'));
    const open = async (subject: string, issuer: string, accounts: string) => {
      const browser = { authenticatedAt: null, mfaAt: null, agent: 'Firefox', formerToken: null };
      return got(await openBrowserSession(acme.world, { ...verifiedIdentity(issuer, subject, accounts), ...browser }))
        .token;
    };
    const [own, other] = [await open('ana', ISSUER, 'oidc'), await open('n-1', OTHER_ISSUER, 'contractors')];
    got(await forget());
    expect(await recogniseSession(acme.world, own)).toMatchObject({ ok: false });
    expect(await recogniseSession(acme.world, other)).toMatchObject({ ok: true });
  });

  test('are as many as a large company has people, more than one statement can carry', async () => {
    const { db } = current();
    await acme.as('ana');
    await sql`
      insert into person (id, directory_key, first_seen_at)
      select 'per_' || ${IN_LETTERS}, 'many' || n, app_now() from generate_series(1, 9000) n`.execute(db);
    await sql`
      insert into linked_account (id, person_id, issuer, subject, proof, linked_at)
      select 'lnk_' || ${IN_LETTERS}, 'per_' || ${IN_LETTERS}, ${ISSUER}, 'many' || n, 'directory', app_now()
      from generate_series(1, 9000) n`.execute(db);
    expect(got(await forget()).accounts).toBe(9_001);
    expect(await bodies('account.unlinked')).toHaveLength(9_001);
    expect(await planForgetting(db, ISSUER)).toMatchObject({ accounts: 0 });
  }, 120_000);

  test('are not, in another epoch, where the plan is another by then, or where the log cannot be written', async () => {
    await acme.as('ana');
    expect(await forget(ISSUER, 'b'.repeat(32))).toMatchObject({ refusal: 'another-epoch' });
    expect(await forget('https://nowhere.example')).toMatchObject({ refusal: 'changed' });
    const plan = await planForgetting(current().db, ISSUER);
    await acme.as('cem');
    expect(await forgetAccounts(acme.world, plan, EPOCH)).toMatchObject({ refusal: 'changed' });
    const broken = { ...acme.world, append: () => Promise.reject(new Error('no log')) };
    const seen = await planForgetting(current().db, ISSUER);
    await expect(forgetAccounts(broken, seen, EPOCH)).rejects.toThrow('no log');
    expect(await planForgetting(current().db, ISSUER)).toEqual(seen);
    expect(await bodies('account.unlinked')).toEqual([]);
  });
});
