import { formatDuration } from '../../core/time.ts';
import type { NotificationKind } from '../../core/notification.ts';
import type { ProofWords } from '../../core/proof.ts';
import { assertNever } from '../../core/result.ts';
import type { Notice, NoticeGrant } from '../../operations/notice.ts';
import { itemWords, subjectOf, timeWords } from './subject.ts';

/** What a message says, before it is printed. Everything in it is plain text; `quote` is what a person wrote. */
export interface Letter {
  /** What happened, to what, and whether something is to be done: {@link subjectOf} says why. */
  readonly subject: string;
  readonly headline: string;
  readonly lines: readonly string[];
  readonly quote: { readonly by: string; readonly text: string } | null;
  readonly link: { readonly words: string; readonly url: string };
  /** Why this person gets it. */
  readonly why: string;
  /** Where it is turned off; `null`: it cannot be. */
  readonly settingsUrl: string | null;
}

/** What is told to whoever can decide; everything else goes to whoever asked. */
const TO_APPROVERS: ReadonlySet<NotificationKind> = new Set(['waits', 'escalated', 'decide-again']);

/** Says a notice in words. `origin` is the configured address of this broker, without a slash at the end. */
export function letterOf(notice: Notice, origin: string): Letter {
  const toApprover = TO_APPROVERS.has(notice.kind);
  const page = toApprover ? 'approvals' : 'requests';
  const said = toApprover ? asked(notice) : { quote: decidersWords(notice), ...told(notice) };
  return {
    subject: subjectOf(notice),
    ...said,
    link: {
      words: toApprover ? 'Look at it and decide' : 'Everything about it',
      url: `${origin}/${page}/${notice.request}`,
    },
    why: `${whyOf(notice)} On its page you can mute this request alone.`,
    settingsUrl: `${origin}/me`,
  };
}

type Said = Pick<Letter, 'headline' | 'lines' | 'quote'>;

/** The facts that whoever decides needs before they open the page. */
function asked(notice: Notice): Said {
  const { requester, until, items, durationMs, startsAt, ticket, lapsesAt, reason } = notice;
  const wish = until === null ? 'asks for access' : 'asks to keep access for longer';
  const begins = startsAt === null ? 'as soon as it is approved' : `from ${timeWords(startsAt)}`;
  return {
    headline: summonsWords(notice, `${requester} ${wish}`),
    lines: [
      ...items.map((item) => `${itemWords(item)}${item.tier === null ? '' : ` (tier ${item.tier})`}`),
      until === null ? `For ${formatDuration(durationMs)}, ${begins}` : `Until ${timeWords(until)}`,
      ...(ticket === null ? [] : [`Ticket ${ticket}`]),
      `Lapses at ${timeWords(lapsesAt)} if nobody decides`,
    ],
    quote: reason === '' ? null : { by: requester, text: reason },
  };
}

function summonsWords({ kind }: Notice, wish: string): string {
  if (kind === 'escalated') return `Nobody has decided this in time, and now you can: ${wish}.`;
  if (kind === 'decide-again')
    return `What you said yes to has changed since, so that it does not count. You can decide again: ${wish}.`;
  return `${wish}, and you can decide it.`;
}

/** What follows an approval says whose it was, and their words: *approved* itself is left out where access is usable at once. */
const SAY_WHO_APPROVED: ReadonlySet<NotificationKind> = new Set(['active', 'extended', 'failed']);

function approvedWords({ kind, state, decided }: Notice): readonly string[] {
  if (!SAY_WHO_APPROVED.has(kind) || state.kind !== 'approved' || decided === null) return [];
  return [`Approved by ${decided.by}`];
}

function decidersWords(notice: Notice): Letter['quote'] {
  const { kind, decided } = notice;
  const isSaid = kind === 'approved' || kind === 'denied' || approvedWords(notice).length > 0;
  if (!isSaid || decided === null || decided.comment === null) return null;
  return { by: decided.by, text: decided.comment };
}

/** What whoever asked is told. */
function told(notice: Notice): Pick<Said, 'headline' | 'lines'> {
  const { kind, grant, decided, state, startsAt } = notice;
  const what = notice.items.map(itemWords);
  const about = grant === null ? what : [itemWords(grant)];
  const end = grant?.endsAt === null || grant === null ? 'its end' : timeWords(grant.endsAt);
  switch (kind) {
    case 'approved': {
      const begins =
        startsAt === null ? 'It begins as soon as the cloud has it.' : `It begins at ${timeWords(startsAt)}.`;
      return { headline: `Approved by ${decided?.by ?? 'the rules'}.`, lines: [...what, begins] };
    }
    case 'denied': {
      const byRules = state.kind === 'denied' && state.by === 'policy';
      const headline = byRules
        ? 'The rules have changed since you asked, and refuse it now.'
        : `Denied by ${decided?.by ?? 'the rules'}.`;
      return { headline, lines: what };
    }
    case 'lapsed':
      return {
        headline:
          state.kind === 'lapsed' && state.cause === 'new-epoch'
            ? 'Your request has lapsed, because the database of Curfew was restored from a backup.'
            : 'Nobody decided in time, so your request has lapsed.',
        lines: [...what, 'You can ask again.'],
      };
    case 'withdrawn':
      return { headline: 'An order that stops this access has closed your request.', lines: what };
    case 'active':
      return { headline: `You have access until ${end}.`, lines: [...about, ...approvedWords(notice)] };
    case 'ending-soon':
      return {
        headline: `Your access ends at ${end}.`,
        lines: [...about, 'On its page you can ask to keep it, or give it back.'],
      };
    case 'extended':
      return { headline: `You keep your access until ${end}.`, lines: [...about, ...approvedWords(notice)] };
    case 'not-extended':
      return { headline: `Your access was not extended: it ends at ${end}.`, lines: about };
    case 'ended':
      return {
        headline: `Your ${grant?.proof?.gone === false ? 'grant' : 'access'} has ended: ${causeWords(grant)}.`,
        lines: [...about, ...proofWords(grant)],
      };
    case 'failed':
      return {
        headline:
          grant?.proof?.gone === false
            ? 'The access could not be given.'
            : 'The access could not be given, and nothing of it is left in the cloud.',
        lines: [
          ...about,
          ...approvedWords(notice),
          ...(grant?.proof?.gone === false ? keptWords(grant.proof) : []),
          grant?.triedAgain === true ? 'It is being tried once more.' : 'You can ask again.',
        ],
      };
    case 'not-gone':
      return {
        headline: 'Your access is over, and Curfew cannot prove yet that it is gone from the cloud.',
        lines: [
          ...about,
          'Curfew goes on until it can, and its operators are alarmed. There is nothing that you have to do.',
        ],
      };
    case 'waits':
    case 'escalated':
    case 'decide-again':
      return asked(notice);
    default:
      return assertNever(kind);
  }
}

function causeWords(grant: NoticeGrant | null): string {
  if (grant?.cause === 'returned') return 'you gave it back';
  return grant?.cause === 'revoked' ? 'it was taken away' : 'its time was over';
}

/** Why *ended* may be said, and what holds beside it. */
function proofWords(grant: NoticeGrant | null): readonly string[] {
  if (grant === null || grant.proof === null) return [];
  if (!grant.proof.gone) return keptWords(grant.proof);
  const survives = grant.residual === null ? [] : [`What the cloud can let survive the end: ${grant.residual}`];
  return [`Proof: ${grant.proof.words}`, ...survives];
}

/** The grant is over, and the access is not. */
function keptWords({ words, keptUntil }: ProofWords): readonly string[] {
  return [words, ...(keptUntil === null ? [] : [`It goes on until ${timeWords(keptUntil)}`])];
}

function whyOf({ kind }: Notice): string {
  if (kind === 'waits') return 'You get this because the rules name you as somebody who can decide this request.';
  if (kind === 'decide-again') return 'You get this because you have approved this request.';
  if (kind === 'escalated') return 'You get this because the rules name you when nobody else has decided in time.';
  return 'You get this because you asked for this access.';
}
