import { toIso, type Instant } from '../../core/time.ts';
import { assertNever } from '../../core/result.ts';
import type { Notice, NoticeItem } from '../../operations/notice.ts';

/**
 * The subject of a message about a request. Who reads nothing else, on the locked screen of a phone, knows from it what happened (first, since
 * some forty characters are seen), to which role on which target, and whether something is to be done: only those that ask for it begin with
 * *Please*. Whose mail it is and which request stands last, in brackets, for filters and so that two requests for the same are told apart.
 *
 * GitHub and GitLab give all messages of a thread one subject, because Gmail makes a conversation of what has one thread *and* one subject.
 * That is right for a discussion, of which one wants to know what it is about, and wrong here: a list of mail shows the subject of a conversation
 * once, so that *ends in five minutes* hid behind *asks for access*. A request makes few messages and each is another step, so the subject says
 * the step. Clients that go by `References` (Apple Mail, Thunderbird, mutt) keep one thread, Outlook by `Thread-Index` (`smtp.ts`). Gmail shows
 * each step as a conversation of its own, which is what lets it be read there. Nothing begins with `Re:`: nobody answered.
 */
export function subjectOf(notice: Notice): string {
  return `${stepWords(notice)} [Curfew ${notice.request.slice(0, 10)}]`;
}

function stepWords(notice: Notice): string {
  const { kind, requester, until, grant, state, startsAt, happenedAt } = notice;
  const asked = `${manyWords(notice.items)}${until === null ? '' : ' for longer'}`;
  const held = grant === null ? asked : itemWords(grant);
  const ends = grant === null || grant.endsAt === null ? 'its end' : clockWords(grant.endsAt, happenedAt);
  switch (kind) {
    case 'waits':
      return `Please decide: ${asked}, asked by ${requester}`;
    case 'escalated':
      return `Please decide, nobody has yet: ${asked}, asked by ${requester}`;
    case 'decide-again':
      return `Please decide again: ${asked}, asked by ${requester}`;
    case 'approved':
      return `Approved: ${asked}${startsAt === null ? '' : `, from ${clockWords(startsAt, happenedAt)}`}`;
    case 'denied':
      return `Denied: ${asked}`;
    case 'lapsed':
      return state.kind === 'lapsed' && state.cause === 'new-epoch'
        ? `Please ask again, Curfew was restored from a backup: ${asked}`
        : `Nobody decided in time: ${asked}`;
    case 'withdrawn':
      return `Your request was stopped: ${asked}`;
    case 'active':
      return `You have access until ${ends}: ${held}`;
    case 'ending-soon':
      return `Ends at ${ends}: ${held}`;
    case 'extended':
      return `Extended until ${ends}: ${held}`;
    case 'not-extended':
      return `Not extended, ends at ${ends}: ${held}`;
    case 'ended':
      return `${overWords(notice)}: ${held}`;
    case 'failed':
      return `Could not be given${grant?.triedAgain === true ? ', tried once more' : ''}: ${held}`;
    case 'not-gone':
      return `Over, but not proven gone yet: ${held}`;
    default:
      return assertNever(kind);
  }
}

/** How a grant ended. That the access itself stays comes first: it is what nobody would guess. */
function overWords({ grant }: Notice): string {
  if (grant?.proof?.gone === false) return 'Over, but the access stays';
  if (grant?.cause === 'returned') return 'Ended, given back';
  return grant?.cause === 'revoked' ? 'Taken away' : 'Ended';
}

/** `invoice-reader on aws/prod and 2 more`. */
function manyWords(items: Notice['items']): string {
  return `${itemWords(items[0])}${items.length > 1 ? ` and ${items.length - 1} more` : ''}`;
}

/** `invoice-reader on aws/prod`. */
export function itemWords(item: Pick<NoticeItem, 'role' | 'target'> | undefined): string {
  return item === undefined ? 'access' : `${item.role} on ${item.target}`;
}

/** Whoever reads it may be anywhere, so it is said in UTC: `2026-11-22 14:30 UTC`. */
export function timeWords(at: Instant): string {
  return `${toIso(at).slice(0, 16).replace('T', ' ')} UTC`;
}

/** The same as short as a subject needs it: without the date where that is the date of the message. */
function clockWords(at: Instant, sentAt: Instant): string {
  const words = timeWords(at);
  return words.slice(0, 10) === timeWords(sentAt).slice(0, 10) ? words.slice(11) : words;
}
