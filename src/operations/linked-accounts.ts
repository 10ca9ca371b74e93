import type { AccountId, PersonId, SessionId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { toIso } from '../core/time.ts';
import type { AccountUse } from '../platform/config.ts';
import { inParts } from '../store/columns.ts';
import { companyHash } from '../store/company-names.ts';
import { appNow } from '../store/database.ts';
import {
  accountsAt,
  accountsOf,
  endLinked,
  historyOf,
  lockLinked,
  type Account,
  type LinkedAccount,
} from '../store/linked-accounts.ts';
import { passkeysOf } from '../store/passkeys.ts';
import { personKeys } from '../store/people.ts';
import type { AccountProof } from '../store/persons-schema.ts';
import type { Trx } from '../store/schema.ts';
import { claimantsOf, CONFLICT, holdAccount } from './account-holder.ts';
import { judge } from './authorisation.ts';
import { announce, endCameFrom } from './browser-sessions.ts';
import { showPasskey } from './passkeys.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import { newcomer, type AssertionResponse } from './take-assertion.ts';
import type { Actor, World } from './world.ts';

/** An account as its person sees it. */
export interface AccountView {
  readonly id: AccountId;
  readonly issuer: string;
  readonly subject: string;
  readonly proof: AccountProof;
  readonly linkedAt: string;
  /** Whether it was linked to sign in by. Where it is not, or its provider is for linking alone, it says who somebody is there. */
  readonly signsIn: boolean;
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
  /** Whether its person will sign in by it, as its provider is set now. */
  readonly signsIn: boolean;
}

/**
 * Whether somebody may begin to link an account. What is linked signs in as they do, or speaks for them elsewhere, for good, so a session
 * that somebody else found open must not be enough: it takes a passkey of theirs, because whoever takes over an account at the company would come back by one of their
 * own; from somebody who never had one, that they have just shown who they are.
 */
export async function askToLink(
  world: World,
  actor: Actor,
  shown?: { readonly response: AssertionResponse },
): Promise<Result<null, OperationRefusal>> {
  const no = judge('linkAccount', actor);
  if (no !== null) return refused(no);
  return world.db.transaction().execute(async (trx): Promise<Result<null, OperationRefusal>> => {
    const now = await appNow(trx);
    const own = await passkeysOf(trx, actor.person);
    return own.length > 0 ? showPasskey(world, trx, actor, shown, now) : newcomer(world, trx, actor, now);
  });
}

/**
 * Links an account to a person who has just proven both: themself and the account. Refused where the directory says that it is
 * another's, or where it was ever proven to be another's. The actor must be signed in by a proof of the same moment and browser.
 */
export async function linkAccount(
  world: World,
  actor: Actor,
  proven: ProvenAccount,
): Promise<Result<null, OperationRefusal>> {
  const no = judge('linkAccount', actor);
  if (no !== null) return refused(no);
  const { directory } = world.rules.current();
  if (directory.people.get(actor.key)?.active !== true) return refused(NOT_FOUND);
  const others = claimantsOf(directory, proven.name, proven.subject).filter((one) => one.key !== actor.key);
  if (others.length > 0) {
    world.countDirectoryAlarm?.('account-conflict');
    world.log.error({ claimedBy: actor.person }, 'somebody proved an account that the directory gives to another');
    return refused(conflictFor(actor, others[0]?.key));
  }
  const ended: SessionId[] = [];
  const outcome = await world.db.transaction().execute(async (trx): Promise<Result<null, OperationRefusal>> => {
    const account = { issuer: proven.issuer, subject: proven.subject };
    const history = await historyOf(trx, account);
    const now = await appNow(trx);
    const held = await holdAccount(world, trx, account, history, {
      person: actor.person,
      proof: proven.proof,
      signsIn: proven.signsIn,
      now,
    });
    if (!held.ok) {
      const other = history.find((one) => !one.released && one.person !== actor.person)?.person;
      return refused(conflictFor(actor, other && (await personKeys(trx, [other])).get(other)));
    }
    if (held.value === null) return ok(null);
    await world.append(trx, held.value);
    // What signs in nobody from now on may have signed in until now, at a node where people still do.
    if (!proven.signsIn) ended.push(...(await endSignIns(world, trx, [account], actor.person)));
    return ok(null);
  });
  announce(world, ended);
  return outcome;
}

/** What somebody is told whose account is another's: whose, only where they see everything anyway. */
function conflictFor({ roles }: Actor, other: string | undefined): OperationRefusal {
  if (other === undefined || roles.length === 0) return CONFLICT;
  return { ...CONFLICT, detail: `${CONFLICT.detail} The other person is "${other}".` };
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
  const ended: SessionId[] = [];
  const outcome = await world.db.transaction().execute(async (trx): Promise<Result<null, OperationRefusal>> => {
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
      facts: { account: id, issuer: account.issuer, proof: account.proof, signsIn: account.signsIn, by: 'person' },
      personal: { subject: { subject: actor.person, value: account.subject } },
    });
    ended.push(...(await endSignIns(world, trx, [account], actor.person)));
    return ok(null);
  });
  announce(world, ended);
  return outcome;
}

/** What came out of accounts does not outlive that they are somebody's. `announce` comes after the transaction. */
export function endSignIns(
  world: Pick<World, 'append' | 'clock'>,
  trx: Trx,
  accounts: readonly Account[],
  by: PersonId | null,
): Promise<readonly SessionId[]> {
  const companySubjects = accounts.map(({ issuer, subject }) => companyHash('sub', issuer, subject));
  return endCameFrom(world, trx, { companySubjects }, 'account-unlinked', by);
}

/**
 * Ends what is signed in by accounts of issuers at which nobody signs in any more, at the start of a node that is told so: what they opened
 * before does not outlive it.
 */
export async function endSignInsAt(
  world: World,
  providers: readonly { readonly issuer: string; readonly use?: AccountUse }[],
): Promise<void> {
  for (const { issuer, use } of providers) {
    if (use !== 'link') continue;
    const ended: SessionId[] = [];
    await world.db.transaction().execute(async (trx) => {
      for (const part of inParts(await accountsAt(trx, issuer)))
        ended.push(...(await endSignIns(world, trx, part, null)));
    });
    announce(world, ended);
  }
}

const WRITTEN_IN_DIRECTORY: OperationRefusal = {
  code: 'account-not-yours-to-unlink',
  detail: 'An administrator wrote into the directory that this account is yours.',
  hint: 'Ask whoever looks after the directory.',
};

function accountView({ id, issuer, subject, proof, linkedAt, signsIn }: LinkedAccount): AccountView {
  return { id, issuer, subject, proof, linkedAt: toIso(linkedAt), signsIn };
}
