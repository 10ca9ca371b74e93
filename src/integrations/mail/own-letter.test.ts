import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { OWN_NEWS } from '../../core/notification.ts';
import type { OwnNotice } from '../../operations/own-notice.ts';
import { AT } from './notice-under-test.ts';
import { ownLetterOf } from './own-letter.ts';
import { printHtml, printText } from './print-letter.ts';

const ORIGIN = 'https://curfew.acme.example';
const noticeUnderTest = (changes: Partial<OwnNotice>): OwnNotice => ({
  kind: 'passkey-registered',
  to: { name: 'Bo Sandberg', address: 'bo.sandberg@acme.example' },
  thread: 'entry-7',
  key: '0123456789abcdef01234567',
  happenedAt: AT,
  by: 'Eli Stern (eli)',
  own: false,
  about: 'Bo Sandberg (bo)',
  scope: null,
  other: null,
  action: null,
  role: null,
  selfConfirmed: false,
  unsigned: false,
  proposedBy: null,
  reason: null,
  issuer: null,
  signsIn: true,
  byOperator: false,
  accounts: null,
  until: AT,
  mayConfirm: false,
  ...changes,
});
const letter = (changes: Partial<OwnNotice> = {}) => ownLetterOf(noticeUnderTest(changes), ORIGIN);
const seen = (printed: string) => printed.replaceAll('\u2060', '');

test('a passkey that was registered, as text', () => {
  expect(seen(printText(letter({ own: true, by: 'Bo Sandberg (bo)' })))).toMatchInlineSnapshot(`
    "A new passkey can sign decisions in your name.

      At 2026-11-22 14:00 UTC, by you, signed in as yourself
      If that was not you, somebody else is signed in as you: end those sign-ins, and tell whoever looks after Curfew

    Your passkeys, accounts and sign-ins: https://curfew.acme.example/me

    -- 
    You get this because it is about you. It cannot be turned off.
    "
  `);
});

/** Every message, and those of one kind that say different things. */
function cases(): readonly Partial<OwnNotice>[] {
  const role = { role: 'auditor', action: 'appoint' } as const;
  return [
    ...OWN_NEWS.filter((kind) => !/^(role|change|proposal|order)-/.test(kind)).map((kind) => ({ kind })),
    { kind: 'account-linked', issuer: 'https://contractors.example' },
    { kind: 'account-linked', issuer: 'https://slack.com', signsIn: false },
    { kind: 'account-unlinked', issuer: 'https://idp.example', by: null, byOperator: true },
    { kind: 'accounts-forgotten', issuer: 'https://idp.example', by: null, byOperator: true, accounts: 12 },
    { kind: 'role-proposed', ...role },
    { kind: 'role-proposed', ...role, action: 'dismiss', mayConfirm: true },
    { kind: 'role-appointed', ...role },
    { kind: 'role-dismissed', ...role },
    { kind: 'role-ended', role: 'admin', about: 'Rami Haddad (rami)', by: null },
    { kind: 'role-changed', ...role, proposedBy: 'Fay Okafor (fay)' },
    {
      kind: 'role-changed',
      ...role,
      role: 'admin',
      proposedBy: 'Fay Okafor (fay)',
      selfConfirmed: true,
      unsigned: true,
    },
    { kind: 'role-changed', ...role, action: 'dismiss', proposedBy: 'Fay Okafor (fay)' },
    { kind: 'change-unsigned', action: 'merge', other: 'Finn (finn)', proposedBy: 'Fay Okafor (fay)', unsigned: true },
    { kind: 'change-unsigned', action: 'release', proposedBy: 'Fay Okafor (fay)', unsigned: true },
    { kind: 'proposal-waits', ...role },
    { kind: 'proposal-waits', ...role, action: 'dismiss' },
    { kind: 'proposal-waits', action: 'merge', other: 'Finn (finn)' },
    { kind: 'proposal-waits', action: 'release' },
    { kind: 'order-waits', scope: 'person' },
    { kind: 'order-waits', scope: 'target', about: 'aws/prod' },
    { kind: 'order-waits', scope: 'all' },
  ];
}

test('the subject alone says what happened, and begins with what is to be done', () => {
  const subjects = cases().map((one) => letter(one).subject);
  expect(subjects.join('\n')).toMatchInlineSnapshot(`
    "A new passkey can sign decisions in your name [Curfew]
    One of your passkeys was removed, and signs nothing any more [Curfew]
    All your passkeys were said to be lost: please take it back if that was not you [Curfew]
    Please confirm that it is really them: Bo Sandberg (bo) lost all passkeys [Curfew]
    Somebody confirmed that you lost your passkeys. One more has to [Curfew]
    Please register a new passkey: two others confirmed that you lost yours [Curfew]
    Bo Sandberg (bo) left the directory, and is still in it as somebody else: the two are counted as one person [Curfew]
    Whoever runs Curfew has a code with which somebody becomes an admin: all who are one have left [Curfew]
    Bo Sandberg (bo) has asked for recoveries of their passkeys more than ten times within an hour [Curfew]
    Eli Stern (eli) has given more than ten orders to stop access within an hour that wait for a second person [Curfew]
    One more account signs you in [Curfew]
    An account signs you in no more [Curfew]
    Whoever runs Curfew had the accounts of everybody at a provider forgotten [Curfew]
    Bo Sandberg (bo) and another are counted as one person now [Curfew]
    One more account signs you in [Curfew]
    One more account is known to be yours [Curfew]
    An account signs you in no more [Curfew]
    Whoever runs Curfew had the accounts of everybody at https://idp.example forgotten [Curfew]
    You are to become an auditor of Curfew [Curfew]
    Please confirm or refuse: you are no longer to be an auditor of Curfew [Curfew]
    You are an auditor of Curfew now [Curfew]
    You are no auditor of Curfew any more [Curfew]
    Rami Haddad (rami) left the directory, and is no admin of Curfew any more [Curfew]
    Bo Sandberg (bo) is an auditor of Curfew now [Curfew]
    Bo Sandberg (bo) is an admin of Curfew now [Curfew]
    Bo Sandberg (bo) is no auditor of Curfew any more [Curfew]
    Bo Sandberg (bo) and Finn (finn) are counted as one person now, confirmed by a sign-in alone [Curfew]
    An account of Bo Sandberg (bo) passes on to somebody else, confirmed by a sign-in alone [Curfew]
    Please confirm or refuse: to appoint Bo Sandberg (bo) as auditor [Curfew]
    Please confirm or refuse: to dismiss Bo Sandberg (bo) as auditor [Curfew]
    Please confirm or refuse: to count Finn (finn) as Bo Sandberg (bo) [Curfew]
    Please confirm or refuse: to let an account of Bo Sandberg (bo) pass on [Curfew]
    Please confirm: Eli Stern (eli) wants to stop all access of Bo Sandberg (bo) [Curfew]
    Please confirm: Eli Stern (eli) wants to stop all access on aws/prod [Curfew]
    Please confirm: Eli Stern (eli) wants to stop all access of everybody [Curfew]"
  `);
});

test('what each message says first, and below', () => {
  const said = cases().map((one) => {
    const { headline, lines } = letter(one);
    return [headline, ...lines.map((below) => `  ${below}`)].join('\n');
  });
  expect(said.join('\n')).toMatchInlineSnapshot(`
    "A new passkey can sign decisions in your name.
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    One of your passkeys was removed, and signs nothing any more.
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    Somebody signed in as you says that all your passkeys are lost, and asks for a new one.
      Two others have to confirm that it is you. Take it back if it is not
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    Bo Sandberg (bo) lost all passkeys and asks for a new one; you can confirm that it is really them.
      Ask them yourself, and not by e-mail
      It lapses at 2026-11-22 14:00 UTC
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    Somebody confirmed that you lost your passkeys. One more has to.
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    Two others confirmed that you lost your passkeys.
      Your old passkeys are removed, and all your sign-ins have ended
      Until 2026-11-22 14:00 UTC whoever signs in as you can register a new one
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    Bo Sandberg (bo) left the directory, and is still in it as somebody else: the two are counted as one person.
      What the other entry holds goes on. If the person left, take that entry out of the directory, too
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    Whoever runs Curfew has a code with which somebody becomes an admin: all who are one have left.
      If nobody of you asked for that, find out who did it
      You hear who becomes one by it
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    Bo Sandberg (bo) has asked for recoveries of their passkeys more than ten times within an hour.
      Of those beyond ten you are not told one by one: look at the page, which has all of them
      Ask them whether it is really them, and not by e-mail
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    Eli Stern (eli) has given more than ten orders to stop access within an hour that wait for a second person.
      Of those beyond ten you are not told one by one: look at the page, which has all of them
      Ask them whether it is really them, and not by e-mail
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    One more account signs you in.
      At a provider
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    An account signs you in no more.
      At a provider
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    Whoever runs Curfew had the accounts of everybody at a provider forgotten.
      It is about 0 accounts that the directory introduced
      The directory says once more which account there is whose. If nobody of you asked for that, find out who did it
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    Bo Sandberg (bo) and another are counted as one person now.
      What one of them approved for the other does not count, and both together count once
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    One more account signs you in.
      At https://contractors.example
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    One more account is known to be yours.
      At https://slack.com
      It signs nobody in here
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    An account signs you in no more.
      At https://idp.example
      Whoever runs Curfew let the directory say anew which accounts there are whose. Sign in again: it is yours again then
      At 2026-11-22 14:00 UTC, by Curfew
    Whoever runs Curfew had the accounts of everybody at https://idp.example forgotten.
      It is about 12 accounts that the directory introduced
      The directory says once more which account there is whose. If nobody of you asked for that, find out who did it
      At 2026-11-22 14:00 UTC, by Curfew
    You are to become an auditor of Curfew.
      Another admin has to confirm it
      It lapses at 2026-11-22 14:00 UTC
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    You are no longer to be an auditor of Curfew.
      It waits for you
      It lapses at 2026-11-22 14:00 UTC
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    You are an auditor of Curfew now.
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    You are no auditor of Curfew any more.
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    Rami Haddad (rami) left the directory, and is no admin of Curfew any more.
      Who comes back has to be appointed anew
      At 2026-11-22 14:00 UTC, by Curfew
    Bo Sandberg (bo) is an auditor of Curfew now.
      Proposed by Fay Okafor (fay)
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    Bo Sandberg (bo) is an admin of Curfew now.
      Proposed by Fay Okafor (fay)
      They confirmed it themselves, because there was no other admin: ask both whether it was really they, and not by e-mail
      It was confirmed by a sign-in alone, without a passkey
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    Bo Sandberg (bo) is no auditor of Curfew any more.
      Proposed by Fay Okafor (fay)
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    Bo Sandberg (bo) and Finn (finn) are counted as one person now, confirmed by a sign-in alone.
      Proposed by Fay Okafor (fay)
      It was confirmed by a sign-in alone, without a passkey
      Ask both, who proposed and who confirmed it, whether it was really they, and not by e-mail
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    An account of Bo Sandberg (bo) passes on to somebody else, confirmed by a sign-in alone.
      Proposed by Fay Okafor (fay)
      It was confirmed by a sign-in alone, without a passkey
      Ask both, who proposed and who confirmed it, whether it was really they, and not by e-mail
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    To appoint Bo Sandberg (bo) as auditor: a second admin has to confirm it.
      It lapses at 2026-11-22 14:00 UTC
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    To dismiss Bo Sandberg (bo) as auditor: a second admin has to confirm it.
      It lapses at 2026-11-22 14:00 UTC
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    To count Finn (finn) as Bo Sandberg (bo): a second admin has to confirm it.
      It lapses at 2026-11-22 14:00 UTC
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    To let an account of Bo Sandberg (bo) pass on: a second admin has to confirm it.
      It lapses at 2026-11-22 14:00 UTC
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    Eli Stern (eli) wants to stop all access of Bo Sandberg (bo); it takes a second person, and you can be that one.
      Ask them whether it is really them, and not by e-mail
      It can be confirmed until 2026-11-22 14:00 UTC
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    Eli Stern (eli) wants to stop all access on aws/prod; it takes a second person, and you can be that one.
      Ask them whether it is really them, and not by e-mail
      It can be confirmed until 2026-11-22 14:00 UTC
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)
    Eli Stern (eli) wants to stop all access of everybody; it takes a second person, and you can be that one.
      Ask them whether it is really them, and not by e-mail
      It can be confirmed until 2026-11-22 14:00 UTC
      At 2026-11-22 14:00 UTC, by Eli Stern (eli)"
  `);
});

test('no message decides anything or can be turned off: its one link is to the page of the portal that shows it', () => {
  const router = readFileSync(new URL('../../../web/src/router.tsx', import.meta.url), 'utf8');
  const links = OWN_NEWS.map((kind) => {
    const { link, ...rest } = letter({ kind, role: 'admin', action: 'appoint', reason: 'So' });
    const html = printHtml({ link, ...rest });
    expect([...html.matchAll(/href="([^"]*)"/g)].map(([, url]) => url)).toEqual([link.url]);
    expect(html).toContain('cannot be turned off');
    const path = link.url.slice(ORIGIN.length);
    expect(router).toContain(`path: '${path.replace('entry-7', '$id')}',`);
    return `${kind}: ${path}`;
  });
  expect(links).toEqual([
    'passkey-registered: /me',
    'passkey-removed: /me',
    'recovery-asked: /recovery',
    'recovery-waits: /recovery',
    'recovery-confirmed: /recovery',
    'recovery-opened: /recovery',
    'role-proposed: /administration',
    'role-appointed: /administration',
    'role-dismissed: /administration',
    'role-ended: /administration',
    'role-changed: /administration',
    'change-unsigned: /administration',
    'left-under-one-entry: /administration',
    'admin-code-issued: /administration',
    'proposal-waits: /administration',
    'order-waits: /orders/entry-7',
    'more-recoveries: /recovery',
    'more-orders: /orders',
    'account-linked: /me',
    'account-unlinked: /me',
    'accounts-forgotten: /administration',
    'persons-merged: /me',
  ]);
});

test('what people wrote stays text', () => {
  const hostile = '</p><a href="https://evil.example">x</a>\r\nBcc: all';
  for (const kind of OWN_NEWS) {
    const changes = { kind, by: hostile, about: hostile, other: hostile, reason: hostile, issuer: hostile };
    const html = printHtml(letter(changes)).replace(/<title>.*<\/title>/s, '');
    expect(html).not.toMatch(/https:\/\/evil|<a href="https:\/\/evil/);
    expect(html.match(/<a /g)).toHaveLength(1);
  }
});
