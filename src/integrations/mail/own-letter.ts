import { assertNever } from '../../core/result.ts';
import type { OwnNotice } from '../../operations/own-notice.ts';
import type { Letter } from './letter.ts';
import { timeWords } from './subject.ts';

/** Says in words what somebody is told of their own keys, accounts and roles. `origin` as for `letterOf`. No link decides anything. */
export function ownLetterOf(notice: OwnNotice, origin: string): Letter {
  const { headline, lines } = said(notice);
  const { reason, by, happenedAt, own } = notice;
  const { words, path } = LINKS[notice.kind];
  const isWait = notice.kind === 'recovery-waits' || notice.kind === 'proposal-waits' || notice.kind === 'order-waits';
  const why = FOR_WATCHERS[notice.kind] ?? 'it is about you';
  const wasDone = `At ${timeWords(happenedAt)}, by ${own ? 'you, signed in as yourself' : (by ?? 'Curfew')}`;
  return {
    subject: `${subjectWords(notice) ?? headline.replace(/[.:]$/, '')} [Curfew]`,
    headline,
    lines: [...lines, wasDone, ...(own ? [NOT_YOU] : [])],
    quote: reason === null || reason === '' ? null : { by: by ?? 'Somebody', text: reason },
    link: { words, url: `${origin}${path.replace('$id', notice.thread)}` },
    why: isWait
      ? 'You get this because it takes you or somebody like you. It cannot be turned off.'
      : `You get this because ${why}. It cannot be turned off.`,
    settingsUrl: null,
  };
}

/** The page of the portal that shows what a message is about, and where whoever gets it does what is to be done. `$id`: what it is about. */
const LINKS: Readonly<Record<OwnNotice['kind'], { readonly words: string; readonly path: string }>> = {
  'recovery-waits': { words: 'To confirm that it is them', path: '/recovery' },
  'recovery-asked': { words: 'To take it back, and who can confirm it', path: '/recovery' },
  'recovery-confirmed': { words: 'To take it back, and who can confirm it', path: '/recovery' },
  'recovery-opened': { words: 'To register a new passkey', path: '/recovery' },
  'proposal-waits': { words: 'Everything that it would change, and the answer to it', path: '/administration' },
  'order-waits': { words: 'Look at it and confirm it', path: '/orders/$id' },
  'more-recoveries': { words: 'What waits now', path: '/recovery' },
  'more-orders': { words: 'All orders that wait now', path: '/orders' },
  'role-proposed': { words: 'What is proposed, and by whom it is answered', path: '/administration' },
  'role-ended': { words: 'Who has which role', path: '/administration' },
  'role-changed': { words: 'Who has which role', path: '/administration' },
  'change-unsigned': { words: 'Who has which role', path: '/administration' },
  'admin-code-issued': { words: 'Who has which role', path: '/administration' },
  'left-under-one-entry': { words: 'Who has which role', path: '/administration' },
  'role-appointed': { words: 'Who has which role', path: '/administration' },
  'role-dismissed': { words: 'Who has which role', path: '/administration' },
  'passkey-registered': { words: 'Your passkeys, accounts and sign-ins', path: '/me' },
  'passkey-removed': { words: 'Your passkeys, accounts and sign-ins', path: '/me' },
  'account-linked': { words: 'Your passkeys, accounts and sign-ins', path: '/me' },
  'account-unlinked': { words: 'Your passkeys, accounts and sign-ins', path: '/me' },
  'accounts-forgotten': { words: 'What was forgotten, and when', path: '/administration' },
  'persons-merged': { words: 'Your passkeys, accounts and sign-ins', path: '/me' },
};

/** Why somebody hears of what is about others. */
const FOR_WATCHERS: Partial<Readonly<Record<OwnNotice['kind'], string>>> = {
  'role-ended': 'you are an admin or an auditor of Curfew',
  'role-changed': 'you are an admin or an auditor of Curfew',
  'change-unsigned': 'you are an admin or an auditor of Curfew',
  'admin-code-issued': 'you are an admin or an auditor of Curfew',
  'left-under-one-entry': 'you are an admin or an auditor of Curfew',
  'accounts-forgotten': 'you are an admin of Curfew',
  'more-orders': 'it takes you or somebody like you',
  'more-recoveries': 'it is about you, or takes you or somebody like you',
};

const NOT_YOU =
  'If that was not you, somebody else is signed in as you: end those sign-ins, and tell whoever looks after Curfew';

function said(notice: OwnNotice): Pick<Letter, 'headline' | 'lines'> {
  const { kind, about, other, role, issuer, signsIn, until, action, mayConfirm } = notice;
  const ends = until === null ? 'a day from then' : timeWords(until);
  switch (kind) {
    case 'passkey-registered':
      return { headline: 'A new passkey can sign decisions in your name.', lines: [] };
    case 'passkey-removed':
      return { headline: 'One of your passkeys was removed, and signs nothing any more.', lines: [] };
    case 'recovery-asked':
      return {
        headline: 'Somebody signed in as you says that all your passkeys are lost, and asks for a new one.',
        lines: ['Two others have to confirm that it is you. Take it back if it is not'],
      };
    case 'recovery-waits':
      return {
        headline: `${about} lost all passkeys and asks for a new one; you can confirm that it is really them.`,
        lines: ['Ask them yourself, and not by e-mail', `It lapses at ${ends}`],
      };
    case 'recovery-confirmed':
      return { headline: 'Somebody confirmed that you lost your passkeys. One more has to.', lines: [] };
    case 'recovery-opened':
      return {
        headline: 'Two others confirmed that you lost your passkeys.',
        lines: [
          'Your old passkeys are removed, and all your sign-ins have ended',
          `Until ${ends} whoever signs in as you can register a new one`,
        ],
      };
    case 'role-proposed': {
      const words = action === 'dismiss' ? `no longer to be an ${role} of Curfew` : `to become an ${role} of Curfew`;
      const waits = mayConfirm ? 'It waits for you' : 'Another admin has to confirm it';
      return { headline: `You are ${words}.`, lines: [waits, `It lapses at ${ends}`] };
    }
    case 'role-appointed':
      return { headline: `You are an ${role} of Curfew now.`, lines: [] };
    case 'role-dismissed':
      return { headline: `You are no ${role} of Curfew any more.`, lines: [] };
    case 'role-ended':
      return {
        headline: `${about} left the directory, and is no ${role} of Curfew any more.`,
        lines: ['Who comes back has to be appointed anew'],
      };
    case 'role-changed':
      return {
        headline: `${about} is ${action === 'dismiss' ? `no ${role} of Curfew any more` : `an ${role} of Curfew now`}.`,
        lines: [
          ...(notice.proposedBy === null ? [] : [`Proposed by ${notice.proposedBy}`]),
          ...(notice.selfConfirmed ? [THEMSELVES] : []),
          ...(notice.unsigned ? [UNSIGNED] : []),
        ],
      };
    case 'change-unsigned':
      return {
        headline:
          action === 'merge'
            ? `${about} and ${other ?? 'another'} are counted as one person now, confirmed by a sign-in alone.`
            : `An account of ${about} passes on to somebody else, confirmed by a sign-in alone.`,
        lines: [...(notice.proposedBy === null ? [] : [`Proposed by ${notice.proposedBy}`]), UNSIGNED, ASK_BOTH],
      };
    case 'admin-code-issued':
      return {
        headline: 'Whoever runs Curfew has a code with which somebody becomes an admin: all who are one have left.',
        lines: ['If nobody of you asked for that, find out who did it', 'You hear who becomes one by it'],
      };
    case 'left-under-one-entry':
      return {
        headline: `${about} left the directory, and is still in it as ${other ?? 'somebody else'}: the two are counted as one person.`,
        lines: ['What the other entry holds goes on. If the person left, take that entry out of the directory, too'],
      };
    case 'proposal-waits':
      return {
        headline: `${proposed(notice)}: a second admin has to confirm it.`,
        lines: [`It lapses at ${ends}`],
      };
    case 'order-waits':
      return {
        headline: `${notice.by ?? 'Somebody'} wants to stop all access ${stopped(notice)}; it takes a second person, and you can be that one.`,
        lines: ['Ask them whether it is really them, and not by e-mail', `It can be confirmed until ${ends}`],
      };
    case 'more-recoveries':
      return {
        headline: `${about} has asked for recoveries of their passkeys more than ten times within an hour.`,
        lines: [ONE_BY_ONE, 'Ask them whether it is really them, and not by e-mail'],
      };
    case 'more-orders':
      return {
        headline: `${notice.by ?? 'Somebody'} has given more than ten orders to stop access within an hour that wait for a second person.`,
        lines: [ONE_BY_ONE, 'Ask them whether it is really them, and not by e-mail'],
      };
    case 'account-linked':
      return {
        headline: signsIn ? 'One more account signs you in.' : 'One more account is known to be yours.',
        lines: [`At ${issuer ?? 'a provider'}`, ...(signsIn ? [] : ['It signs nobody in here'])],
      };
    case 'account-unlinked':
      return {
        headline: signsIn ? 'An account signs you in no more.' : 'An account is not known to be yours any more.',
        lines: [`At ${issuer ?? 'a provider'}`, ...(notice.byOperator ? [ANEW] : [])],
      };
    case 'accounts-forgotten':
      return {
        headline: `Whoever runs Curfew had the accounts of everybody at ${issuer ?? 'a provider'} forgotten.`,
        lines: [
          `It is about ${notice.accounts ?? 0} accounts that the directory introduced`,
          'The directory says once more which account there is whose. If nobody of you asked for that, find out who did it',
        ],
      };
    case 'persons-merged':
      return {
        headline: `${about} and ${other ?? 'another'} are counted as one person now.`,
        lines: ['What one of them approved for the other does not count, and both together count once'],
      };
    default:
      return assertNever(kind);
  }
}

/** What a summary stands for. */
const ONE_BY_ONE = 'Of those beyond ten you are not told one by one: look at the page, which has all of them';
const UNSIGNED = 'It was confirmed by a sign-in alone, without a passkey';
const ASK_BOTH = 'Ask both, who proposed and who confirmed it, whether it was really they, and not by e-mail';

/** What those who watch hear where nobody else has looked at it. */
const THEMSELVES =
  'They confirmed it themselves, because there was no other admin: ask both whether it was really they, and not by e-mail';

/** What it means to somebody that their account was forgotten. */
const ANEW =
  'Whoever runs Curfew let the directory say anew which accounts there are whose. Sign in again: it is yours again then';

/** What an order would stop. */
function stopped({ scope, about }: OwnNotice): string {
  if (scope === 'all') return 'of everybody';
  return scope === 'target' ? `on ${about}` : `of ${about}`;
}

/** A subject for what asks its reader for something, and so begins with it; `null`: the headline says it. */
function subjectWords(notice: OwnNotice): string | null {
  const { kind, about, by, role, action, mayConfirm } = notice;
  if (kind === 'recovery-waits') return `Please confirm that it is really them: ${about} lost all passkeys`;
  if (kind === 'recovery-asked')
    return 'All your passkeys were said to be lost: please take it back if that was not you';
  if (kind === 'recovery-opened') return 'Please register a new passkey: two others confirmed that you lost yours';
  if (kind === 'proposal-waits') return `Please confirm or refuse: ${proposed(notice).replace(/^To/, 'to')}`;
  if (kind === 'order-waits') return `Please confirm: ${by ?? 'somebody'} wants to stop all access ${stopped(notice)}`;
  if (kind === 'role-proposed' && mayConfirm)
    return `Please confirm or refuse: you are ${action === 'dismiss' ? 'no longer to be' : 'to become'} an ${role} of Curfew`;
  return null;
}

function proposed({ action, role, about, other }: OwnNotice): string {
  if (action === 'merge') return `To count ${other ?? 'somebody'} as ${about}`;
  if (action === 'release') return `To let an account of ${about} pass on`;
  return action === 'dismiss' ? `To dismiss ${about} as ${role}` : `To appoint ${about} as ${role}`;
}
