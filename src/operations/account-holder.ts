import type { DirectorySnapshot, Person } from '../core/directory.ts';
import type { PersonId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import type { Instant } from '../core/time.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { newId } from '../platform/random.ts';
import {
  insertLinked,
  keptAt,
  noteConflict,
  noteShown,
  settleMistake,
  settleOwn,
  setSignsIn,
  type Account,
  type LinkedAccount,
} from '../store/linked-accounts.ts';
import { humanOf, lockPerson } from '../store/people.ts';
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

/** What somebody is told to whom the directory gives another account than the one that was proven to be theirs. */
const ANOTHER_ACCOUNT: OperationRefusal = {
  code: 'account-conflict',
  detail:
    'The directory gives this account to somebody who was proven to have another one there. Curfew does not guess who you are.',
  hint: 'Ask an administrator: "curfew policy status" shows the conflict, and two admins release the former account if this one takes its place.',
};

/**
 * Makes an account a person's, or refuses because it was ever proven to be somebody else's: then it is two persons' claim, or two persons
 * are one human, and an administrator has to say which. Refused as well where the directory alone says that it is theirs, and another one
 * there was proven before: whoever writes the directory must not be able to sign in as somebody. `history` is that of the account, read
 * under its lock. Everything is written in the transaction that it is given, a refusal too.
 */
export async function holdAccount(
  world: World,
  trx: Trx,
  account: Account,
  history: readonly LinkedAccount[],
  held: {
    readonly person: PersonId;
    readonly proof: AccountProof;
    /** Whether it is to sign in by; a sign-in never asks for less. */
    readonly signsIn: boolean;
    readonly now: Instant;
  },
): Promise<Result<NewEntry | null, OperationRefusal>> {
  const { person, proof, signsIn, now } = held;
  const human = await humanOf(trx, person);
  const ofOthers = history.find((one) => !one.released && one.human !== human);
  if (ofOthers !== undefined) {
    await refuse(world, trx, [ofOthers], { by: person, proof, cause: 'proven-for-another', now });
    return refused(CONFLICT);
  }
  const has = history.filter((one) => one.endedAt === null);
  if (has.length === 0 && proof === 'directory') {
    await lockPerson(trx, person);
    const kept = await keptAt(trx, person, account.issuer);
    if (kept.length > 0) {
      await refuse(world, trx, kept, { by: person, proof, cause: 'another-was-proven', now });
      return refused(ANOTHER_ACCOUNT);
    }
  }
  // Who signs in by it now has it by the directory or by a proof of their own; that says nothing against what another proved meanwhile.
  if (history.some((one) => !one.released)) await settleMistake(trx, account);
  // What the directory gives them now is theirs, so nothing that it gave before stands against their other ones.
  if (proof === 'directory') await settleOwn(trx, person, account.issuer);
  // The same human may have it already, under the id that was merged with this one. What the directory says is kept for each of them.
  const already = has.find((one) => proof === 'sign-in' || one.person === person);
  if (already !== undefined) await noteShown(trx, already.id, now);
  // What the directory gave them is for what the provider is set to, whichever that is.
  if (already !== undefined && (already.signsIn === signsIn || already.proof === 'directory')) return ok(null);
  const id = already?.id ?? newId(world.random, 'lnk');
  // Proven again, for what its provider is set to now: the same account, with another entry.
  if (already !== undefined) await setSignsIn(trx, id, signsIn);
  else await insertLinked(trx, { ...account, id, person, proof, signsIn, linkedAt: now });
  return ok({
    kind: 'account.linked',
    at: now,
    actor: proof === 'directory' ? { kind: 'system', id: 'directory' } : { kind: 'person', id: person },
    subjects: { person },
    facts: { account: id, issuer: account.issuer, proof, signsIn },
    personal: { subject: { subject: person, value: account.subject } },
  });
}

interface Refusal {
  readonly by: PersonId;
  /** How they came to it. */
  readonly proof: AccountProof;
  readonly cause: 'proven-for-another' | 'another-was-proven';
  readonly now: Instant;
}

/** Writes down that an account was not taken because of some that were proven before, and notes it at them for administrators. */
async function refuse(
  world: World,
  trx: Trx,
  because: readonly LinkedAccount[],
  { by, proof, cause, now }: Refusal,
): Promise<void> {
  for (const one of because) {
    await noteConflict(trx, one, { with: by, proof, at: now });
    await world.append(trx, {
      kind: 'account.refused',
      at: now,
      actor: { kind: 'system', id: 'accounts' },
      subjects: { person: one.person },
      facts: { account: one.id, issuer: one.issuer, claimedBy: by, cause },
    });
    world.log.error({ account: one.id, holder: one.person, claimedBy: by, cause }, 'an account is not clear');
  }
  world.countDirectoryAlarm?.('account-conflict');
}
