import type { PersonId, SessionId } from '../core/ids.ts';
import { toIso, type Instant } from '../core/time.ts';
import { at, isAnyOf } from './columns.ts';
import type { AtCompanyNamed, CompanyNames } from './company-names.ts';
import type { Db, Trx } from './schema.ts';

/** A session of a browser. Times are by the clock of whoever wrote them. */
export interface BrowserSessionRow {
  readonly id: SessionId;
  readonly person: PersonId;
  readonly createdAt: Instant;
  /** To the minute. */
  readonly usedAt: Instant;
  readonly rotatedAt: Instant;
  readonly endsAt: Instant;
  /** When the company's provider authenticated the person; `null`: it did not say. */
  readonly authenticatedAt: Instant | null;
  readonly mfaAt: Instant | null;
  readonly csrf: string;
  readonly agent: string;
}

/** A token's session, and where the token stands in its row of tokens. */
export interface FoundToken extends BrowserSessionRow {
  /** Directory key. */
  readonly key: string;
  /** `null`: its browser has not shown it before. */
  readonly tokenUsedAt: Instant | null;
  readonly tokenReplacedAt: Instant | null;
}

const COLUMNS = [
  's.id',
  's.person_id as person',
  's.created_at as createdAt',
  's.used_at as usedAt',
  's.rotated_at as rotatedAt',
  's.ends_at as endsAt',
  's.authenticated_at as authenticatedAt',
  's.mfa_at as mfaAt',
  's.csrf',
  's.agent',
] as const;

/** Writes a session with its first token. `tokenHash` is SHA-256, hexadecimal. */
export async function insertBrowserSession(
  trx: Trx,
  row: BrowserSessionRow,
  company: CompanyNames,
  tokenHash: string,
): Promise<void> {
  await trx
    .insertInto('browser_session')
    .values({
      id: row.id,
      person_id: row.person,
      created_at: toIso(row.createdAt),
      used_at: toIso(row.usedAt),
      rotated_at: toIso(row.rotatedAt),
      ends_at: toIso(row.endsAt),
      authenticated_at: row.authenticatedAt === null ? null : toIso(row.authenticatedAt),
      mfa_at: row.mfaAt === null ? null : toIso(row.mfaAt),
      csrf: row.csrf,
      agent: row.agent,
      company_subject: company.subject,
      company_session: company.session,
    })
    .execute();
  await insertToken(trx, row.id, tokenHash, row.createdAt);
}

/** Adds a token to a session; `usedAt` is `null` for one that is only offered. */
export async function insertToken(
  db: Db | Trx,
  session: SessionId,
  hash: string,
  usedAt: Instant | null,
): Promise<void> {
  await db
    .insertInto('session_token')
    .values({ hash, session_id: session, used_at: usedAt === null ? null : toIso(usedAt) })
    .execute();
}

/** The session that a token belongs to, whatever became of either; `null` for a token that nobody knows. */
export async function findToken(db: Db | Trx, hash: string): Promise<FoundToken | null> {
  const row = await db
    .selectFrom('session_token as t')
    .innerJoin('browser_session as s', 's.id', 't.session_id')
    .innerJoin('person as p', 'p.id', 's.person_id')
    .select([...COLUMNS, 'p.directory_key as key', 't.used_at as tokenUsedAt', 't.replaced_at as tokenReplacedAt'])
    .where('t.hash', '=', hash)
    .executeTakeFirst();
  return row ?? null;
}

/** Notes that a browser has shown a token for the first time: every other one of its session is replaced from now on. */
export async function replaceOthers(trx: Trx, session: SessionId, hash: string, now: Instant): Promise<void> {
  await trx
    .updateTable('session_token')
    .set({ replaced_at: toIso(now) })
    .where('session_id', '=', session)
    .where('hash', '<>', hash)
    .where('replaced_at', 'is', null)
    .execute();
  await trx
    .updateTable('session_token')
    .set({ used_at: toIso(now), replaced_at: null })
    .where('hash', '=', hash)
    .execute();
}

/** Takes the turn to offer a younger token. Of two requests at one instant one gets true. */
export async function takeRotation(trx: Trx, session: SessionId, seen: Instant, now: Instant): Promise<boolean> {
  const result = await trx
    .updateTable('browser_session')
    .set({ rotated_at: toIso(now) })
    .where('id', '=', session)
    .where('rotated_at', '=', at(seen))
    .executeTakeFirst();
  return result.numUpdatedRows > 0n;
}

export async function noteUse(db: Db, session: SessionId, now: Instant): Promise<void> {
  await db
    .updateTable('browser_session')
    .set({ used_at: toIso(now) })
    .where('id', '=', session)
    .execute();
}

/** Sessions of a person that are not over, the newest first. */
export async function browserSessionsOf(
  db: Db | Trx,
  person: PersonId,
  now: Instant,
  idleSince: Instant,
): Promise<readonly BrowserSessionRow[]> {
  return db
    .selectFrom('browser_session as s')
    .select([...COLUMNS])
    .where('s.person_id', '=', person)
    .where('s.ends_at', '>', at(now))
    .where('s.used_at', '>', at(idleSince))
    .orderBy('s.created_at', 'desc')
    .orderBy('s.id', 'desc')
    .execute();
}

/** Which of some sessions are there and not over. */
export async function livingSessions(
  db: Db,
  ids: readonly SessionId[],
  now: Instant,
  idleSince: Instant,
): Promise<ReadonlySet<SessionId>> {
  if (ids.length === 0) return new Set();
  const rows = await db
    .selectFrom('browser_session')
    .select('id')
    .where(isAnyOf('id', [...new Set(ids)]))
    .where('ends_at', '>', at(now))
    .where('used_at', '>', at(idleSince))
    .execute();
  return new Set(rows.map((row) => row.id));
}

/** Which sessions to end: by id and, where somebody ends their own, by person; all of a person; or by the company's names for them. */
export type WhichSessions =
  { readonly id: SessionId; readonly person?: PersonId } | { readonly allOf: PersonId } | AtCompanyNamed;

/** Removes sessions with all their tokens, and says whose they were. */
export async function deleteBrowserSessions(
  trx: Trx,
  which: WhichSessions,
): Promise<readonly { readonly id: SessionId; readonly person: PersonId }[]> {
  const query = trx.deleteFrom('browser_session').returning(['id', 'person_id as person']);
  if ('companySubjects' in which) return query.where(isAnyOf('company_subject', which.companySubjects)).execute();
  if ('companySession' in which)
    return query
      .where((row) =>
        row.or([
          row('company_session', '=', which.companySession),
          row.and([row('company_subject', '=', which.subject), row('company_session', 'is', null)]),
        ]),
      )
      .execute();
  if ('allOf' in which) return query.where('person_id', '=', which.allOf).execute();
  const own = query.where('id', '=', which.id);
  return (which.person === undefined ? own : own.where('person_id', '=', which.person)).execute();
}

/** Removes what is over: its absolute end has come, or nobody used it since `idleSince`. */
export async function deleteOverdueSessions(trx: Trx, now: Instant, idleSince: Instant): Promise<void> {
  await trx
    .deleteFrom('browser_session')
    .where((row) => row.or([row('ends_at', '<=', at(now)), row('used_at', '<=', at(idleSince))]))
    .execute();
}
