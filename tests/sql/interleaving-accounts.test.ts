import { beforeEach, expect, test } from 'vitest';
import { signIn } from '../../src/operations/sign-in.ts';
import type { Db } from '../../src/store/schema.ts';
import { verifiedIdentity } from '../verified-identity.ts';
import { acmeOperations, code, got, ISSUER, type AcmeOperations } from './acme-operations.ts';
import { personnel } from './personnel.ts';
import { LOCKING_READ, onTwoConnections } from './two-connections.ts';

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
