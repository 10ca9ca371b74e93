import type { RequestId } from '../core/ids.ts';
import { NOTIFICATIONS, type NotificationKind } from '../core/notification.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { appNow } from '../store/database.ts';
import { findMutes, lockMutes, replaceOff, saveMute } from '../store/notifications.ts';
import { findRequest } from '../store/requests.ts';
import type { Db, Trx } from '../store/schema.ts';
import { judge } from './authorisation.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import { standingToRequest } from './standing.ts';
import type { Actor, World } from './world.ts';

/** What somebody wants to be told by e-mail. */
export interface NotificationSettings {
  readonly kinds: Readonly<Record<NotificationKind, boolean>>;
  /** Requests of which they want to hear nothing more. */
  readonly muted: readonly RequestId[];
}

type Outcome = Result<NotificationSettings, OperationRefusal>;

/** What the actor wants to be told: everything, unless they said otherwise. */
export async function showNotifications(world: World, actor: Actor): Promise<Outcome> {
  const no = judge('showNotifications', actor);
  return no === null ? ok(await settingsOf(world.db, actor)) : refused(no);
}

/** Turns kinds of messages on and off, for the actor alone. */
export async function saveNotifications(
  world: World,
  actor: Actor,
  kinds: NotificationSettings['kinds'],
): Promise<Outcome> {
  const no = judge('saveNotifications', actor);
  if (no !== null) return refused(no);
  const off = NOTIFICATIONS.filter((kind) => !kinds[kind]);
  return changing(world, actor, async (trx) => {
    const before = await findMutes(trx, actor.person);
    const isSame = before.off.length === off.length && off.every((kind) => before.off.includes(kind));
    if (!isSame) {
      await replaceOff(trx, actor.person, off);
      await world.append(trx, {
        kind: 'notifications.changed',
        at: await appNow(trx),
        actor: { kind: 'person', id: actor.person },
        subjects: { person: actor.person },
        facts: { off },
      });
    }
    return ok(await settingsOf(trx, actor));
  });
}

/** Mutes a request for the actor alone, or no longer. What they may not see does not exist; what was muted can always be unmuted. */
export async function muteRequest(world: World, actor: Actor, id: RequestId, muted: boolean): Promise<Outcome> {
  return changing(world, actor, async (trx) => {
    const no = muted ? await mayNotMute(world, trx, actor, id) : judge('saveNotifications', actor);
    if (no !== null) return refused(no);
    if (await saveMute(trx, actor.person, id, muted)) {
      await world.append(trx, {
        kind: 'notifications.muted',
        at: await appNow(trx),
        actor: { kind: 'person', id: actor.person },
        // Not a subject: others who read the story of the request are not told who stopped listening.
        subjects: { person: actor.person },
        facts: { request: id, muted },
      });
    }
    return ok(await settingsOf(trx, actor));
  });
}

async function mayNotMute(world: World, trx: Trx, actor: Actor, id: RequestId): Promise<OperationRefusal | null> {
  const request = await findRequest(trx, id);
  return request === null
    ? NOT_FOUND
    : judge('muteRequest', actor, await standingToRequest(world, trx, actor, request));
}

/** Runs a change of one's own settings, one after the other. */
function changing(world: World, actor: Actor, work: (trx: Trx) => Promise<Outcome>): Promise<Outcome> {
  return world.db.transaction().execute(async (trx) => {
    await lockMutes(trx, actor.person);
    return work(trx);
  });
}

async function settingsOf(db: Db | Trx, { person }: Actor): Promise<NotificationSettings> {
  const { off, muted } = await findMutes(db, person);
  const kinds = Object.fromEntries(NOTIFICATIONS.map((kind) => [kind, !off.includes(kind)]));
  return { kinds: kinds as NotificationSettings['kinds'], muted };
}
