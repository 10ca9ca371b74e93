import { expect, test } from 'vitest';
import { after, instant } from '../../src/core/time.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import {
  companyNames,
  deleteSignInsAtCompany,
  endedMeanwhile,
  nameSignIn,
  rememberLogout,
  type HeardLogout,
} from '../../src/store/company-names.ts';
import { historyOf, insertLinked } from '../../src/store/linked-accounts.ts';
import { saveOidcPayload, signInStands } from '../../src/store/oidc-payloads.ts';
import { personIdFor } from '../../src/store/people.ts';
import type { Db } from '../../src/store/schema.ts';
import { onTwoConnections } from './two-connections.ts';

const NOW = instant(Date.parse('2026-11-21T09:00:00Z'));
const ANA = { issuer: 'https://idp.acme.example', subject: 'ana', companySession: 's1' };
const NAMES = companyNames(ANA);

onTwoConnections('a logout at the company x a sign-in at a command line', (current) => {
  const heard = (ended: string | null, heardAt = NOW): HeardLogout => ({
    hash: systemRandom.bytes(32).toString('hex'),
    ended,
    heardAt,
    until: after(NOW, 600_000),
  });
  /** An authorization as the library has just saved it: nothing beside it says where it comes from. */
  async function begun() {
    const signIn = newId(systemRandom, 'ses');
    const { db } = current().database;
    const person = await db.transaction().execute((trx) => personIdFor(trx, 'ana', newId(systemRandom, 'per'), NOW));
    const artifact = { sealed: 'x', grantId: null, uid: null, userCodeHash: null, savedAt: NOW };
    const idHash = systemRandom.bytes(32).toString('hex');
    const whose = { person, signIn, expiresAt: after(NOW, 60_000) };
    await saveOidcPayload(db, { model: 'Grant', idHash, ...artifact, ...whose });
    await db.transaction().execute(async (trx) => {
      if ((await historyOf(trx, ANA)).length > 0) return;
      const linked = {
        id: newId(systemRandom, 'lnk'),
        person,
        proof: 'directory',
        signsIn: true,
        linkedAt: NOW,
      } as const;
      await insertLinked(trx, { ...linked, issuer: ANA.issuer, subject: ANA.subject });
    });
    return { id: signIn, person, at: ANA, begunAt: NOW };
  }
  const logOut = (ended: HeardLogout) => (db: Db) =>
    db.transaction().execute(async (trx) => {
      await rememberLogout(trx, ended);
      return deleteSignInsAtCompany(trx, { companySubjects: [NAMES.subject] });
    });

  test.each([
    ['its session', NAMES.session, after(NOW, -60_000), false],
    ['the person, since it began', NAMES.subject, NOW, false],
    ['the person, before it began', NAMES.subject, after(NOW, -1), true],
    ['somebody else', 'f'.repeat(64), NOW, true],
  ])('a logout of %s: finished is %s', async (_name, ended, heardAt, finished) => {
    const signIn = await begun();
    const { db } = current().database;
    await db.transaction().execute((trx) => rememberLogout(trx, heard(ended, heardAt)));
    expect(await nameSignIn(db, signIn)).toBe(finished ? 'named' : 'signed-out-at-company');
    const row = await db.selectFrom('oidc_payload').select('company_subject').executeTakeFirstOrThrow();
    expect(row.company_subject).toBe(finished ? NAMES.subject : null);
  });

  test('a sign-in that is being finished is waited for, and then ended', async () => {
    const signIn = await begun();
    const outcome = await current().interleave((db) => nameSignIn(db, signIn), logOut(heard(NAMES.subject)));
    expect(outcome.first).toBe('named');
    expect(outcome.waitedIn).toContain('pg_advisory_xact_lock');
    expect(outcome.second.map((one) => one.id)).toEqual([signIn.id]);
    expect(await signInStands(current().database.db, signIn.id)).toBe(false);
  });

  test('a logout that is being heard is waited for, and the sign-in is not finished', async () => {
    const signIn = await begun();
    const outcome = await current().interleave(logOut(heard(NAMES.subject)), (db) => nameSignIn(db, signIn));
    expect(outcome.waitedIn).toContain('pg_advisory_xact_lock');
    expect(outcome.second).toBe('signed-out-at-company');
  });

  test('sign-ins do not wait for one another', async () => {
    const ids = [await begun(), await begun()] as const;
    const finish = (which: 0 | 1) => (db: Db) => nameSignIn(db, ids[which]);
    const outcome = await current().interleave(finish(0), finish(1));
    expect([outcome.first, outcome.second, outcome.waitedIn]).toEqual(['named', 'named', null]);
    const looks = await current()
      .database.db.transaction()
      .execute((trx) => endedMeanwhile(trx, NAMES, NOW));
    expect(looks).toBe(false);
  });
});
