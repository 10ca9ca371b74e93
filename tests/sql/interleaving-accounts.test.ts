import { beforeEach, expect, test } from 'vitest';
import { after } from '../../src/core/time.ts';
import { openBrowserSession, recogniseSession } from '../../src/operations/browser-sessions.ts';
import { forgetAccounts, planForgetting } from '../../src/operations/forget-accounts.ts';
import { linkAccount, listAccounts, unlinkAccount } from '../../src/operations/linked-accounts.ts';
import { signIn } from '../../src/operations/sign-in.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { nameSignIn } from '../../src/store/company-names.ts';
import { beginFirstEpoch, readWhereabouts } from '../../src/store/epoch.ts';
import { saveOidcPayload } from '../../src/store/oidc-payloads.ts';
import type { Db } from '../../src/store/schema.ts';
import { verifiedIdentity } from '../verified-identity.ts';
import { acmeOperations, code, got, ISSUER, type AcmeOperations } from './acme-operations.ts';
import { OTHER_ISSUER, personnel } from './personnel.ts';
import { LOCKING_READ, onTwoConnections } from './two-connections.ts';

const EPOCH = 'a'.repeat(32);

onTwoConnections('two first accounts of one person', (current) => {
  let acme: AcmeOperations;
  beforeEach(async () => {
    acme = await acmeOperations(current().database);
  });
  const { edit } = personnel(
    () => current().database,
    () => acme,
  );

  test.each([true, false])(
    'one waits for the other, and is refused; the person was known before: %s',
    async (known) => {
      if (known) await linkNothing();
      // Two nodes, one of which has not read the directory anew.
      const { world: former } = await acmeOperations(current().database);
      await edit('directory.yaml', /^( {2}ana:[^]*?accounts: \{)/m, '$1 oidc: ana-2,');
      const outcome = await current().interleave(
        (db: Db) => signIn({ ...former, db }, verifiedIdentity(ISSUER, 'ana')),
        (db: Db) => signIn({ ...acme.world, db }, verifiedIdentity(ISSUER, 'ana-2')),
      );
      got(outcome.first);
      expect(outcome.waitedIn).toMatch(known ? LOCKING_READ : /^insert into "person"/);
      expect(code(outcome.second)).toBe('account-conflict');
    },
  );

  /** Ana is known by id, and has no account. */
  async function linkNothing(): Promise<void> {
    await acme.as('ana');
    await current().database.db.deleteFrom('linked_account').execute();
  }
});

onTwoConnections('a sign-in under way x the end of its account', (current) => {
  let acme: AcmeOperations;
  beforeEach(async () => {
    acme = await acmeOperations(current().database);
    const { db } = current().database;
    await db.deleteFrom('epoch').execute();
    await beginFirstEpoch(db, EPOCH, await readWhereabouts(db));
    await acme.as('ana');
  });
  const { link } = personnel(
    () => current().database,
    () => acme,
  );

  const BROWSER = { authenticatedAt: null, mfaAt: null, agent: 'Firefox', formerToken: null };
  const open =
    (issuer = ISSUER, subject = 'ana', accounts = 'oidc') =>
    (db: Db) =>
      openBrowserSession({ ...acme.world, db }, { ...verifiedIdentity(issuer, subject, accounts), ...BROWSER });
  const forget = async () => {
    const plan = await planForgetting(current().database.db, ISSUER);
    return (db: Db) => forgetAccounts({ ...acme.world, db }, plan, EPOCH);
  };

  test('is waited for by whoever has it forgotten, and what came out of it is ended', async () => {
    const outcome = await current().interleave(open(), await forget());
    expect(outcome.waitedIn).toMatch(LOCKING_READ);
    got(outcome.second);
    expect(await recogniseSession(acme.world, got(outcome.first).token)).toMatchObject({ ok: false });
  });

  test('waits for a forgetting, and does not rely on what was forgotten', async () => {
    const outcome = await current().interleave(await forget(), open());
    got(outcome.first);
    expect(outcome.waitedIn).toMatch(LOCKING_READ);
    // The directory goes on giving it to her, so it is introduced anew.
    const accounts = got(await listAccounts(acme.world, await acme.as('ana')));
    expect(accounts).toHaveLength(1);
    expect(await recogniseSession(acme.world, got(outcome.second).token)).toMatchObject({ ok: true });
    expect(await planForgetting(current().database.db, ISSUER)).toMatchObject({ accounts: 1 });
  });

  test.each([true, false])(
    'is not finished by an account that its person takes off; the sign-in first: %s',
    async (first) => {
      got(await link('ana', 'a-17'));
      const ana = await acme.as('ana');
      const id = got(await listAccounts(acme.world, ana))[1]?.id;
      if (id === undefined) throw new Error('the account is there');
      const enter = open(OTHER_ISSUER, 'a-17', 'contractors');
      const unlink = (db: Db) => unlinkAccount({ ...acme.world, db }, ana, id);
      if (first) {
        const outcome = await current().interleave(enter, unlink);
        expect(outcome.waitedIn).toContain('pg_advisory_xact_lock');
        got(outcome.second);
        expect(await recogniseSession(acme.world, got(outcome.first).token)).toMatchObject({ ok: false });
      } else {
        const outcome = await current().interleave(unlink, enter);
        expect(outcome.waitedIn).toContain('pg_advisory_xact_lock');
        expect(code(outcome.second)).toBe('unknown-person');
      }
    },
  );

  test('at a command line, is not finished once its account was forgotten, is only known, or is of another', async () => {
    const { db } = current().database;
    const { person } = await acme.as('ana');
    /** An authorization as the library saves it after somebody was admitted, and before it has the company's names. */
    const admitted = async (issuer: string, subject: string) => {
      const id = newId(systemRandom, 'ses');
      const now = acme.world.clock.now();
      const artifact = { sealed: 'x', grantId: null, uid: null, userCodeHash: null, savedAt: now };
      const idHash = systemRandom.bytes(32).toString('hex');
      const whose = { person, signIn: id, expiresAt: after(now, 60_000) };
      await saveOidcPayload(db, { model: 'Grant', idHash, ...artifact, ...whose });
      return { id, person, at: { issuer, subject, companySession: null }, begunAt: now };
    };
    expect(await nameSignIn(db, await admitted(ISSUER, 'ana'))).toBe('named');
    const late = await admitted(ISSUER, 'ana');
    got(await (await forget())(db));
    expect(await nameSignIn(db, late)).toBe('account-unlinked');
    got(await link('ana', 'a-17'));
    expect(await nameSignIn(db, await admitted(OTHER_ISSUER, 'a-17'))).toBe('named');
    const known = {
      issuer: OTHER_ISSUER,
      subject: 'a-17',
      proof: 'sign-in',
      name: 'contractors',
      signsIn: false,
    } as const;
    got(await linkAccount(acme.world, await acme.as('ana'), known));
    expect(await nameSignIn(db, await admitted(OTHER_ISSUER, 'a-17'))).toBe('account-unlinked');
    got(await link('bo', 'b-17'));
    expect(await nameSignIn(db, await admitted(OTHER_ISSUER, 'b-17'))).toBe('account-unlinked');
  });

  test('one that is being finished at a command line is waited for by whoever has its account forgotten', async () => {
    const { person } = await acme.as('ana');
    const at = { issuer: ISSUER, subject: 'ana', companySession: null };
    const signIn = { id: newId(systemRandom, 'ses'), person, at, begunAt: acme.world.clock.now() };
    const outcome = await current().interleave((db: Db) => nameSignIn(db, signIn), await forget());
    expect(outcome.waitedIn).toMatch(LOCKING_READ);
    got(outcome.second);
  });
});
