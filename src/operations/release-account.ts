import type { AccountId, PersonId } from '../core/ids.ts';
import { invariant } from '../core/result.ts';
import type { Instant } from '../core/time.ts';
import {
  everProven,
  findLinked,
  historyOf,
  lockLinked,
  releaseHistory,
  type LinkedAccount,
} from '../store/linked-accounts.ts';
import { findPersonIds } from '../store/people.ts';
import type { Proposal } from '../store/proposals.ts';
import type { Db, Trx } from '../store/schema.ts';
import { announce } from './browser-sessions.ts';
import { endSignIns } from './linked-accounts.ts';
import type { OperationRefusal } from './refusal.ts';
import type { World } from './world.ts';

export type ReleaseProposal = Extract<Proposal, { readonly action: 'release' }>;

/** An account that could be released, and all who have to do with it. */
export interface Releasable {
  readonly account: LinkedAccount;
  /** For whom it was ever proven, in the order in which it was. */
  readonly provenFor: readonly PersonId[];
  /** Everybody who has it, had it, claims it, or to whom the directory gives an account of that name anywhere. */
  readonly concerned: readonly PersonId[];
}

/** Looks at an account that is or was somebody's; `null`: there is none. */
export async function findReleasable(world: World, db: Db | Trx, id: AccountId): Promise<Releasable | null> {
  const account = await findLinked(db, id);
  if (account === null) return null;
  const history = await everProven(db, account);
  const provenFor = [...new Set(history.map(({ person }) => person))];
  const people = [...world.rules.current().directory.people.values()];
  const named = people.filter(({ key, accounts }) => [key, ...Object.values(accounts)].includes(account.subject));
  const byDirectory = await findPersonIds(
    db,
    named.map(({ key }) => key),
  );
  const claimants = history.flatMap(({ claimedBy }) => (claimedBy === null ? [] : [claimedBy]));
  return { account, provenFor, concerned: [...provenFor, ...claimants, ...byDirectory] };
}

/** Why an account cannot be released; `null`: it can. */
export async function unfitToRelease(db: Db | Trx, { account }: ReleaseProposal): Promise<OperationRefusal | null> {
  const found = await findLinked(db, account);
  return found === null || found.released ? NOBODYS : null;
}

/**
 * Lets an account pass on to another human: everything that was proven about it before is set aside, and what signed in by it ends. It is
 * nobody's until somebody proves it again. Returns what to tell once it is committed.
 */
export async function carryOutRelease(
  world: World,
  trx: Trx,
  { id, account: of }: ReleaseProposal,
  { by, now }: { readonly by: PersonId; readonly now: Instant },
): Promise<{ readonly tell: () => void }> {
  const account = await lockLinked(trx, of);
  invariant(account !== null, 'an account that is proposed stays on record');
  await historyOf(trx, account);
  await releaseHistory(trx, account, now);
  await world.append(trx, {
    kind: 'account.unlinked',
    at: now,
    actor: { kind: 'person', id: by },
    subjects: { person: account.person },
    facts: {
      proposal: id,
      account: of,
      issuer: account.issuer,
      proof: account.proof,
      signsIn: account.signsIn,
      by: 'administrator',
    },
    personal: { subject: { subject: account.person, value: account.subject } },
  });
  const ended = await endSignIns(world, trx, [account], by);
  return { tell: () => announce(world, ended) };
}

const NOBODYS: OperationRefusal = {
  code: 'not-found',
  detail: 'There is no such account, or it was released already.',
  hint: '"curfew policy status" shows accounts that two persons claim.',
};
