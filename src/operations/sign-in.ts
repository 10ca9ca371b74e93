import type { PersonId, SessionId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import type { Instant } from '../core/time.ts';
import type { AccountUse } from '../platform/config.ts';
import { newId } from '../platform/random.ts';
import { companyNames, endedMeanwhile } from '../store/company-names.ts';
import { appNow } from '../store/database.ts';
import { historyOf } from '../store/linked-accounts.ts';
import { humanOf, personIdFor, personKeys } from '../store/people.ts';
import type { Trx } from '../store/schema.ts';
import { claimantsOf, CONFLICT, holdAccount } from './account-holder.ts';
import type { OperationRefusal } from './refusal.ts';
import type { World } from './world.ts';

/** What the company's provider says about somebody; its signature has been verified. */
export interface VerifiedIdentity {
  /** Who vouches for the subject; a subject is somebody only together with it. */
  readonly issuer: string;
  readonly subject: string;
  /** What the directory calls accounts of this issuer; `oidc` at the company's own provider. */
  readonly accounts: string;
  /** What accounts of this issuer are for: `link` signs in nobody, whoever they were linked to. */
  readonly use: AccountUse;
  readonly email: string | null;
  readonly emailVerified: boolean;
  /** The provider's own name for its session (`sid`), by which a logout there may name it. */
  readonly companySession: string | null;
  readonly begunAt: Instant;
}

const UNKNOWN: OperationRefusal = {
  code: 'unknown-person',
  detail:
    'You have that account, but it is nobody’s in the directory of Curfew, or its person is marked as having left.',
  hint: 'Ask whoever looks after Curfew to check the directory.',
};

const SIGNED_OUT_MEANWHILE: OperationRefusal = {
  code: 'unauthenticated',
  detail: 'You were signed out at your company while you signed in here.',
  hint: 'Sign in again.',
};

const SIGNS_IN_NOBODY: OperationRefusal = {
  code: 'account-signs-in-nobody',
  detail: 'This account is known to be somebody’s, and signs in nobody here.',
  hint: 'Sign in at your company. If people sign in with accounts of this kind now, link yours again on your page.',
};

/** What comes with an admission, in its transaction. */
interface With {
  readonly facts: { readonly session?: SessionId };
  then(trx: Trx, person: PersonId): Promise<void>;
}

/** Signs a person in at the command line, whose tokens the authorization server keeps. Each sign-in is logged. */
export function signIn(world: World, identity: VerifiedIdentity): Promise<Result<PersonId, OperationRefusal>> {
  return admit(world, identity, { facts: {}, then: async () => {} });
}

/**
 * Admits a person whom the company's provider, or a further one, has authenticated. They are found by the account of that provider in the
 * directory (`oidc`, or their key, at the company's own), or by an account that they linked themselves; never by an e-mail address, which can be given to
 * somebody else. They must not have left. An account that the directory gives to two persons signs nobody in, one that was
 * proven to be somebody's nobody else, one that was linked only to be known nobody at all, and a sign-in that the company has ended before it was finished nobody either. Each sign-in is logged.
 */
export async function admit(
  world: World,
  identity: VerifiedIdentity,
  also: With,
): Promise<Result<PersonId, OperationRefusal>> {
  if (identity.use === 'link') return refused(SIGNS_IN_NOBODY);
  const { directory } = world.rules.current();
  const account = { issuer: identity.issuer, subject: identity.subject };
  const claimants = claimantsOf(directory, identity.accounts, identity.subject);
  if (claimants.length > 1) {
    world.countDirectoryAlarm?.('account-conflict');
    world.log.error({ claimants: claimants.length }, 'the directory gives one account to several persons');
    return refused(CONFLICT);
  }
  return world.db.transaction().execute(async (trx): Promise<Result<PersonId, OperationRefusal>> => {
    if (await endedMeanwhile(trx, companyNames(identity), identity.begunAt)) return refused(SIGNED_OUT_MEANWHILE);
    const history = await historyOf(trx, account);
    // An account that the directory gave somebody is theirs only for as long as it says so; one that they proved stays.
    const linked = history.find((one) => one.endedAt === null && one.proof === 'sign-in');
    const [claimed] = claimants;
    const key = claimed?.key ?? (linked && (await personKeys(trx, [linked.person])).get(linked.person));
    if (key === undefined || directory.people.get(key)?.active !== true) return refused(UNKNOWN);
    const now = await appNow(trx);
    const id = await personIdFor(trx, key, newId(world.random, 'per'), now);
    // What was linked to be known does not begin to sign in because a setting was changed, nor because the directory names it too.
    const human = await humanOf(trx, id);
    if (history.some((one) => one.endedAt === null && !one.signsIn && one.human === human))
      return refused(SIGNS_IN_NOBODY);
    const proof = claimed === undefined ? 'sign-in' : 'directory';
    const held = await holdAccount(world, trx, account, history, { person: id, proof, signsIn: true, now });
    if (!held.ok) return held;
    await world.append(trx, ...(held.value === null ? [] : [held.value]), {
      kind: 'person.signed-in',
      at: now,
      actor: { kind: 'person', id },
      subjects: { person: id },
      facts: also.facts,
      personal: { key: { subject: id, value: key } },
    });
    await also.then(trx, id);
    return ok(id);
  });
}

/** Who is behind a pseudonymous id now; `null` for an id that is nobody's. */
export async function findKnownPerson(
  world: World,
  id: PersonId,
): Promise<{ readonly key: string; readonly name: string; readonly email: string; readonly active: boolean } | null> {
  const key = (await personKeys(world.db, [id])).get(id);
  if (key === undefined) return null;
  const person = world.rules.current().directory.people.get(key);
  return person === undefined
    ? { key, name: key, email: '', active: false }
    : { key, name: person.name, email: person.email, active: person.active };
}
