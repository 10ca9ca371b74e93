import type { DirectorySnapshot, Person } from '../core/directory.ts';
import type { PersonId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import type { Instant } from '../core/time.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { newId } from '../platform/random.ts';
import { insertLinked, noteConflict, type Account, type LinkedAccount } from '../store/linked-accounts.ts';
import { humanOf } from '../store/people.ts';
import type { AccountProof } from '../store/persons-schema.ts';
import type { Trx } from '../store/schema.ts';
import type { OperationRefusal } from './refusal.ts';
import type { World } from './world.ts';

/** What a directory calls the accounts at the company's own provider; somebody without one is known there by their key. */
export const COMPANY_ACCOUNTS = 'oidc';

/** Who the directory says an account of `name` is: everybody who claims it, because a guess between two would be an attack's way in. */
export function claimantsOf(directory: DirectorySnapshot, name: string, subject: string): readonly Person[] {
  return [...directory.people.values()].filter((person) => {
    const account = person.accounts[name] ?? (name === COMPANY_ACCOUNTS ? person.key : undefined);
    return account === subject;
  });
}

/** What two persons who claim one account are told, without whose it is. */
export const CONFLICT: OperationRefusal = {
  code: 'account-conflict',
  detail:
    'This account was proven to be another person’s, or the directory gives it to two. Curfew does not guess whose it is.',
  hint: 'Ask an administrator: "curfew policy status" shows the conflict.',
};

/**
 * Makes an account a person's, or refuses because it was ever proven to be somebody else's: then it is two persons' claim, or two persons
 * are one human, and an administrator has to say which. `history` is that of the account, read under its lock. Everything is written in
 * the transaction that it is given, a refusal too.
 */
export async function holdAccount(
  world: World,
  trx: Trx,
  account: Account,
  history: readonly LinkedAccount[],
  held: { readonly person: PersonId; readonly proof: AccountProof; readonly now: Instant },
): Promise<Result<NewEntry | null, OperationRefusal>> {
  const { person, proof, now } = held;
  const human = await humanOf(trx, person);
  const ofOthers = history.find((one) => !one.released && one.human !== human);
  if (ofOthers !== undefined) {
    await noteConflict(trx, account, { with: person, at: now });
    await world.append(trx, {
      kind: 'account.refused',
      at: now,
      actor: { kind: 'system', id: 'accounts' },
      subjects: { person: ofOthers.person },
      facts: { account: ofOthers.id, issuer: account.issuer, claimedBy: person, cause: 'proven-for-another' },
    });
    world.countDirectoryAlarm?.('account-conflict');
    world.log.error(
      { account: ofOthers.id, holder: ofOthers.person, claimedBy: person },
      'two persons claim an account',
    );
    return refused(CONFLICT);
  }
  if (history.some((one) => !one.released)) await noteConflict(trx, account, null);
  // The same human may have it already, under the id that was merged with this one.
  if (history.some((one) => one.endedAt === null)) return ok(null);
  const id = newId(world.random, 'lnk');
  await insertLinked(trx, { ...account, id, person, proof, linkedAt: now });
  return ok({
    kind: 'account.linked',
    at: now,
    actor: proof === 'directory' ? { kind: 'system', id: 'directory' } : { kind: 'person', id: person },
    subjects: { person },
    facts: { account: id, issuer: account.issuer, proof },
    personal: { subject: { subject: person, value: account.subject } },
  });
}
