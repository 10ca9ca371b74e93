import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { PersonId, SessionId } from '../core/ids.ts';
import { toIso, type Instant } from '../core/time.ts';
import { at, isAnyOf } from './columns.ts';
import { historyReliedOn } from './linked-accounts.ts';
import { humanOf } from './people.ts';
import type { Db, Trx } from './schema.ts';

/** The company's names for a sign-in: SHA-256 of issuer and subject, and of issuer and the company's own session, hexadecimal. */
export interface CompanyNames {
  readonly subject: string;
  readonly session: string | null;
}

/** What names the sign-ins of a subject, as `companyNames` gives it, that came without a session of the company's own. */
export function withoutSession(subject: string): string {
  return createHash('sha256').update(`without-sid\n${subject}`).digest('hex');
}

/** Who the company's provider says has signed in, and in which session of its own (`sid`). */
export interface AtCompany {
  readonly issuer: string;
  readonly subject: string;
  readonly companySession: string | null;
}

export function companyNames({ issuer, subject, companySession }: AtCompany): CompanyNames {
  const session = companySession === null ? null : companyHash('sid', issuer, companySession);
  return { subject: companyHash('sub', issuer, subject), session };
}

/** A name as a logout at the company gives it. The line break keeps issuer and name apart: no URL holds one. */
export function companyHash(kind: 'sub' | 'sid' | 'jti', issuer: string, name: string): string {
  return createHash('sha256').update(`${kind}\n${issuer}\n${name}`).digest('hex');
}

/** A logout at the company: its own name, and the name of what it ended; `null`: of nothing. */
export interface HeardLogout {
  readonly hash: string;
  readonly ended: string | null;
  readonly heardAt: Instant;
  /** Until when it would be taken again if nobody remembered it. */
  readonly until: Instant;
}

/**
 * Remembers a logout at the company until it would not be taken anyway. False when it is known: it came before. Sign-ins that are being
 * finished at this moment are waited for, and none is finished until the transaction ends.
 */
export async function rememberLogout(trx: Trx, { hash, ended, heardAt, until }: HeardLogout): Promise<boolean> {
  await sql`select pg_advisory_xact_lock(25)`.execute(trx);
  await trx.deleteFrom('company_logout').where('expires_at', '<', at(heardAt)).execute();
  const result = await trx
    .insertInto('company_logout')
    .values({ hash, expires_at: toIso(until), ended, heard_at: toIso(heardAt) })
    .onConflict((conflict) => conflict.constraint('company_logout_pk').doNothing())
    .executeTakeFirst();
  return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
}

/**
 * Whether the company has ended what a sign-in came from while that was under way: its own session, at any time, or everything of the
 * person since `begunAt`. No logout is heard until the transaction ends.
 */
export async function endedMeanwhile(trx: Trx, names: CompanyNames, begunAt: Instant): Promise<boolean> {
  await sql`select pg_advisory_xact_lock_shared(25)`.execute(trx);
  const row = await trx
    .selectFrom('company_logout')
    .select('hash')
    .where((is) =>
      is.or([
        is.and([is('ended', '=', names.subject), is('heard_at', '>=', at(begunAt))]),
        names.session === null
          ? is.and([is('ended', '=', withoutSession(names.subject)), is('heard_at', '>=', at(begunAt))])
          : is('ended', '=', names.session),
      ]),
    )
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Writes the company's names beside the authorization of a sign-in at a command line: only from then on is it found by them. Nothing is
 * written, and it is said why, where the company has ended it meanwhile, or where its account is the person's no more, or signs in nobody.
 */
export function nameSignIn(
  db: Db,
  { id, person, at: from, begunAt }: NewSignIn,
): Promise<'named' | 'signed-out-at-company' | 'account-unlinked'> {
  return db.transaction().execute(async (trx) => {
    const names = companyNames(from);
    if (await endedMeanwhile(trx, names, begunAt)) return 'signed-out-at-company';
    const human = await humanOf(trx, person);
    const theirs = (await historyReliedOn(trx, from)).filter((one) => one.endedAt === null && one.human === human);
    if (theirs.length === 0 || theirs.some((one) => !one.signsIn)) return 'account-unlinked';
    const result = await trx
      .updateTable('oidc_payload')
      .set({ company_subject: names.subject, company_session: names.session })
      .where('model', '=', 'Grant')
      .where('sign_in_id', '=', id)
      .executeTakeFirst();
    // Without one it has ended by itself: there is nothing to go on with.
    return result.numUpdatedRows > 0n ? 'named' : 'signed-out-at-company';
  });
}

/** A sign-in at a command line that is being finished. */
export interface NewSignIn {
  readonly id: SessionId;
  readonly person: PersonId;
  /** By which account. */
  readonly at: AtCompany;
  readonly begunAt: Instant;
}

/**
 * By which of the company's names something is ended: of some accounts of its provider, or of a session there, with what came without one
 * from the same account (`null`: the logout names none).
 */
export type AtCompanyNamed =
  | { readonly companySubjects: readonly string[] }
  | { readonly companySession: string; readonly subject: string | null };

/** Ends the sign-ins of command lines that the company has a name for, with everything that came out of them, and says whose they were. */
export async function deleteSignInsAtCompany(
  trx: Trx,
  which: AtCompanyNamed,
): Promise<readonly { readonly id: SessionId; readonly person: PersonId }[]> {
  const query = trx.selectFrom('oidc_payload').select(['sign_in_id as id', 'person_id as person']);
  const rows = await (
    'companySubjects' in which
      ? query.where(isAnyOf('company_subject', which.companySubjects))
      : query.where((row) =>
          row.or([
            row('company_session', '=', which.companySession),
            row.and([row('company_subject', '=', which.subject), row('company_session', 'is', null)]),
          ]),
        )
  ).execute();
  const found = rows.flatMap(({ id, person }) => (id === null || person === null ? [] : [{ id, person }]));
  const ids = found.map((one) => one.id);
  if (ids.length > 0) await trx.deleteFrom('oidc_payload').where(isAnyOf('sign_in_id', ids)).execute();
  return found;
}
