import type { RequestId } from '../core/ids.ts';
import { NOTIFICATIONS, type NotificationKind } from '../core/notification.ts';
import { ok, refused, type Result } from '../core/result.ts';
import { appNow } from '../store/database.ts';
import { findMutes, lockMutes, replaceOff, saveMute } from '../store/notifications.ts';
import { findRequest, findRequests, type RequestRecord } from '../store/requests.ts';
import type { Db, Trx } from '../store/schema.ts';
import { judge } from './authorisation.ts';
import { NOT_FOUND, type OperationRefusal } from './refusal.ts';
import { standingToRequest } from './standing.ts';
import { storedQuestion } from './stored-decision.ts';
import { personView, type PersonView } from './person-view.ts';
import type { Actor, World } from './world.ts';

/** What somebody wants to be told by e-mail. */
export interface NotificationSettings {
  readonly kinds: Readonly<Record<NotificationKind, boolean>>;
  /** Requests of which they want to hear nothing more, the newest first. */
  readonly muted: readonly MutedRequest[];
}

export interface MutedRequest {
  readonly id: RequestId;
  /** Who asked for what; `null`: whoever muted it may not see it any more, and can still take that back. */
  readonly asked: { readonly requester: PersonView; readonly items: RequestRecord['items'] } | null;
}

type Outcome = Result<NotificationSettings, OperationRefusal>;

/** What the actor wants to be told: everything, unless they said otherwise. */
export async function showNotifications(world: World, actor: Actor): Promise<Outcome> {
  const no = judge('showNotifications', actor);
  return no === null ? ok(await settingsOf(world, world.db, actor)) : refused(no);
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
    return ok(await settingsOf(world, trx, actor));
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
    return ok(await settingsOf(world, trx, actor));
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

async function settingsOf(world: World, db: Db | Trx, actor: Actor): Promise<NotificationSettings> {
  const { off, muted } = await findMutes(db, actor.person);
  const kinds = Object.fromEntries(NOTIFICATIONS.map((kind) => [kind, !off.includes(kind)]));
  const requests = [...(await findRequests(db, muted)).values()].sort((a, b) => b.createdAt - a.createdAt);
  const shown: MutedRequest[] = [];
  for (const request of requests) {
    const no = judge('muteRequest', actor, await standingToRequest(world, db, actor, request));
    const requester = personView(world, storedQuestion(request).requester);
    shown.push({ id: request.id, asked: no === null ? { requester, items: request.items } : null });
  }
  return { kinds: kinds as NotificationSettings['kinds'], muted: shown };
}
