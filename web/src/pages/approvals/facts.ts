import type { AccessRequest, Grant } from '../../data/api.ts';
import type { Yes } from '../../data/passkeys.ts';
import { who } from '../../data/who.ts';
import { durationWords } from '../../time/countdown.ts';
import { residualLine } from '../../time/wording.ts';

/** What somebody can still do about a request, from what stands in it. */
export type Stance =
  | { readonly kind: 'open' }
  /** I have said yes, and others are needed. */
  | { readonly kind: 'said'; readonly at: string }
  | { readonly kind: 'own' }
  /** It waits, and not for me: the rules do not name me for it, or I have spoken under another id. */
  | { readonly kind: 'others' }
  /** Nobody can decide it any more. */
  | { readonly kind: 'over' };

export function stanceOf(
  {
    status,
    requester,
    decisions,
    lapsesAt,
    mayDecide,
  }: Pick<AccessRequest, 'status' | 'requester' | 'decisions' | 'lapsesAt' | 'mayDecide'>,
  me: string,
  now: number,
): Stance {
  if (status !== 'pending' || Date.parse(lapsesAt) <= now) return { kind: 'over' };
  if (requester.key === me) return { kind: 'own' };
  const mine = decisions.find(({ by, setAside }) => by.key === me && !setAside);
  if (mine !== undefined) return { kind: 'said', at: mine.at };
  return { kind: mayDecide ? 'open' : 'others' };
}

/** What survives the end, a line an item: the worst of several must not hide behind another one. `words`: why. */
export function afterwards(
  items: readonly Pick<AccessRequest['items'][number], 'role' | 'target' | 'residual'>[],
): readonly { readonly name: string; readonly line: string; readonly words: string }[] {
  return items.map(({ role, target, residual }) => ({
    name: items.length === 1 ? 'Afterwards' : `After ${role} on ${target}`,
    line: residual === null ? 'Nobody can say what survives its end.' : residualLine(residual),
    words: residual?.words ?? '',
  }));
}

/** When the access would end if the last yes came now; for an extension, the later end that was asked for. */
export function endIfNow(
  {
    startsAt,
    durationMs,
    grantedDurationMs,
    extends: extension,
  }: Pick<AccessRequest, 'startsAt' | 'durationMs' | 'grantedDurationMs' | 'extends'>,
  now: number,
): number {
  if (extension !== null) return Date.parse(extension.until);
  return Math.max(now, startsAt === null ? now : Date.parse(startsAt)) + (grantedDurationMs ?? durationMs);
}

type Lengthening = Pick<AccessRequest, 'durationMs' | 'grantedDurationMs' | 'extends'>;

/** The end that an extension moves, in epoch milliseconds: it is that of the asking, because no second one is taken while one waits. `null`: it is none. */
export function endBefore({ durationMs, grantedDurationMs, extends: extension }: Lengthening): number | null {
  return extension === null ? null : Date.parse(extension.until) - (grantedDurationMs ?? durationMs);
}

/** For how long it is asked; of an extension by how much it moves the end, from when to when. `at`: says a time. */
export function lengthWords(request: Lengthening, at: (time: number) => string): string {
  const { durationMs, grantedDurationMs, extends: extension } = request;
  const before = endBefore(request);
  const asked = durationWords(durationMs);
  const agreed = grantedDurationMs === null ? null : durationWords(grantedDurationMs);
  if (extension === null || before === null)
    return agreed === null ? asked : `${agreed} as agreed so far; ${asked} were asked for`;
  const longer = agreed === null ? `${asked} longer` : `${agreed} longer as agreed so far; ${asked} were asked for`;
  return `${longer}: until ${at(Date.parse(extension.until))} instead of ${at(before)}`;
}

/** How earlier requests went, in words: `3 approved, 1 denied`. */
export function howTheyWent(requests: readonly Pick<AccessRequest, 'status'>[]): string {
  const counts = new Map<string, number>();
  for (const { status } of requests) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
}

/** How what they asked for before of this kind went, in a sentence. `at`: says a time. */
export function beforeWords(
  { requester }: Pick<AccessRequest, 'requester'>,
  alike: { readonly items: readonly Pick<AccessRequest, 'status' | 'createdAt'>[]; readonly nextCursor: string | null },
  at: (time: string) => string,
): string {
  const [last] = alike.items;
  const all = alike.nextCursor === null;
  if (last !== undefined)
    return `${alike.items.length}${all ? '' : ' and more'} of this kind: ${howTheyWent(alike.items)}; the last ${at(last.createdAt)}.`;
  return all
    ? `The first of this kind by ${who(requester)}, as far as you may see.`
    : `None of this kind by ${who(requester)} among the newest that you may see.`;
}

/** What somebody said, in a word or some: `yes, for at most 15 minutes, signed`. `isLonger`: of an extension. */
export function saidWords(
  {
    verdict,
    durationMs,
    signed,
    setAside,
  }: Pick<AccessRequest['decisions'][number], 'verdict' | 'durationMs' | 'signed' | 'setAside'>,
  isLonger = false,
): string {
  if (verdict === 'deny') return 'no';
  const shorter = durationMs === null ? '' : `, for at most ${durationWords(durationMs)}${isLonger ? ' longer' : ''}`;
  const aside = setAside ? ', which does not count: what it was for has changed since' : '';
  return `yes${shorter}${signed ? ', signed with a passkey' : ''}${aside}`;
}

/** A yes for so long (`undefined`: as long as was asked), with a word where one was written. */
export function yesOf(word: string | null, durationMs: number | undefined): Yes {
  const comment = word?.trim() ?? '';
  return { ...(durationMs === undefined ? {} : { durationMs }), ...(comment === '' ? {} : { comment }) };
}

/** Who decided it, when it is over: the last that anybody said. */
export function decidedBy(request: Pick<AccessRequest, 'decisions'>): AccessRequest['decisions'][number] | null {
  return request.decisions.at(-1) ?? null;
}

/**
 * The neighbour of `id` in a queue, `by` places away; the ends hold. Without `id` the first. What was decided is in the queue no more: its
 * place is where it `stood`, and the next one stands there now.
 */
export function neighbour(
  queue: readonly { readonly id: string }[],
  id: string | null,
  by: 1 | -1,
  stood = 0,
): string | null {
  const at = queue.findIndex((one) => one.id === id);
  const to = at !== -1 ? at + by : id === null ? 0 : by === 1 ? stood : stood - 1;
  return queue[Math.min(queue.length - 1, Math.max(0, to))]?.id ?? null;
}

/** Until when a grant is, or was: of one that is over its own end and not the one that was planned. Empty: nobody can say yet. */
export function untilWords(
  { status, endsAt, endedAt }: Pick<Grant, 'status' | 'endsAt' | 'endedAt'>,
  at: (time: string) => string,
): string {
  if (status === 'ended' || status === 'failed') return endedAt === null ? '' : `, until ${at(endedAt)}`;
  return status === 'ending' || endsAt === null ? '' : `, until ${at(endsAt)}`;
}
