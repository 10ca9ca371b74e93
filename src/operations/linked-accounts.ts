import type { AccountId, PersonId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { toIso } from '../core/time.ts';
import { appNow } from '../store/database.ts';
import {
  accountsOf,
  endLinked,
  historyOf,
  lockLinked,
  type Account,
  type LinkedAccount,
} from '../store/linked-accounts.ts';
import type { AccountProof } from '../store/persons-schema.ts';
import { claimantsOf, CONFLICT, holdAccount } from './account-holder.ts';
import { judge } from './authorisation.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import type { Actor, World } from './world.ts';

/** An account as its person sees it. */
export interface AccountView {
  readonly id: AccountId;
  readonly issuer: string;
  readonly subject: string;
  readonly proof: AccountProof;
  readonly linkedAt: string;
}

/** The accounts that were proven to be the actor's. */
export async function listAccounts(
  world: World,
  actor: Actor,
): Promise<Result<readonly AccountView[], OperationRefusal>> {
  const no = judge('listAccounts', actor);
  if (no !== null) return refused(no);
  return ok((await accountsOf(world.db, actor.person)).map(accountView));
}

/** An account that a person has just proven to be theirs, and how. */
export interface ProvenAccount extends Account {
  readonly proof: Exclude<AccountProof, 'directory'>;
  /** What the directory calls accounts of this issuer, `contractors`. */
  readonly name: string;
}

/**
 * Links an account to a person who has just proven both: themself and the account. Refused where the directory says that it is
 * another's, or where it was ever proven to be another's. `person` must be signed in by a proof of the same moment and browser.
 */
export async function linkAccount(
  world: World,
  person: { readonly id: PersonId; readonly key: string },
  proven: ProvenAccount,
): Promise<Result<null, OperationRefusal>> {
  const { directory } = world.rules.current();
  if (directory.people.get(person.key)?.active !== true) return refused(NOT_FOUND);
  if (claimantsOf(directory, proven.name, proven.subject).some((one) => one.key !== person.key)) {
    world.countDirectoryAlarm?.('account-conflict');
    return refused(CONFLICT);
  }
  return world.db.transaction().execute(async (trx): Promise<Result<null, OperationRefusal>> => {
    const account = { issuer: proven.issuer, subject: proven.subject };
    const history = await historyOf(trx, account);
    const now = await appNow(trx);
    const held = await holdAccount(world, trx, account, history, { person: person.id, proof: proven.proof, now });
    if (!held.ok) return held;
    if (held.value !== null) await world.append(trx, held.value);
    return ok(null);
  });
}

/**
 * Takes an account off oneself. Whoever signs in by it is nobody then, and another person who proves it is still a conflict: otherwise one
 * human could be two persons in turn.
 */
export async function unlinkAccount(
  world: World,
  actor: Actor,
  id: AccountId,
): Promise<Result<null, OperationRefusal>> {
  const no = judge('unlinkAccount', actor);
  if (no !== null) return refused(no);
  return world.db.transaction().execute(async (trx): Promise<Result<null, OperationRefusal>> => {
    const account = await lockLinked(trx, id);
    if (account?.person !== actor.person || account.endedAt !== null) return refused(NOT_FOUND);
    if (account.proof === 'directory') return refused(WRITTEN_IN_DIRECTORY);
    const now = await appNow(trx);
    await endLinked(trx, id, 'person', now);
    await world.append(trx, {
      kind: 'account.unlinked',
      at: now,
      actor: { kind: 'person', id: actor.person },
      subjects: { person: actor.person },
      facts: { account: id, issuer: account.issuer, proof: account.proof, by: 'person' },
      personal: { subject: { subject: actor.person, value: account.subject } },
    });
    return ok(null);
  });
}

const WRITTEN_IN_DIRECTORY: OperationRefusal = {
  code: 'account-not-yours-to-unlink',
  detail: 'An administrator wrote into the directory that this account is yours.',
  hint: 'Ask whoever looks after the directory.',
};

function accountView({ id, issuer, subject, proof, linkedAt }: LinkedAccount): AccountView {
  return { id, issuer, subject, proof, linkedAt: toIso(linkedAt) };
}
