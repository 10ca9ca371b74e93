import { createHash } from 'node:crypto';
import type { PersonId, SessionId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { after, type Instant } from '../core/time.ts';
import type { NewEntry } from '../ledger/entry.ts';
import { newId } from '../platform/random.ts';
import {
  browserSessionsOf,
  deleteBrowserSessions,
  deleteOverdueSessions,
  findToken,
  insertBrowserSession,
  insertToken,
  livingSessions,
  noteUse,
  replaceOthers,
  takeRotation,
  type FoundToken,
  type WhichSessions,
} from '../store/browser-sessions.ts';
import {
  companyHash,
  companyNames,
  deleteSignInsAtCompany,
  rememberLogout,
  withoutSession,
  type AtCompanyNamed,
} from '../store/company-names.ts';
import type { Trx } from '../store/schema.ts';
import type { OperationRefusal } from './refusal.ts';
import { admit, type VerifiedIdentity } from './sign-in.ts';
import type { World } from './world.ts';

const MINUTE_MS = 60_000;
/** From the sign-in, whatever is done in between. */
const SESSION_MS = 12 * 60 * MINUTE_MS;
/** Nobody used it for so long: it is over. */
const IDLE_MS = 60 * MINUTE_MS;
/** A token in force for so long is replaced at the next request. */
const ROTATE_MS = 10 * MINUTE_MS;
/** What was under way when a token was replaced still arrives within this. */
const GRACE_MS = MINUTE_MS;
/** A person has browsers on some machines, and not more: the oldest sessions make room. */
const MOST_SESSIONS = 20;

/** Why a session ended before its time. */
export type SessionEnd =
  | 'signed-out'
  | 'revoked'
  | 'replaced'
  | 'replayed'
  | 'signed-out-at-company'
  | 'account-unlinked'
  | 'left'
  | 'recovery';

/** What the company's provider said at the sign-in of a browser. */
export interface BrowserIdentity extends VerifiedIdentity {
  /** When it authenticated the person; `null`: it did not say. */
  readonly authenticatedAt: Instant | null;
  readonly mfaAt: Instant | null;
  /** What the browser calls itself, shortened for people to recognise. */
  readonly agent: string;
  /** The token of a session that this browser had before: it ends, so that nothing of it goes on under the new one. */
  readonly formerToken: string | null;
}

export interface OpenedSession {
  readonly token: string;
  readonly endsAt: Instant;
}

/**
 * Signs a person in at a browser: the same admission and the same entry in the log as everywhere, and a session. The token
 * is new whatever the browser brought, so nobody can plant one beforehand and use it afterwards (session fixation).
 */
export async function openBrowserSession(
  world: World,
  identity: BrowserIdentity,
): Promise<Result<OpenedSession, OperationRefusal>> {
  const id = newId(world.random, 'ses');
  const token = newToken(world);
  const now = world.clock.now();
  const endsAt = after(now, SESSION_MS);
  const ended: SessionId[] = [];
  const admitted = await admit(world, identity, {
    facts: { session: id },
    async then(trx, person) {
      await deleteOverdueSessions(trx, now, after(now, -IDLE_MS));
      const former = identity.formerToken === null ? null : await findToken(trx, hashOf(identity.formerToken));
      if (former !== null) ended.push(...(await end(world, trx, { id: former.id }, 'replaced')));
      const others = await browserSessionsOf(trx, person, now, after(now, -IDLE_MS));
      for (const { id: oldest } of others.slice(MOST_SESSIONS - 1))
        ended.push(...(await end(world, trx, { id: oldest }, 'replaced')));
      const row = { id, person, createdAt: now, usedAt: now, rotatedAt: now, endsAt };
      const { agent, authenticatedAt, mfaAt } = identity;
      const known = { csrf: newToken(world), agent, authenticatedAt, mfaAt };
      await insertBrowserSession(trx, { ...row, ...known }, companyNames(identity), hashOf(token));
    },
  });
  if (!admitted.ok) return admitted;
  announce(world, ended);
  return ok({ token, endsAt });
}

/** Who a cookie speaks for. */
export interface RecognisedSession {
  readonly id: SessionId;
  readonly person: PersonId;
  /** Directory key. */
  readonly key: string;
  readonly csrf: string;
  readonly signedInAt: Instant;
  /** The absolute end. */
  readonly endsAt: Instant;
  readonly authenticatedAt: Instant | null;
  readonly mfaAt: Instant | null;
  /** A younger token for the browser to keep instead; `null` almost always. */
  readonly offered: string | null;
}

/** Why a token was not taken. For the log alone. */
export type SessionRefusal = 'unknown session' | 'session over' | 'replayed token';

/**
 * Finds the session of a token and keeps it going. Unless `isUse`, nobody did anything: a page looks by itself whether something has
 * changed, which does not put off the end of a session that nobody uses. A token is replaced every ten minutes: a younger one is offered, and
 * takes over when the browser shows it, so that a lost answer costs nothing. A replaced token that comes later than what
 * was under way can be only a copy, the thief's or the owner's: the whole session ends.
 */
export async function recogniseSession(
  world: World,
  token: string,
  isUse = true,
): Promise<Result<RecognisedSession, SessionRefusal>> {
  const hash = hashOf(token);
  const found = await findToken(world.db, hash);
  if (found === null) return refused('unknown session');
  const now = world.clock.now();
  if (found.endsAt <= now || after(found.usedAt, IDLE_MS) <= now) return refused('session over');
  if (found.tokenReplacedAt !== null && after(found.tokenReplacedAt, GRACE_MS) < now) {
    world.log.warn({ session: found.id, person: found.person }, 'a replaced session token came back; the session ends');
    await endSessions(world, { id: found.id }, 'replayed');
    return refused('replayed token');
  }
  const offered = await keepGoing(world, found, { hash, now, isUse }).catch((error: unknown) => {
    // A database that takes no writes: whoever is signed in can still end what is live.
    world.log.warn({ session: found.id, error: String(error) }, 'the use of a session could not be noted');
    return null;
  });
  const { id, person, key, csrf, createdAt: signedInAt, endsAt, authenticatedAt, mfaAt } = found;
  return ok({ id, person, key, csrf, signedInAt, endsAt, authenticatedAt, mfaAt, offered });
}

/** Notes that a session is used, and by which of its tokens; a younger token, if it is time for one. */
async function keepGoing(
  world: World,
  found: FoundToken,
  { hash, now, isUse }: { readonly hash: string; readonly now: Instant; readonly isUse: boolean },
): Promise<string | null> {
  if (found.tokenUsedAt === null && found.tokenReplacedAt === null)
    await world.db.transaction().execute((trx) => replaceOthers(trx, found.id, hash, now));
  if (isUse && now - found.usedAt >= MINUTE_MS) await noteUse(world.db, found.id, now);
  return offer(world, found, now);
}

/** A younger token, if it is time for one and nobody else is offering it at this instant. */
async function offer(world: World, found: FoundToken, now: Instant): Promise<string | null> {
  if (found.tokenReplacedAt !== null || now - found.rotatedAt < ROTATE_MS) return null;
  const younger = newToken(world);
  return world.db.transaction().execute(async (trx) => {
    if (!(await takeRotation(trx, found.id, found.rotatedAt, now))) return null;
    await insertToken(trx, found.id, hashOf(younger), null);
    return younger;
  });
}

/** Ends sessions, with an entry for each. Whether the caller may is for whoever names them: by id only together with the person. */
export async function endSessions(
  world: World,
  which: WhichSessions,
  cause: SessionEnd,
  by: PersonId | null = null,
): Promise<readonly SessionId[]> {
  const ended = await world.db.transaction().execute((trx) => end(world, trx, which, cause, by));
  announce(world, ended);
  return ended;
}

/**
 * Ends the session of somebody whom the directory does not have any more. Of a directory that knows nobody at all nothing is believed: it
 * was not read, and everybody would have to sign in again.
 */
export async function endSessionOfLeaver(world: World, id: SessionId): Promise<void> {
  if (world.rules.current().directory.people.size > 0) await endSessions(world, { id }, 'left');
}

/** What the company says has ended there. */
export interface LogoutAtCompany {
  readonly issuer: string;
  readonly subject: string | null;
  /** One session there; `null`: all of the subject. */
  readonly companySession: string | null;
  readonly tokenId: string;
  readonly heardAt: Instant;
  readonly rememberUntil: Instant;
}

/**
 * Ends the sign-ins, of browsers and of command lines, that came out of what ended at the company: those of one session there, with
 * those of the same person for which the company named no session, because they may have come out of it; or all of a person. One that is under way is not finished (`admit`). A logout that is heard twice does nothing, and answers false: a copy that is
 * sent later must not end a newer session.
 */
export async function endAtCompany(world: World, logout: LogoutAtCompany): Promise<boolean> {
  const { issuer, subject, companySession, tokenId, heardAt, rememberUntil } = logout;
  const account = subject === null ? null : companyHash('sub', issuer, subject);
  const session = companySession === null ? null : companyHash('sid', issuer, companySession);
  const which =
    session === null
      ? { companySubjects: account === null ? [] : [account] }
      : { companySession: session, subject: account };
  const heard = (name: string, ended: string | null) => {
    const hash = companyHash('jti', issuer, name);
    return { hash, ended, heardAt, until: rememberUntil };
  };
  const over = await world.db.transaction().execute(async (trx) => {
    if (!(await rememberLogout(trx, heard(tokenId, session ?? account)))) return null;
    // The line break keeps it apart from what the provider names.
    if (session !== null && account !== null)
      await rememberLogout(trx, heard(`${tokenId}\nwithout-sid`, withoutSession(account)));
    return endCameFrom(world, trx, which, 'signed-out-at-company', null);
  });
  announce(world, over ?? []);
  return over !== null;
}

/** Ends what came out of an account, or of one session there, at browsers and command lines; {@link announce} comes after the transaction. */
export async function endCameFrom(
  world: Pick<World, 'append' | 'clock'>,
  trx: Trx,
  which: AtCompanyNamed,
  cause: SessionEnd,
  by: PersonId | null,
): Promise<readonly SessionId[]> {
  const browsers = await end(world, trx, which, cause, by);
  const commandLines = await deleteSignInsAtCompany(trx, which);
  await world.append(trx, ...commandLines.map((one) => sessionEnded(world, one, cause, by)));
  return [...browsers, ...commandLines.map((one) => one.id)];
}

/** Ends sessions of browsers within a transaction; {@link announce} comes after it. */
export async function end(
  world: Pick<World, 'append' | 'clock'>,
  trx: Trx,
  which: WhichSessions,
  cause: SessionEnd,
  by: PersonId | null = null,
): Promise<readonly SessionId[]> {
  const gone = await deleteBrowserSessions(trx, which);
  await world.append(trx, ...gone.map((one) => sessionEnded(world, one, cause, by)));
  return gone.map(({ id }) => id);
}

/** The entry of a session's end; one of the command line is a session like those of browsers. */
export function sessionEnded(
  world: Pick<World, 'clock'>,
  { id, person }: { readonly id: SessionId; readonly person: PersonId },
  cause: SessionEnd,
  by: PersonId | null,
): NewEntry {
  return {
    kind: 'session.ended',
    at: world.clock.now(),
    actor: by === null ? { kind: 'system', id: 'sign-in' } : { kind: 'person', id: by },
    subjects: { person },
    facts: { session: id, cause },
  };
}

/** Streams that were opened with these sessions close. */
export function announce(world: Pick<World, 'changes' | 'clock'>, ended: readonly SessionId[]): void {
  for (const id of ended) world.changes.publish({ kind: 'session', id, at: world.clock.now() });
}

/** Which of some sessions still stand. Streams ask it now and then, because another process may have ended them. */
export function standingSessions(world: World, ids: readonly SessionId[]): Promise<ReadonlySet<SessionId>> {
  const now = world.clock.now();
  return livingSessions(world.db, ids, now, after(now, -IDLE_MS));
}

/** Sessions of a person's browsers that stand, the newest first. */
export function ownBrowserSessions(world: World, person: PersonId) {
  const now = world.clock.now();
  return browserSessionsOf(world.db, person, now, after(now, -IDLE_MS));
}

function newToken(world: World): string {
  return world.random.bytes(32).toString('base64url');
}

/** A token has 256 random bits, so its plain hash gives nothing away. */
function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
