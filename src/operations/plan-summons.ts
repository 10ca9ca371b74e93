import { ON_CALL_ALONE_MS, WAITS_HELD_MS } from '../core/notification.ts';
import { after, type Instant } from '../core/time.ts';
import { onCallOf } from '../policy/approvers.ts';
import type { ApprovalStep } from '../policy/types.ts';
import type { NewNotification } from '../store/notifications.ts';
import type { RequestRecord } from '../store/requests.ts';
import { storedDecision } from './stored-decision.ts';
import type { RulesInForce } from './world.ts';

/** A message to somebody who is named by their key, because they may never have been seen. */
export type Summons = Omit<NewNotification, 'person'> & { readonly key: string };

/**
 * Whom a request that somebody made at `at` is told to, and when. Where a step names a rotation, whoever is on call is asked first, and all others
 * whom the step names when those had their time; where it names a group alone everybody is, as nobody of them is nearer to it. To whom a step
 * escalates hears at its time. All of it is kept now, so that no process has to live until then; whether it still waits is seen when it is sent.
 */
export function summonsOf(
  { directory }: Pick<RulesInForce, 'directory'>,
  request: Pick<RequestRecord, 'id' | 'decision' | 'lapsesAt'>,
  at: Instant,
): readonly Summons[] {
  const decision = storedDecision(request);
  const message = (kind: 'waits' | 'escalated', key: string, happenedAt: Instant, dueAt: Instant): Summons => ({
    kind,
    key,
    occasion: `${kind}:${request.id}`,
    request: request.id,
    grant: null,
    happenedAt,
    dueAt,
  });
  const asked = new Map<string, Instant>();
  const escalations = new Map<string, Instant>();
  for (const step of decision.steps) {
    const first = onCallFirst(step, onCallOf(step.from, directory, at));
    const othersAt = after(at, aloneMs(step, request.lapsesAt - at));
    for (const key of step.eligible) earliest(asked, key, first.has(key) ? after(at, WAITS_HELD_MS) : othersAt);
    if (step.escalatesAfterMs === null) continue;
    const dueAt = after(decision.submittedAt, step.escalatesAfterMs);
    for (const key of step.escalatesTo) earliest(escalations, key, dueAt);
  }
  return [
    ...[...asked].map(([key, dueAt]) => message('waits', key, at, dueAt)),
    ...[...escalations]
      .filter(([key]) => !asked.has(key))
      .map(([key, dueAt]) => message('escalated', key, dueAt, dueAt)),
  ];
}

/** Whom a step is told to within seconds: who is on call if they are enough to satisfy it, and otherwise everybody. */
function onCallFirst({ eligible, count }: ApprovalStep, called: ReadonlySet<string>): ReadonlySet<string> {
  const first = eligible.filter((key) => called.has(key));
  return new Set(first.length >= count ? first : eligible);
}

/**
 * How long those on call are alone with it, in milliseconds: not beyond the time at which the step escalates to others still, and not beyond
 * half of the time in which it can be decided. An extension is often asked for minutes before the end.
 */
function aloneMs({ escalatesAfterMs }: ApprovalStep, openMs: number): number {
  return Math.max(WAITS_HELD_MS, Math.min(ON_CALL_ALONE_MS, escalatesAfterMs ?? Infinity, Math.floor(openMs / 2)));
}

function earliest(times: Map<string, Instant>, key: string, at: Instant): void {
  if (at < (times.get(key) ?? Infinity)) times.set(key, at);
}
