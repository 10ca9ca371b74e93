import {
  NOTIFICATION_OUTCOMES,
  NOTIFICATIONS,
  OWN_NEWS,
  type MessageKind,
  type NotificationOutcome,
} from '../core/notification.ts';
import {
  claimNotification,
  forgetNotifications,
  isMuted,
  postponeNotification,
  settleNotification,
  type ClaimedNotification,
} from '../store/notifications.ts';
import type { CloudFinding } from './examine-clouds.ts';
import { noticeOf, type Notice } from './notice.ts';
import { isOwnNews, ownNoticeOf, type OwnNotice } from './own-notice.ts';
import { planNotifications } from './plan-notifications.ts';
import type { World } from './world.ts';

/** What came of an attempt. `fault` names what went wrong and nothing else: no address, no text of a server, no secret. */
export type Delivery =
  | { readonly kind: 'sent' }
  /** The receiving side will never take it. */
  | { readonly kind: 'refused'; readonly fault: string }
  /** It may go another time. */
  | { readonly kind: 'failed'; readonly fault: string };

/** A way to send messages. */
export interface Mailer {
  /** Sends one message; never throws. The same message may come twice, and then says that it is the same. */
  send(notice: Notice | OwnNotice): Promise<Delivery>;
  /** Whether messages could be sent now; for `curfew doctor`. */
  examine(): Promise<CloudFinding>;
}

/** What is found where no mail is configured: that is a choice, and nothing is missing. */
export const NO_MAIL: CloudFinding = {
  target: 'mail',
  ok: true,
  message: 'no e-mail is sent: CURFEW_SMTP_URL is not set',
};

/** Messages by what they were and what became of them, since the start of the process. */
export interface NotificationTally {
  readonly counts: Readonly<Record<MessageKind, Readonly<Record<NotificationOutcome | 'failed', number>>>>;
  count(this: void, kind: MessageKind, outcome: NotificationOutcome | 'failed'): void;
}

export function createNotificationTally(): NotificationTally {
  const outcomes = [...NOTIFICATION_OUTCOMES, 'failed'] as const;
  const nothing = () =>
    Object.fromEntries(outcomes.map((one) => [one, 0])) as Record<(typeof outcomes)[number], number>;
  const counts = Object.fromEntries([...NOTIFICATIONS, ...OWN_NEWS].map((kind) => [kind, nothing()])) as Record<
    MessageKind,
    ReturnType<typeof nothing>
  >;
  return { counts, count: (kind, outcome) => void (counts[kind][outcome] += 1) };
}

/** Longer than an attempt takes: what a dead process was sending goes out again after this. */
const LEASE_MS = 90_000;
const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** Who has not been reached for so long is not told any more. */
export const GIVE_UP_MS = 86_400_000;
const KEPT_MS = 30 * 86_400_000;

/**
 * Finds what is to be told and sends what is due, one message after the other. No transaction is open meanwhile, and nobody who decides or
 * ends waits for it. It ends when nothing is due, or with the first message that cannot be sent: most often no other can either.
 */
export async function tellPeople(
  world: World,
  mailer: Mailer,
  count: NotificationTally['count'],
  signal?: AbortSignal,
): Promise<void> {
  await planNotifications(world);
  while (signal?.aborted !== true) {
    const message = await claimNotification(world.db, LEASE_MS);
    if (message === null) return;
    const delivery = await deliver(world, mailer, message);
    const settled = await note(world, message, delivery);
    count(message.kind, settled ?? 'failed');
    if (settled === null) return;
  }
}

/** Forgets what was told so long ago that nobody asks. */
export async function forgetTold(world: Pick<World, 'db'>): Promise<void> {
  await forgetNotifications(world.db, KEPT_MS);
}

async function deliver(
  world: World,
  mailer: Mailer,
  message: ClaimedNotification,
): Promise<Delivery | { readonly kind: 'overtaken' | 'no-address' | 'muted' }> {
  try {
    if (isOwnNews(message)) {
      const notice = await ownNoticeOf(world, message);
      return typeof notice === 'string' ? { kind: notice } : await mailer.send(notice);
    }
    const notice = await noticeOf(world, message);
    if (typeof notice === 'string') return { kind: notice };
    if (await isMuted(world.db, message)) return { kind: 'muted' };
    return await mailer.send(notice);
  } catch (error) {
    world.log.error({ notification: message.id, error: String(error) }, 'a message could not be written');
    return { kind: 'failed', fault: 'internal' };
  }
}

/** Writes down what came of a message; `null`: it is tried again. */
async function note(
  world: World,
  message: ClaimedNotification,
  delivery: Awaited<ReturnType<typeof deliver>>,
): Promise<NotificationOutcome | null> {
  const { db, log } = world;
  const { id, kind, request, attempts } = message;
  if (delivery.kind !== 'failed') {
    const fault = delivery.kind === 'refused' ? delivery.fault : null;
    await settleNotification(db, id, delivery.kind, fault);
    if (fault !== null) log.warn({ notification: id, kind, request, fault }, 'a message was refused for good');
    return delivery.kind;
  }
  const { fault } = delivery;
  if (message.now - message.firstDueAt >= GIVE_UP_MS) {
    await settleNotification(db, id, 'given-up', fault);
    log.error(
      { notification: id, kind, request, fault, attempts },
      'a message could not be sent for a day, and is given up',
    );
    return 'given-up';
  }
  const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(attempts - 1, 20));
  await postponeNotification(db, message, pauseMs, fault);
  log.warn({ notification: id, kind, request, fault, attempts, pauseMs }, 'a message could not be sent yet');
  return null;
}
