import { formatDuration } from '../../core/time.ts';
import type { Context } from '../context.ts';
import { isLive, overAt, type GrantView, type RequestView } from '../views.ts';
import { printable, printableLines } from './printable.ts';
import { statusText, type Style } from './style.ts';
import { facts } from './table.ts';
import { clockTime, countdown, leftMs } from './times.ts';
import { decidersOf, who } from './who.ts';

/** The card of a request: what is asked, why, who can say yes, what came of it. */
export function requestCard(context: Context, request: RequestView): string {
  const { out, place } = context;
  const now = place.clock.now();
  const items = request.items.map((item) => {
    const tier = item.tier === null ? '' : out.dim(`  tier ${item.tier}`);
    return `${out.bold(printable(item.role))} on ${out.bold(printable(item.target))}${tier}`;
  });
  const lines: (readonly [string, string])[] = [
    ['request', `${request.id}  ${statusText(out, request.status)}`],
    ...items.map((item, index): readonly [string, string] => [index === 0 ? 'access' : ' ', item]),
    ['who', who(request.requester)],
    ['why', printableLines(request.reason)],
    ['ticket', request.ticket === null ? '' : `${printable(request.ticket)} (not looked up)`],
    ...lengthOf(request, now),
    ['starts', plannedStart(request, now)],
    ['lapses', request.status === 'pending' ? `at ${clockTime(request.lapsesAt, now)} if nobody decides` : ''],
    ...plans(request).map((words): readonly [string, string] => ['does', words]),
    ...leftovers(request).map((words): readonly [string, string] => ['after', words]),
  ];
  const steps =
    request.status === 'pending' || request.steps.some((step) => step.approvedBy.length > 0) ? request.steps : [];
  for (const step of steps) {
    const approved = step.approvedBy.map((person) => out.good(`✓ ${who(person)}`));
    const eligible = step.missing > 0 ? [`${step.missing} of ${decidersOf(step)}`] : [];
    const how = request.needsSignature && step.missing > 0 ? `, with a passkey` : '';
    lines.push([
      step.missing > 0 ? 'needs' : 'approved by',
      `${[...approved, ...eligible].join('  ')}${how}  ${out.dim(printable(step.rule))}`,
    ]);
  }
  for (const { by, verdict, comment, setAside } of request.decisions) {
    const words = comment === null ? '' : `: ${printableLines(comment)}`;
    if (verdict === 'deny') lines.push(['denied by', `${out.bad(`✗ ${who(by)}`)}${words}`]);
    else if (setAside)
      lines.push(['set aside', `${who(by)} said yes to what has changed since, which does not count${words}`]);
    else if (comment !== null) lines.push(['comment', `${who(by)}${words}`]);
  }
  for (const grant of request.grants) {
    // Of several each has come to something of its own.
    const which = items.length > 1 ? `${printable(grant.role)} on ${printable(grant.target)}  ` : '';
    lines.push(['grant', `${grant.id}  ${which}${grantPhrase(out, grant, now)}`]);
    if (grant.landing !== null) lines.push(['lands on', printable(grant.landing.identity)]);
    const note = residualNote(grant, now);
    if (note !== null && !lines.some(([, words]) => words === note)) lines.push(['after', note]);
  }
  return facts(out, lines);
}

function plans({ items }: RequestView): readonly string[] {
  return items.flatMap(({ plan }) => (plan === null ? [] : [printable(plan)]));
}

/** What can survive the end, as it is said before anybody agrees. Of what is over, and where a grant says something else, it is not said again. */
export function leftovers({ status, items, grants }: RequestView): readonly string[] {
  const live = grants.filter(isLiveOrEnding);
  const holds = live.length > 0 && live.every((grant) => grant.residual === grant.residualBefore);
  const counts = status === 'pending' || (status === 'approved' && holds);
  return counts ? [...new Set(items.flatMap(({ residual }) => (residual === null ? [] : [printable(residual)])))] : [];
}

/**
 * What a grant leaves that is worth a line of its own: other than was said before the approval, while it is being ended, and for as
 * long after its proven end as something can still be alive.
 */
export function residualNote(grant: GrantView, now: number): string | null {
  if (grant.residual === null) return null;
  const words = printable(grant.residual);
  if (!isLiveOrEnding(grant)) {
    // The access is there still, so that no time of ours bounds it.
    if (grant.proof?.gone === false) return null;
    const until = grant.endedAt === null ? 0 : Date.parse(grant.endedAt) + (grant.residualMaxMs ?? 0);
    const survives = grant.status === 'ended' && until > Date.parse(grant.serverTime) && (grant.residualMaxMs ?? 0) > 0;
    return survives ? `until ${clockTime(new Date(until).toISOString(), now)} at the latest: ${words}` : null;
  }
  if (grant.residual !== grant.residualBefore) return `not as was said before the approval: ${words}`;
  return grant.status === 'ending' ? words : null;
}

function isLiveOrEnding(grant: GrantView): boolean {
  return isLive(grant) || grant.status === 'ending';
}

/** How long, or how much longer: whoever decides sees of which grant, and until when. */
function lengthOf(
  { duration, grantedDurationMs, extends: longer }: RequestView,
  now: number,
): readonly (readonly [string, string])[] {
  const granted = grantedDurationMs === null ? '' : ` (approved for ${formatDuration(grantedDurationMs)})`;
  if (longer === null) return [['for', `${printable(duration)}${granted}, from the moment it starts`]];
  return [
    ['extends', longer.grant],
    ['by', `${printable(duration)}${granted}, until ${clockTime(longer.until, now)}`],
  ];
}

/** Once it is approved, its grants say when they start. */
function plannedStart({ status, startsAt }: RequestView, now: number): string {
  return status !== 'pending' || startsAt === null ? '' : `at ${clockTime(startsAt, now)}, if it is approved by then`;
}

/** `● active, ends in 14m 05s (15:04)`; the time is the server's, so that a wrong clock here does not lie. */
export function grantPhrase(style: Style, grant: GrantView, now: number): string {
  const status = statusText(style, grant.status);
  if (grant.endsAt !== null && (grant.status === 'active' || grant.status === 'activating')) {
    const left = leftMs(grant.endsAt, grant.serverTime);
    return left <= 0
      ? statusText(style, 'ending')
      : `${status}, ends in ${countdown(left)} ${style.dim(`(${clockTime(grant.endsAt, now)})`)}${grant.status === 'activating' ? fault(style, grant) : ''}`;
  }
  if (grant.status === 'scheduled' && grant.waits !== null) {
    const { until, why } = grant.waits;
    if (until === null) return `${status}, waits ${style.dim(`(${printable(why)})`)}`;
    const left = Math.max(1_000, leftMs(until, grant.serverTime));
    return `${status}, starts in about ${countdown(left)} ${style.dim(`(${printable(why)})`)}`;
  }
  if (grant.status === 'scheduled' && grant.startsAt !== null)
    return `${status}, starts at ${clockTime(grant.startsAt, now)}`;
  if (grant.status === 'ending')
    return `${status} (${grant.cause ?? 'over'}), not yet proven gone${fault(style, grant)}`;
  const over = overAt(grant);
  const when = over === null ? '' : ` at ${clockTime(over, now)}`;
  return `${status}${grant.cause === null || grant.cause === grant.status ? '' : ` (${printable(grant.cause)})`}${when}${proofPhrase(style, grant, now)}`;
}

/** Why it may be said to be over. That the access is there still is no aside. */
function proofPhrase(style: Style, { proof }: GrantView, now: number): string {
  if (proof === null) return '';
  if (proof.gone) return style.dim(`, proof: ${printable(proof.brief)}`);
  const until = proof.keptUntil === null ? '' : ` until ${clockTime(proof.keptUntil, now)}`;
  return style.warn(`, ${printable(proof.brief)}${until}`);
}

/** What the cloud last answered, when it was no good news. */
function fault(style: Style, grant: GrantView): string {
  return grant.lastFault === null ? '' : style.bad(`  ${printable(grant.lastFault)}`);
}

/** What to do next, on standard error, so that it never gets into a pipe. */
export function suggest(context: Context, ...lines: readonly string[]): void {
  for (const line of lines) context.say(`${context.err.accent('->')} ${line}`);
}
