import { sql, type RawBuilder, type Selectable } from 'kysely';
import type { AccountId, PersonId } from '../core/ids.ts';
import { toIso, type Instant } from '../core/time.ts';
import type { AccountProof } from './persons-schema.ts';
import type { Db, Schema, Trx } from './schema.ts';

/** An account somewhere: who vouches for it, and what it is called there. Neither says anything without the other. */
export interface Account {
  /** URL of the issuer that signs for it. */
  readonly issuer: string;
  readonly subject: string;
}

/** An account that was proven to be a person's. */
export interface LinkedAccount extends Account {
  readonly id: AccountId;
  readonly person: PersonId;
  /** The person that all of the same human are counted as. */
  readonly human: PersonId;
  readonly proof: AccountProof;
  /** False for one that was linked only to be known: no setting makes it sign in, until its person proves it anew. */
  readonly signsIn: boolean;
  readonly linkedAt: Instant;
  readonly endedAt: Instant | null;
  /** An account that an administrator released may become somebody else's. */
  readonly released: boolean;
  /** Who claims it as well, or its own person, whom the directory gives another one in its place; `null`: it is clear. */
  readonly claimedBy: PersonId | null;
}

/**
 * Everything that was ever proven about an account, oldest first. Whoever proves the same account at this moment, or ends it, waits until the
 * transaction ends, so that two persons cannot both find it free, and nobody is signed in by what is none any more.
 */
export async function historyOf(trx: Trx, account: Account): Promise<readonly LinkedAccount[]> {
  await lockProofs(trx, account);
  return whileItStands(trx, account);
}

/** The same for whoever relies on it and proves nothing: they do not wait for one another. */
export async function historyReliedOn(trx: Trx, account: Account): Promise<readonly LinkedAccount[]> {
  await sql`select pg_advisory_xact_lock_shared(${lockOf(account)})`.execute(trx);
  return whileItStands(trx, account);
}

/** Whoever has many forgotten at once locks the rows alone, so they are waited for here, and wait for whoever reads this. */
async function whileItStands(trx: Trx, account: Account): Promise<readonly LinkedAccount[]> {
  const { issuer, subject } = account;
  await sql`
    select from linked_account where issuer = ${issuer} and subject = ${subject} and ended_at is null
    order by id for key share`.execute(trx);
  return everProven(trx, account);
}

async function lockProofs(trx: Trx, account: Account): Promise<void> {
  await sql`select pg_advisory_xact_lock(${lockOf(account)})`.execute(trx);
}

function lockOf({ issuer, subject }: Account): RawBuilder<bigint> {
  return sql<bigint>`hashtextextended(${`${issuer} ${subject}`}, 21)`;
}

/** The same, for whoever only looks. */
export async function everProven(db: Db | Trx, { issuer, subject }: Account): Promise<readonly LinkedAccount[]> {
  const rows = await withHuman(db)
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .orderBy('linked_at')
    .orderBy('linked_account.id')
    .execute();
  return rows.map(toLinked);
}

/** The accounts that are a person's now, oldest first. */
export async function accountsOf(db: Db | Trx, person: PersonId): Promise<readonly LinkedAccount[]> {
  const rows = await withHuman(db)
    .where('linked_account.person_id', '=', person)
    .where('ended_at', 'is', null)
    .orderBy('linked_at')
    .orderBy('linked_account.id')
    .execute();
  return rows.map(toLinked);
}

/**
 * The accounts of one issuer that were proven to be a person's and that nobody took off since: not they themselves, and no administrators.
 * Not those from before an operator let the directory introduce another one in place of the one that it had introduced, until the person
 * proves them again: what they linked besides stays theirs, and does not stand against that. Oldest first. Behind `lockPerson`.
 */
export async function keptAt(trx: Trx, person: PersonId, issuer: string): Promise<readonly LinkedAccount[]> {
  const rows = await withHuman(trx)
    .where('linked_account.person_id', '=', person)
    .where('issuer', '=', issuer)
    .where('ended_at', 'is', null)
    .where((is) => is.not(IS_FROM_BEFORE))
    .orderBy('linked_at')
    .orderBy('linked_account.id')
    .execute();
  return rows.map(toLinked);
}

/** That an account has not been proven since others of its person at its issuer were forgotten. */
const IS_FROM_BEFORE = sql<boolean>`exists (
  select from linked_account other
  where other.person_id = linked_account.person_id and other.issuer = linked_account.issuer
    and other.forgotten_at >= coalesce(linked_account.shown_again_at, linked_account.linked_at))`;

/** Its person has proven an account again: from then on it stands against another one of the directory, whatever was forgotten before. */
export async function noteShown(trx: Trx, id: AccountId, now: Instant): Promise<void> {
  await trx
    .updateTable('linked_account')
    .set({ shown_again_at: toIso(now) })
    .where('id', '=', id)
    .where(IS_FROM_BEFORE)
    .execute();
}

/** The accounts of an issuer that are somebody's now, whatever they were linked for: what they are for can have changed since a sign-in. */
export async function accountsAt(trx: Trx, issuer: string): Promise<readonly LinkedAccount[]> {
  const rows = await withHuman(trx)
    .where('issuer', '=', issuer)
    .where('ended_at', 'is', null)
    .orderBy('linked_account.id')
    .execute();
  return rows.map(toLinked);
}

/**
 * Whether what an entry of `at` says of an account is more than somebody's first one: something was linked to them before, or the account
 * itself was there, theirs or that of another entry of the same human, and was proven for something else.
 */
export async function hadAccountBefore(db: Db | Trx, person: PersonId, account: string, at: Instant): Promise<boolean> {
  const { rows } = await sql<{ before: boolean }>`
    select exists (
      select from linked_account this where this.id = ${account} and (
        this.linked_at < ${toIso(at)}::timestamptz or exists (
          select from linked_account one
          where one.person_id = ${person} and one.id <> this.id and one.linked_at <= this.linked_at))) as before`.execute(
    db,
  );
  return rows[0]?.before ?? false;
}

/**
 * An account that is or was somebody's, locked until the transaction ends. A sign-in by it that is under way is waited for, and what came
 * out of that is seen.
 */
export async function lockLinked(trx: Trx, id: AccountId): Promise<LinkedAccount | null> {
  const account = await findLinked(trx, id);
  if (account === null) return null;
  // First what sign-ins lock first, so that the two never wait for each other.
  await lockProofs(trx, account);
  await sql`select from linked_account where id = ${id} for update`.execute(trx);
  return findLinked(trx, id);
}

/** An account that is or was somebody's. */
export async function findLinked(db: Db | Trx, id: AccountId): Promise<LinkedAccount | null> {
  const row = await withHuman(db).where('linked_account.id', '=', id).executeTakeFirst();
  return row === undefined ? null : toLinked(row);
}

/** Writes that an account is a person's. Behind {@link historyOf}. */
export async function insertLinked(
  trx: Trx,
  linked: Account & Pick<LinkedAccount, 'id' | 'person' | 'proof' | 'signsIn' | 'linkedAt'>,
): Promise<void> {
  await trx
    .insertInto('linked_account')
    .values({
      id: linked.id,
      person_id: linked.person,
      issuer: linked.issuer,
      subject: linked.subject,
      proof: linked.proof,
      signs_in: linked.signsIn,
      linked_at: toIso(linked.linkedAt),
    })
    .execute();
}

/** What an account is for, as its person has just proven it. Behind {@link historyOf}. */
export async function setSignsIn(trx: Trx, id: AccountId, signsIn: boolean): Promise<void> {
  await trx.updateTable('linked_account').set({ signs_in: signsIn }).where('id', '=', id).execute();
}

const NO_CONFLICT = { conflict_at: null, conflict_with: null, conflict_proof: null };

/**
 * An account is nobody's any more. `by`: the person themself, which releases it to nobody else and settles nothing, or an administrator.
 */
export async function endLinked(trx: Trx, id: AccountId, by: 'person' | 'administrator', now: Instant): Promise<void> {
  await trx
    .updateTable('linked_account')
    .set({ ended_at: toIso(now), ended_by: by, ...(by === 'administrator' ? NO_CONFLICT : {}) })
    .where('id', '=', id)
    .execute();
}

/** An administrator releases everything that was ever proven about an account: it may become somebody else's. */
export async function releaseHistory(trx: Trx, { issuer, subject }: Account, now: Instant): Promise<void> {
  await sql`
    update linked_account set ended_by = 'administrator', ended_at = coalesce(ended_at, ${toIso(now)}::timestamptz),
      conflict_at = null, conflict_with = null, conflict_proof = null
    where issuer = ${issuer} and subject = ${subject}`.execute(trx);
}

/**
 * Notes that somebody else claims an account, or that its own person is given another one in its place, and how they came to it. What the
 * directory says later does not take the place of what somebody proved.
 */
export async function noteConflict(
  trx: Trx,
  account: Account,
  claim: { readonly with: PersonId; readonly proof: AccountProof; readonly at: Instant },
): Promise<void> {
  const { with: claimer, proof, at } = claim;
  await ofNotReleased(trx, account)
    .set({ conflict_at: toIso(at), conflict_with: claimer, conflict_proof: proof })
    .$if(proof === 'directory', (query) =>
      query.where((is) => is.or([is('conflict_at', 'is', null), is('conflict_proof', '=', 'directory')])),
    )
    .execute();
}

/** The directory does not give an account to anybody else any more. What somebody else proved stays for administrators to settle. */
export async function settleMistake(trx: Trx, account: Account): Promise<void> {
  await ofNotReleased(trx, account).set(NO_CONFLICT).where('conflict_proof', '=', 'directory').execute();
}

function ofNotReleased(trx: Trx, { issuer, subject }: Account) {
  return trx
    .updateTable('linked_account')
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .where((is) => is.or([is('ended_by', 'is', null), is('ended_by', '<>', 'administrator')]));
}

/** Claims of persons who are one human are no conflict between them. */
export async function settleConflicts(trx: Trx, humans: readonly PersonId[]): Promise<void> {
  await sql`
    update linked_account set conflict_at = null, conflict_with = null, conflict_proof = null
    where conflict_with = any(${humans}) and person_id = any(${humans}) and conflict_with <> person_id`.execute(trx);
}

/** Nothing is given to a person any more in place of the accounts that they have at an issuer. */
export async function settleOwn(trx: Trx, person: PersonId, issuer: string): Promise<void> {
  await sql`
    update linked_account set conflict_at = null, conflict_with = null, conflict_proof = null
    where person_id = ${person} and conflict_with = ${person} and issuer = ${issuer}`.execute(trx);
}

/** An account that is not clear, by directory keys. */
export interface AccountConflict {
  readonly id: AccountId;
  readonly person: string;
  /** Who claims it as well. Its own person: the directory gives them another one in its place, by which nobody is signed in. */
  readonly claimedBy: string;
  readonly at: Instant;
}

/** The conflicts that nobody has resolved, oldest first; at most 100. */
export async function openConflicts(db: Db): Promise<readonly AccountConflict[]> {
  const { rows } = await sql<AccountConflict>`
    select l.id, holder.directory_key as person, claimer.directory_key as "claimedBy", l.conflict_at as at
    from linked_account l
    join person holder on holder.id = l.person_id
    join person claimer on claimer.id = l.conflict_with
    where l.conflict_at is not null order by l.conflict_at, l.id limit 100`.execute(db);
  return rows;
}

/** Accounts, each with who its person is counted as. */
export function withHuman(db: Db | Trx) {
  return db
    .selectFrom('linked_account')
    .leftJoin('person_alias', 'person_alias.person_id', 'linked_account.person_id')
    .selectAll('linked_account')
    .select('person_alias.same_as');
}

/** A row as the rest of the program knows it. */
export function toLinked(
  row: Selectable<Schema['linked_account']> & { readonly same_as: PersonId | null },
): LinkedAccount {
  return {
    id: row.id,
    person: row.person_id,
    human: row.same_as ?? row.person_id,
    issuer: row.issuer,
    subject: row.subject,
    proof: row.proof,
    signsIn: row.signs_in,
    linkedAt: row.linked_at,
    endedAt: row.ended_at,
    released: row.ended_by === 'administrator',
    claimedBy: row.conflict_with,
  };
}
