import { describe, expect, test } from 'vitest';
import type { Notice } from '../../operations/notice.ts';
import { NOTIFICATIONS } from '../../core/notification.ts';
import { oneLine } from '../../core/one-line.ts';
import { proofWords } from '../../core/proof.ts';
import { instant, toIso } from '../../core/time.ts';
import { letterOf } from './letter.ts';
import { AT, GRANT, noticeUnderTest } from './notice-under-test.ts';
import { printHtml, printText } from './print-letter.ts';

const ORIGIN = 'https://curfew.acme.example';
const letter = (changes: Partial<Notice> = {}) => letterOf(noticeUnderTest(changes), ORIGIN);
const text = (changes: Partial<Notice> = {}) => printText(letter(changes));
/** As a reader sees it: without the joiners that keep it from becoming a link. */
const seen = (printed: string) => printed.replaceAll('\u2060', '');
const GONE = proofWords({ kind: 'observed', evidence: {} });
const STANDS = proofWords({ kind: 'observed', evidence: { standingAccessRemains: true } });
const SHARED = proofWords({ kind: 'observed', evidence: { neededByOthersUntil: toIso(AT) } });
const BO = { by: 'Bo Sandberg', comment: null };
const yes = { kind: 'approved', decidedAt: AT } as const;

test('a request that waits, as text and as HTML', () => {
  expect(seen(text({ ticket: 'FIN-12' }))).toMatchInlineSnapshot(`
    "Ana Ribeiro asks for access, and you can decide it.

      invoice-reader on aws/prod (tier 2)
      For 15m, as soon as it is approved
      Ticket FIN-12
      Lapses at 2026-11-23 14:00 UTC if nobody decides

    Ana Ribeiro writes:
    > Check the invoice export

    Look at it and decide: https://curfew.acme.example/approvals/req_abcdeabcdeabcdeabcde

    -- 
    You get this because the rules name you as somebody who can decide this request. On its page you can mute this request alone.
    What you are told, and what not: https://curfew.acme.example/me
    "
  `);
  expect(seen(printHtml(letter()))).toMatchInlineSnapshot(`
    "<!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="color-scheme" content="light dark">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Please decide: invoice-reader on aws/prod, asked by Ana Ribeiro [Curfew req_abcdea]</title>
    </head>
    <body>
    <p><strong>Ana Ribeiro asks for access, and you can decide it.</strong></p>
    <p>invoice-reader on aws/prod (tier 2)<br>For 15m, as soon as it is approved<br>Lapses at 2026-11-23 14:00 UTC if nobody decides</p>
    <p>Ana Ribeiro writes:</p>
    <blockquote>Check the invoice export</blockquote>
    <p><a href="https://curfew.acme.example/approvals/req_abcdeabcdeabcdeabcde">Look at it and decide</a></p>
    <hr>
    <p><small>You get this because the rules name you as somebody who can decide this request. On its page you can mute this request alone.<br><a href="https://curfew.acme.example/me">What you are told, and what not</a></small></p>
    </body>
    </html>
    "
  `);
});

/** Every message, and those of one kind that say different things. */
function cases(): readonly Partial<Notice>[] {
  const over = { ...GRANT, endedAt: AT };
  return [
    { kind: 'waits' },
    { kind: 'escalated' },
    { kind: 'decide-again' },
    { kind: 'waits', until: AT },
    { kind: 'approved', decided: BO, state: yes },
    { kind: 'approved', decided: BO, state: yes, startsAt: AT },
    { kind: 'denied', decided: BO, state: { kind: 'denied', decidedAt: AT, by: 'approver' } },
    { kind: 'denied', decided: BO, state: { kind: 'denied', decidedAt: AT, by: 'policy' } },
    { kind: 'lapsed' },
    { kind: 'lapsed', state: { kind: 'lapsed', decidedAt: AT, cause: 'new-epoch' } },
    { kind: 'withdrawn' },
    { kind: 'active', grant: GRANT },
    { kind: 'active', grant: GRANT, decided: BO, state: yes },
    { kind: 'ending-soon', grant: GRANT },
    { kind: 'extended', grant: GRANT },
    { kind: 'not-extended', grant: GRANT },
    {
      kind: 'ended',
      grant: { ...over, cause: 'expired', proof: proofWords({ kind: 'by-construction', evidence: {} }) },
    },
    { kind: 'ended', grant: { ...over, cause: 'returned', proof: GONE, residual: 'sessions, for up to 1h' } },
    { kind: 'ended', grant: { ...over, cause: 'revoked', proof: STANDS } },
    { kind: 'ended', grant: { ...over, cause: 'expired', proof: SHARED } },
    { kind: 'failed', grant: { ...over, proof: GONE } },
    { kind: 'failed', decided: BO, state: yes, grant: { ...over, proof: GONE } },
    { kind: 'failed', grant: { ...over, proof: STANDS } },
    { kind: 'failed', grant: { ...over, proof: GONE, triedAgain: true } },
    { kind: 'not-gone', grant: { ...GRANT, cause: 'expired' } },
  ];
}

test('the subject alone says what happened, to what, and whether something is to be done', () => {
  const two = [
    { role: 'invoice-reader', target: 'aws/prod', tier: 2 },
    { role: 'log-reader', target: 'aws/dev', tier: 3 },
  ] as const;
  const tomorrow = { ...GRANT, endsAt: instant(AT + 24 * 3_600_000) };
  const all = [...cases(), { items: two }, { kind: 'active', grant: tomorrow } as const];
  expect(new Set(all.map(({ kind = 'waits' }) => kind))).toEqual(new Set(NOTIFICATIONS));
  const subjects = all.map((one) => letter(one).subject);
  expect(subjects.join('\n')).toMatchInlineSnapshot(`
    "Please decide: invoice-reader on aws/prod, asked by Ana Ribeiro [Curfew req_abcdea]
    Please decide, nobody has yet: invoice-reader on aws/prod, asked by Ana Ribeiro [Curfew req_abcdea]
    Please decide again: invoice-reader on aws/prod, asked by Ana Ribeiro [Curfew req_abcdea]
    Please decide: invoice-reader on aws/prod for longer, asked by Ana Ribeiro [Curfew req_abcdea]
    Approved: invoice-reader on aws/prod [Curfew req_abcdea]
    Approved: invoice-reader on aws/prod, from 14:00 UTC [Curfew req_abcdea]
    Denied: invoice-reader on aws/prod [Curfew req_abcdea]
    Denied: invoice-reader on aws/prod [Curfew req_abcdea]
    Nobody decided in time: invoice-reader on aws/prod [Curfew req_abcdea]
    Please ask again, Curfew was restored from a backup: invoice-reader on aws/prod [Curfew req_abcdea]
    Your request was stopped: invoice-reader on aws/prod [Curfew req_abcdea]
    You have access until 14:15 UTC: invoice-reader on aws/prod [Curfew req_abcdea]
    You have access until 14:15 UTC: invoice-reader on aws/prod [Curfew req_abcdea]
    Ends at 14:15 UTC: invoice-reader on aws/prod [Curfew req_abcdea]
    Extended until 14:15 UTC: invoice-reader on aws/prod [Curfew req_abcdea]
    Not extended, ends at 14:15 UTC: invoice-reader on aws/prod [Curfew req_abcdea]
    Ended: invoice-reader on aws/prod [Curfew req_abcdea]
    Ended, given back: invoice-reader on aws/prod [Curfew req_abcdea]
    Over, but the access stays: invoice-reader on aws/prod [Curfew req_abcdea]
    Over, but the access stays: invoice-reader on aws/prod [Curfew req_abcdea]
    Could not be given: invoice-reader on aws/prod [Curfew req_abcdea]
    Could not be given: invoice-reader on aws/prod [Curfew req_abcdea]
    Could not be given: invoice-reader on aws/prod [Curfew req_abcdea]
    Could not be given, tried once more: invoice-reader on aws/prod [Curfew req_abcdea]
    Over, but not proven gone yet: invoice-reader on aws/prod [Curfew req_abcdea]
    Please decide: invoice-reader on aws/prod and 1 more, asked by Ana Ribeiro [Curfew req_abcdea]
    You have access until 2026-11-23 14:00 UTC: invoice-reader on aws/prod [Curfew req_abcdea]"
  `);
  // Which request it is, for whoever filters, and so that two requests for the same are told apart.
  for (const subject of subjects) expect(subject).toMatch(/ \[Curfew req_abcdea\]$/);
});

test('only a message that asks its reader for something says please', () => {
  const asks = new Set<string>(['waits', 'escalated', 'decide-again']);
  for (const one of cases()) {
    const asksAgain = one.state?.kind === 'lapsed' && one.state.cause === 'new-epoch';
    expect(letter(one).subject.startsWith('Please '), one.kind).toBe(asks.has(one.kind ?? '') || asksAgain);
  }
});

test('what each message says first, and below', () => {
  const said = cases()
    .slice(1)
    .map((one) => {
      const { headline, lines } = letter(one);
      return [headline, ...lines.map((below) => `  ${below}`)].join('\n');
    });
  expect(said.join('\n')).toMatchInlineSnapshot(`
    "Nobody has decided this in time, and now you can: Ana Ribeiro asks for access.
      invoice-reader on aws/prod (tier 2)
      For 15m, as soon as it is approved
      Lapses at 2026-11-23 14:00 UTC if nobody decides
    What you said yes to has changed since, so that it does not count. You can decide again: Ana Ribeiro asks for access.
      invoice-reader on aws/prod (tier 2)
      For 15m, as soon as it is approved
      Lapses at 2026-11-23 14:00 UTC if nobody decides
    Ana Ribeiro asks to keep access for longer, and you can decide it.
      invoice-reader on aws/prod (tier 2)
      Until 2026-11-22 14:00 UTC
      Lapses at 2026-11-23 14:00 UTC if nobody decides
    Approved by Bo Sandberg.
      invoice-reader on aws/prod
      It begins as soon as the cloud has it.
    Approved by Bo Sandberg.
      invoice-reader on aws/prod
      It begins at 2026-11-22 14:00 UTC.
    Denied by Bo Sandberg.
      invoice-reader on aws/prod
    The rules have changed since you asked, and refuse it now.
      invoice-reader on aws/prod
    Nobody decided in time, so your request has lapsed.
      invoice-reader on aws/prod
      You can ask again.
    Your request has lapsed, because the database of Curfew was restored from a backup.
      invoice-reader on aws/prod
      You can ask again.
    An order that stops this access has closed your request.
      invoice-reader on aws/prod
    You have access until 2026-11-22 14:15 UTC.
      invoice-reader on aws/prod
    You have access until 2026-11-22 14:15 UTC.
      invoice-reader on aws/prod
      Approved by Bo Sandberg
    Your access ends at 2026-11-22 14:15 UTC.
      invoice-reader on aws/prod
      On its page you can ask to keep it, or give it back.
    You keep your access until 2026-11-22 14:15 UTC.
      invoice-reader on aws/prod
    Your access was not extended: it ends at 2026-11-22 14:15 UTC.
      invoice-reader on aws/prod
    Your access has ended: its time was over.
      invoice-reader on aws/prod
      Proof: The credential itself ended: the cloud was told the end before it was handed out.
    Your access has ended: you gave it back.
      invoice-reader on aws/prod
      Proof: Looked for in the cloud, and not there any more.
      What the cloud can let survive the end: sessions, for up to 1h
    Your grant has ended: it was taken away.
      invoice-reader on aws/prod
      The same access was there before Curfew gave it, and stays: only this grant is over.
    Your grant has ended: its time was over.
      invoice-reader on aws/prod
      The same access goes on under another grant: only this one is over.
      It goes on until 2026-11-22 14:00 UTC
    The access could not be given, and nothing of it is left in the cloud.
      invoice-reader on aws/prod
      You can ask again.
    The access could not be given, and nothing of it is left in the cloud.
      invoice-reader on aws/prod
      Approved by Bo Sandberg
      You can ask again.
    The access could not be given.
      invoice-reader on aws/prod
      The same access was there before Curfew gave it, and stays: only this grant is over.
      You can ask again.
    The access could not be given, and nothing of it is left in the cloud.
      invoice-reader on aws/prod
      It is being tried once more.
    Your access is over, and Curfew cannot prove yet that it is gone from the cloud.
      invoice-reader on aws/prod
      Curfew goes on until it can, and its operators are alarmed. There is nothing that you have to do."
  `);
});

test('who can decide is led to where it is decided, whoever asked to the request; no link decides', () => {
  for (const kind of NOTIFICATIONS) {
    const { link } = letter({ kind, grant: GRANT, decided: BO });
    const page = ['waits', 'escalated', 'decide-again'].includes(kind) ? 'approvals' : 'requests';
    expect(link.url).toBe(`${ORIGIN}/${page}/req_${'abcde'.repeat(4)}`);
    const links = [...printHtml(letter({ kind, grant: GRANT })).matchAll(/href="([^"]*)"/g)].map(([, url]) => url);
    expect(links).toEqual([link.url, `${ORIGIN}/me`]);
  }
});

describe('what people wrote stays text', () => {
  const HOSTILE = '</blockquote><script>alert(1)</script><img src=x onerror="alert(1)">\' & "';

  test.each([
    ['a reason', { reason: HOSTILE }],
    ['a ticket', { ticket: HOSTILE }],
    ['a name', { requester: HOSTILE }],
    ['a comment', { kind: 'denied', decided: { by: HOSTILE, comment: HOSTILE } }],
    ['a role', { items: [{ role: HOSTILE, target: HOSTILE, tier: null }] }],
  ] as const)('%s is no markup', (_, changes) => {
    const html = printHtml(letter(changes));
    expect(html).not.toMatch(/<script|<img|onerror="/);
    expect(html.match(/<\/blockquote>/g)?.length ?? 0).toBeLessThanOrEqual(1);
    expect(html).toContain('&#60;script&#62;');
  });

  test('a reason makes no lines of its own in the message, and no link', () => {
    const said = text({
      reason: 'fine\n-- \nLook at it and decide: https://evil.example/approve\r\u2028ask a@evil.example',
    });
    const lines = said.split('\n');
    expect(lines.filter((one) => one.startsWith('Look at it and decide'))).toHaveLength(1);
    expect(lines.filter((one) => one.startsWith('> '))).toHaveLength(4);
    expect(said).not.toMatch(/https:\/\/evil|evil\.example|a@evil/);
    expect(said.replaceAll('\u2060', '')).toContain('> Look at it and decide: https://evil.example/approve');
  });

  const LINK = 'https://evil.example:8443/a (www.evil.example, a@evil.example, tel:112)';
  test.each([
    ['a ticket', { ticket: LINK }],
    ['a name', { requester: LINK }],
    ['a reason', { reason: LINK }],
    ['a comment', { kind: 'denied', decided: { by: LINK, comment: LINK } }],
    ['the name of who decided', { kind: 'approved', decided: { by: LINK, comment: null } }],
    ['a role', { items: [{ role: LINK, target: LINK, tier: null }] }],
    ['what survives', { kind: 'ended', grant: { ...GRANT, proof: GONE, residual: LINK } }],
  ] as const)('%s is no link', (_, changes) => {
    const html = printHtml(letter(changes)).replace(/<title>.*<\/title>/, '');
    for (const said of [text(changes), html]) {
      expect(said).not.toMatch(/https:\/\/evil|evil\.example|a@evil|tel:112/);
      expect(seen(said)).toContain('https://evil.example:8443/a');
    }
  });

  test('what is no address has nothing unseen in it, so that it can be copied', () => {
    const said = text({ ticket: 'FIN-12' });
    expect(said).toContain('invoice-reader on aws/prod (tier 2)');
    expect(said).not.toContain('\u2060');
  });

  test('our own links and the time of day are left as they are', () => {
    const said = text({ ticket: 'FIN-12' });
    expect(said).toContain('Look at it and decide: https://curfew.acme.example/approvals/req_');
    expect(said).toContain('2026-11-23 14:00 UTC');
  });

  test('what is not seen, or turns the direction of writing, shows as a mark', () => {
    expect(oneLine('Ana\u202Enimda\u200B\u0000\r\nBcc: all')).toBe('Ana\uFFFDnimda\uFFFD\uFFFD\uFFFD\uFFFDBcc: all');
    expect(oneLine('Zoë Ōta علی\u200Cرضا')).toBe('Zoë Ōta علی\u200Cرضا');
  });

  test('a page of reason is cut', () => {
    expect(text({ reason: 'x'.repeat(5_000) }).length).toBeLessThan(1_500);
  });
});
