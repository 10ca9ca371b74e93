import type { AccountId, PersonId } from '../../src/core/ids.ts';
import { newId, systemRandom } from '../../src/platform/random.ts';
import { appNow, type Database } from '../../src/store/database.ts';
import { insertLinked } from '../../src/store/linked-accounts.ts';
import type { AcmeOperations } from './acme-operations.ts';

/** Whose session an id is; `null`: nobody's. */
export async function ownerOf({ db }: Database, session: string): Promise<PersonId | null> {
  const query = db.selectFrom('browser_session').select('person_id');
  return (await query.where('id', '=', session as never).executeTakeFirst())?.person_id ?? null;
}

/** A new account of whoever has a session, or of somebody who has nothing to do with it. */
export async function accountBeside(acme: AcmeOperations, database: Database, session: string): Promise<AccountId> {
  const person = (await ownerOf(database, session)) ?? (await acme.as('gia')).person;
  const id = newId(systemRandom, 'lnk');
  const account = { id, person, issuer: 'https://contractors.example', subject: id, proof: 'sign-in' } as const;
  await database.db.transaction().execute(async (trx) => {
    await insertLinked(trx, { ...account, signsIn: true, linkedAt: await appNow(trx) });
  });
  return id;
}
