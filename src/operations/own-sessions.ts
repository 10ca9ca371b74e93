import type { PersonId, SessionId } from '../core/ids.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { toIso } from '../core/time.ts';
import { judge } from './authorisation.ts';
import {
  cliSignInsOf,
  deleteSignIn,
  deleteSignInsOf,
  signInStands,
  standingOf,
  takeSignIn,
} from '../store/oidc-payloads.ts';
import type { Trx } from '../store/schema.ts';
import {
  announce,
  end,
  ownBrowserSessions,
  sessionEnded,
  standingSessions,
  type SessionEnd,
} from './browser-sessions.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import type { Actor, World } from './world.ts';

/** A place where somebody is signed in. Times are RFC 3339. */
export interface SessionView {
  readonly id: SessionId;
  readonly kind: 'browser' | 'cli';
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly expiresAt: string;
  /** As its owner would call it. */
  readonly agent: string;
}

/** Where the actor is signed in, browsers and command lines, the newest first. Nobody sees another person's. */
export async function listOwnSessions(
  world: World,
  actor: Actor,
): Promise<Result<readonly SessionView[], OperationRefusal>> {
  const no = judge('listSessions', actor);
  if (no !== null) return refused(no);
  const browsers = await ownBrowserSessions(world, actor.person);
  const commandLines = await cliSignInsOf(world.db, actor.person, world.clock.now());
  const own = [
    ...browsers.map((one) => ({ ...one, kind: 'browser' as const })),
    ...commandLines.map((one) => ({ ...one, kind: 'cli' as const, agent: 'The curfew command' })),
  ]
    .sort((a, b) => b.createdAt - a.createdAt)
    .map(({ id, kind, createdAt, usedAt, endsAt, agent }) => ({
      id,
      kind,
      createdAt: toIso(createdAt),
      lastUsedAt: toIso(usedAt),
      expiresAt: toIso(endsAt),
      agent,
    }));
  return ok(own);
}

/** Ends one of the actor's own sign-ins; another person's does not exist for them. */
export async function endOwnSession(
  world: World,
  actor: Actor,
  id: SessionId,
  cause: SessionEnd,
): Promise<Result<null, OperationRefusal>> {
  const no = judge(cause === 'signed-out' ? 'signOut' : 'endSession', actor);
  if (no !== null) return refused(no);
  // One of somebody else is not found: only their own are looked for.
  const { person } = actor;
  const ended = await world.db.transaction().execute(async (trx) => {
    if ((await end(world, trx, { id, person }, cause, person)).length > 0) return true;
    if (!(await deleteSignIn(trx, id, person))) return false;
    await world.append(trx, sessionEnded(world, { id, person }, cause, person));
    return true;
  });
  if (!ended) return refused(NOT_FOUND);
  announce(world, [id]);
  return ok(null);
}

/**
 * Ends a sign-in of the command line because of what the authorization server heard with one of its own codes and tokens: a sign-out, by its
 * owner, or one that was used before, by whoever has a copy. Whoever brings such a thing needs no other right. One that stands no more is
 * left alone.
 */
export async function endCliSignIn(
  world: Pick<World, 'db' | 'clock' | 'append' | 'changes' | 'log'>,
  id: SessionId,
  cause: SessionEnd,
): Promise<void> {
  const ended = await world.db.transaction().execute(async (trx) => {
    const person = await takeSignIn(trx, id);
    if (person === null) return false;
    const by = cause === 'signed-out' ? person : null;
    await world.append(trx, sessionEnded(world, { id, person }, cause, by));
    return true;
  });
  if (!ended) return;
  if (cause === 'replayed') world.log.warn({ session: id }, 'a code or a refresh token came back; the sign-in ends');
  announce(world, [id]);
}

/** Ends every sign-in of a person, at browsers and command lines; `announce` comes after the transaction. */
export async function endAllSignIns(
  world: World,
  trx: Trx,
  person: PersonId,
  cause: SessionEnd,
  by: PersonId,
): Promise<readonly SessionId[]> {
  const browsers = await end(world, trx, { allOf: person }, cause, by);
  const commandLines = await deleteSignInsOf(trx, person);
  await world.append(trx, ...commandLines.map((id) => sessionEnded(world, { id, person }, cause, by)));
  return [...browsers, ...commandLines];
}

/** Which of some sign-ins stand, of both kinds. Streams ask it now and then, because another process may have ended them. */
export async function standingSignIns(world: World, ids: readonly SessionId[]): Promise<ReadonlySet<SessionId>> {
  const [browsers, commandLines] = [await standingSessions(world, ids), await standingOf(world.db, ids)];
  return new Set([...browsers, ...commandLines]);
}

/** Whether a sign-in of the command line has not been ended: its tokens are good on their own for some minutes more. */
export function cliSignInStands(world: World, id: SessionId): Promise<boolean> {
  return signInStands(world.db, id);
}
