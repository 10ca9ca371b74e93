import type { CaughtMail } from '../../../simulators/mail/catcher.ts';
import type { DemoPage } from '../../api/parts.ts';
import { escapeHtml } from '../../identity/sign-in-pages.ts';
import { instant, toIso } from '../../core/time.ts';

/** As helmet writes it for every page, with frames of our own: the message is shown in one. */
const WITH_FRAME =
  "default-src 'none'; style-src 'self'; img-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** A message can do nothing: no script, no form, nothing loaded, no origin of its own, and only our page frames it. */
const MESSAGE = "default-src 'none'; sandbox allow-popups; frame-ancestors 'self'; base-uri 'none'; form-action 'none'";

/** Pages that show what the demo's people would have got: `/demo/mail`, one message, and its HTML alone. */
export function mailPages(messages: () => readonly CaughtMail[]): readonly DemoPage[] {
  const find = (n: number) => messages().find((one) => one.n === n) ?? null;
  return [
    { path: 'mail', html: () => ({ body: listPage(messages()) }) },
    {
      path: 'mail/:n',
      html(n) {
        const mail = find(n);
        return mail === null ? null : { body: messagePage(mail), policy: WITH_FRAME };
      },
    },
    {
      path: 'mail/:n/html',
      html(n) {
        const mail = find(n);
        return mail === null ? null : { body: mail.html, policy: MESSAGE };
      },
    },
  ];
}

function listPage(messages: readonly CaughtMail[]): string {
  const rows = messages.toReversed().map(
    (mail) => `<li><a href="/demo/mail/${mail.n}">${escapeHtml(mail.subject)}</a><br>
${escapeHtml(firstLine(mail))}<br>
<span class="quiet">to ${escapeHtml(mail.to.join(', '))} · ${timeOf(mail)}</span></li>`,
  );
  const list =
    rows.length === 0 ? '<p class="empty">Nobody was told anything yet.</p>' : `<ul>\n${rows.join('\n')}\n</ul>`;
  return page(
    'E-mail',
    `<h1>E-mail</h1>\n<p class="quiet">What the people of the demo would have got. Nothing leaves this machine.</p>\n${list}`,
  );
}

function messagePage(mail: CaughtMail): string {
  const headers = mail.headers.filter(([name]) => !/^(content-|mime-)/i.test(name));
  return page(
    mail.subject,
    `<p><a href="/demo/mail">All e-mail</a></p>
<h1>${escapeHtml(mail.subject)}</h1>
<p class="quiet">to ${escapeHtml(mail.to.join(', '))} · ${timeOf(mail)}</p>
<h2>As text</h2>
<pre>${escapeHtml(mail.text)}</pre>
<h2>As HTML</h2>
<iframe sandbox="allow-popups" src="/demo/mail/${mail.n}/html" title="The message as HTML" width="100%" height="340"></iframe>
<h2>Headers</h2>
<pre>${headers.map(([name, value]) => escapeHtml(`${name}: ${value}`)).join('\n')}</pre>`,
  );
}

const firstLine = ({ text }: CaughtMail): string => text.split('\n', 1)[0] ?? '';
const timeOf = ({ receivedAt }: CaughtMail): string =>
  toIso(instant(receivedAt)).slice(0, 19).replace('T', ' ') + ' UTC';

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Curfew demo</title>
<link rel="stylesheet" href="/assets/curfew.css">
<link rel="icon" href="/assets/curfew.svg" type="image/svg+xml">
</head>
<body class="narrow">
<header class="top"><a class="brand" href="/"><img src="/assets/curfew.svg" alt="" width="28" height="28"> Curfew</a>
<nav aria-label="Elsewhere"><span class="badge">Demo</span></nav></header>
<main class="card">
${body}
</main>
</body>
</html>
`;
}
